/* SPDX-License-Identifier: MIT */
/* cmd/plan.c: shows what a launch would do, step by step, without a host. */
#include "cmd/plan.h"

#include <stdio.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/explained.h"
#include "cmd/outputs.h"
#include "cmd/run_once.h"
#include "cmd/show.h"
#include "cmd/status.h"
#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/out/folder.h"
#include "core/out/plan_result.h"
#include "core/out/tree.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "core/vm/record.h"
#include "firmware/idkeys.h"
#include "firmware/igvm_write.h"
#include "firmware/images.h"
#include "firmware/prepare.h"
#include "firmware/vars.h"

struct plan_work {
	const struct plan_args *args;
	bool list; /* the result is a list */
	struct tree *tree;
	struct images images; /* of the last run: the next one of a matrix mostly uses the same */
};

/* Refuses to write over what the manifest reads. */
static int igvm_target_check(const char *target, const struct manifest *m, struct error *err)
{
	const char *read[MANIFEST_INITRDS + 4] = { m->file, m->firmware.path, m->kernel.path,
		                                   m->certs.path };
	size_t n = 4;
	struct stat a, b;

	for (size_t i = 0; manifest_initrd(m, i); i++)
		read[n++] = manifest_initrd(m, i)->path;
	for (size_t i = 0; i < n; i++)
		if (read[i] && stat(target, &a) == 0 && stat(read[i], &b) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino) {
			error_set(err, ERROR_OUTPUT_CONFLICT,
			          "the IGVM file would be written over '%s', which is read",
			          read[i]);
			return error_fix(err, "give another file with --igvm");
		}
	return 0;
}

static int plan_igvm(struct plan_work *w, const struct manifest *m, const struct plan *p,
                     const uint8_t digest[static PLAN_DIGEST], struct error *err)
{
	const char *path = w->args->igvm;
	auto_buffer struct buffer file = { 0 };
	enum manifest_profile profile;
	char hex[2 * PLAN_DIGEST + 1];

	if (igvm_target_check(path, m, err) < 0 ||
	    idkeys_sign(m, &w->images.identity, p, digest, err) < 0 ||
	    igvm_write(p, m, digest, &file, &profile, err) < 0 ||
	    folder_put_file(path, &file, err) < 0)
		return err->code;
	if (show_for_people()) {
		log_notice("%s: %zu bytes; with measure.profile %s its launch digest is %s", path,
		           file.size, manifest_profile_name(profile),
		           hex_of(digest, PLAN_DIGEST, hex));
		return 0;
	}
	tree_map(w->tree, NULL);
	tree_text(w->tree, "schema", "snpvmm.igvm/1");
	tree_text(w->tree, "manifest", m->file);
	tree_text(w->tree, "file", path);
	tree_number(w->tree, "size", file.size);
	tree_text(w->tree, "profile", manifest_profile_name(profile));
	tree_bytes(w->tree, "measurement", digest, PLAN_DIGEST);
	tree_end(w->tree);
	return 0;
}

/* Launches on no host, as run_once() does on a real one, and shows what was recorded. */
static int plan_show(struct plan_work *w, const struct manifest *m, const struct plan *p,
                     const uint8_t *measurement, struct error *err)
{
	const struct platform *on = manifest_platform(m);
	/* of the plan that is launched, even if the platform doesn't measure it */
	auto_digest struct snp_digest ledger = { .ledger_wanted = true,
		                                 .pages_wanted = w->args->pages };
	auto_record struct record *record = NULL;
	struct vm_devices devices = outputs_devices(m);
	struct plan_result result;

	devices.flash = vars_flash(&w->images);
	if ((on->measured && idkeys_sign(m, &w->images.identity, p, measurement, err) < 0) ||
	    plan_replay(p, &snp_digest_ops, &ledger, err) < 0 ||
	    record_launch(on, p, &devices, &record, err) < 0)
		return err->code;
	result = (struct plan_result){ .manifest = m->file,
		                       .variant = m->variant,
		                       .platform = on->name,
		                       .vcpus = m->vcpus,
		                       .measurement = measurement,
		                       .record = record,
		                       .digest = &ledger,
		                       .measured = on->measured };
	if (m->variant && !w->list) { /* the result of a matrix is always a list */
		w->list = true;
		tree_list(w->tree, NULL);
	}
	if (show_for_people())
		plan_print(stdout, &result);
	else
		result_plan(w->tree, NULL, &result);
	return 0;
}

static void plan_run(void *self, struct manifest *m, struct findings *f)
{
	struct plan_work *w = self;
	const struct platform *on = manifest_platform(m);
	auto_plan const struct plan *measured = NULL, *other = NULL;
	auto_digest struct snp_digest digest = { 0 };
	struct error err = { 0 };
	bool none;
	int r;

	if (w->args->igvm && (m->variant || w->list)) {
		error_set(&err, ERROR_USAGE, "--igvm writes one launch, not several");
		error_fix(&err, "give one manifest, with one value in each list: --set "
		                "'matrix={vcpus: [1]}'");
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
		return;
	}
	if (w->args->prove && m->whole && !prove_launch(m, f))
		return;
	if (!prepare_files(m, false, &w->images, f) || !m->whole ||
	    !prepare_plan(m, &w->images, platform_measured(on), &measured, f) ||
	    (!on->measured && !prepare_plan(m, &w->images, on, &other, f)))
		return;
	none = plan_settings(measured)->no_measurement;
	if (!none && snp_digest_of(measured, &digest, &err) == 0) {
		/* `run` would end here; the plan is shown all the same, as it helps to find out why */
		if (explained_digest(m, &w->images, measured, &digest, &err) < 0)
			findings_add(f, SEVERITY_ERROR, &err);
		err = (struct error){ 0 };
	}
	r = err.code;
	if (r == 0 && w->args->igvm)
		r = plan_igvm(w, m, measured, digest.value, &err);
	else if (r == 0)
		r = plan_show(w, m, on->measured ? measured : other, none ? NULL : digest.value,
		              &err);
	if (r < 0) {
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
	}
}

int plan_list(const struct plan_args *a, struct error *err)
{
	auto_tree struct tree *tree = tree_new();
	struct plan_work w = { .args = a, .list = a->manifests.count > 1, .tree = tree };
	int status = STATUS_OK;

	if (w.list)
		tree_list(tree, NULL);
	for (size_t i = 0; i < a->manifests.count; i++) {
		auto_findings struct findings f = { 0 };

		manifest_each_run(a->manifests.paths[i], a->settings, plan_run, &w, true, &f);
		images_fini(&w.images);
		if (f.errors)
			status = STATUS_USAGE; /* go on with the next manifest, as `measure` does */
	}
	return show_for_people() ? status : show_finish(tree, w.list, status, err);
}

struct plan_command {
	struct settings settings;
	struct plan_args args;
};

enum { OPTION_IGVM = 0x100 };

static error_t plan_option(int key, char *argument, struct argp_state *state)
{
	struct plan_command *c = state->input;

	switch (key) {
	case 'p':
		c->args.pages = true;
		return 0;
	case OPTION_IGVM:
		c->args.igvm = argument;
		return 0;
	default:
		return files_option(key, state, &c->settings, &c->args.manifests);
	}
}

static const struct argp_option plan_options[] = {
	{ "pages", 'p', NULL, 0,
	  "Also list each page, with its contents' hash and the digest after it", 0 },
	{ "igvm", OPTION_IGVM, "FILE", 0, "Write the launch as an IGVM file, instead of listing it",
	  0 },
	{ 0 },
};

static int plan_main(const struct command *self, int argc, char **argv, struct error *err)
{
	struct plan_command c = { .args.settings = &c.settings };
	int status = command_parse(self, plan_option, argc, argv, &c, &c.settings, err);

	if (status != STATUS_OK)
		return status;
	return c.settings.print ? settings_print(&c.settings, c.args.manifests.paths[0], err)
	                        : plan_list(&c.args, err);
}

const struct command command_plan = {
	.name = "plan",
	.args = "[MANIFEST...]",
	.summary = "List the steps of a launch, offline",
	.doc = "List what 'run' would do to launch MANIFEST, in order: every region, the registers "
	       "of every vCPU, and every ioctl. Works on any machine.",
	.options = plan_options,
	.result = ANY_RESULT,
	.main = plan_main,
};
