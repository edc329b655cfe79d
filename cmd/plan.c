/* SPDX-License-Identifier: MIT */
/* cmd/plan.c: shows what a launch would do, step by step, without a host. */
#include "cmd/plan.h"

#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/outputs.h"
#include "cmd/run_once.h"
#include "cmd/show.h"
#include "cmd/status.h"
#include "core/out/plan_result.h"
#include "core/out/tree.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "core/vm/record.h"
#include "firmware/idkeys.h"
#include "firmware/images.h"
#include "firmware/prepare.h"

struct plan_work {
	const struct plan_args *args;
	bool list; /* the result is a list */
	struct tree *tree;
	struct images images; /* of the last run: the next one of a matrix mostly uses the same */
};

/* Launches on no host, as run_once() does on a real one, and shows what was recorded. */
static int plan_show(struct plan_work *w, const struct manifest *m, const struct plan *p,
                     const uint8_t *measurement, struct error *err)
{
	const struct platform *on = manifest_platform(m);
	/* of the plan that is launched, and that the platform may not measure */
	auto_digest struct snp_digest ledger = { .ledger_wanted = true,
		                                 .pages_wanted = w->args->pages };
	auto_record struct record *record = NULL;
	const struct vm_devices devices = outputs_devices(m);
	struct plan_result result;

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

	if (w->args->prove && m->whole && !prove_launch(m, f))
		return;
	if (!prepare_files(m, false, &w->images, f) || !m->whole ||
	    !prepare_plan(m, &w->images, platform_measured(on), &measured, f) ||
	    (!on->measured && !prepare_plan(m, &w->images, on, &other, f)))
		return;
	none = plan_settings(measured)->no_measurement;
	if (!none && snp_digest_of(measured, &digest, &err) == 0) {
		/* run ends there, but who wants to know why has use for the plan */
		if (measurement_check(m, &digest, &err) < 0 ||
		    prepare_id_digest(m, digest.value, &err) < 0)
			findings_add(f, SEVERITY_ERROR, &err);
		err = (struct error){ 0 };
	}
	if (err.code < 0 || plan_show(w, m, on->measured ? measured : other,
	                              none ? NULL : digest.value, &err) < 0) {
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
			status = STATUS_USAGE; /* and on with the next one, as measure does */
	}
	return show_for_people() ? status : show_finish(tree, w.list, status, err);
}

struct plan_command {
	struct settings settings;
	struct plan_args args;
};

static error_t plan_option(int key, char *argument, struct argp_state *state)
{
	struct plan_command *c = state->input;

	(void)argument;
	if (key != 'p')
		return files_option(key, state, &c->settings, &c->args.manifests);
	c->args.pages = true;
	return 0;
}

static const struct argp_option plan_options[] = {
	{ "pages", 'p', NULL, 0,
	  "Also list each page, with its contents' hash and the digest after it", 0 },
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
	.doc = "List every region, register file and ioctl of a launch of MANIFEST, in the order "
	       "in "
	       "which 'run' would issue them. Needs no special host.",
	.options = plan_options,
	.result = ANY_RESULT,
	.main = plan_main,
};
