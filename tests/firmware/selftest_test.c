/* SPDX-License-Identifier: MIT */
/* tests/firmware/selftest_test.c: the regions and first registers of `builtin:selftest`. */
#include "firmware/selftest.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "tests/firmware/guest_plan.h"

#define C_BIT     51
#define MAPPED    (1ULL << 30)
#define EXIT_PORT 0xf4
#define SIGNATURE 0x00a10f11

static const struct selftest_config snp = { C_BIT, EXIT_PORT, SIGNATURE };
static const struct selftest_config plain = { 0, EXIT_PORT, SIGNATURE };

/* A sealed plan of the selftest, with SELFTEST_MEMORY bytes of RAM. The caller frees s.plan. */
static struct seen see(const struct selftest_config *c)
{
	struct vcpu_state bsp;
	struct error err = { 0 };
	struct plan *p = plan_new();

	cr_assert_not_null(p);
	cr_assert_eq(plan_add_ram(p, 0, SELFTEST_MEMORY, &err), 0, "%s", err.text);
	cr_assert_eq(selftest_plan(p, c, &bsp, &err), 0, "%s", err.text);
	return seen_seal(p, &bsp);
}

static void check_views_of(const struct selftest_config *c)
{
	struct seen s = see(c);

	check_views(&s, MAPPED, 21, c->c_bit ? 1ULL << C_BIT : 0, 1ULL << C_BIT);
	plan_free(s.plan);
}

Test(selftest, both_views_walk_to_identity_with_the_c_bit)
{
	check_views_of(&snp);
}

Test(selftest, both_views_walk_to_identity_without_a_c_bit)
{
	check_views_of(&plain);
}

Test(selftest, puts_the_c_bit_where_it_is_told)
{
	struct selftest_config c = snp;
	struct seen s;

	c.c_bit = 47;
	s = see(&c);
	cr_assert_eq(qword_at(&s, SELFTEST_PD), 0xe3u | 1ULL << 47);
	cr_assert_eq(qword_at(&s, SELFTEST_PML4), 0x23u | SELFTEST_PDPT | 1ULL << 47);
	plan_free(s.plan);
}

Test(selftest, maps_nothing_else)
{
	struct seen s = see(&snp);

	for (unsigned i = 2; i < 512; i++)
		cr_assert_eq(qword_at(&s, SELFTEST_PML4 + i * 8), 0u);
	for (unsigned i = 1; i < 512; i++) {
		cr_assert_eq(qword_at(&s, SELFTEST_PDPT + i * 8), 0u);
		cr_assert_eq(qword_at(&s, SELFTEST_PDPT_SHARED + i * 8), 0u);
	}
	plan_free(s.plan);
}

static const struct expected {
	gpa_t gpa;
	uint64_t size;
	enum page_kind kind;
} expected[] = {
	{ 0x2000, 0x3000, PAGE_DATA },  { 0x8000, 0x2000, PAGE_DATA },
	{ 0x7000, 0x1000, PAGE_DATA },  { 0x10000, 0, PAGE_DATA }, /* the blob */
	{ 0x20000, 0x1000, PAGE_ZERO }, { 0x5000, 0x1000, PAGE_SECRETS },
	{ 0x6000, 0x1000, PAGE_CPUID },
};

static void check_regions(const struct selftest_config *c, size_t count)
{
	struct seen s = see(c);

	cr_assert_eq(s.n, count);
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(s.regions[i].gpa, expected[i].gpa, "region %zu", i);
		if (expected[i].size)
			cr_assert_eq(s.regions[i].size, expected[i].size, "region %zu", i);
		cr_assert_eq(s.regions[i].kind, expected[i].kind, "region %zu", i);
	}
	plan_free(s.plan);
}

Test(selftest, adds_its_regions_in_launch_order)
{
	check_regions(&snp, ARRAY_SIZE(expected));
}

Test(selftest, has_no_secrets_and_cpuid_pages_on_plain_kvm)
{
	check_regions(&plain, ARRAY_SIZE(expected) - 2);
}

Test(selftest, never_launches_the_pages_it_validates_itself)
{
	struct seen s = see(&snp);

	for (size_t i = 0; i < s.n; i++)
		cr_assert(region_end(&s.regions[i]) <= SELFTEST_GHCB);
	plan_free(s.plan);
}

Test(selftest, launches_the_blob_as_it_stands_in_the_binary)
{
	struct seen s = see(&snp);
	uint64_t size = (uint64_t)(selftest_blob_end - selftest_blob);

	cr_assert_eq(bytes_at(&s, SELFTEST_CODE, size), selftest_blob);
	cr_assert_eq(size % PAGE_SIZE, 0u);
	cr_assert(size >= PAGE_SIZE && size <= SELFTEST_CODE_MAX, "%llu bytes",
	          (unsigned long long)size);
	plan_free(s.plan);
}

Test(selftest, starts_with_a_jump_over_the_descriptors)
{
	cr_assert_eq(first_jump(selftest_blob), (size_t)FIRST_CODE);
}

Test(selftest, has_a_descriptor_for_each_segment_it_starts_with)
{
	struct seen s = see(&snp);

	check_segments(&s, selftest_blob);
	plan_free(s.plan);
}

Test(selftest, points_gdtr_and_tr_into_the_blob)
{
	struct seen s = see(&snp);

	check_gdtr_and_tr(&s, selftest_blob);
	plan_free(s.plan);
}

Test(selftest, starts_in_long_mode_with_paging)
{
	struct seen s = see(&snp);

	check_long_mode(&s);
	cr_assert_eq(s.bsp.cr4, 0x20u);
	plan_free(s.plan);
}

Test(selftest, starts_at_its_first_byte_with_the_parameters_in_rsi)
{
	struct seen s = see(&snp);

	cr_assert_eq(s.bsp.rip, 0x10000u);
	cr_assert_eq(s.bsp.rsp, 0x21000u);
	cr_assert_eq(s.bsp.rsi, 0x7000u);
	cr_assert_eq(s.bsp.rdx, (uint64_t)SIGNATURE);
	plan_free(s.plan);
}

static struct selftest_params params_of(const struct selftest_config *c)
{
	struct seen s = see(c);
	struct selftest_params p;

	memcpy(&p, bytes_at(&s, SELFTEST_PARAMS, sizeof(p)), sizeof(p));
	plan_free(s.plan);
	return p;
}

Test(selftest, tells_an_snp_guest_what_to_expect)
{
	struct selftest_params p = params_of(&snp);

	cr_assert_eq(le64_get(p.magic), SELFTEST_MAGIC);
	cr_assert_eq(le64_get(p.flags), (uint64_t)SELFTEST_FLAG_SNP);
	cr_assert_eq(le32_get(p.c_bit), (uint32_t)C_BIT);
	cr_assert_eq(le32_get(p.vcpu_sig), (uint32_t)SIGNATURE);
	cr_assert_eq(le16_get(p.exit_port), EXIT_PORT);
	cr_assert_eq(le16_get(p.serial_port), 0x3f8);
}

Test(selftest, tells_a_plain_guest_of_no_c_bit)
{
	struct selftest_params p = params_of(&plain);

	cr_assert_eq(le64_get(p.flags), 0u);
	cr_assert_eq(le32_get(p.c_bit), 0u);
}

static void check_refusal(const struct selftest_config *c, enum reason kind)
{
	const struct vcpu_state untouched = { .rip = 1 };
	struct vcpu_state bsp = untouched;
	struct error err = { 0 };
	struct plan *p = plan_new();

	cr_assert_lt(selftest_plan(p, c, &bsp, &err), 0);
	cr_assert_eq(err.kind, kind, "%s", reason_name(err.kind));
	cr_assert_eq(memcmp(&bsp, &untouched, sizeof(bsp)), 0);
	plan_free(p);
}

Test(selftest, refuses_a_c_bit_that_no_page_table_entry_can_carry)
{
	static const unsigned impossible[] = { 1, 31, 52, 63, 64, 200 };
	struct selftest_config c = snp;

	for (size_t i = 0; i < ARRAY_SIZE(impossible); i++) {
		c.c_bit = impossible[i];
		check_refusal(&c, ERROR_BAD_VALUE);
	}
}

Test(selftest, is_refused_by_a_plan_with_too_little_memory)
{
	struct vcpu_state bsp;
	struct error err = { 0 };
	struct plan *p = plan_new();

	cr_assert_eq(plan_add_ram(p, 0, SELFTEST_STACK, &err), 0);
	cr_assert_eq(selftest_plan(p, &snp, &bsp, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 1, &bsp, &bsp, &err), 0);
	cr_assert_null(plan_seal(p, &err));
	cr_assert_eq(err.kind, ERROR_MEMORY_TOO_SMALL);
	plan_free(p);
}
