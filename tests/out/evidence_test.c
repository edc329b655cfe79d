/* SPDX-License-Identifier: MIT */
/*
 * tests/out/evidence_test.c: each field of a report, ID block and ID authentication, held against
 * its offset.
 */
#include "core/out/evidence.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/sha2.h"
#include "core/snp/abi.h"
#include "core/snp/report.h"
#include "tests/make/idblock.h"
#include "tests/make/printed.h"
#include "tests/make/report.h"

static struct tree *begun(void)
{
	struct tree *t = tree_new();

	tree_map(t, NULL);
	return t;
}

static json_t *ended(struct tree *t)
{
	tree_end(t);
	return printed_json(t);
}

static json_t *report_json(const uint8_t *bytes)
{
	struct tree *t = begun();
	const struct snp_report *r;
	struct error err = { 0 };

	cr_assert_eq(snp_report_read(bytes, REPORT_SIZE, &r, &err), 0, "%s", err.text);
	evidence_report(t, r);
	return ended(t);
}

static uint64_t number_at(const uint8_t *bytes, size_t from, size_t size)
{
	uint64_t v = 0;

	for (size_t i = size; i > 0; i--)
		v = v << 8 | bytes[from + i - 1];
	return v;
}

/* A row for each field: its offset, as in the specification's table. */
static const struct {
	const char *path;
	size_t from, size;
	enum { BYTES, NUMBER, HEX } form;
	uint32_t since;
} fields[] = {
	{ "version", 0x000, 4, NUMBER, 0 },
	{ "guest_svn", 0x004, 4, NUMBER, 0 },
	{ "policy.value", 0x008, 8, HEX, 0 },
	{ "family_id", 0x010, 16, BYTES, 0 },
	{ "image_id", 0x020, 16, BYTES, 0 },
	{ "vmpl", 0x030, 4, NUMBER, 0 },
	{ "current_tcb.value", 0x038, 8, HEX, 0 },
	{ "current_tcb.boot_loader", 0x038, 1, NUMBER, 0 },
	{ "current_tcb.tee", 0x039, 1, NUMBER, 0 },
	{ "current_tcb.snp", 0x03e, 1, NUMBER, 0 },
	{ "current_tcb.microcode", 0x03f, 1, NUMBER, 0 },
	{ "platform_info.value", 0x040, 8, HEX, 0 },
	{ "flags.value", 0x048, 4, HEX, 0 },
	{ "report_data", 0x050, 64, BYTES, 0 },
	{ "measurement", 0x090, 48, BYTES, 0 },
	{ "host_data", 0x0c0, 32, BYTES, 0 },
	{ "id_key_digest", 0x0e0, 48, BYTES, 0 },
	{ "author_key_digest", 0x110, 48, BYTES, 0 },
	{ "report_id", 0x140, 32, BYTES, 0 },
	{ "report_id_ma", 0x160, 32, BYTES, 0 },
	{ "reported_tcb.value", 0x180, 8, HEX, 0 },
	{ "reported_tcb.microcode", 0x187, 1, NUMBER, 0 },
	{ "cpuid.family", 0x188, 1, NUMBER, 3 },
	{ "cpuid.model", 0x189, 1, NUMBER, 3 },
	{ "cpuid.stepping", 0x18a, 1, NUMBER, 3 },
	{ "chip_id", 0x1a0, 64, BYTES, 0 },
	{ "committed_tcb.value", 0x1e0, 8, HEX, 0 },
	{ "committed_tcb.snp", 0x1e6, 1, NUMBER, 0 },
	{ "current_version.build", 0x1e8, 1, NUMBER, 0 },
	{ "current_version.minor", 0x1e9, 1, NUMBER, 0 },
	{ "current_version.major", 0x1ea, 1, NUMBER, 0 },
	{ "committed_version.build", 0x1ec, 1, NUMBER, 0 },
	{ "committed_version.minor", 0x1ed, 1, NUMBER, 0 },
	{ "committed_version.major", 0x1ee, 1, NUMBER, 0 },
	{ "launch_tcb.value", 0x1f0, 8, HEX, 0 },
	{ "launch_tcb.boot_loader", 0x1f0, 1, NUMBER, 0 },
	{ "launch_mit_vector", 0x1f8, 8, HEX, 5 },
	{ "current_mit_vector", 0x200, 8, HEX, 5 },
	{ "signature.r", 0x2a0, 72, BYTES, 0 },
	{ "signature.s", 0x2e8, 72, BYTES, 0 },
};

static void check_field(json_t *j, const uint8_t *bytes, size_t i)
{
	char text[2 * 72 + 1];

	if (fields[i].form == NUMBER) {
		json_number_is(j, fields[i].path,
		               (json_int_t)number_at(bytes, fields[i].from, fields[i].size));
		return;
	}
	if (fields[i].form == HEX)
		snprintf(text, sizeof(text), "0x%llx",
		         (unsigned long long)number_at(bytes, fields[i].from, fields[i].size));
	else
		hex_of(bytes + fields[i].from, fields[i].size, text);
	json_text_is(j, fields[i].path, text);
}

Test(evidence, has_every_field_of_a_report_from_its_offset)
{
	uint8_t bytes[REPORT_SIZE];

	for (uint32_t version = 2; version <= 5; version++) {
		auto_json json_t *j = NULL;

		report_make(version, bytes);
		j = report_json(bytes);
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			if (version >= fields[i].since)
				check_field(j, bytes, i);
			else
				cr_expect_null(json_at(j, fields[i].path), "version %u has '%s'",
				               version, fields[i].path);
		cr_expect_null(json_at(j, "reserved_bytes_set"));
		cr_expect_null(json_at(j, "current_tcb.fmc"));
	}
}

Test(evidence, names_bits_and_numbers_of_a_report)
{
	auto_json json_t *j = NULL;
	uint8_t bytes[REPORT_SIZE];
	char *bits;

	report_make(3, bytes);
	j = report_json(bytes);
	json_text_is(j, "policy.abi", "1.51");
	bits = json_dumps(json_at(j, "policy.bits"), JSON_COMPACT);
	cr_expect_str_eq(bits, "[\"smt\",\"debug\"]");
	free(bits);
	bits = json_dumps(json_at(j, "platform_info.bits"), JSON_COMPACT);
	cr_expect_str_eq(bits, "[\"smt\",\"ecc\",\"alias_check_complete\",\"tio\"]");
	free(bits);
	json_text_is(j, "signature_algorithm", "ECDSA P-384 with SHA-384");
	json_text_is(j, "flags.signing_key", "VLEK");
	cr_expect(json_is_true(json_at(j, "flags.author_key")));
	cr_expect(json_is_true(json_at(j, "flags.mask_chip_key")));
}

Test(evidence, tells_the_flags_of_a_report_apart)
{
	static const struct {
		uint8_t flags;
		bool author, mask;
		const char *key;
	} rows[] = { { 0, false, false, "VCEK" },
		     { 1, true, false, "VCEK" },
		     { 2, false, true, "VCEK" },
		     { 0x1c, false, false, "none" } };
	uint8_t bytes[REPORT_SIZE];

	report_make(2, bytes);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_json json_t *j = NULL;

		bytes[0x48] = rows[i].flags;
		j = report_json(bytes);
		cr_expect_eq(json_is_true(json_at(j, "flags.author_key")), rows[i].author);
		cr_expect_eq(json_is_true(json_at(j, "flags.mask_chip_key")), rows[i].mask);
		json_text_is(j, "flags.signing_key", rows[i].key);
	}
}

Test(evidence, splits_the_tcb_of_family_1ah_by_its_own_layout)
{
	static const struct {
		const char *name;
		size_t byte;
	} parts[] = {
		{ "fmc", 0 }, { "boot_loader", 1 }, { "tee", 2 }, { "snp", 3 }, { "microcode", 7 }
	};
	auto_json json_t *j = NULL;
	uint8_t bytes[REPORT_SIZE];

	report_make(5, bytes);
	bytes[0x188] = 0x1a;
	bytes[0x189] = 0x02;
	j = report_json(bytes);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		json_number_is(json_at(j, "current_tcb"), parts[i].name,
		               bytes[0x038 + parts[i].byte]);
		json_number_is(json_at(j, "launch_tcb"), parts[i].name,
		               bytes[0x1f0 + parts[i].byte]);
	}
}

Test(evidence, shows_a_tcb_of_an_unknown_layout_as_one_number)
{
	auto_json json_t *j = NULL;
	uint8_t bytes[REPORT_SIZE];

	report_make(5, bytes);
	bytes[0x188] = 0x1a;
	bytes[0x189] = 0x50; /* Venice */
	j = report_json(bytes);
	json_text_is(j, "current_tcb.layout", "unknown");
	cr_expect_not_null(json_at(j, "current_tcb.value"));
	cr_expect_eq(json_object_size(json_object_get(j, "current_tcb")), 2u);
}

Test(evidence, mentions_what_has_no_name_or_no_meaning_yet)
{
	auto_json json_t *j = NULL;
	uint8_t bytes[REPORT_SIZE];
	char *bits;

	report_make(4, bytes);
	bytes[0x034] = 9;
	bytes[0x040] = 0;
	bytes[0x041] = 0x01;
	bytes[0x1f8] = 1;
	bytes[0x207] = 1;
	j = report_json(bytes);
	json_text_is(j, "signature_algorithm", "unknown (9)");
	bits = json_dumps(json_at(j, "platform_info.bits"), JSON_COMPACT);
	cr_expect_str_eq(bits, "[\"bit 8\"]");
	free(bits);
	json_number_is(j, "reserved_bytes_set", 2);
}

static json_t *block_json(const uint8_t block[static 96])
{
	struct tree *t = begun();

	evidence_id_block(t, (const void *)block);
	return ended(t);
}

Test(evidence, has_every_field_of_an_id_block_from_its_offset)
{
	auto_json json_t *j = NULL;
	uint8_t block[96];
	char text[97], *bits;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = report_byte(i);
	memcpy(block + 0x58, "\x07\x01\x06\x02\0\0\0\0", 8);
	j = block_json(block);
	json_text_is(j, "measurement", hex_of(block, 48, text));
	json_text_is(j, "family_id", hex_of(block + 0x30, 16, text));
	json_text_is(j, "image_id", hex_of(block + 0x40, 16, text));
	json_number_is(j, "version", (json_int_t)number_at(block, 0x50, 4));
	json_number_is(j, "guest_svn", (json_int_t)number_at(block, 0x54, 4));
	json_text_is(j, "policy.value", "0x2060107");
	json_text_is(j, "policy.abi", "1.7");
	bits = json_dumps(json_at(j, "policy.bits"), JSON_COMPACT);
	cr_expect_str_eq(bits, "[\"migrate_ma\",\"page_swap_disable\"]");
	free(bits);
}

static json_t *auth_json(const uint8_t auth[static 4096])
{
	struct tree *t = begun();

	evidence_id_auth(t, (const void *)auth);
	return ended(t);
}

Test(evidence, tells_of_each_key_and_each_signature_whether_it_is_there)
{
	uint8_t block[96], auth[4096], digest[48];
	char text[97];

	for (int author = 0; author < 2; author++) {
		auto_json json_t *j = NULL;

		idblock_make((const uint8_t[48]){ 1 }, 0x30000, author, block, auth);
		j = auth_json(auth);
		sha384(auth + 0x240, 0x404, digest);
		json_text_is(j, "id_key.digest", hex_of(digest, 48, text));
		json_text_is(j, "id_key.curve", "P-384");
		json_text_is(j, "id_key.algorithm", "ECDSA P-384 with SHA-384");
		cr_expect(json_is_true(json_at(j, "id_key.present")));
		cr_expect(json_is_true(json_at(j, "id_key.signature")));
		cr_expect_eq(json_is_true(json_at(j, "author_key.present")), author);
		cr_expect_eq(json_is_true(json_at(j, "author_key.signature")), author);
		sha384(auth + 0x880, 0x404, digest);
		if (author)
			json_text_is(j, "author_key.digest", hex_of(digest, 48, text));
		else
			cr_expect_null(json_at(j, "author_key.digest"));
	}
}

Test(evidence, shows_numbers_of_keys_that_no_firmware_takes)
{
	auto_json json_t *j = NULL;
	uint8_t auth[4096] = { 0 };

	auth[0] = 2;
	auth[0x240] = 3;
	auth[0x23f] = 1; /* the last byte of the ID block's signature */
	j = auth_json(auth);
	json_text_is(j, "id_key.algorithm", "unknown (2)");
	json_text_is(j, "id_key.curve", "unknown (3)");
	cr_expect(json_is_true(json_at(j, "id_key.signature")));
	cr_expect(json_is_false(json_at(j, "author_key.signature")));
}

Test(evidence, digests_of_keys_are_those_of_sev_snp_measure)
{
	static const char *const ids[] = { "pub-041", "pub-042", "pub-043", "pub-044" };
	auto_json json_t *all = vectors_load();

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		json_t *want = json_object_get(vectors_case(all, ids[i]), "expect");
		const char *author = json_string_value(json_object_get(want, "author_key_digest"));
		auto_json json_t *j = NULL;
		uint8_t auth[4096];
		char path[4096];
		FILE *f = fopen(
			vectors_path(json_string_value(json_object_get(want, "id_auth_rfc6979")),
		                     path, sizeof(path)),
			"rb");

		cr_assert(f && fread(auth, 1, sizeof(auth), f) == sizeof(auth), "%s", path);
		fclose(f);
		j = auth_json(auth);
		json_text_is(j, "id_key.digest",
		             json_string_value(json_object_get(want, "id_key_digest")));
		if (json_is_true(json_at(j, "author_key.present")))
			json_text_is(j, "author_key.digest", author);
	}
}
