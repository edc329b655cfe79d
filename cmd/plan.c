/* SPDX-License-Identifier: MIT */
/* cmd/plan.c: shows what a launch would do, step by step, without a host. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/outputs.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "core/out/plan_result.h"
#include "core/out/tree.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "core/vm/record.h"
#include "firmware/idkeys.h"
#include "firmware/images.h"
#include "firmware/prepare.h"

struct plan_command {
	struct settings settings;
	struct files manifests;
	bool pages;
	bool list; /* the result is a list */
	struct tree *tree;
	struct images images; /* of the last run: the next one of a matrix mostly uses the same */
};

static error_t plan_option(int key, char *argument, struct argp_state *state)
{
	struct plan_command *c = state->input;

	(void)argument;
	if (key != 'p')
		return files_option(key, state, &c->settings, &c->manifests);
	c->pages = true;
	return 0;
}

static const struct argp_option plan_options[] = {
	{ "pages", 'p', NULL, 0,
	  "Also list each page, with its contents' hash and the digest after it", 0 },
	{ 0 },
};

/* Launches on no host, as run_once() does on a real one, and shows what was recorded. */
static int plan_show(struct plan_command *c, const struct manifest *m, const struct plan *measured,
                     const struct plan *p, struct error *err)
{
	const struct platform *on = manifest_platform(m);
	auto_digest struct snp_digest digest = { 0 };
	/* of the plan that is launched, and that the platform may not measure */
	auto_digest struct snp_digest ledger = { .ledger_wanted = true, .pages_wanted = c->pages };
	auto_record struct record *record = NULL;
	const struct vm_devices devices = outputs_devices(m);
	bool none = plan_settings(measured)->no_measurement;
	struct plan_result result;

	if (!none && (snp_digest_of(measured, &digest, err) < 0 ||
	              prepare_id_digest(m, digest.value, err) < 0))
		return err->code;
	if ((on->measured && idkeys_sign(m, &c->images.identity, p, digest.value, err) < 0) ||
	    plan_replay(p, &snp_digest_ops, &ledger, err) < 0 ||
	    record_launch(on, p, &devices, &record, err) < 0)
		return err->code;
	result = (struct plan_result){ .manifest = m->file,
		                       .variant = m->variant,
		                       .platform = on->name,
		                       .vcpus = m->vcpus,
		                       .measurement = none ? NULL : digest.value,
		                       .record = record,
		                       .digest = &ledger,
		                       .measured = on->measured };
	if (m->variant && !c->list) { /* the result of a matrix is always a list */
		c->list = true;
		tree_list(c->tree, NULL);
	}
	if (show_for_people())
		plan_print(stdout, &result);
	else
		result_plan(c->tree, NULL, &result);
	return 0;
}

static void plan_run(void *self, struct manifest *m, struct findings *f)
{
	struct plan_command *c = self;
	const struct platform *on = manifest_platform(m);
	auto_plan const struct plan *measured = NULL, *other = NULL;
	struct error err = { 0 };

	if (!prepare_files(m, false, &c->images, f) || !m->whole ||
	    !prepare_plan(m, &c->images, platform_measured(on), &measured, f) ||
	    (!on->measured && !prepare_plan(m, &c->images, on, &other, f)))
		return;
	if (plan_show(c, m, measured, on->measured ? measured : other, &err) < 0) {
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
	}
}

static int plan_main(const struct command *self, int argc, char **argv, struct error *err)
{
	auto_tree struct tree *tree = tree_new();
	struct plan_command c = { .tree = tree };
	int status = command_parse(self, plan_option, argc, argv, &c, &c.settings, err);

	if (status != STATUS_OK)
		return status;
	if (c.settings.print)
		return settings_print(&c.settings, c.manifests.paths[0], err);
	c.list = c.manifests.count > 1;
	if (c.list)
		tree_list(tree, NULL);
	for (size_t i = 0; i < c.manifests.count; i++) {
		auto_findings struct findings f = { 0 };

		manifest_each_run(c.manifests.paths[i], &c.settings, plan_run, &c, true, &f);
		images_fini(&c.images);
		if (f.errors)
			status = STATUS_USAGE; /* and on with the next one, as measure does */
	}
	return show_for_people() ? status : show_finish(tree, c.list, status, err);
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
