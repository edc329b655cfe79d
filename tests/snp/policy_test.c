/* SPDX-License-Identifier: MIT */
/* tests/snp/policy_test.c: policy bits, features and signatures. */
#include "core/snp/policy.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"

Test(policy, names_the_bits_of_the_firmware_abi)
{
	static const struct {
		unsigned bit;
		const char *name;
	} known[] = {
		{ 16, "smt" },
		{ 17, "reserved, must be one" },
		{ 18, "migrate_ma" },
		{ 19, "debug" },
		{ 20, "single_socket" },
		{ 21, "cxl_allow" },
		{ 22, "aes256_xts" },
		{ 23, "rapl_dis" },
		{ 24, "ciphertext_hiding" },
		{ 25, "page_swap_disable" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const char *name = snp_policy_name(known[i].bit);

		cr_assert_not_null(name, "bit %u", known[i].bit);
		cr_assert_str_eq(name, known[i].name);
	}
	cr_assert_null(snp_policy_name(0));
	cr_assert_null(snp_policy_name(15));
	cr_assert_null(snp_policy_name(26));
}

Test(policy, has_one_row_a_bit)
{
	uint64_t seen = 0;

	for (const struct snp_bit *b = snp_policy_bits; b->text; b++) {
		cr_assert_not(seen >> b->bit & 1, "bit %u twice", b->bit);
		seen |= (uint64_t)1 << b->bit;
	}
	cr_assert_eq(seen, 0x3ff0000);
	seen = 0;
	for (const struct snp_bit *b = snp_feature_bits; b->text; b++) {
		cr_assert_not(seen >> b->bit & 1, "feature %u twice", b->bit);
		seen |= (uint64_t)1 << b->bit;
	}
	cr_assert_eq(seen, 0xc3ff);
}

Test(policy, takes_every_bit_that_some_firmware_knows)
{
	struct error err = { 0 };

	cr_assert_eq(snp_policy_check(SNP_POLICY_DEFAULT, &err), 0);
	cr_assert_eq(snp_policy_check(0x20000, &err), 0);
	cr_assert_eq(snp_policy_check(0x3ffffff, &err), 0);
	cr_assert_eq(err.kind, ERROR_NONE);
}

Test(policy, refuses_bit_17_clear_and_says_what_to_write)
{
	struct error err = { 0 };

	cr_assert_eq(snp_policy_check(0x90000, &err), -EINVAL);
	cr_assert_eq(err.kind, ERROR_BAD_POLICY);
	cr_assert_not_null(strstr(err.text, "0x90000"));
	cr_assert_not_null(strstr(err.why, "bit 17"));
	cr_assert_not_null(strstr(err.fix, "0xb0000"), "%s", err.fix);
	cr_assert_not_null(strstr(err.fix, "0x30000"), "%s", err.fix);
}

Test(policy, refuses_bits_that_no_firmware_knows)
{
	struct error err = { 0 };

	cr_assert_eq(snp_policy_check(0x30000 | (uint64_t)1 << 26, &err), -EINVAL);
	cr_assert_eq(err.kind, ERROR_BAD_POLICY);
	cr_assert_not_null(strstr(err.text, "0x4000000"), "%s", err.text);
	cr_assert_not_null(strstr(err.fix, "0x30000"), "%s", err.fix);
	cr_assert_eq(snp_policy_check(0x30000 | (uint64_t)1 << 63, &err), -EINVAL);
	cr_assert_not_null(strstr(err.text, "0x8000000000000000"), "%s", err.text);
}

Test(policy, refuses_features_without_snp_itself)
{
	struct error err = { 0 };

	cr_assert_eq(snp_features_check(0x1, &err), 0);
	cr_assert_eq(snp_features_check(0x4029, &err), 0);
	cr_assert_eq(snp_features_check(0x20, &err), -EINVAL);
	cr_assert_eq(err.kind, ERROR_BAD_VALUE);
	cr_assert_not_null(strstr(err.fix, "0x21"), "%s", err.fix);
	cr_assert_eq(snp_features_check(0, &err), -EINVAL);
}

Test(policy, knows_the_models_by_their_exact_names)
{
	static const struct {
		const char *name;
		uint32_t signature;
	} some[] = {
		{ "EPYC", 0x800f12 },          { "EPYC-v4", 0x800f12 },
		{ "EPYC-IBPB", 0x800f12 },     { "EPYC-v5", 0x800f12 },
		{ "EPYC-Rome", 0x830f10 },     { "EPYC-Rome-v5", 0x830f10 },
		{ "EPYC-Milan", 0xa00f11 },    { "EPYC-Milan-v3", 0xa00f11 },
		{ "EPYC-Genoa-v2", 0xa10f10 }, { "EPYC-Turin", 0xb00f00 },
		{ "EPYC-Turin-v1", 0xb00f00 }, { "EPYC-Turin-v2", 0xb00f00 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		const struct snp_vcpu_type *t = snp_vcpu_type(some[i].name);

		cr_assert_not_null(t, "%s", some[i].name);
		cr_assert_eq(t->signature, some[i].signature, "%s", some[i].name);
	}
	cr_assert_null(snp_vcpu_type("epyc"));
	cr_assert_null(snp_vcpu_type("EPYC-v9"));
	cr_assert_null(snp_vcpu_type("host"));
	cr_assert_null(snp_vcpu_type(""));
}
