/* SPDX-License-Identifier: MIT */
/* cmd/check.c: everything about a manifest that can be wrong without a host. */
#include "cmd/cmd.h"
#include "core/base/log.h"
#include "core/plan/plan.h"
#include "firmware/assemble.h"
#include "firmware/images.h"

struct check {
	struct settings settings;
	struct files manifests;
};

static error_t check_option(int key, char *argument, struct argp_state *state)
{
	struct check *c = state->input;

	(void)argument;
	return files_option(key, state, &c->manifests);
}

/* A line on a manifest, or on one run of its matrix. */
static void tell(const struct manifest *m, const char *text, const char *more)
{
	log_notice("%s: %s%s%s%s", m->file, m->variant ? m->variant : "", m->variant ? ": " : "",
	           text, more);
}

/* Assembling for both platforms is what `run` would do, and reads every file that the manifest names. */
static int check_plans(const struct manifest *m, struct error *err)
{
	auto_images struct images images = { 0 };
	auto_plan const struct plan *plan = NULL, *plain = NULL;
	int r = images_load(m, &images, err);

	if (r == 0)
		r = assemble(m, &images, MANIFEST_SNP, &plan, err);
	if (r == 0)
		r = assemble(m, &images, MANIFEST_KVM, &plain, err);
	if (r < 0)
		return m->variant ? error_wrap(err, "%s", m->variant) : r;
	if (plan_settings(plan)->measure_only)
		tell(m, "ok to measure, not to run: ", plan_settings(plan)->measure_only);
	else
		tell(m, "ok", "");
	if (m->platform == MANIFEST_SNP && plan_settings(plan)->snp_doubt)
		tell(m, "", plan_settings(plan)->snp_doubt);
	return 0;
}

static int check_run(void *self, struct manifest *m, struct error *err)
{
	(void)self;
	return check_plans(m, err);
}

static int check_main(int argc, char **argv, struct error *err)
{
	struct check c = { 0 };
	int status = command_parse(&command_check, check_option, argc, argv, &c, &c.settings, err);

	for (size_t i = 0; i < c.manifests.count; i++)
		if (!manifest_each_run(c.manifests.paths[i], &c.settings, check_run, NULL))
			status = STATUS_USAGE;
	return status;
}

const struct command command_check = {
	.name = "check",
	.args = "MANIFEST...",
	.summary = "Find what is wrong with a manifest",
	.doc = "Check manifests and the files they name, without a host.",
	.has_settings = true,
	.main = check_main,
};
