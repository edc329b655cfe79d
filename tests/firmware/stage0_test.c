/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/stage0_test.c: the regions and first registers of stage0, and its SHA-256 compared
 * with libcrypto's.
 */
#include "firmware/stage0.h"

#include <cpuid.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/plan/plan.h"
#include "tests/firmware/guest_plan.h"

/* The guest's code, compiled by this machine's compiler. */
#include "firmware/stage0/sha256.c"
#include "firmware/stage0/sha256_ni.c"

#define C_BIT     51
#define EXIT_PORT 0xf4
#define SIGNATURE 0x00a10f11
#define ENTRY     0x1000200
#define LOW_END   (512ULL << 20)
#define STAGING   (4ULL << 30)
#define REACH     (512ULL << 30)
#define KERNEL    0x1000000
#define INITRD    0x8000000

static uint8_t boot_params[PAGE_SIZE], cmdline[PAGE_SIZE], acpi[PAGE_SIZE];

static struct stage0_config config(bool snp)
{
	struct stage0_config c = {
		.c_bit = snp ? C_BIT : 0,
		.exit_port = EXIT_PORT,
		.vcpu_sig = SIGNATURE,
		.entry = ENTRY,
		.map = { LOW_END, STAGING, STAGING + (2ULL << 30) },
		.blobs = { { STAGING + 0x5000, KERNEL, 0xb00123, KERNEL + 0xc00000, { 1, 2, 3 } },
		           { STAGING + (1ULL << 30),
		             INITRD,
		             77,
		             INITRD + PAGE_SIZE,
		             { 4, 5, 6 } } },
		.n_blobs = 2,
		.boot_params = boot_params,
		.cmdline_page = cmdline,
		.acpi_page = acpi,
	};

	c.n_ranges = stage0_ranges(LOW_END, 0, false, c.ranges);
	memset(boot_params, 0xb0, sizeof(boot_params));
	memset(cmdline, 0xc0, sizeof(cmdline));
	memset(acpi, 0xa0, sizeof(acpi));
	return c;
}

/* A sealed plan of stage0. The caller frees s.plan. */
static struct seen see(const struct stage0_config *c)
{
	struct vcpu_state bsp;
	struct error err = { 0 };
	struct plan *p = plan_new();

	cr_assert_not_null(p);
	cr_assert_eq(plan_add_ram(p, 0, LOW_END, &err), 0, "%s", err.text);
	cr_assert_eq(stage0_plan(p, c, &bsp, &err), 0, "%s", err.text);
	return seen_seal(p, &bsp);
}

static struct seen see_as(bool snp)
{
	struct stage0_config c = config(snp);

	return see(&c);
}

static void check_views_as(bool snp)
{
	struct seen s = see_as(snp);

	/* 1 GiB pages for 512 GiB under SNP, else 2 MiB pages for what there is. */
	int shift = snp ? 30 : 21;
	uint64_t c_mask = snp ? 1ULL << C_BIT : 0, c_any = 1ULL << C_BIT;

	check_view(&s, 0, 0, snp ? REACH : 1ULL << 30, true, shift, c_mask, c_any);
	check_view(&s, VIEW_SHARED, STAGING, snp ? REACH : 2ULL << 30, false, shift, c_mask, c_any);
	for (unsigned i = 2; i < 512; i++)
		cr_assert_eq(qword_at(&s, STAGE0_PML4 + i * 8), 0u, "more than the two views");
	plan_free(s.plan);
}

Test(stage0, both_views_walk_to_identity_with_the_c_bit)
{
	check_views_as(true);
}

Test(stage0, both_views_walk_to_identity_without_a_c_bit)
{
	check_views_as(false);
}

Test(stage0, puts_the_c_bit_where_it_is_told)
{
	struct stage0_config c = config(true);
	struct seen s;

	c.c_bit = 47;
	s = see(&c);
	cr_assert_eq(qword_at(&s, 0x2000), 0x23u | 0x3000u | 1ULL << 47);
	cr_assert_eq(qword_at(&s, 0x3000), 0xe3u | 1ULL << 47);
	cr_assert_eq(qword_at(&s, 0x4000), 0xe3u | PTE_NX | STAGING);
	plan_free(s.plan);
}

static const struct expected {
	gpa_t gpa;
	uint64_t size;
	enum page_kind kind;
} expected[] = {
	{ 0x2000, 0x3000, PAGE_DATA },  { 0x8000, 0x1000, PAGE_DATA },
	{ 0x7000, 0x1000, PAGE_DATA },  { 0x9000, 0x1000, PAGE_DATA },
	{ 0xa000, 0x1000, PAGE_DATA },  { 0x10000, 0x1000, PAGE_DATA },
	{ 0x13000, 0x1000, PAGE_ZERO }, { 0x5000, 0x1000, PAGE_SECRETS },
	{ 0x6000, 0x1000, PAGE_CPUID },
};
/* Instead of the last two: page tables for 1 GiB and 2 GiB, below 640 KiB. */
static const struct expected directories = { 0x9d000, 0x3000, PAGE_DATA };

static void check_regions(bool snp, size_t count)
{
	struct seen s = see_as(snp);

	cr_assert_eq(s.n, count);
	for (size_t i = 0; i < count; i++) {
		const struct expected *e = !snp && i == count - 1 ? &directories : &expected[i];

		cr_assert_eq(s.regions[i].gpa, e->gpa, "region %zu", i);
		cr_assert_eq(s.regions[i].size, e->size, "region %zu", i);
		cr_assert_eq(s.regions[i].kind, e->kind, "region %zu", i);
	}
	plan_free(s.plan);
}

Test(stage0, adds_its_regions_in_launch_order)
{
	check_regions(true, ARRAY_SIZE(expected));
}

Test(stage0, has_page_directories_instead_of_secrets_and_cpuid_on_plain_kvm)
{
	check_regions(false, ARRAY_SIZE(expected) - 1);
}

Test(stage0, launches_no_more_than_64_kib_with_four_vcpus)
{
	struct seen s = see_as(true);
	uint64_t size = 4 * PAGE_SIZE; /* a VMSA each */

	for (size_t i = 0; i < s.n; i++)
		size += s.regions[i].size;
	cr_assert_leq(size, 0x10000u, "%llu bytes", (unsigned long long)size);
	plan_free(s.plan);
}

Test(stage0, copies_the_three_pages_it_is_given)
{
	struct seen s = see_as(true);
	struct stage0_config c = config(true);

	memset(boot_params, 0, sizeof(boot_params));
	cr_assert_eq(*bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE), 0xb0, "not copied");
	config(true);
	cr_assert_arr_eq(bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE), c.boot_params, PAGE_SIZE);
	cr_assert_arr_eq(bytes_at(&s, STAGE0_CMDLINE, PAGE_SIZE), c.cmdline_page, PAGE_SIZE);
	cr_assert_arr_eq(bytes_at(&s, STAGE0_ACPI, PAGE_SIZE), c.acpi_page, PAGE_SIZE);
	plan_free(s.plan);
}

Test(stage0, launches_the_blob_as_it_stands_in_the_binary)
{
	struct seen s = see_as(true);
	uint64_t size = (uint64_t)(stage0_blob_end - stage0_blob);

	cr_assert_eq(bytes_at(&s, STAGE0_CODE, size), stage0_blob);
	cr_assert_eq(size % PAGE_SIZE, 0u);
	cr_assert(size >= PAGE_SIZE && size <= STAGE0_CODE_MAX, "%llu bytes",
	          (unsigned long long)size);
	plan_free(s.plan);
}

Test(stage0, starts_with_a_jump_over_the_descriptors)
{
	cr_assert_eq(first_jump(stage0_blob), (size_t)FIRST_CODE);
}

Test(stage0, has_a_descriptor_for_each_segment_it_starts_with)
{
	struct seen s = see_as(true);

	check_segments(&s, stage0_blob);
	check_gdtr_and_tr(&s, stage0_blob);
	plan_free(s.plan);
}

Test(stage0, starts_in_long_mode_with_sse_permitted)
{
	struct seen s = see_as(true);

	check_long_mode(&s);
	cr_assert_eq(s.bsp.cr4, 0x620u);
	plan_free(s.plan);
}

Test(stage0, starts_at_its_first_byte_with_the_parameters_in_rsi)
{
	struct seen s = see_as(true);

	cr_assert_eq(s.bsp.rip, 0x10000u);
	cr_assert_eq(s.bsp.rsp, 0x14000u);
	cr_assert_eq(s.bsp.rsi, 0x8000u);
	cr_assert_eq(s.bsp.rdx, (uint64_t)SIGNATURE);
	plan_free(s.plan);
}

static struct stage0_params params_of(const struct stage0_config *c)
{
	struct seen s = see(c);
	struct stage0_params p;

	memcpy(&p, bytes_at(&s, STAGE0_PARAMS, sizeof(p)), sizeof(p));
	plan_free(s.plan);
	return p;
}

Test(stage0, tells_the_guest_what_to_do)
{
	struct stage0_config c = config(true);
	struct stage0_params p = params_of(&c);

	cr_assert_eq(memcmp(&p, "SNVMSTG0", 8), 0);
	cr_assert_eq(le64_get(p.flags), 1u);
	cr_assert_eq(le64_get(p.entry), (uint64_t)ENTRY);
	cr_assert_eq(le64_get(p.boot_params), 0x7000u);
	cr_assert_eq(le32_get(p.c_bit), (uint32_t)C_BIT);
	cr_assert_eq(le32_get(p.vcpu_sig), (uint32_t)SIGNATURE);
	cr_assert_eq(le16_get(p.exit_port), EXIT_PORT);
}

Test(stage0, hands_over_ranges_and_blobs_as_given)
{
	struct stage0_config c = config(true);
	struct stage0_params p = params_of(&c);

	cr_assert_eq(le32_get(p.nr_range), c.n_ranges);
	for (size_t i = 0; i < c.n_ranges; i++) {
		cr_assert_eq(le64_get(p.ranges[i].start), c.ranges[i].start);
		cr_assert_eq(le64_get(p.ranges[i].end), c.ranges[i].end);
	}
	cr_assert_eq(p.nr_lazy, 0);
	cr_assert_eq(le64_get(p.shared_base), STAGING);
	cr_assert_eq(le32_get(p.nr_blob), 2u);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(le64_get(p.blobs[i].src), c.blobs[i].src);
		cr_assert_eq(le64_get(p.blobs[i].dst), c.blobs[i].dst);
		cr_assert_eq(le64_get(p.blobs[i].size), c.blobs[i].size);
		cr_assert_eq(le64_get(p.blobs[i].clear_end), c.blobs[i].clear_end);
		cr_assert_arr_eq(p.blobs[i].sha256, c.blobs[i].sha256, 32);
	}
	for (const uint8_t *at = (const uint8_t *)&p.blobs[2]; at < (const uint8_t *)(&p + 1); at++)
		cr_assert_eq(*at, 0);
}

Test(stage0, permits_sha_ni_only_when_told)
{
	struct stage0_config c = config(false);

	cr_assert_eq(le64_get(params_of(&c).flags), 0u);
	cr_assert_eq(le32_get(params_of(&c).c_bit), 0u, "a plain guest has no C-bit");
	c.sha_ni = true;
	cr_assert_eq(le64_get(params_of(&c).flags), 2u);
	c.c_bit = C_BIT;
	cr_assert_eq(le64_get(params_of(&c).flags), 3u);
}

/* Linux, struct cc_blob_sev_info and struct setup_data, byte by byte. */
Test(stage0, tells_linux_where_secrets_and_cpuid_are)
{
	static const uint8_t blob[40] = { 'A', 'M',  'D', 'E', 0, 0,    0, 0, 0, 0x50, 0, 0,
		                          0,   0,    0,   0,   0, 0x10, 0, 0, 0, 0,    0, 0,
		                          0,   0x60, 0,   0,   0, 0,    0, 0, 0, 0x10 };
	static const uint8_t node[20] = { 0, 0, 0, 0, 0, 0, 0, 0,    7, 0,
		                          0, 0, 4, 0, 0, 0, 0, 0x8e, 0, 0 };
	struct seen s = see_as(true);

	cr_assert_arr_eq(bytes_at(&s, 0x8e00, sizeof(blob)), blob, sizeof(blob));
	cr_assert_arr_eq(bytes_at(&s, 0x8f00, sizeof(node)), node, sizeof(node));
	plan_free(s.plan);
}

Test(stage0, has_nothing_behind_the_parameters_on_plain_kvm)
{
	struct seen s = see_as(false);
	const uint8_t *page = bytes_at(&s, STAGE0_PARAMS, PAGE_SIZE);

	for (size_t i = sizeof(struct stage0_params); i < PAGE_SIZE; i++)
		cr_assert_eq(page[i], 0, "byte %zu", i);
	plan_free(s.plan);
}

/* Each page of memory is in one range, or loaded and in none. */
static void check_ranges(uint64_t low_end, uint64_t high_end, bool efi)
{
	struct stage0_range ranges[STAGE0_MAX_RANGES];
	size_t n = stage0_ranges(low_end, high_end, efi, ranges), covered = 0;
	struct seen s = see_as(true);

	for (uint64_t page = 0; page < low_end; page += PAGE_SIZE) {
		unsigned held = 0, loaded = 0;
		bool hole = efi && page >= RAM_HOLE && page < RAM_HOLE_END;

		for (size_t i = 0; i < n; i++)
			held += page >= ranges[i].start && page < ranges[i].end;
		for (size_t i = 0; i < s.n; i++)
			loaded += page >= s.regions[i].gpa && page < region_end(&s.regions[i]);
		cr_assert_eq(held + loaded, hole ? 0u : 1u,
		             "page %#llx: in %u ranges, loaded %u times", (unsigned long long)page,
		             held, loaded);
	}
	for (size_t i = 0; i < n; i++) {
		cr_assert_lt(ranges[i].start, ranges[i].end);
		covered += ranges[i].start >= 4ULL << 30;
		cr_assert(i == 0 || ranges[i].start >= ranges[i - 1].end, "not ascending");
		cr_assert(ranges[i].end <= low_end || ranges[i].start >= 4ULL << 30);
	}
	cr_assert_eq(covered, high_end ? 1u : 0u);
	cr_assert(!high_end || ranges[n - 1].end == high_end);
	plan_free(s.plan);
}

Test(stage0, validates_each_page_that_the_launch_does_not_load)
{
	check_ranges(64 << 20, 0, false);
	check_ranges(RAM_HOLE + PAGE_SIZE, 0, false);
}

Test(stage0, leaves_the_hole_below_1_mib_out_with_efi)
{
	check_ranges(64 << 20, (4ULL << 30) + PAGE_SIZE, true);
	check_ranges(RAM_HOLE_END, 0, true);
	check_ranges(RAM_HOLE + PAGE_SIZE, 0, true);
}

Test(stage0, validates_memory_above_4_gib_too)
{
	check_ranges(64 << 20, (4ULL << 30) + PAGE_SIZE, false);
}

Test(stage0, validates_nothing_beyond_the_end_of_memory)
{
	struct stage0_range ranges[STAGE0_MAX_RANGES];
	size_t n = stage0_ranges(0x1000, 0, true, ranges);

	cr_assert_eq(n, 1u);
	cr_assert_eq(ranges[0].start, 0u);
	cr_assert_eq(ranges[0].end, 0x1000u);
	cr_assert_eq(stage0_ranges(0, 0, true, ranges), 0u);
}

static void check_refusal(const struct stage0_config *c, enum reason kind, const char *because)
{
	const struct vcpu_state untouched = { .rip = 1 };
	struct vcpu_state bsp = untouched;
	struct error err = { 0 };
	struct plan *p = plan_new();

	cr_assert_lt(stage0_plan(p, c, &bsp, &err), 0, "not refused: %s", because);
	cr_assert_eq(err.kind, kind, "%s", err.text);
	cr_assert_not_null(strstr(err.text, because), "'%s' does not say '%s'", err.text, because);
	cr_assert_eq(memcmp(&bsp, &untouched, sizeof(bsp)), 0);
	plan_free(p);
}

Test(stage0, refuses_a_c_bit_that_no_page_table_entry_can_carry)
{
	static const unsigned impossible[] = { 1, 31, 52, 63, 64, 200 };
	struct stage0_config c = config(true);

	for (size_t i = 0; i < ARRAY_SIZE(impossible); i++) {
		c.c_bit = impossible[i];
		check_refusal(&c, ERROR_BAD_VALUE, "C-bit");
	}
}

Test(stage0, refuses_more_than_fits_into_its_parameters)
{
	struct stage0_config c = config(true);

	c.n_ranges = STAGE0_MAX_RANGES + 1;
	check_refusal(&c, ERROR_BAD_LAYOUT, "at most 8");
	c = config(true);
	c.n_blobs = STAGE0_MAX_BLOBS + 1;
	check_refusal(&c, ERROR_BAD_LAYOUT, "at most 8 and 4");
}

Test(stage0, refuses_an_entry_that_its_page_tables_do_not_show)
{
	struct stage0_config c = config(true);

	c.entry = REACH;
	check_refusal(&c, ERROR_BAD_LAYOUT, "entry");
}

static const struct bad_range {
	struct stage0_range range;
	const char *because;
} bad_ranges[] = {
	{ { 0x20800, 0x30000 }, "not whole pages" },
	{ { 0x20000, 0x30001 }, "not whole pages" },
	{ { 0x20000, 0x20000 }, "not whole pages" },
	{ { 0x30000, 0x20000 }, "not whole pages" },
	{ { 0x20000, REACH + PAGE_SIZE }, "not whole pages" },
	{ { 0, 0x3000 }, "stage0 page tables" },
	{ { 0x5000, 0x6000 }, "stage0 secrets" },
	{ { 0x6000, 0x7000 }, "stage0 cpuid" },
	{ { 0xa000, 0x10000 }, "ACPI tables" },
	{ { 0x10000, 0x11000 }, "stage0 code" },
	{ { 0x12000, 0x14000 }, "stage0 stack" },
};

Test(stage0, refuses_to_validate_what_is_loaded_or_no_memory)
{
	struct stage0_config c = config(true);

	c.n_ranges = 1;
	for (size_t i = 0; i < ARRAY_SIZE(bad_ranges); i++) {
		c.ranges[0] = bad_ranges[i].range;
		check_refusal(&c, ERROR_BAD_LAYOUT, bad_ranges[i].because);
	}
}

Test(stage0, refuses_to_validate_a_page_twice)
{
	struct stage0_config c = config(true);

	c.ranges[0] = (struct stage0_range){ 0x100000, 0x300000 };
	c.ranges[1] = (struct stage0_range){ 0x2ff000, 0x400000 };
	c.n_ranges = 2;
	check_refusal(&c, ERROR_BAD_LAYOUT, "not ascending");
}

static const struct bad_blob {
	struct stage0_blob_spec blob;
	const char *because;
} bad_blobs[] = {
	{ { STAGING, KERNEL, REACH + 1, 0, { 0 } }, "below 512 GiB" },
	{ { STAGING, KERNEL, UINT64_MAX, 0, { 0 } }, "below 512 GiB" },
	{ { STAGING + REACH - 1, KERNEL, 2, 0, { 0 } }, "not mapped" },
	{ { STAGING - 1, KERNEL, 2, 0, { 0 } }, "not mapped" },
	{ { STAGING, REACH - 1, 2, 0, { 0 } }, "below 512 GiB" },
	{ { UINT64_MAX, KERNEL, 2, 0, { 0 } }, "not mapped" },
	{ { STAGING, UINT64_MAX, 0, 0, { 0 } }, "below 512 GiB" },
	{ { STAGING, STAGE0_PARAMS + 0xfff, 1, 0, { 0 } }, "loaded at launch" },
	{ { STAGING, STAGE0_STACK - 1, 2, 0, { 0 } }, "loaded at launch" },
	{ { STAGE0_SECRETS, KERNEL, 1, 0, { 0 } }, "not mapped" },
	{ { INITRD + 0x100000, KERNEL, 1, 0, { 0 } }, "not mapped" },
	{ { STAGING, LOW_END - 1, 2, 0, { 0 } }, "no place" },
	{ { STAGING, STAGING, 1, 0, { 0 } }, "no place" },
	{ { STAGING, INITRD - 1, 2, 0, { 0 } }, "place of another" },
	{ { STAGING, INITRD + 76, 1, 0, { 0 } }, "place of another" },
	{ { STAGING, KERNEL, 1, REACH + PAGE_SIZE, { 0 } }, "below 512 GiB" },
	{ { STAGING, KERNEL, 1, LOW_END + 1, { 0 } }, "no place" },
	{ { STAGING, KERNEL, 1, INITRD + 1, { 0 } }, "place of another" },
	{ { STAGING, STAGE0_PML4 - 8, 1, STAGE0_PML4 + 1, { 0 } }, "loaded at launch" },
};

Test(stage0, refuses_blobs_that_would_overwrite_or_miss_memory)
{
	struct stage0_config c = config(true);

	for (size_t i = 0; i < ARRAY_SIZE(bad_blobs); i++) {
		c.blobs[0] = bad_blobs[i].blob;
		check_refusal(&c, ERROR_BAD_LAYOUT, bad_blobs[i].because);
	}
	c = config(true);
	c.blobs[1].dst = 0x12000000000;
	check_refusal(&c, ERROR_BAD_LAYOUT, "initrd");
}

Test(stage0, takes_blobs_that_end_where_the_next_begins_or_memory_does)
{
	struct stage0_config c = config(true);

	c.blobs[0].size = INITRD - KERNEL;
	c.blobs[0].clear_end = INITRD;
	c.blobs[1].size = LOW_END - INITRD;
	c.blobs[1].clear_end = LOW_END;
	plan_free(see(&c).plan);
	c.blobs[1].size = 0;
	plan_free(see(&c).plan);
}

Test(stage0, gives_each_code_its_words)
{
	static const unsigned codes[] = { 0x01, 0x02, 0x10, 0x20, 0x21, 0x22, 0x23 };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		for (size_t k = 0; k < i; k++)
			cr_assert_str_neq(stage0_reason(codes[i]), stage0_reason(codes[k]));
	cr_assert_str_eq(stage0_reason(0x20), "kernel: its SHA-256 is not the measured one");
	cr_assert_str_eq(stage0_reason(0x21), "initrd: its SHA-256 is not the measured one");
	cr_assert_null(stage0_reason(0));
	cr_assert_null(stage0_reason(0x24));
}

Test(stage0, knows_its_own_last_words)
{
	unsigned code = 0;

	cr_assert(stage0_exit_code(0x53540021, &code));
	cr_assert_eq(code, 0x21u);
	cr_assert(stage0_termination_code(0x106100, &code));
	cr_assert_eq(code, 0x10u);
}

Test(stage0, leaves_the_words_of_others_alone)
{
	static const uint64_t words[] = { 0, 42, 0x53550021, 0x53540121, 0x153540021, 0x54 };
	static const uint64_t requests[] = { 0,        0x105100,  0x100,
		                             0x106101, 0x1006100, 0x106100ULL << 32 };
	unsigned code = 7;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		cr_assert_not(stage0_exit_code(words[i], &code), "%#llx",
		              (unsigned long long)words[i]);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		cr_assert_not(stage0_termination_code(requests[i], &code), "%#llx",
		              (unsigned long long)requests[i]);
	cr_assert_eq(code, 7u);
}

/*
 * Lengths around each limit of the padding and of a part, at each alignment that the kernel's
 * payload can have. What is copied is the whole and no more.
 */
static void check_hash(stage0_sha256_blocks *blocks)
{
	static const size_t sizes[] = { PART - 1, PART, PART + 1, 2 * PART, (1 << 20) + 1 };
	size_t cap = (1 << 20) + 1 + 64, n_sizes = 301 + ARRAY_SIZE(sizes);
	uint8_t *data = malloc(cap), *copy = malloc(cap + 1), have[32], want[32];
	uint32_t x = 1;

	cr_assert(data && copy);
	for (size_t i = 0; i < cap; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (uint8_t)(x >> 24);
	}
	for (size_t i = 0; i < n_sizes; i++) {
		size_t n = i <= 300 ? i : sizes[i - 301];

		memset(copy, 0x5c, cap + 1);
		stage0_sha256_copy(blocks, copy, data + i % 64, n, have);
		sha256(data + i % 64, n, want);
		cr_assert_arr_eq(have, want, 32, "%zu bytes", n);
		cr_assert_eq(memcmp(copy, data + i % 64, n), 0, "%zu bytes", n);
		cr_assert_eq(copy[n], 0x5c, "%zu bytes", n);
	}
	free(data);
	free(copy);
}

Test(stage0, hashes_as_libcrypto_does)
{
	check_hash(stage0_sha256_plain);
}

Test(stage0, hashes_as_libcrypto_does_by_the_sha_extensions)
{
	unsigned eax, ebx = 0, ecx, edx;

	if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !(ebx & 1U << 29))
		cr_skip_test("this processor has no SHA extensions");
	check_hash(stage0_sha256_ni);
}

Test(stage0, refuses_a_plain_guest_that_its_page_tables_do_not_show)
{
	struct stage0_config c = config(false);

	c.map.shared_end = STAGING + (1ULL << 30);
	check_refusal(&c, ERROR_BAD_LAYOUT, "initrd");
	c.map.shared_end = STAGING + (128ULL << 30);
	check_refusal(&c, ERROR_BAD_LAYOUT, "at most");
	c.map.shared_end = STAGING - 1;
	check_refusal(&c, ERROR_BAD_LAYOUT, "begin at a GiB");
	c = config(false);
	c.map.low_end = ENTRY;
	check_refusal(&c, ERROR_BAD_LAYOUT, "entry");
	c.map.low_end = INITRD;
	check_refusal(&c, ERROR_BAD_LAYOUT, "not mapped");
	c = config(false);
	c.blobs[1].dst = STAGE0_TABLES_END - PAGE_SIZE;
	c.blobs[1].clear_end = 0;
	check_refusal(&c, ERROR_BAD_LAYOUT, "overlaps pages that are loaded");
}

/* --- memory that the kernel accepts --- */

#define LARGE (2ULL << 20)

/* What a guest with so much memory has for each owner, with kernel and initrd in between. */
static void check_split(uint64_t low_end, uint64_t high_end, uint64_t from, uint64_t end)
{
	struct stage0_range all[STAGE0_MAX_RANGES], own[STAGE0_MAX_RANGES], lazy[STAGE0_MAX_LAZY];
	size_t n_all = stage0_ranges(low_end, high_end, true, all), n = n_all;
	size_t n_lazy = (memcpy(own, all, sizeof(all)), stage0_split(own, &n, from, end, lazy));
	uint64_t sum = 0;

	for (size_t i = 0; i < n_all; i++)
		sum += all[i].end - all[i].start;
	for (size_t i = 0; i < n; i++) {
		cr_assert_lt(own[i].start, own[i].end);
		cr_assert(i == 0 || own[i].start >= own[i - 1].end, "ascending");
		sum -= own[i].end - own[i].start;
		for (size_t k = 0; k < n_lazy; k++)
			cr_assert(own[i].end <= lazy[k].start || own[i].start >= lazy[k].end);
	}
	for (size_t i = 0; i < n_lazy; i++) {
		bool high = lazy[i].start >= 4ULL << 30;

		cr_assert(lazy[i].start < lazy[i].end &&
		          (lazy[i].start | lazy[i].end) % LARGE == 0);
		cr_assert(i == 0 || lazy[i].start >= lazy[i - 1].end, "ascending");
		cr_assert_geq(lazy[i].start, LARGE, "the first unit has stage0's own pages");
		cr_assert_leq(lazy[i].end, high ? high_end : low_end, "past the end of memory");
		cr_assert(lazy[i].end <= from || lazy[i].start >= end + LARGE, "with a unit more");
		sum -= lazy[i].end - lazy[i].start;
	}
	cr_assert_eq(sum, 0u, "each page has one owner");
	for (uint64_t unit = LARGE; unit + LARGE <= MAX(low_end, high_end); unit += LARGE) {
		bool used = unit + LARGE > from && unit < (end + LARGE - 1) / LARGE * LARGE + LARGE;
		bool there = unit + LARGE <= low_end || (unit >= 4ULL << 30 && unit < high_end);
		unsigned held = 0;

		for (size_t i = 0; i < n_lazy; i++)
			held += unit >= lazy[i].start && unit < lazy[i].end;
		cr_assert_eq(held, there && !used, "unit %#llx", (unsigned long long)unit);
	}
}

Test(stage0, leaves_the_kernel_each_whole_unit_that_nobody_uses_before_it)
{
	static const uint64_t gib = 1ULL << 30, page = PAGE_SIZE;
	static const struct {
		uint64_t low, high;
	} ends[] = {
		{ LARGE, 0 },
		{ 2 * LARGE, 0 },
		{ 2 * LARGE + PAGE_SIZE, 0 },
		{ 512ULL << 20, 0 },
		{ 2ULL << 30, 0 },
		{ (2ULL << 30) + PAGE_SIZE, 0 },
		{ (3ULL << 30) - PAGE_SIZE, 0 },
		{ 3ULL << 30, 0 },
		{ 3ULL << 30, (4ULL << 30) + PAGE_SIZE },
		{ 3ULL << 30, (4ULL << 30) + LARGE - PAGE_SIZE },
		{ 3ULL << 30, (4ULL << 30) + LARGE },
		{ 3ULL << 30, (4ULL << 30) + LARGE + PAGE_SIZE },
		{ 3ULL << 30, 65ULL << 30 },
		{ 3ULL << 30, (65ULL << 30) + 511 * PAGE_SIZE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		uint64_t low = ends[i].low, high = ends[i].high;

		check_split(low, high, MIN(16ULL << 20, low), MIN(76ULL << 20, low));
		check_split(low, high, MIN((16ULL << 20) + page, low),
		            MIN((76ULL << 20) - page, low));
		check_split(low, high, MIN(LARGE, low), MIN(LARGE + page, low));
		check_split(low, high, MIN(1ULL << 20, low), MIN(LARGE - page, low));
		check_split(low, high, low - page, low);
		check_split(low, high, MIN(gib, low), low - MIN(low, LARGE));
		check_split(low, high, MIN(gib, low), low - MIN(low, LARGE + page));
		check_split(low, high, 0, low);
	}
}

static struct stage0_config lazy_config(void)
{
	struct stage0_config c = config(true);

	c.n_lazy = stage0_split(c.ranges, &c.n_ranges, KERNEL, INITRD + 77, c.lazy);
	cr_assert_eq(c.n_lazy, 2u);
	return c;
}

Test(stage0, says_what_the_kernel_accepts)
{
	struct stage0_config c = lazy_config();
	struct stage0_params p = params_of(&c);

	cr_assert_eq(p.nr_lazy, 2);
	cr_assert_eq(le64_get(p.lazy[0].start), LARGE);
	cr_assert_eq(le64_get(p.lazy[0].end), KERNEL);
	cr_assert_eq(le64_get(p.lazy[1].start), INITRD + 2 * LARGE);
	cr_assert_eq(le64_get(p.lazy[1].end), LOW_END);
}

/* UEFI's structures as Linux reads them, word by word. */
Test(stage0, gives_the_kernel_efi_tables_that_lead_to_the_unaccepted_memory)
{
	static const uint8_t guid[16] = { 0x3c, 0xde, 0xd1, 0xd5, 0x5c, 0x10, 0xf9, 0x44,
		                          0x9e, 0xa9, 0xbc, 0xef, 0x98, 0x12, 0x00, 0x31 };
	static const uint8_t properties[16] = { 0x8a, 0x91, 0x66, 0xeb, 0xef, 0x7e, 0x2a, 0x40,
		                                0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9 };
	static const struct {
		gpa_t at;
		unsigned width;
		uint64_t value;
	} words[] = {
		{ 0x8800, 8, 0x5453595320494249 },
		{ 0x8808, 4, 0x20046 },
		{ 0x880c, 4, 72 },
		{ 0x8818, 4, 0x8a00 },
		{ 0x8838, 4, 0 },
		{ 0x8840, 4, 2 },
		{ 0x8844, 4, 0x8880 },
		{ 0x8890, 4, 0x20000 },
		{ 0x88a4, 4, 0x8ac0 },
		{ 0x8900, 4, 9 },
		{ 0x8908, 8, 0x8000 },
		{ 0x8910, 8, 0 },
		{ 0x8918, 8, 1 },
		{ 0x8920, 8, 8 },
		{ 0x8a40, 8, 0 },
		{ 0x8a48, 4, 4 },
		{ 0x8a4c, 4, 96 },
		{ 0x8a50, 8, 0x8a00 },
		{ 0x8a60, 8, 0x8880 },
		{ 0x8a68, 8, 0 },
		{ 0x8ac0, 2, 1 },
		{ 0x8ac2, 2, 8 },
		{ 0x8ac4, 4, 0 },
		{ 0x8f00, 8, 0x8a40 },
	};
	struct stage0_config c = lazy_config();
	struct seen s = see(&c);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		cr_expect_eq(le_get(bytes_at(&s, words[i].at, words[i].width), words[i].width),
		             words[i].value, "0x%llx", (unsigned long long)words[i].at);
	cr_expect_arr_eq(bytes_at(&s, 0x8880, 16), guid, 16);
	cr_expect_arr_eq(bytes_at(&s, 0x8894, 16), properties, 16);
	cr_expect_arr_eq(bytes_at(&s, 0x8a00, 14), "s\0n\0p\0v\0m\0m\0\0", 14);
	plan_free(s.plan);
}

static void check_lazy_refusal(struct stage0_range r, const char *because)
{
	struct stage0_config c = lazy_config();

	c.lazy[1] = r;
	check_refusal(&c, ERROR_BAD_LAYOUT, because);
}

Test(stage0, refuses_a_table_that_would_not_say_what_is)
{
	const uint64_t from = INITRD + 2 * LARGE;
	struct stage0_config c = lazy_config();

	check_lazy_refusal((struct stage0_range){ from + PAGE_SIZE, LOW_END }, "whole units");
	check_lazy_refusal((struct stage0_range){ from, LOW_END - PAGE_SIZE }, "whole units");
	check_lazy_refusal((struct stage0_range){ from, from }, "whole units");
	check_lazy_refusal((struct stage0_range){ LARGE, KERNEL }, "not ascending");
	check_lazy_refusal((struct stage0_range){ from - LARGE, LOW_END }, "validated by stage0");
	check_lazy_refusal((struct stage0_range){ from, 2ULL << 40 }, "too high");
	c.c_bit = 0;
	c.map.low_end = LOW_END;
	check_refusal(&c, ERROR_BAD_LAYOUT, "only under SNP");
	c = lazy_config();
	c.n_lazy = STAGE0_MAX_LAZY + 1;
	check_refusal(&c, ERROR_BAD_LAYOUT, "at most 4");
	c = lazy_config();
	c.ranges[3].end = STAGE0_UNACCEPTED; /* which leaves the table no memory */
	check_refusal(&c, ERROR_BAD_LAYOUT, "must be memory at 0x20000");
	c = lazy_config();
	c.blobs[0].dst = STAGE0_UNACCEPTED;
	c.blobs[0].size = 1;
	c.blobs[0].clear_end = 0;
	check_refusal(&c, ERROR_BAD_LAYOUT, "overlaps the table of unaccepted memory");
}
