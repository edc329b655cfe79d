/* SPDX-License-Identifier: MIT */
/* tests/attest/reference_test.c: what is known of a report before the launch, and what is not. */
#include "core/attest/reference.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/snp/abi.h"
#include "tests/make/idblock.h"

static const uint8_t digest[PLAN_DIGEST] = { 0xd1, 0x9e };

static struct reference reference(const struct plan_settings *s)
{
	static const struct vcpu_state state = { .rip = 0xfff0, .rflags = 2 };
	auto_plan const struct plan *sealed = NULL;
	struct plan *p = plan_new();
	struct error err = { 0 };

	sealed = p;
	cr_assert_eq(plan_add_ram(p, 0, PAGE_SIZE, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 1, &state, &state, &err), 0, "%s", err.text);
	plan_set(p, s);
	cr_assert_eq(plan_seal(p, &err), p, "%s", err.text);
	return reference_of(p, digest);
}

static struct plan_settings settings(bool block, bool author)
{
	struct plan_settings s = { .policy = 0xb0000, .host_data = { 1, 2, 3 } };
	struct snp_id_block *b = (void *)s.id_block;

	s.id_block_given = block;
	s.author_key = author;
	if (block) {
		idblock_make(digest, s.policy, author, s.id_block, s.id_auth);
		/* its signature is not looked at here */
		memset(b->family_id, 0xfa, sizeof(b->family_id));
		memset(b->image_id, 0x1a, sizeof(b->image_id));
		b->guest_svn = le32_of(0x12345678);
	}
	return s;
}

Test(reference, without_an_id_block_is_digest_policy_and_host_data)
{
	const struct plan_settings s = settings(false, false);
	struct reference r = reference(&s);

	cr_expect_arr_eq(r.measurement, digest, sizeof(digest));
	cr_expect(r.policy_known && r.host_data_known);
	cr_expect_eq(r.policy, 0xb0000);
	cr_expect_arr_eq(r.host_data, s.host_data, 32);
	cr_expect_not(r.id_block || r.id_key_known || r.author_key_known);
}

Test(reference, has_what_the_id_block_says_and_the_digests_of_its_keys)
{
	for (int author = 0; author < 2; author++) {
		const struct plan_settings s = settings(true, author);
		const struct snp_id_auth *auth = (const void *)s.id_auth;
		struct reference r = reference(&s);
		uint8_t want[PLAN_DIGEST], id[16];

		cr_expect(r.id_block && r.policy_known && r.host_data_known && r.id_key_known);
		cr_expect_eq(r.policy, 0xb0000);
		cr_expect_eq(r.svn, 0x12345678);
		cr_expect_arr_eq(r.family_id, memset(id, 0xfa, 16), 16);
		cr_expect_arr_eq(r.image_id, memset(id, 0x1a, 16), 16);
		sha384(auth->id_key, sizeof(auth->id_key), want);
		cr_expect_arr_eq(r.id_key_digest, want, sizeof(want));
		cr_expect_eq(r.author_key_known, author);
		sha384(auth->author_key, sizeof(auth->author_key), want);
		if (author)
			cr_expect_arr_eq(r.author_key_digest, want, sizeof(want));
	}
}

Test(reference, of_a_block_whose_key_is_not_known_has_no_digest_of_it)
{
	const struct plan_settings s = settings(true, true);
	const struct snp_id_auth *auth = (const void *)s.id_auth;
	struct reference r = { 0 };

	reference_add_id_block(&r, s.id_block, NULL, auth->author_key);
	cr_expect(r.id_block && r.author_key_known);
	cr_expect_not(r.id_key_known);
}

/* Amazon and Google decide them. */
Test(reference, of_a_launch_by_others_has_no_policy_and_no_host_data)
{
	for (int flavour = 0; flavour < VMSA_FLAVOURS; flavour++) {
		struct plan_settings s = settings(false, false);

		s.flavour = (enum vmsa_flavour)flavour;
		struct reference r = reference(&s);
		cr_expect_eq(r.policy_known, flavour == VMSA_KVM);
		cr_expect_eq(r.host_data_known, flavour == VMSA_KVM);
		cr_expect_eq(r.policy, 0xb0000, "verify expects it all the same");
		cr_expect_arr_eq(r.host_data, s.host_data, 32);
		s = settings(true, false);
		s.flavour = (enum vmsa_flavour)flavour;
		r = reference(&s);
		cr_expect(r.policy_known, "an ID block fixes the policy");
		cr_expect_eq(r.policy, 0xb0000);
		cr_expect_eq(r.host_data_known, flavour == VMSA_KVM);
	}
}
