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

/* One run of its matrix; *ret_runs is how many there are. */
static int check_run(const struct check *c, const char *path, unsigned run, unsigned *ret_runs,
                     struct error *err)
{
	auto_manifest struct manifest m = { 0 };
	int r = manifest_open(path, &c->settings, run, &m, err);

	if (r < 0)
		return r;
	*ret_runs = m.runs;
	return check_plans(&m, err);
}

/* A matrix stands for several runs: each is checked, though how many there are only a right one tells. */
static bool check_manifest(const struct check *c, const char *path)
{
	unsigned runs = 1;
	bool right = true;

	for (unsigned run = 0; run < runs; run++) {
		struct error err = { 0 };

		if (check_run(c, path, run, &runs, &err) == 0)
			continue;
		error_print(&err);
		right = false;
	}
	return right;
}

static int check_main(int argc, char **argv, struct error *err)
{
	struct check c = { 0 };
	int status = command_parse(&command_check, check_option, argc, argv, &c, &c.settings, err);

	for (size_t i = 0; i < c.n_manifests; i++)
		if (!check_manifest(&c, c.manifests[i]))
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
