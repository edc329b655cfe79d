/* SPDX-License-Identifier: MIT */
/* tests/snp/idblock_test.c: ID blocks of the golden vectors, and each structural fault. */
#include "core/snp/idblock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/snp/abi.h"
#include "core/snp/status.h"
#include "tests/make/vectors.h"

/* An ID block with its authentication; sound as far as structure goes: algorithm 1, curve 2. */
struct pair {
	struct snp_id_block block;
	struct snp_id_auth auth;
};

/* X and Y, or R and S: 384 bits, little-endian, in 72 bytes each. */
static void numbers_put(uint8_t *to)
{
	memset(to, 0x11, 48);
	memset(to + 72, 0x22, 48);
}

static struct pair sound_pair(bool author)
{
	struct pair p = { .auth.id_key_algorithm = le32_of(1) };

	p.block.version = le32_of(1);
	p.auth.id_key[0] = 2;
	p.auth.author_key_algorithm = le32_of(author ? 1 : 0);
	numbers_put(p.auth.id_key + 4);
	numbers_put(p.auth.id_block_signature);
	if (author) {
		p.auth.author_key[0] = 2;
		numbers_put(p.auth.author_key + 4);
		numbers_put(p.auth.id_key_signature);
	}
	return p;
}

static int check(const struct pair *p, bool *author, struct error *err)
{
	return snp_id_check((const uint8_t *)&p->block, (const uint8_t *)&p->auth, author, err);
}

static void check_refused(const struct pair *p, const char *says)
{
	struct error err = { 0 };
	bool author = true;

	cr_assert_eq(check(p, &author, &err), -EINVAL, "taken, not '%s'", says);
	cr_expect_eq(err.kind, ERROR_BAD_ID_BLOCK);
	cr_expect(strstr(err.text, says), "says '%s', not '%s'", err.text, says);
	cr_expect(author, "touched only on success");
	author = false;
	cr_assert_eq(check(p, &author, &err), -EINVAL);
	cr_expect_not(author, "touched only on success");
}

/* Turned round as a whole, so that the zeros come first: OpenSSL's order. */
static void turn(uint8_t *number)
{
	uint8_t turned[72];

	for (int i = 0; i < 72; i++)
		turned[i] = number[71 - i];
	memcpy(number, turned, sizeof(turned));
}

Test(idblock, a_number_that_is_none_is_named)
{
	struct pair sound = sound_pair(true), p;
	const struct {
		size_t at;
		const char *says;
	} rows[] = {
		{ offsetof(struct snp_id_auth, id_key) + 4, "the ID key's X" },
		{ offsetof(struct snp_id_auth, id_key) + 4 + 72, "the ID key's Y" },
		{ offsetof(struct snp_id_auth, id_block_signature), "the ID block signature's R" },
		{ offsetof(struct snp_id_auth, id_block_signature) + 72,
		  "the ID block signature's S" },
		{ offsetof(struct snp_id_auth, author_key) + 4, "the author key's X" },
		{ offsetof(struct snp_id_auth, author_key) + 4 + 72, "the author key's Y" },
		{ offsetof(struct snp_id_auth, id_key_signature), "the ID key signature's R" },
		{ offsetof(struct snp_id_auth, id_key_signature) + 72, "the ID key signature's S" },
	};
	char says[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = sound;
		memset((uint8_t *)&p.auth + rows[i].at, 0, 72);
		snprintf(says, sizeof(says), "%s is missing", rows[i].says);
		check_refused(&p, says);
		p = sound;
		turn((uint8_t *)&p.auth + rows[i].at);
		snprintf(says, sizeof(says), "%s is not a number of 384 bits", rows[i].says);
		check_refused(&p, says);
	}
}

Test(idblock, without_an_author_key_is_taken_and_told)
{
	struct pair p = sound_pair(false);
	struct error err = { 0 };
	bool author = true;

	cr_assert_eq(check(&p, &author, &err), 0, "%s", err.text);
	cr_expect_not(author);
}

Test(idblock, with_an_author_key_is_taken_and_told)
{
	struct pair p = sound_pair(true);
	struct error err = { 0 };
	bool author = false;

	cr_assert_eq(check(&p, &author, &err), 0, "%s", err.text);
	cr_expect(author);
}

Test(idblock, the_author_keys_algorithm_counts_only_with_an_author_key)
{
	struct pair p = sound_pair(false);
	struct error err = { 0 };
	bool author;

	p.auth.author_key_algorithm = le32_of(7);
	cr_expect_eq(check(&p, &author, &err), 0, "%s", err.text);
	p = sound_pair(true);
	p.auth.author_key_algorithm = le32_of(7);
	check_refused(&p, "author key algorithm is 7, not 1");
}

Test(idblock, an_author_key_is_there_when_its_last_byte_is_set)
{
	struct pair p = sound_pair(false);

	p.auth.author_key[sizeof(p.auth.author_key) - 1] = 1;
	check_refused(&p, "author key algorithm is 0, not 1");
	p.auth.author_key_algorithm = le32_of(1);
	check_refused(&p, "author key is on curve 0, not 2");
}

Test(idblock, another_algorithm_or_curve_of_the_id_key_is_refused_by_name)
{
	struct pair p = sound_pair(true);

	p.auth.id_key_algorithm = le32_of(2);
	check_refused(&p, "ID key algorithm is 2, not 1");
	p.auth.id_key_algorithm = le32_of(0x01000000); /* 1 in the other byte order */
	check_refused(&p, "ID key algorithm is 16777216, not 1");
	p = sound_pair(true);
	p.auth.id_key[0] = 1;
	check_refused(&p, "ID key is on curve 1, not 2");
	p.auth.id_key[0] = 2;
	p.auth.id_key[3] = 1;
	check_refused(&p, "ID key is on curve 16777218, not 2");
}

Test(idblock, another_curve_of_the_author_key_is_refused_by_name)
{
	struct pair p = sound_pair(true);

	p.auth.author_key[0] = 3;
	check_refused(&p, "author key is on curve 3, not 2");
}

Test(idblock, a_wrong_key_comes_with_a_cause_and_a_cure)
{
	struct pair p = sound_pair(true);
	struct error err = { 0 };
	bool author;

	p.auth.id_key_algorithm = le32_of(2);
	cr_assert_lt(check(&p, &author, &err), 0);
	cr_expect(strstr(err.why, "P-384"));
	cr_expect_str_not_empty(err.fix);
}

Test(idblock, all_zeros_are_no_id_block)
{
	struct pair p = sound_pair(true);

	p.block = (struct snp_id_block){ 0 };
	check_refused(&p, "snp.id_block is all zeros");
	p.auth = (struct snp_id_auth){ 0 };
	check_refused(&p, "snp.id_block is all zeros");
}

Test(idblock, an_authentication_of_zeros_is_refused)
{
	struct pair p = sound_pair(true);

	p.auth = (struct snp_id_auth){ 0 };
	check_refused(&p, "ID key algorithm is 0, not 1");
}

static void check_compare(struct pair *p, const uint8_t digest[48], uint64_t policy,
                          bool digest_differs, bool policy_differs)
{
	bool d = !digest_differs, q = !policy_differs;

	snp_id_compare((const uint8_t *)&p->block, digest, policy, &d, &q);
	cr_expect_eq(d, digest_differs);
	cr_expect_eq(q, policy_differs);
}

Test(idblock, compare_says_which_of_digest_and_policy_differs)
{
	struct pair p = sound_pair(false);
	uint8_t digest[48];

	memset(digest, 0x33, sizeof(digest));
	memcpy(p.block.digest, digest, sizeof(digest));
	p.block.policy = le64_of(0x80000000000b0000);
	check_compare(&p, digest, 0x80000000000b0000, false, false);
	check_compare(&p, digest, 0xb0000, false, true); /* all 64 bits count */
	digest[47] ^= 1;
	check_compare(&p, digest, 0x80000000000b0000, true, false);
	check_compare(&p, digest, 0x30000, true, true);
	digest[47] ^= 1;
	digest[0] ^= 0x80;
	check_compare(&p, digest, 0x80000000000b0000, true, false);
}

/* Blocks that sev-snp-measure 0.0.13 made, or its structures (`made_by` in the file says which). */
static void check_made(json_t *c)
{
	const json_t *want = json_object_get(c, "expect");
	struct error err = { 0 };
	uint8_t digest[48];
	struct pair p;
	bool author;

	vectors_hex(want, "id_block", (uint8_t *)&p.block, sizeof(p.block));
	vectors_read(json_string_value(json_object_get(want, "id_auth_rfc6979")), &p.auth,
	             sizeof(p.auth));
	cr_expect_eq(check(&p, &author, &err), 0, "%s", err.text);
	cr_expect_eq(author, json_is_string(json_object_get(c, "author_key")));
	vectors_hex(c, "launch_digest", digest, sizeof(digest));
	check_compare(&p, digest, vectors_number(c, "policy"), false, false);
	cr_expect_eq(le32_get(p.block.version), 1);
	cr_expect_eq(le32_get(p.block.guest_svn),
	             json_integer_value(json_object_get(c, "guest_svn")));
}

Test(idblock, takes_what_sev_snp_measure_makes)
{
	static const char *const ids[] = { "pub-041", "pub-042", "pub-043", "pub-044" };
	auto_json json_t *all = vectors_load();

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		check_made(vectors_case(all, ids[i]));
}

static struct pair finish_pair(json_t *c)
{
	struct pair p;

	vectors_read(json_string_value(json_object_get(c, "id_block_file")), &p.block,
	             sizeof(p.block));
	vectors_read(json_string_value(json_object_get(c, "id_auth_file")), &p.auth,
	             sizeof(p.auth));
	return p;
}

/*
 * The firmware's verdicts (read off AMD's source by the vectors' maker) as far as they can be told
 * without verifying a signature: BAD_SIGNATURE is sound structure, and what we compare agrees.
 */
Test(idblock, foretells_the_firmwares_verdict_on_digest_and_policy)
{
	static const char *const ids[] = { "pub-045", "pub-046", "pub-047", "pub-048" };
	auto_json json_t *all = vectors_load();

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		json_t *c = vectors_case(all, ids[i]);
		json_int_t status = json_integer_value(
			json_object_get(json_object_get(c, "expect"), "fw_status"));
		struct pair p = finish_pair(c);
		struct error err = { 0 };
		uint8_t digest[48];
		bool author;

		cr_expect_eq(check(&p, &author, &err), 0, "%s: %s", ids[i], err.text);
		cr_expect_eq(author, json_is_true(json_object_get(c, "author_key_en")), "%s",
		             ids[i]);
		vectors_hex(c, "gctx_launch_digest", digest, sizeof(digest));
		check_compare(&p, digest, vectors_number(c, "gctx_policy"),
		              status == SNP_STATUS_BAD_MEASUREMENT,
		              status == SNP_STATUS_POLICY_FAILURE);
	}
}

/* pub-050 is pub-049 with the author key switched off; we always use the key that is there. */
Test(idblock, an_author_key_of_algorithm_2_is_refused_as_the_firmware_would)
{
	static const char *const ids[] = { "pub-049", "pub-050" };
	auto_json json_t *all = vectors_load();

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct pair p = finish_pair(vectors_case(all, ids[i]));

		check_refused(&p, "author key algorithm is 2, not 1");
	}
	cr_expect_eq(json_integer_value(json_object_get(
			     json_object_get(vectors_case(all, "pub-049"), "expect"), "fw_status")),
	             SNP_STATUS_INVALID_PARAM);
}
