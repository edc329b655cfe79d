/* SPDX-License-Identifier: MIT */
/* tests/attest/identity_test.c: ID blocks that we make, and the signatures of others'. */
#include "core/attest/identity.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha2.h"
#include "core/snp/abi.h"
#include "core/snp/idblock.h"
#include "core/snp/status.h"
#include "tests/make/vectors.h"

static struct p384 *key_new(void)
{
	struct p384 *key;
	struct error err = { 0 };

	cr_assert_eq(p384_generate(&key, &err), 0, "%s", err.text);
	return key;
}

static struct p384 *key_of(const char *path)
{
	auto_blob struct blob b = BLOB_NONE;
	struct p384 *key;
	struct error err = { 0 };

	cr_assert_eq(blob_read(path, P384_FILE_MAX, &b, &err), 0, "%s", err.text);
	cr_assert_eq(p384_read(path, b.data, b.size, &key, &err), 0, "%s", err.text);
	return key;
}

static struct p384 *vectors_key(const json_t *c, const char *member)
{
	const char *name = json_string_value(json_object_get(c, member));
	char below[128], path[4096];

	if (!name)
		return NULL;
	snprintf(below, sizeof(below), "keys/%s", name);
	return key_of(vectors_path(below, path, sizeof(path)));
}

struct pair {
	uint8_t block[PLAN_ID_BLOCK], auth[PLAN_ID_AUTH];
};

static void make(const struct identity *i, const uint8_t digest[static PLAN_DIGEST],
                 uint64_t policy, struct pair *p)
{
	struct error err = { 0 };
	bool author_key;

	identity_block(i, digest, policy, p->block);
	cr_assert_eq(identity_authenticate(i, p->block, NULL, p->auth, &err), 0, "%s", err.text);
	cr_assert_eq(identity_verify(p->block, p->auth, &author_key, &err), 0, "%s", err.text);
	cr_expect_eq(author_key, i->author_key != NULL);
}

static void key_digest(const uint8_t *key, const json_t *want, const char *member)
{
	uint8_t have[48], expected[48];

	snp_id_key_digest(key, have);
	vectors_hex(want, member, expected, sizeof(expected));
	cr_expect_arr_eq(have, expected, sizeof(have), "%s", member);
}

/* Blocks and authentications of sev-snp-measure's structures, signed with nonces of RFC 6979. */
Test(identity, makes_the_blocks_that_sev_snp_measure_makes)
{
	static const char *const ids[] = { "pub-041", "pub-042", "pub-043", "pub-044" };
	auto_json json_t *all = vectors_load();

	for (size_t n = 0; n < ARRAY_SIZE(ids); n++) {
		json_t *c = vectors_case(all, ids[n]), *want = json_object_get(c, "expect");
		auto_identity struct identity i = { .id_key = vectors_key(c, "id_key"),
			                            .author_key = vectors_key(c, "author_key") };
		uint8_t digest[PLAN_DIGEST];
		const struct snp_id_auth *auth;
		struct pair p, expected;

		vectors_hex(c, "launch_digest", digest, sizeof(digest));
		vectors_hex(c, "family_id", i.family_id, sizeof(i.family_id));
		vectors_hex(c, "image_id", i.image_id, sizeof(i.image_id));
		i.svn = (uint32_t)json_integer_value(json_object_get(c, "guest_svn"));
		make(&i, digest, vectors_number(c, "policy"), &p);
		vectors_hex(want, "id_block", expected.block, sizeof(expected.block));
		cr_expect_arr_eq(p.block, expected.block, sizeof(p.block), "%s", ids[n]);
		vectors_read(json_string_value(json_object_get(want, "id_auth_rfc6979")),
		             expected.auth, sizeof(expected.auth));
		/* AUTH_KEY_ALGO is ignored without an author key; the maker of that one wrote 1 */
		if (!i.author_key)
			expected.auth[4] = p.auth[4];
		cr_expect_arr_eq(p.auth, expected.auth, sizeof(p.auth), "%s", ids[n]);
		auth = (const void *)p.auth;
		key_digest(auth->id_key, want, "id_key_digest");
		if (i.author_key)
			key_digest(auth->author_key, want, "author_key_digest");
	}
}

Test(identity, verifies_what_sev_snp_measure_signs)
{
	static const char *const ids[] = { "pub-041", "pub-042", "pub-043", "pub-044" };
	auto_json json_t *all = vectors_load();

	for (size_t n = 0; n < ARRAY_SIZE(ids); n++) {
		json_t *c = vectors_case(all, ids[n]), *want = json_object_get(c, "expect");
		struct error err = { 0 };
		bool author_key;
		struct pair p;

		vectors_hex(want, "id_block", p.block, sizeof(p.block));
		vectors_read(json_string_value(json_object_get(want, "id_auth_rfc6979")), p.auth,
		             sizeof(p.auth));
		cr_expect_eq(identity_verify(p.block, p.auth, &author_key, &err), 0, "%s: %s",
		             ids[n], err.text);
	}
}

/* The firmware's verdict on signatures; what it says of digest and policy is no matter of these. */
Test(identity, refuses_the_signatures_that_the_firmware_refuses)
{
	static const struct {
		const char *id;
		bool good;
	} rows[] = { { "pub-045", true },
		     { "pub-046", true },
		     { "pub-047", true },
		     { "pub-048", false },
		     { "pub-049", false } };
	auto_json json_t *all = vectors_load();

	for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
		json_t *c = vectors_case(all, rows[n].id);
		struct error err = { 0 };
		bool author_key = false;
		struct pair p;
		int r;

		vectors_read(json_string_value(json_object_get(c, "id_block_file")), p.block,
		             sizeof(p.block));
		vectors_read(json_string_value(json_object_get(c, "id_auth_file")), p.auth,
		             sizeof(p.auth));
		r = identity_verify(p.block, p.auth, &author_key, &err);
		cr_expect_eq(r, rows[n].good ? 0 : -EINVAL, "%s: %s", rows[n].id, err.text);
		cr_expect(rows[n].good || (err.kind == ERROR_BAD_ID_BLOCK && !author_key));
	}
}

static void flips_refused(const struct pair *p, size_t from, size_t size, const char *what,
                          bool in_block)
{
	for (size_t bit = 0; bit < 8 * size; bit += 5) {
		struct pair q = *p;
		struct error err = { 0 };
		bool author_key;

		(in_block ? q.block : q.auth)[from + bit / 8] ^= 1U << bit % 8;
		cr_expect_lt(identity_verify(q.block, q.auth, &author_key, &err), 0,
		             "%s: bit %zu doesn't matter", what, bit);
	}
}

Test(identity, each_part_is_signed, .timeout = 120)
{
	auto_identity struct identity i = { .id_key = key_new(),
		                            .author_key = key_new(),
		                            .svn = 7 };
	static const uint8_t digest[PLAN_DIGEST] = { 1, 2, 3 };
	struct pair p;

	make(&i, digest, 0x30000, &p);
	flips_refused(&p, 0, sizeof(p.block), "the block", true);
	flips_refused(&p, 0x40, 144, "the ID block signature", false);
	flips_refused(&p, 0x240, 148, "the ID key", false);
	flips_refused(&p, 0x680, 144, "the ID key signature", false);
	flips_refused(&p, 0x880, 148, "the author key", false);
}

Test(identity, says_which_signature_is_wrong)
{
	auto_identity struct identity a = { .id_key = key_new(), .author_key = key_new() },
				      b = { .id_key = key_new(), .author_key = key_new() };
	static const uint8_t digest[PLAN_DIGEST] = { 1 };
	struct pair p, q, mixed;
	struct error err = { 0 };
	bool author_key;

	make(&a, digest, 0x30000, &p);
	make(&b, digest, 0x30000, &q);
	mixed = p;
	memcpy(mixed.auth + 0x40, q.auth + 0x40, P384_SIGNATURE_SIZE);
	cr_expect_eq(identity_verify(mixed.block, mixed.auth, &author_key, &err), -EINVAL);
	cr_expect(strstr(err.text, "the ID block signature is not the ID key's"), "%s", err.text);
	mixed = p;
	memcpy(mixed.auth + 0x680, q.auth + 0x680, P384_SIGNATURE_SIZE);
	cr_expect_eq(identity_verify(mixed.block, mixed.auth, &author_key, &err), -EINVAL);
	cr_expect(strstr(err.text, "the ID key signature is not the author key's"), "%s", err.text);
}

Test(identity, takes_signatures_made_elsewhere)
{
	auto_identity struct identity i = { .id_key = key_new(), .author_key = key_new() };
	static const uint8_t digest[PLAN_DIGEST] = { 9 };
	const struct snp_id_auth *auth;
	uint8_t id[P384_SIGNATURE_SIZE], author[P384_SIGNATURE_SIZE];
	struct identity_signatures given = { id, author };
	struct pair p, q;
	struct error err = { 0 };

	make(&i, digest, 0x30000, &p);
	auth = (const void *)p.auth;
	memcpy(id, auth->id_block_signature, sizeof(id));
	memcpy(author, auth->id_key_signature, sizeof(author));
	cr_assert_eq(identity_authenticate(&i, p.block, &given, q.auth, &err), 0, "%s", err.text);
	cr_expect_arr_eq(q.auth, p.auth, sizeof(q.auth));
	given = (struct identity_signatures){ author, author };
	cr_expect_eq(identity_authenticate(&i, p.block, &given, q.auth, &err), -EINVAL);
	cr_expect(strstr(err.text, "ID block"), "%s", err.text);
	given = (struct identity_signatures){ NULL, id };
	cr_expect_eq(identity_authenticate(&i, p.block, &given, q.auth, &err), -EINVAL);
	cr_expect(strstr(err.text, "ID key"), "%s", err.text);
}

/* Keys and digests that other tools publish with their tests. */
Test(identity, key_digests_of_other_tools_tests)
{
	static const struct {
		const char *key, *digest;
	} rows[] = {
		{ "id-block/test_id_key.pem",
		  "WfssaG36T+9J84M5qndckAUcKNVzg93DuvO160sUlt87DbvcuuX+J2d6ZEggdz/i" },
		{ "id-block/test_auth_key.pem",
		  "7tgRafsMteDsNHlPEo/U4MSkb2fGWhrfqB/LJLzAiMJyNpt//D6ytq9qQoShs2xf" },
		{ "id-block/sev-snp-measure/id_key_test.pem",
		  "hwt+NcU/inLQ0yL3WrKvgmJ5Kq9leWIs5BMcPyHyied8sFYKXjuQs5MuZ07HCcsU" },
		{ "id-block/sev-snp-measure/author_key_test.pem",
		  "YxEcNLv8Ckk4+aAJvQdJgNgXIyPmFZnJ/TNtqGcySOHcqY0L6PdjdqEGuK/UwKBX" },
	};
	char path[4096];

	if (access(attest_path(rows[0].key, path, sizeof(path)), R_OK) != 0)
		SKIP_ALOUD("no keys of other tools at '%s' (SNPVMM_ATTEST)", path);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_p384 struct p384 *key = key_of(attest_path(rows[i].key, path, sizeof(path)));
		uint8_t public[P384_PUBLIC_SIZE], have[48], want[48];

		p384_public(key, public);
		snp_id_key_digest(public, have);
		cr_assert_eq(
			base64_parse(rows[i].digest, strlen(rows[i].digest), want, sizeof(want)),
			48);
		cr_expect_arr_eq(have, want, sizeof(want), "%s", rows[i].key);
	}
}
