/* SPDX-License-Identifier: MIT */
/* cmd/measure.c: prints the launch digest of a manifest; needs neither KVM nor root. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "core/base/bytes.h"
#include "core/out/result.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/images.h"
#include "firmware/prepare.h"

struct measure {
	struct settings settings;
	struct files manifests;
	unsigned counts[PLAN_MAX_VCPUS]; /* --vcpus */
	size_t n_counts;
	bool pages;
	bool list; /* the result is a list */
	struct tree *tree;
	struct images images; /* of the last run: the next one of a matrix mostly uses the same */
};

/* Parses "1,2,4"; each number must be one that a manifest may have for vcpus. */
static bool counts_parse(struct measure *m, const char *text)
{
	m->n_counts = 0;
	for (;;) {
		char *end;
		unsigned long n = strtoul(text, &end, 10);

		if (end == text || *text < '0' || *text > '9' || n < 1 || n > PLAN_MAX_VCPUS ||
		    m->n_counts == PLAN_MAX_VCPUS)
			return false;
		m->counts[m->n_counts++] = (unsigned)n;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
}

static error_t measure_option(int key, char *argument, struct argp_state *state)
{
	struct measure *m = state->input;

	switch (key) {
	case 'n':
		if (counts_parse(m, argument))
			return 0;
		return option_refuse("--vcpus takes numbers from 1 to %d, as in 1,2,4",
		                     PLAN_MAX_VCPUS);
	case 'p':
		m->pages = true;
		return 0;
	default:
		return files_option(key, state, &m->settings, &m->manifests);
	}
}

static const struct argp_option measure_options[] = {
	{ "vcpus", 'n', "N,...", 0, "Print the digest for each of these numbers of vCPUs", 0 },
	{ "pages", 'p', NULL, 0, "Also list the regions, with the digest after each", 0 },
	{ 0 },
};

/* Prints the digest; with several manifests as sha256sum does; what varies comes first. */
static void measure_print(const struct measure *c, const struct measure_result *r)
{
	enum { SHOWN = 8 }; /* bytes of digests after regions, so that a line fits a terminal */
	char hex[2 * SNP_DIGEST_SIZE + 1];

	if (c->n_counts)
		printf("%u  ", r->vcpus);
	if (r->variant)
		printf("%s  ", r->variant);
	printf("%s", hex_of(r->digest->value, SNP_DIGEST_SIZE, hex));
	printf(c->manifests.count > 1 ? "  %s\n" : "\n", r->manifest);
	for (size_t i = 0; c->pages && i < r->digest->n_ledger; i++) {
		const struct snp_ledger_line *l = &r->digest->ledger[i];

		printf("  0x%012" PRIx64 " %8" PRIu64 " KiB  %-10s %s...  %s\n", l->gpa,
		       l->size / 1024, l->type, hex_of(l->digest_after, SHOWN, hex), l->label);
	}
}

/* Measures for m->vcpus; false: it is wrong, and so it is for other counts. */
static bool measure_count(struct measure *c, const struct manifest *m, struct findings *f)
{
	auto_digest struct snp_digest digest = { .ledger_wanted = c->pages };
	auto_plan const struct plan *plan = NULL;
	struct measure_result result;
	struct error err = { 0 };

	if (!prepare_plan(m, &c->images, platform_measured(manifest_platform(m)), &plan, f))
		return false;
	if (snp_digest_of(plan, &digest, &err) < 0) {
		/* then it is the firmware that lacks something */
		if (plan_settings(plan)->no_measurement)
			manifest_at_location(m, &m->firmware.at, &err);
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
		return false;
	}
	/* an error, but the digest is still printed: whoever signs a new block needs it */
	if (prepare_id_digest(m, digest.value, &err) < 0)
		findings_add(f, SEVERITY_ERROR, &err);
	result = measure_result_of(m, plan, &digest);
	if (m->variant && !c->list) { /* the result of a matrix is always a list */
		c->list = true;
		tree_list(c->tree, NULL);
	}
	if (show_for_people())
		measure_print(c, &result);
	else
		result_measure(c->tree, NULL, &result);
	return true;
}

/* The only run of a manifest, or one of its matrix. */
static void measure_run(void *self, struct manifest *m, struct findings *f)
{
	struct measure *c = self;
	bool right = prepare_files(m, false, &c->images, f) && m->whole;

	if (right && m->variant && c->n_counts) {
		struct error err;

		error_set(&err, ERROR_USAGE, "--vcpus for a manifest with a matrix");
		error_fix(&err, "name the counts in the matrix: --set 'matrix={vcpus: [1, 2]}'");
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
	} else if (right && !c->n_counts) {
		measure_count(c, m, f);
	}
	for (size_t i = 0; right && !m->variant && i < c->n_counts; i++) {
		m->vcpus = c->counts[i];
		right = measure_count(c, m, f);
	}
}

static int measure_main(const struct command *self, int argc, char **argv, struct error *err)
{
	auto_tree struct tree *tree = tree_new();
	struct measure c = { .tree = tree };
	int status = command_parse(self, measure_option, argc, argv, &c, &c.settings, err);

	if (status != STATUS_OK)
		return status;
	if (c.settings.print)
		return settings_print(&c.settings, c.manifests.paths[0], err);
	c.list = c.manifests.count > 1 || c.n_counts > 1;
	if (c.list)
		tree_list(tree, NULL);
	for (size_t i = 0; i < c.manifests.count; i++) {
		auto_findings struct findings f = { 0 };

		manifest_each_run(c.manifests.paths[i], &c.settings, measure_run, &c, true, &f);
		images_fini(&c.images);
		if (f.errors)
			status = STATUS_USAGE; /* and on with the next one, as sha256sum does */
	}
	return show_for_people() ? status : show_finish(tree, c.list, status, err);
}

const struct command command_measure = {
	.name = "measure",
	.args = "[MANIFEST...]",
	.summary = "Print the launch digest, offline",
	.doc = "Print the launch digest that an SEV-SNP launch of MANIFEST will have. Needs no "
	       "special host.",
	.options = measure_options,
	.result = ANY_RESULT,
	.main = measure_main,
};
