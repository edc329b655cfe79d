/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/vectors_test.c: measures manifests and compares the digests with the golden
 * vectors. Their digests, counts and traces come from virtee/sev-snp-measure 0.0.13, and an
 * independent program written from AMD's firmware source agrees with each. So if one differs, the
 * vector is right.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/snp/digest.h"
#include "core/snp/policy.h"
#include "core/vm/platforms.h"
#include "firmware/assemble.h"
#include "firmware/images.h"
#include "tests/firmware/golden.h"

/* The cases that measure a launch. tests/snp/idblock_test.c has those of ID blocks. */
enum { FIRST_CASE = 1, LAST_CASE = 40 };

TestSuite(vectors, .fini = golden_teardown);

/* Only Debian's images may be missing, or of another build. */
static void check_loaded(int r, const struct manifest *m, const struct error *err)
{
	bool debians = m->firmware.path && !strncmp(m->firmware.path, "/usr/", 5);

	if (r < 0 && debians && (err->kind == ERROR_FILE || err->kind == ERROR_FILE_PIN))
		SKIP_ALOUD("%s (Debian's package ovmf 2022.11-6+deb12u2)", err->text);
	cr_assert_eq(r, 0, "%s; %s", err->text, err->why);
}

/* Manifest, images, plan, digest: the path of every test in this file. */
struct measured {
	struct manifest m;
	struct images images;
	const struct plan *plan;
	struct snp_digest digest;
};

static int measure(const char *text, size_t size, struct measured *to, struct error *err)
{
	int r = manifest_parse("case.yaml", (const uint8_t *)text, size, NULL, &to->m, err);

	cr_assert_eq(r, 0, "%s; %s\n%s", err->text, err->why, text);
	check_loaded(images_load(&to->m, &to->images, err), &to->m, err);
	r = assemble(&to->m, &to->images, &platform_snp, &to->plan, err);
	to->digest.ledger_wanted = true;
	return r < 0 ? r : snp_digest_of(to->plan, &to->digest, err);
}

static void measured_fini(struct measured *d)
{
	snp_digest_fini(&d->digest);
	plan_free(d->plan);
	images_fini(&d->images);
	manifest_free(&d->m);
}
#define auto_measured __attribute__((cleanup(measured_fini)))

static void check_digest(const uint8_t have[48], const json_t *want, const char *key)
{
	char hex[97];

	cr_expect_str_eq(hex_of(have, 48, hex), json_string_value(json_object_get(want, key)));
}

static const char *type_name(int snp)
{
	for (int i = 0; i < PAGE_KINDS; i++)
		if (region_kind(i)->snp == snp)
			return region_kind(i)->name;
	return snp == 2 ? "vmsa" : "";
}

/* The vectors merge adjacent pages of one type, but not VMSAs. */
static bool adjoin(const struct snp_ledger_line *a, const struct snp_ledger_line *b)
{
	return !strcmp(a->type, b->type) && strcmp(a->type, "vmsa") && a->gpa + a->size == b->gpa;
}

static void check_trace(const struct snp_digest *d, const json_t *trace)
{
	size_t at = 0;
	json_t *want;
	size_t i;

	json_array_foreach(trace, i, want)
	{
		const struct snp_ledger_line *first = &d->ledger[at];
		uint64_t size;

		cr_assert_lt(at, d->n_ledger, "the trace is longer than the ledger");
		size = first->size;
		while (at + 1 < d->n_ledger && adjoin(&d->ledger[at], &d->ledger[at + 1]))
			size += d->ledger[++at].size;
		cr_expect_eq(first->gpa, vectors_number(want, "gpa"), "entry %zu", i);
		cr_expect_eq(size / PAGE_SIZE, json_integer_value(json_object_get(want, "pages")));
		cr_expect_str_eq(first->type, type_name((int)json_integer_value(
						      json_object_get(want, "page_type"))));
		check_digest(d->ledger[at++].digest_after, want, "ld");
	}
	cr_expect_eq(at, d->n_ledger, "the ledger is longer than the trace");
}

/* The tool's refusals are sentences, ours have names. */
static enum reason error_of(const char *said)
{
	if (strstr(said, "SNP_KERNEL_HASHES"))
		return ERROR_NO_HASH_PAGE;
	return strstr(said, "SEV_ES_RESET_BLOCK") ? ERROR_BAD_FIRMWARE : ERROR_NONE;
}

static void check_refusal(const char *said, int r, const struct error *err)
{
	cr_assert_eq(r, -EINVAL, "measured, though: %s", said);
	cr_expect_eq(err->kind, error_of(said), "%s [%s]", err->text, reason_name(err->kind));
	cr_expect_str_not_empty(err->why);
	cr_expect_str_eq(err->file, "case.yaml");
	cr_expect_eq(err->line, 4, "the line of boot.firmware");
}

static void check_measured(const struct measured *d, const json_t *want)
{
	const json_t *sig = json_object_get(want, "vcpu_sig");

	check_digest(d->digest.value, want, "launch_digest");
	cr_expect_eq((json_int_t)d->digest.pages,
	             json_integer_value(json_object_get(want, "pages_hashed")));
	if (json_is_string(sig))
		cr_expect_eq(d->m.vcpu_sig, vectors_number(want, "vcpu_sig"));
	if (json_object_get(want, "trace"))
		check_trace(&d->digest, json_object_get(want, "trace"));
}

/* Mode snp:ovmf-hash: the digest after the firmware's own pages. */
static void check_firmware_alone(const struct snp_digest *d, const json_t *want)
{
	cr_assert_gt(d->n_ledger, 0);
	check_digest(d->ledger[0].digest_after, want, "launch_digest");
	cr_expect_eq(d->ledger[0].size / PAGE_SIZE,
	             json_integer_value(json_object_get(want, "pages_hashed")));
}

static bool mode_is(const json_t *c, const char *mode)
{
	return !strcmp(json_string_value(json_object_get(c, "mode")), mode);
}

static void check_case(const json_t *c)
{
	const json_t *want = json_object_get(c, "expect");
	const char *said = json_string_value(json_object_get(want, "error"));
	auto_measured struct measured d = { 0 };
	struct error err = { 0 };
	size_t size;
	char *text = golden_manifest(c, &size);
	int r = measure(text, size, &d, &err);

	free(text);
	if (said) {
		check_refusal(said, r, &err);
		return;
	}
	cr_assert_eq(r, 0, "%s; %s", err.text, err.why);
	if (!mode_is(c, "snp:ovmf-hash"))
		check_measured(&d, want);
	else
		check_firmware_alone(&d.digest, want);
}

ParameterizedTestParameters(vectors, our_digest_is_the_golden_one)
{
	static int cases[LAST_CASE - FIRST_CASE + 1];

	for (int i = 0; i < (int)ARRAY_SIZE(cases); i++)
		cases[i] = FIRST_CASE + i;
	return cr_make_param_array(int, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(int *number, vectors, our_digest_is_the_golden_one)
{
	char id[16];
	json_t *c;

	snprintf(id, sizeof(id), "pub-%03d", *number);
	all = vectors_load();
	c = vectors_case(all, id);
	if (!mode_is(c, "snp") && !mode_is(c, "snp:ovmf-hash") && !mode_is(c, "snp:svsm"))
		SKIP_ALOUD("%s: mode %s is not supported", id,
		           json_string_value(json_object_get(c, "mode")));
	check_case(c);
}

/* A case that is added to the file must not be ignored. */
Test(vectors, every_case_of_a_measured_mode_is_among_those_tested)
{
	unsigned measured = 0, blocks = 0, others = 0;
	json_t *c;
	size_t i;

	all = vectors_load();
	json_array_foreach(json_object_get(all, "cases"), i, c)
	{
		bool ours =
			mode_is(c, "snp") || mode_is(c, "snp:ovmf-hash") || mode_is(c, "snp:svsm");
		bool block = mode_is(c, "id-block") || mode_is(c, "launch-finish-check");
		int number = 0;

		sscanf(json_string_value(json_object_get(c, "id")), "pub-%d", &number);
		cr_expect(!ours || (number >= FIRST_CASE && number <= LAST_CASE), "case %d",
		          number);
		measured += ours;
		blocks += block;
		others += !ours && !block;
	}
	fprintf(stderr, "golden vectors: %u measured, %u in idblock_test, %u not supported\n",
	        measured, blocks, others);
	cr_expect_geq(measured, 40);
	cr_expect_eq(others, 0);
	cr_expect_eq(blocks, 10);
}

Test(vectors, recipes_give_the_files_that_are_stored)
{
	const char *name;
	json_t *file;

	all = vectors_load();
	json_object_foreach(json_object_get(all, "files"), name, file)
	{
		const json_t *recipe = json_object_get(file, "recipe");
		uint8_t want[SHA256_SIZE], have[SHA256_SIZE];

		if (!recipe || json_integer_value(json_object_get(file, "size")) > 1 << 20)
			continue;
		struct blob b = recipe_make(recipe);

		vectors_hex(file, "sha256", want, sizeof(want));
		sha256(b.data, b.size, have);
		cr_expect_arr_eq(have, want, sizeof(want), "%s", name);
		blob_fini(&b);
	}
}

/*
 * Newer images of Debian's. Their digests are sev-snp-measure 0.0.13's too, with guest features
 * 0x1.
 */
struct newer {
	char image[24], sha256[65], vcpu_type[12];
	int vcpus;
	char digest[97];
};

#define SHA_2025   "14954040cc754ade0c625ac3470ea46d4c14318b5b1396de4ef77090203d76db"
#define SHA_AMDSEV "3e4fd0b3fe3b2dbe481c3d9e99418a034174f26cbe1f55aa212b0f18c12d2d6f"

ParameterizedTestParameters(vectors, our_digest_of_a_newer_image_is_the_tools)
{
	static struct newer rows[] = {
		{ "ovmf-2025.02.fd", SHA_2025, "EPYC-v4", 1,
		  "6eef547a9fcf5720c5c04883fe85788d29de46b55a51e554467029b554a3352e"
		  "66d2f3c71b84cea937d19a1a6c41596f" },
		{ "ovmf-2025.02.fd", SHA_2025, "EPYC-Genoa", 1,
		  "e16765c33b15fe94ef66a1fb04ff6a25828e11b95ea48c534194f829812c57d1"
		  "6530418db5d54b7ed0573eb9a1ddb3a2" },
		{ "ovmf-2025.02.fd", SHA_2025, "EPYC-v4", 4,
		  "676826e902524799a067f7c43b3ab0101dce73a2506d41436dd2f8472fa20808"
		  "1f11f9e65ca5d2439785732a0bfd8339" },
		{ "ovmf-2026.08-amdsev.fd", SHA_AMDSEV, "EPYC-v4", 1,
		  "d74bd3ea40b240c3228edc5177ce6193561ebff633dbd0be76d6c143b876d651"
		  "02425c0e2e8a930857c48daa5eacda58" },
		{ "ovmf-2026.08-amdsev.fd", SHA_AMDSEV, "EPYC-Genoa", 4,
		  "d505c9acd20a52ed0afd3e763d3b7b1bdd695d54d588a3e9d7957b803b457602"
		  "332d5911781485b552cbbed90a20f235" },
	};

	return cr_make_param_array(struct newer, rows, ARRAY_SIZE(rows));
}

ParameterizedTest(struct newer *row, vectors, our_digest_of_a_newer_image_is_the_tools)
{
	auto_measured struct measured d = { 0 };
	struct error err = { 0 };
	char path[PATH_MAX], absolute[PATH_MAX], text[2 * PATH_MAX], hex[97];

	if (!realpath(images_path(row->image, path, sizeof(path)), absolute))
		SKIP_ALOUD("%s: %s", path, strerror(errno));
	snprintf(text, sizeof(text),
	         "version: 1\nvcpus: %d\nvcpu_type: %s\nboot:\n"
	         "  firmware: { path: \"%s\", sha256: \"%s\" }\n",
	         row->vcpus, row->vcpu_type, absolute, row->sha256);
	cr_assert_eq(measure(text, strlen(text), &d, &err), 0, "%s; %s", err.text, err.why);
	cr_expect_str_eq(hex_of(d.digest.value, 48, hex), row->digest);
}
