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
		.mapped_end = STAGING + (2ULL << 30),
		.blobs = { { STAGING + 0x5000, KERNEL, 0xb00123, { 1, 2, 3 } },
		           { STAGING + (1ULL << 30), INITRD, 77, { 4, 5, 6 } } },
		.n_blobs = 2,
		.boot_params = boot_params,
		.cmdline_page = cmdline,
		.acpi_page = acpi,
	};

	c.n_ranges = stage0_ranges(LOW_END, 0, c.ranges);
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

	/* 1 GiB pages up to 512 GiB under SNP, else 2 MiB pages up to mapped_end. */
	check_views(&s, snp ? REACH : STAGING + (2ULL << 30), snp ? 30 : 21,
	            snp ? 1ULL << C_BIT : 0, 1ULL << C_BIT);
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
	cr_assert_eq(qword_at(&s, 0x4000), 0xe3u | PTE_NX);
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
/* Instead of the last two: page tables for 6 GiB, below 640 KiB. */
static const struct expected directories = { 0x9a000, 0x6000, PAGE_DATA };

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
	cr_assert_eq(le32_get(p.nr_blob), 2u);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(le64_get(p.blobs[i].src), c.blobs[i].src);
		cr_assert_eq(le64_get(p.blobs[i].dst), c.blobs[i].dst);
		cr_assert_eq(le64_get(p.blobs[i].size), c.blobs[i].size);
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
static void check_ranges(uint64_t low_end, uint64_t high_end)
{
	struct stage0_range ranges[STAGE0_MAX_RANGES];
	size_t n = stage0_ranges(low_end, high_end, ranges), covered = 0;
	struct seen s = see_as(true);

	for (uint64_t page = 0; page < low_end; page += PAGE_SIZE) {
		unsigned held = 0, loaded = 0;

		for (size_t i = 0; i < n; i++)
			held += page >= ranges[i].start && page < ranges[i].end;
		for (size_t i = 0; i < s.n; i++)
			loaded += page >= s.regions[i].gpa && page < region_end(&s.regions[i]);
		cr_assert_eq(held + loaded, 1u, "page %#llx: in %u ranges, loaded %u times",
		             (unsigned long long)page, held, loaded);
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
	check_ranges(64 << 20, 0);
}

Test(stage0, validates_memory_above_4_gib_too)
{
	check_ranges(64 << 20, (4ULL << 30) + PAGE_SIZE);
}

Test(stage0, validates_nothing_beyond_the_end_of_memory)
{
	struct stage0_range ranges[STAGE0_MAX_RANGES];
	size_t n = stage0_ranges(0x1000, 0, ranges);

	cr_assert_eq(n, 1u);
	cr_assert_eq(ranges[0].start, 0u);
	cr_assert_eq(ranges[0].end, 0x1000u);
	cr_assert_eq(stage0_ranges(0, 0, ranges), 0u);
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
	{ { STAGING, KERNEL, REACH + 1, { 0 } }, "below 512 GiB" },
	{ { STAGING, KERNEL, UINT64_MAX, { 0 } }, "below 512 GiB" },
	{ { REACH - 1, KERNEL, 2, { 0 } }, "below 512 GiB" },
	{ { STAGING, REACH - 1, 2, { 0 } }, "below 512 GiB" },
	{ { UINT64_MAX, KERNEL, 2, { 0 } }, "below 512 GiB" },
	{ { STAGING, UINT64_MAX, 0, { 0 } }, "below 512 GiB" },
	{ { STAGING, STAGE0_PARAMS + 0xfff, 1, { 0 } }, "loaded at launch" },
	{ { STAGING, STAGE0_STACK - 1, 2, { 0 } }, "loaded at launch" },
	{ { STAGE0_SECRETS, KERNEL, 1, { 0 } }, "loaded at launch" },
	{ { INITRD + 0x100000, KERNEL, 1, { 0 } }, "own memory" },
	{ { STAGING, LOW_END - 1, 2, { 0 } }, "no place" },
	{ { STAGING, STAGING, 1, { 0 } }, "no place" },
	{ { STAGING, INITRD - 1, 2, { 0 } }, "place of another" },
	{ { STAGING, INITRD + 76, 1, { 0 } }, "place of another" },
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
	c.blobs[1].size = LOW_END - INITRD;
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
 * Lengths around each limit of the padding, at each alignment that the kernel's payload can have.
 */
static void check_hash(stage0_sha256_blocks *blocks)
{
	size_t cap = (1 << 20) + 1 + 64;
	uint8_t *data = malloc(cap), have[32], want[32];
	uint32_t x = 1;

	cr_assert_not_null(data);
	for (size_t i = 0; i < cap; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (uint8_t)(x >> 24);
	}
	for (size_t n = 0; n <= 300; n++) {
		stage0_sha256(blocks, data + n % 64, n, have);
		sha256(data + n % 64, n, want);
		cr_assert_arr_eq(have, want, 32, "%zu bytes", n);
	}
	stage0_sha256(blocks, data + 5, (1 << 20) + 1, have);
	sha256(data + 5, (1 << 20) + 1, want);
	cr_assert_arr_eq(have, want, 32, "1 MiB + 1");
	free(data);
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

	c.mapped_end = STAGING + (1ULL << 30);
	check_refusal(&c, ERROR_BAD_LAYOUT, "initrd");
	c.mapped_end = ENTRY;
	check_refusal(&c, ERROR_BAD_LAYOUT, "entry");
	c.mapped_end = STAGE0_MAPPED_MAX + 1;
	check_refusal(&c, ERROR_BAD_LAYOUT, "at most");
	c = config(false);
	c.blobs[1].dst = STAGE0_TABLES_END - PAGE_SIZE;
	check_refusal(&c, ERROR_BAD_LAYOUT, "overlaps pages that are loaded");
}
