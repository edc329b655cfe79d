/* SPDX-License-Identifier: MIT */
/* cmd/measure.c: prints the launch digest of a manifest; needs neither KVM nor root. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/explained.h"
#include "cmd/options.h"
#include "cmd/print.h"
#include "cmd/reader.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "config/value.h"
#include "core/attest/p384.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/findings.h"
#include "core/base/text.h"
#include "core/out/corim.h"
#include "core/out/saved.h"
#include "core/out/result.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/idkeys.h"
#include "firmware/images.h"
#include "firmware/save.h"
#include "firmware/prepare.h"

struct measure {
	struct settings settings;
	struct files manifests;
	uint64_t counts[PLAN_MAX_VCPUS]; /* --vcpus */
	size_t n_counts;
	bool pages;
	bool whole; /* with fields, settings and the hashes of files: for programs */
	bool list;  /* the result is a list */
	struct tree *tree;
	struct {
		const char *format; /* NULL: no CoRIM, the result of -o */
		enum corim_form form;
		const char *key_path, *signer; /* --sign, --signer */
		char *name;                    /* of the first manifest, clean */
		struct reference *values;
		size_t n_values;
	} corim;
	struct images images; /* of the last run: the next one of a matrix mostly uses the same */
};

enum { OPTION_FORMAT = 0x100, OPTION_SIGN, OPTION_SIGNER };

static error_t counts_option(struct measure *m, char *text)
{
	char *number;

	m->n_counts = 0;
	while ((number = strsep(&text, ","))) {
		if (m->n_counts == PLAN_MAX_VCPUS)
			return option_refuse("--vcpus takes up to %d numbers", PLAN_MAX_VCPUS);
		if (option_number("--vcpus", number, 1, PLAN_MAX_VCPUS, &m->counts[m->n_counts++]))
			return EINVAL;
	}
	return 0;
}

static error_t corim_format_parse(struct measure *m, const char *argument)
{
	static const char *const names[] = {
		[CORIM_AMD] = "corim", [CORIM_VERAISON] = "corim-veraison"
	};

	m->corim.format = argument;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], argument) == 0) {
			m->corim.form = (enum corim_form)i;
			return 0;
		}
	return option_refuse("--format takes corim or corim-veraison, not '%s'",
	                     shown_of(argument).text);
}

/* What goes with what, once all options are read. */
static error_t corim_options_check(const struct measure *m)
{
	const char *signer = m->corim.signer;

	if (m->corim.format && m->pages)
		return option_refuse("--format %s has no list of regions: leave out --pages",
		                     m->corim.format);
	if (m->corim.key_path && !m->corim.format)
		return option_refuse("--sign needs --format: there is no CoRIM to sign");
	if (signer && !m->corim.key_path)
		return option_refuse("--signer needs --sign KEY");
	if (signer && (!signer[0] || !text_is_utf8(signer, strlen(signer))))
		return option_refuse("--signer takes a name in UTF-8");
	return 0;
}

static error_t measure_option(int key, char *argument, struct argp_state *state)
{
	struct measure *m = state->input;

	switch (key) {
	case 'n':
		return counts_option(m, argument);
	case 'p':
		m->pages = true;
		return 0;
	case OPTION_FORMAT:
		return corim_format_parse(m, argument);
	case OPTION_SIGN:
		m->corim.key_path = argument;
		return 0;
	case OPTION_SIGNER:
		m->corim.signer = argument;
		return 0;
	case ARGP_KEY_END:
		return corim_options_check(m);
	default:
		return files_option(key, state, &m->settings, &m->manifests);
	}
}

static const struct argp_option measure_options[] = {
	{ "vcpus", 'n', "N,...", 0, "Print the digest for each of these numbers of vCPUs", 0 },
	{ "pages", 'p', NULL, 0, "Also list the regions, with the digest after each", 0 },
	{ "format", OPTION_FORMAT, "FORM", 0,
	  "Print reference values for verifiers: corim or corim-veraison", 0 },
	{ "sign", OPTION_SIGN, "KEY", 0, "Sign them with this key, on P-384 (COSE_Sign1)", 0 },
	{ "signer", OPTION_SIGNER, "WHO", 0, "The name of who signs; snpvmm by default", 0 },
	{ 0 },
};

/* Prints what varies, the digest and, with several manifests, the name as sha384sum does. */
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

/* --- a CoRIM of all that is measured --- */

static int corim_key_read(const char *path, struct p384 **ret, struct error *err)
{
	auto_secret_blob struct blob b = BLOB_NONE;
	auto_findings struct findings f = { 0 };
	struct error warning = { 0 };
	int r = blob_read(path, P384_FILE_MAX, &b, err);

	blob_hide(&b);
	if (r == 0)
		r = p384_read(path, b.data, b.size, ret, err);
	if (r == 0 && !p384_can_sign(*ret)) {
		error_set(err, ERROR_BAD_KEY, "'%s' is a public key, which cannot sign", path);
		r = error_fix(err, "give the private key");
	} else if (r == 0 && idkeys_exposed("--sign", path, b.read_from.mode, &warning)) {
		findings_add(&f, SEVERITY_WARNING, &warning);
		findings_print(&f, 0);
	}
	return r < 0 ? error_wrap(err, "--sign") : 0;
}

static int corim_print(const struct measure *c, const struct p384 *key, struct error *err)
{
	auto_buffer struct buffer id = { 0 }, document = { 0 }, of_cose = { 0 };
	const struct buffer *product = key ? &of_cose : &document;
	struct corim corim = { .form = c->corim.form,
		               .keys = CORIM_VCEK | CORIM_VLEK, /* the host is not known */
		               .values = c->corim.values,
		               .n_values = c->corim.n_values };

	buffer_add(&id, "snpvmm/", 7);
	buffer_add(&id, c->corim.name, strlen(c->corim.name) + 1);
	if (id.failed)
		return error_nomem(err, "a CoRIM");
	corim.id = (const char *)id.data;
	if (corim_encode(&corim, &document, err) < 0)
		return err->code;
	if (key && corim_sign(&document, key, c->corim.signer ? c->corim.signer : "snpvmm",
	                      &of_cose, err) < 0)
		return err->code;
	if (fwrite(product->data, 1, product->size, stdout) != product->size || fflush(stdout) != 0)
		return error_sys(err, ERROR_OUTPUT, errno, "cannot write the CoRIM");
	return 0;
}

/* Measures for m->vcpus. False: an error, which other numbers of vCPUs would have, too. */
static bool measure_count(struct measure *c, const struct manifest *m, struct findings *f)
{
	auto_digest struct snp_digest digest = { .ledger_wanted = c->pages,
		                                 .pages_wanted = c->whole };
	auto_plan const struct plan *plan = NULL;
	auto_saved struct saved saved = { 0 };
	struct measure_result result;
	struct error err = { 0 };

	if (!prepare_plan(m, &c->images, platform_measured(manifest_platform(m)), &plan, f))
		return false;
	if (snp_digest_of(plan, &digest, &err) < 0) {
		/* no_measurement: the firmware lacks something */
		if (plan_settings(plan)->no_measurement)
			manifest_at_location(m, &m->firmware.at, &err);
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
		return false;
	}
	/* an error, but the digest is still printed: whoever signs a new block needs it */
	if (explained_id_digest(m, &c->images, plan, digest.value, &err) < 0)
		findings_add(f, SEVERITY_ERROR, &err);
	result = measure_result_of(m, plan, &digest);
	idkeys_reference(m, &c->images.identity, &result.reference);
	if (c->whole && save_launch(m, &c->images, plan, &digest, &saved, &err) < 0) {
		findings_add(f, SEVERITY_ERROR, &err);
		return false;
	}
	result.saved = c->whole ? &saved : NULL;
	if (c->corim.format) {
		if (!c->corim.name)
			c->corim.name = text_clean_copy(m->name);
		if (c->corim.name && ARRAY_GROW(c->corim.values, c->corim.n_values)) {
			c->corim.values[c->corim.n_values++] = result.reference;
		} else {
			error_nomem(&err, "reference values");
			findings_add(f, SEVERITY_ERROR, &err);
		}
		return true;
	}
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
	bool right = prepare_files(m, c->whole, &c->images, f) && m->whole;

	if (!m->variant && c->manifests.count == 1)
		reader_has_read();
	if (right && m->variant && c->n_counts) {
		struct error err;

		error_set(&err, ERROR_USAGE, "--vcpus cannot be used for a manifest with a matrix");
		error_fix(&err, "name the counts in the matrix: --set 'matrix={vcpus: [1, 2]}'");
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
	} else if (right && !c->n_counts) {
		measure_count(c, m, f);
	}
	for (size_t i = 0; right && !m->variant && i < c->n_counts; i++) {
		m->vcpus = (unsigned)c->counts[i];
		right = measure_count(c, m, f);
	}
}

static int measure_main(const struct command *self, int argc, char **argv, struct error *err)
{
	auto_tree struct tree *tree = tree_new();
	auto_p384 struct p384 *key = NULL;
	struct measure c = { .tree = tree };
	int status = command_parse(self, measure_option, argc, argv, &c, &c.settings, err);

	if (status != STATUS_OK)
		return status;
	if (c.settings.print)
		return settings_print(&c.settings, c.manifests.paths[0], err);
	if (c.corim.format && !show_for_people()) {
		error_set(err, ERROR_USAGE, "measure: --format %s and -o exclude each other",
		          c.corim.format);
		error_fix(err, "leave out one of them");
		return STATUS_USAGE;
	}
	if (c.corim.format && show_check_terminal("measure: --format", err) < 0)
		return STATUS_USAGE;
	if (c.corim.key_path && corim_key_read(c.corim.key_path, &key, err) < 0)
		return STATUS_USAGE;
	c.whole = c.pages && !show_for_people();
	c.list = !c.corim.format && (c.manifests.count > 1 || c.n_counts > 1);
	if (c.list)
		tree_list(tree, NULL);
	for (size_t i = 0; i < c.manifests.count; i++) {
		auto_findings struct findings f = { 0 };

		manifest_each_run(c.manifests.paths[i], &c.settings, measure_run, &c, true, &f);
		images_fini(&c.images);
		if (f.errors)
			status = STATUS_USAGE; /* and on with the next one, as sha256sum does */
	}
	/* a CoRIM with some of the values would look like one with all of them */
	if (c.corim.format && status == STATUS_OK && corim_print(&c, key, err) < 0)
		status = STATUS_USAGE;
	free(c.corim.values);
	free(c.corim.name);
	return c.corim.format || show_for_people() ? status
	                                           : show_finish(tree, c.list, status, err);
}

const struct command command_measure = {
	.name = "measure",
	.args = "[MANIFEST...]",
	.summary = "Print the launch digest, offline",
	.doc = "Print the launch digest that an SEV-SNP launch of MANIFEST will have. Needs no "
	       "special host.",
	.options = measure_options,
	.result = ANY_RESULT,
	.reads = true,
	.main = measure_main,
};
