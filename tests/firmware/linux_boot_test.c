/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/linux_boot_test.c: where kernel and initrd lie, boot_params, command lines, and
 * the memory map.
 */
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "firmware/stage0/params.h"
#include "tests/firmware/linux_priv.h"
#include "tests/make/le.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

Test(linux_boot, puts_the_kernel_where_it_likes_best_and_the_initrd_at_the_top)
{
	struct linux_kernel k = made_kernel();
	struct error err = { 0 };
	struct linux_layout l;

	cr_assert_eq(linux_layout_of(&k, 512 * MIB, 5 * MIB + 1, false, &l, &err), 0, "%s",
	             err.text);
	cr_expect_eq(l.load, 16 * MIB);
	cr_expect_eq(l.entry, 16 * MIB + 0x200);
	cr_expect_eq(l.initrd, 512 * MIB - 5 * MIB - 4096);
	cr_assert_eq(linux_layout_of(&k, 512 * MIB, 0, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.initrd, 0);
}

Test(linux_boot, rounds_the_load_address_up_to_the_alignment)
{
	struct linux_kernel k = made_kernel();
	struct error err = { 0 };
	struct linux_layout l;

	k.pref_address = 0x1000001;
	cr_assert_eq(linux_layout_of(&k, 512 * MIB, 0, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.load, 18 * MIB);
	k.pref_address =
		0x100000; /* an old kernel's; stage0's pages and PC legacy areas lie below 16 MiB */
	cr_assert_eq(linux_layout_of(&k, 512 * MIB, 0, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.load, 16 * MIB);
	k.kernel_alignment = 1;
	k.pref_address = 0x1000001;
	cr_assert_eq(linux_layout_of(&k, 512 * MIB, 0, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.load, 16 * MIB + 4096);
}

Test(linux_boot, leaves_a_kernel_that_cannot_be_moved_where_it_must_lie)
{
	struct linux_kernel k = made_kernel();
	struct error err = { 0 };
	struct linux_layout l;

	k.relocatable = false;
	k.pref_address = 0x100000;
	cr_assert_eq(linux_layout_of(&k, 512 * MIB, 0, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.load, 0x100000);
	k.pref_address = 0xff000;
	cr_assert_eq(linux_layout_of(&k, 512 * MIB, 0, false, &l, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_UNSUPPORTED);
}

Test(linux_boot, keeps_the_initrd_below_what_the_kernel_can_reach)
{
	struct linux_kernel k = made_kernel();
	struct error err = { 0 };
	struct linux_layout l;

	cr_assert_eq(linux_layout_of(&k, 3 * GIB, 4096, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.initrd, 2 * GIB - 4096);
	k.initrd_addr_max = 0x37fffffe; /* the last page isn't whole */
	cr_assert_eq(linux_layout_of(&k, 3 * GIB, 1, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.initrd, 0x37ffe000);
	k.initrd_addr_max = 0x1400fff; /* only the first page after the kernel */
	cr_assert_eq(linux_layout_of(&k, 3 * GIB, 4096, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.initrd, 0x1400000);
	k.initrd_addr_max--;
	cr_assert_eq(linux_layout_of(&k, 3 * GIB, 4096, false, &l, &err), -EINVAL);
	k.initrd_addr_max = UINT64_MAX;
	cr_assert_eq(linux_layout_of(&k, 3 * GIB, 1, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.initrd, 3 * GIB - 4096);
}

Test(linux_boot, places_in_memory_that_just_does_and_says_how_much_that_is)
{
	struct linux_kernel k = made_kernel();
	struct linux_layout l, before;
	struct error err = { 0 };

	/* 16 MiB, 4 MiB for the kernel, 10 MiB of initrd */
	cr_assert_eq(linux_layout_of(&k, 30 * MIB, 10 * MIB, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.initrd, 20 * MIB);
	memset(&before, 0xa5, sizeof(before));
	l = before;
	cr_assert_eq(linux_layout_of(&k, 30 * MIB - 1, 10 * MIB, false, &l, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_MEMORY_TOO_SMALL);
	cr_expect(strstr(err.text, "4194304 bytes from 0x1000000") &&
	                  strstr(err.text, "10485760 bytes") && strstr(err.text, "0x1e00000") &&
	                  strstr(err.text, "0x1dfffff"),
	          "%s", err.text);
	cr_expect_str_eq(err.fix, "set 'memory' to at least 30M");
	cr_expect_eq(memcmp(&l, &before, sizeof(l)), 0);
}

Test(linux_boot, says_when_no_memory_would_be_enough)
{
	struct linux_kernel k = made_kernel();
	struct error err = { 0 };
	struct linux_layout l;

	cr_assert_eq(linux_layout_of(&k, 3 * GIB, 3 * GIB, false, &l, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_UNSUPPORTED, "%s", err.text);
	k.initrd_addr_max = 0x1ffffff;
	cr_assert_eq(linux_layout_of(&k, 24 * MIB, 13 * MIB, false, &l, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_UNSUPPORTED, "%s", err.text);
	cr_expect(strstr(err.text, "0x1400000") && strstr(err.text, "0x1ffffff"), "%s", err.text);
	k.pref_address = UINT64_MAX - 4096;
	cr_assert_eq(linux_layout_of(&k, 3 * GIB, 0, false, &l, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_UNSUPPORTED, "%s", err.text);
}

static const struct linux_e820 two_entries[] = {
	{ 0, 0xa0000, LINUX_RAM },
	{ 0x123456789abcdef0, 0x0fedcba987654321, LINUX_ACPI },
};

Test(linux_boot, fills_boot_params_field_by_field)
{
	static const struct {
		size_t at, width;
		uint64_t value;
	} rows[] = {
		{ 0x070, 8, 0x0123456789abcdef }, /* RSDP */
		{ 0x0c0, 4, 0x11 }, /* high halves of initrd, its size, command line */
		{ 0x0c4, 4, 0x22 },
		{ 0x0c8, 4, 0x33 },
		{ 0x13c, 4, 0 }, /* cc_blob_address */
		{ 0x1e8, 1, 2 },
		{ 0x1ef, 1, 0 }, /* sentinel */
		{ 0x1f1, 1, 2 },
		{ 0x1fe, 2, 0xaa55 },
		{ 0x202, 4, 0x53726448 },
		{ 0x206, 2, 0x20f },
		{ 0x210, 1, 0xff },
		{ 0x211, 1, 1 },
		{ 0x218, 4, 0x44444444 },
		{ 0x21c, 4, 0x55555555 },
		{ 0x228, 4, 0x66666666 },
		{ 0x250, 8, 0x7777777788888888 },
		{ 0x258, 8, 0x1000000 },
		{ 0x268, 4, 0x1f00 },
		{ 0x2d0, 8, 0 },
		{ 0x2d8, 8, 0xa0000 },
		{ 0x2e0, 4, 1 },
		{ 0x2e4, 8, 0x123456789abcdef0 },
		{ 0x2ec, 8, 0x0fedcba987654321 },
		{ 0x2f4, 4, 3 },
	};
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);
	const struct linux_boot boot = { .initrd = 0x1144444444,
		                         .initrd_size = 0x2255555555,
		                         .cmdline = 0x3366666666,
		                         .rsdp = 0x0123456789abcdef,
		                         .setup_data = 0x7777777788888888,
		                         .e820 = two_entries,
		                         .n_e820 = 2 };
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];

	memset(page, 0xa5, sizeof(page));
	cr_assert_eq(linux_boot_params(b.data, b.size, &boot, page, &err), 0, "%s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(le_get(page + rows[i].at, rows[i].width), rows[i].value, "0x%zx",
		             rows[i].at);
}

/* The bytes of the page that are neither in the header nor fields that a loader sets. */
Test(linux_boot, leaves_the_rest_of_boot_params_zero)
{
	static const struct {
		size_t at, end;
	} set[] = { { 0x070, 0x078 },
		    { 0x0c0, 0x0cc },
		    { 0x1e8, 0x1e9 },
		    { 0x1f1, 0x26c },
		    { 0x2d0, 0x2f8 } };
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);
	const struct linux_boot boot = { ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, false, two_entries, 2 };
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];

	memset(page, 0xa5, sizeof(page));
	memset(b.data + 0x26c, 0x5a, 0x90); /* after the header: not in boot_params */
	memset(b.data + 0x40, 0x5a, 0x1b1); /* before it */
	cr_assert_eq(linux_boot_params(b.data, b.size, &boot, page, &err), 0, "%s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		memset(page + set[i].at, 0, set[i].end - set[i].at);
	for (size_t i = 0; i < sizeof(page); i++)
		cr_assert_eq(page[i], 0, "0x%zx", i);
}

Test(linux_boot, overrides_a_loaders_fields_that_an_image_brings_filled_in)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);
	struct linux_boot boot = { .cmdline = 0x9000 };
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];

	memset(b.data + 0x218, 0xee, 8);
	memset(b.data + 0x250, 0xee, 8);
	cr_assert_eq(linux_boot_params(b.data, b.size, &boot, page, &err), 0, "%s", err.text);
	cr_expect_eq(le_get(page + 0x218, 8), 0);
	cr_expect_eq(le_get(page + 0x250, 8), 0);
	cr_expect_eq(le_get(page + 0x228, 4), 0x9000);
}

Test(linux_boot, takes_as_many_memory_entries_as_boot_params_has_room_for)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);
	struct linux_e820 many[LINUX_E820_MAX + 1] = { 0 };
	struct linux_boot boot = { .e820 = many, .n_e820 = LINUX_E820_MAX };
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];

	many[127].type = 0xa1b2c3d4;
	cr_assert_eq(linux_boot_params(b.data, b.size, &boot, page, &err), 0, "%s", err.text);
	cr_expect_eq(page[0x1e8], 128);
	cr_expect_eq(le_get(page + 0xccc, 4), 0xa1b2c3d4);
	boot.n_e820++;
	memset(page, 0xa5, sizeof(page));
	cr_assert_eq(linux_boot_params(b.data, b.size, &boot, page, &err), -EINVAL);
	cr_expect_eq(page[0x202], 0xa5);
}

Test(linux_boot, makes_no_boot_params_of_a_faulty_image)
{
	for (int f = BZIMAGE_SOUND + 1; f < BZIMAGE_FAULTS; f++) {
		struct bzimage_spec spec = bzimage_default();
		auto_blob struct blob b = BLOB_NONE;
		struct linux_boot boot = { 0 };
		struct error err = { 0 };
		uint8_t page[PAGE_SIZE] = { 0xa5 };

		spec.fault = (enum bzimage_fault)f;
		b = bzimage_make(&spec);
		cr_expect_eq(linux_boot_params(b.data, b.size, &boot, page, &err), -EINVAL);
		cr_expect_eq(page[0], 0xa5);
	}
}

Test(linux_boot, takes_a_command_line_that_the_kernel_takes_whole)
{
	struct linux_kernel k = made_kernel();
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];
	char line[5000];

	memset(line, 'x', sizeof(line));
	memset(page, 0xa5, sizeof(page));
	line[2047] = '\0';
	cr_assert_eq(linux_cmdline_page(line, &k, page, &err), 0, "%s", err.text);
	cr_expect_str_eq((char *)page, line);
	cr_expect_eq(page[4095], 0);
	line[2047] = 'x';
	line[2048] = '\0';
	cr_assert_eq(linux_cmdline_page(line, &k, page, &err), -EINVAL);
	cr_expect(strstr(err.text, "2048 bytes, and this kernel takes at most 2047"), "%s",
	          err.text);
	cr_expect_str_eq(err.fix, "shorten boot.cmdline by 1 bytes");
	cr_expect_eq(strlen((char *)page), 2047, "touched by the refusal");
}

Test(linux_boot, takes_no_command_line_longer_than_its_page)
{
	struct linux_kernel k = made_kernel();
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];
	char line[5000];

	memset(line, 'x', sizeof(line));
	line[4095] = '\0';
	k.cmdline_size = UINT32_MAX;
	cr_assert_eq(linux_cmdline_page(line, &k, page, &err), 0, "%s", err.text);
	cr_expect_eq(page[4094], 'x');
	cr_expect_eq(page[4095], 0);
	line[4095] = 'x';
	line[4096] = '\0';
	cr_assert_eq(linux_cmdline_page(line, &k, page, &err), -EINVAL);
	cr_expect(strstr(err.text, "4096 bytes, and a direct boot takes at most 4095"), "%s",
	          err.text);
}

Test(linux_boot, takes_no_command_line_for_an_empty_one)
{
	struct linux_kernel k = made_kernel();
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];

	memset(page, 0xa5, sizeof(page));
	k.cmdline_size = 0;
	cr_assert_eq(linux_cmdline_page(NULL, &k, page, &err), 0, "%s", err.text);
	for (size_t i = 0; i < sizeof(page); i++)
		cr_assert_eq(page[i], 0);
	cr_assert_eq(linux_cmdline_page("", &k, page, &err), 0);
	cr_assert_eq(linux_cmdline_page("x", &k, page, &err), -EINVAL);
}

static uint32_t type_at(const struct linux_e820 *map, size_t n, uint64_t gpa)
{
	uint32_t type = 0;

	for (size_t i = 0; i < n; i++) {
		if (gpa >= map[i].start && gpa - map[i].start < map[i].size) {
			cr_assert_eq(type, 0, "two entries have 0x%llx", (unsigned long long)gpa);
			type = map[i].type;
		}
	}
	return type;
}

/* What Linux must not reuse, and what it may. */
Test(linux_boot, maps_each_page_of_stage0_as_what_it_is)
{
	static const struct {
		uint64_t gpa;
		uint32_t type;
	} rows[] = {
		{ 0, LINUX_RAM },
		{ 0x1000, LINUX_RAM },
		{ STAGE0_PML4, LINUX_RESERVED },
		{ STAGE0_PDPT, LINUX_RESERVED },
		{ STAGE0_PDPT_SHARED, LINUX_RESERVED },
		{ STAGE0_SECRETS, LINUX_RESERVED },
		{ STAGE0_CPUID, LINUX_RESERVED },
		{ STAGE0_BOOT_PARAMS, LINUX_RESERVED },
		{ STAGE0_PARAMS, LINUX_RESERVED },
		{ STAGE0_CC_BLOB, LINUX_RESERVED },
		{ STAGE0_SETUP_DATA, LINUX_RESERVED },
		{ STAGE0_CMDLINE, LINUX_RESERVED },
		{ STAGE0_CMDLINE + 0xfff, LINUX_RESERVED },
		{ STAGE0_ACPI, LINUX_ACPI },
		{ STAGE0_ACPI + 0xfff, LINUX_ACPI },
		{ STAGE0_ACPI + 0x1000, LINUX_RAM },
		{ STAGE0_CODE, LINUX_RAM },
		{ STAGE0_STACK, LINUX_RAM },
		{ 0x9ffff, LINUX_RAM },
		{ 0xa0000, 0 },
		{ 0xfffff, 0 },
		{ 0x100000, LINUX_RAM },
		{ 512 * MIB - 1, LINUX_RAM },
		{ 512 * MIB, 0 },
		{ 4 * GIB, 0 },
	};
	struct linux_e820 map[16];
	size_t n = linux_e820_of(0, 512 * MIB, 0, map);

	cr_assert_eq(n, 5);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(type_at(map, n, rows[i].gpa), rows[i].type, "0x%llx",
		             (unsigned long long)rows[i].gpa);
}

Test(linux_boot, maps_memory_above_4_gib)
{
	struct linux_e820 map[16];
	size_t n = linux_e820_of(0, 3 * GIB, 5 * GIB, map);

	cr_assert_eq(n, 6);
	cr_expect_eq(type_at(map, n, 3 * GIB - 1), LINUX_RAM);
	cr_expect_eq(type_at(map, n, 3 * GIB), 0);
	cr_expect_eq(type_at(map, n, 4 * GIB - 1), 0);
	cr_expect_eq(type_at(map, n, 4 * GIB), LINUX_RAM);
	cr_expect_eq(type_at(map, n, 5 * GIB - 1), LINUX_RAM);
	cr_expect_eq(type_at(map, n, 5 * GIB), 0);
}

Test(linux_boot, maps_any_two_ends_without_overlap)
{
	size_t k = ARRAY_SIZE(extremes);

	for (size_t i = 0; i < k * k; i++) {
		struct linux_e820 map[16];
		size_t n = linux_e820_of(96 * 4096, extremes[i % k], extremes[i / k], map);

		cr_assert(n >= 4 && n <= 6);
		for (size_t j = 1; j < n; j++)
			cr_assert(map[j].size &&
			          map[j].start >= map[j - 1].start + map[j - 1].size);
	}
}
