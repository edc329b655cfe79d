/* SPDX-License-Identifier: MIT */
/* cmd/check.c: everything about a manifest that can be wrong without a host. */
#include "cmd/cmd.h"
#include "core/base/log.h"
#include "core/plan/plan.h"
#include "firmware/assemble.h"
#include "firmware/images.h"

struct check {
	struct settings settings;
	char **manifests;
	size_t n_manifests;
};

static error_t check_option(int key, char *argument, struct argp_state *state)
{
	struct check *c = state->input;

	(void)argument;
	switch (key) {
	case ARGP_KEY_ARGS:
		c->manifests = state->argv + state->next;
		c->n_manifests = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Assembling for both platforms is what `run` would do, and reads every file that the manifest names. */
static int check_manifest(const struct check *c, const char *path, struct error *err)
{
	auto_manifest struct manifest m = { 0 };
	auto_images struct images images = { 0 };
	auto_plan const struct plan *plan = NULL, *plain = NULL;
	int r = manifest_open(path, &c->settings, 0, &m, err);

	if (r == 0)
		r = images_load(&m, &images, err);
	if (r == 0)
		r = assemble(&m, &images, MANIFEST_SNP, &plan, err);
	if (r == 0)
		r = assemble(&m, &images, MANIFEST_KVM, &plain, err);
	if (r < 0)
		return r;
	if (plan_settings(plan)->measure_only)
		log_notice("%s: ok to measure, not to run: %s", path,
		           plan_settings(plan)->measure_only);
	else
		log_notice("%s: ok", path);
	if (m.platform == MANIFEST_SNP && plan_settings(plan)->snp_doubt)
		log_notice("%s: %s", path, plan_settings(plan)->snp_doubt);
	return 0;
}

static int check_main(int argc, char **argv, struct error *err)
{
	struct check c = { 0 };
	int status = command_parse(&command_check, check_option, argc, argv, &c, &c.settings, err);

	for (size_t i = 0; i < c.n_manifests; i++) {
		struct error one = { 0 };

		if (check_manifest(&c, c.manifests[i], &one) == 0)
			continue;
		error_print(&one);
		status = STATUS_USAGE;
	}
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
