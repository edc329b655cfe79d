/* SPDX-License-Identifier: MIT */
/*
 * tests/snp/cpuid_test.c: what the filter takes, what the page holds, and how a difference is told.
 */
#include "core/snp/cpuid.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"

static struct cpuid_table table;

static struct cpuid_leaf *leaf(uint32_t function, uint32_t index, bool indexed, uint32_t value)
{
	struct cpuid_leaf *l = cpuid_add(&table, function, index, indexed);

	cr_assert_not_null(l);
	for (int i = 0; i < CPUID_REGS; i++)
		l->reg[i] = value;
	return l;
}

/* n leaves from 0x1000 on, none of them zero. */
static void fill(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		leaf(0x1000 + i, 0, false, i + 1);
}

static void make_page(struct snp_cpuid_page *page)
{
	struct error err = { 0 };

	cr_assert_eq(snp_cpuid_page(&table, page, &err), 0, "%s", err.text);
}

Test(cpuid, finds_a_leaf_by_function_and_an_indexed_one_by_index_too)
{
	leaf(0x1, 0, false, 1);
	leaf(0x7, 0, true, 2);
	leaf(0x7, 1, true, 3);
	cr_expect_eq(cpuid_find(&table, 0x1, 0)->reg[0], 1);
	cr_expect_eq(cpuid_find(&table, 0x1, 9)->reg[0], 1, "the index doesn't count there");
	cr_expect_eq(cpuid_find(&table, 0x7, 1)->reg[0], 3);
	cr_expect_null(cpuid_find(&table, 0x7, 2));
	cr_expect_null(cpuid_find(&table, 0x2, 0));
}

Test(cpuid, need_adds_a_leaf_of_zeros_once)
{
	struct cpuid_leaf *l = cpuid_add(&table, 0xd, 2, true);

	cr_assert_not_null(l);
	cr_expect_eq(l->reg[CPUID_EAX] | l->reg[CPUID_EBX] | l->reg[CPUID_ECX] | l->reg[CPUID_EDX],
	             0);
	cr_expect_eq(l->index, 2);
	cr_expect(l->indexed);
	cr_expect_eq(cpuid_add(&table, 0xd, 2, true), l);
	cr_expect_eq(table.count, 1);
}

Test(cpuid, a_full_table_takes_no_leaf_but_still_gives_those_it_has)
{
	struct error err = { 0 };

	fill(CPUID_MAX_LEAVES);
	cr_expect_null(cpuid_add(&table, 0x8000001f, 0, false));
	cr_expect_not_null(cpuid_add(&table, 0x1000, 0, false));
	cr_expect_eq(table.count, CPUID_MAX_LEAVES);
	cr_expect_lt(snp_cpuid_filter(&table, 51, &err), 0);
	cr_expect_eq(err.kind, ERROR_INTERNAL);
	cr_expect(strstr(err.text, "256 CPUID leaves"));
}

/*
 * What the SNP firmware refuses though KVM offers it: QEMU 10, target/i386/sev.c, sev_snp_cpuid_*.
 */
Test(cpuid, filter_clears_what_the_firmware_refuses_and_nothing_else)
{
	static const struct {
		uint32_t function, index;
		uint32_t left[CPUID_REGS];
	} rows[] = {
		{ 0x1, 0, { ~0u, ~0u, 0xfeffffff, ~0u } },
		{ 0x7, 0, { ~0u, 0xfffffffd, 0xfffeffff, 0x03ffffff } },
		{ 0x40000001, 0, { 0x0100000b, ~0u, ~0u, ~0u } },
		{ 0x7, 1, { ~0u, ~0u, ~0u, ~0u } },
		{ 0x80000008, 0, { ~0u, 0xf8ffffff, ~0u, ~0u } },
		{ 0x80000021, 0, { 0xe7ffffff, ~0u, 0xffffff79, ~0u } },
		{ 0x80000001, 0, { ~0u, ~0u, ~0u, ~0u } },
	};
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		leaf(rows[i].function, rows[i].index, rows[i].function == 7, ~0u);
	cr_assert_eq(snp_cpuid_filter(&table, 51, &err), 0, "%s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_arr_eq(cpuid_find(&table, rows[i].function, rows[i].index)->reg,
		                 rows[i].left, sizeof(rows[i].left), "0x%x.%u", rows[i].function,
		                 rows[i].index);
}

Test(cpuid, filter_fills_the_leaf_of_memory_encryption)
{
	struct error err = { 0 };
	const struct cpuid_leaf *l;

	leaf(0x8000001f, 0, false, ~0u);
	cr_assert_eq(snp_cpuid_filter(&table, 47, &err), 0);
	l = cpuid_find(&table, 0x8000001f, 0);
	cr_expect_eq(l->reg[CPUID_EAX], 0x1a, "SEV, SEV-ES, SEV-SNP");
	cr_expect_eq(l->reg[CPUID_EBX], 47 | 1 << 6, "C-bit, one address bit lost");
	cr_expect_eq(l->reg[CPUID_ECX], 0);
	cr_expect_eq(l->reg[CPUID_EDX], 0);
	cr_expect_eq(table.count, 1, "nothing else was added");
}

Test(cpuid, page_holds_each_leaf_as_the_firmware_wants_it)
{
	struct snp_cpuid_page page;
	struct cpuid_leaf *l = leaf(0x4, 3, true, 0);

	l->reg[CPUID_EAX] = 0x11;
	l->reg[CPUID_EBX] = 0x22;
	l->reg[CPUID_ECX] = 0x33;
	l->reg[CPUID_EDX] = 0x44;
	leaf(0x80000000, 5, false, 7); /* the index of a leaf that has none is not told */
	make_page(&page);
	cr_expect_eq(le32_get(page.count), 2);
	cr_expect_arr_eq(&page.entries[0],
	                 "\4\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	                 "\x11\0\0\0\x22\0\0\0\x33\0\0\0\x44\0\0\0\0\0\0\0\0\0\0\0",
	                 48);
	cr_expect_eq(le32_get(page.entries[1].eax_in), 0x80000000);
	cr_expect_eq(le32_get(page.entries[1].ecx_in), 0);
}

Test(cpuid, page_is_zero_where_it_holds_no_leaf)
{
	static const uint8_t zeros[4096];
	struct snp_cpuid_page page;

	memset(&page, 0xa5, sizeof(page));
	leaf(1, 0, false, 1);
	make_page(&page);
	cr_expect_arr_eq((uint8_t *)&page + 4, zeros, 12);
	cr_expect_arr_eq((uint8_t *)&page + 64, zeros, 4096 - 64);
}

Test(cpuid, page_states_the_save_area_for_x87_alone)
{
	struct snp_cpuid_page page;

	leaf(0xd, 0, true, 0x988);
	leaf(0xd, 1, true, 0x989);
	leaf(0xd, 2, true, 0x100);
	make_page(&page);
	for (unsigned i = 0; i < 2; i++) {
		cr_expect_eq(le64_get(page.entries[i].xcr0_in), 1);
		cr_expect_eq(le64_get(page.entries[i].xss_in), 0);
		cr_expect_eq(le32_get(page.entries[i].ebx), 0x240);
		cr_expect_eq(le32_get(page.entries[i].ecx), 0x988 + i, "the rest as it was");
	}
	cr_expect_eq(le64_get(page.entries[2].xcr0_in), 0);
	cr_expect_eq(le32_get(page.entries[2].ebx), 0x100, "the offset of a part is a fact");
}

Test(cpuid, page_leaves_out_what_is_all_zero)
{
	struct snp_cpuid_page page;

	leaf(0x2, 0, false, 0);
	leaf(0x3, 0, false, 0)->reg[CPUID_EDX] = 1;
	leaf(0x4, 4, true, 0);
	make_page(&page);
	cr_assert_eq(le32_get(page.count), 1);
	cr_expect_eq(le32_get(page.entries[0].eax_in), 3);
}

Test(cpuid, page_takes_64_leaves_and_refuses_65)
{
	struct snp_cpuid_page page;
	struct error err = { 0 };

	fill(64);
	leaf(0x2000, 0, false, 0); /* left out, so it doesn't count */
	make_page(&page);
	cr_expect_eq(le32_get(page.count), 64);
	cr_expect_eq(le32_get(page.entries[63].eax_in), 0x1000 + 63);
	leaf(0x3000, 0, false, 1);
	cr_expect_lt(snp_cpuid_page(&table, &page, &err), 0);
	cr_expect_eq(err.kind, ERROR_HOST_UNSUPPORTED);
	cr_expect(strstr(err.text, "more than 64 CPUID leaves"), "%s", err.text);
}

static void check_diff(const struct snp_cpuid_page *sent, const struct snp_cpuid_page *back,
                       size_t registers, const char *says)
{
	char text[128] = "what stood here before";

	cr_expect_eq(snp_cpuid_diff(sent, back, text, sizeof(text)), registers);
	cr_expect_str_eq(text, says);
}

Test(cpuid, diff_of_a_page_with_itself_is_nothing)
{
	struct snp_cpuid_page page;

	fill(64);
	make_page(&page);
	check_diff(&page, &page, 0, "");
}

Test(cpuid, diff_names_leaf_register_and_bits)
{
	struct snp_cpuid_page sent, back;

	leaf(0x7, 0, true, 0xff);
	leaf(0xd, 1, true, 0xf);
	make_page(&sent);
	back = sent;
	back.entries[0].edx = le32_of(0xff | 3 << 26);
	check_diff(&sent, &back, 1, "0x7.0 EDX bits 26,27");
	back.entries[1].eax = le32_of(0x7);
	check_diff(&sent, &back, 2, "0x7.0 EDX bits 26,27; 0xd.1 EAX bit 3");
	back.entries[0].eax = le32_of(0x800000fe);
	check_diff(&sent, &back, 3, "0x7.0 EAX bits 0,31; 0x7.0 EDX bits 26,27; 0xd.1 EAX bit 3");
}

Test(cpuid, diff_knows_the_four_registers)
{
	struct snp_cpuid_page sent, back;

	leaf(0x1, 0, false, 1);
	make_page(&sent);
	back = sent;
	back.entries[0].eax = back.entries[0].ebx = le32_of(0);
	back.entries[0].ecx = back.entries[0].edx = le32_of(3);
	check_diff(&sent, &back, 4,
	           "0x1.0 EAX bit 0; 0x1.0 EBX bit 0; 0x1.0 ECX bit 1; 0x1.0 EDX bit 1");
}

Test(cpuid, diff_counts_all_and_writes_no_more_than_its_room)
{
	struct snp_cpuid_page sent, back;

	fill(64);
	make_page(&sent);
	memset(&back, 0xff, sizeof(back));
	for (size_t cap = 1; cap < 600; cap++) {
		char text[640];

		memset(text, 'x', sizeof(text));
		cr_assert_eq(snp_cpuid_diff(&sent, &back, text, cap), 256);
		cr_assert_lt(strnlen(text, cap), cap, "no end within %zu", cap);
		for (size_t i = cap; i < sizeof(text); i++)
			cr_assert_eq(text[i], 'x', "room %zu, wrote at %zu", cap, i);
	}
}

Test(cpuid, a_count_that_is_out_of_bounds_is_not_believed)
{
	struct snp_cpuid_page sent, back;
	char text[64];

	fill(64);
	make_page(&sent);
	sent.count = le32_of(0xffffffff);
	back = sent;
	memset(back.rest, 0xff, sizeof(back.rest));
	cr_expect_eq(snp_cpuid_diff(&sent, &back, text, sizeof(text)), 0);
	back.entries[63].eax = le32_of(0);
	cr_expect_eq(snp_cpuid_diff(&sent, &back, text, sizeof(text)), 1);
	snp_cpuid_adopt(&table, &back);
	cr_expect_eq(table.count, 64);
	cr_expect_eq(cpuid_find(&table, 0x1000 + 63, 0)->reg[CPUID_EAX], 0);
}

Test(cpuid, adopt_takes_the_firmwares_registers_over)
{
	struct snp_cpuid_page back;

	leaf(0x7, 0, true, 0xff);
	leaf(0x7, 1, true, 0xee);
	make_page(&back);
	back.entries[0].eax = le32_of(1);
	back.entries[0].ebx = le32_of(2);
	back.entries[0].ecx = le32_of(3);
	back.entries[0].edx = le32_of(4);
	back.entries[1].eax_in = le32_of(0x99); /* a leaf that the table hasn't */
	snp_cpuid_adopt(&table, &back);
	cr_expect_arr_eq(cpuid_find(&table, 7, 0)->reg, ((uint32_t[]){ 1, 2, 3, 4 }), 16);
	cr_expect_arr_eq(cpuid_find(&table, 7, 1)->reg, ((uint32_t[]){ 0xee, 0xee, 0xee, 0xee }),
	                 16);
	cr_expect_eq(table.count, 2);
}

/* KVM computes the size of the save area from XCR0; the page's 0x240 must not come back to it. */
Test(cpuid, adopt_leaves_the_save_areas_size_to_kvm_but_takes_a_parts_offset)
{
	struct snp_cpuid_page back;

	leaf(0xd, 0, true, 0x988);
	leaf(0xd, 1, true, 0x988);
	leaf(0xd, 2, true, 0x100);
	make_page(&back);
	for (unsigned i = 0; i < 3; i++) {
		back.entries[i].ecx = le32_of(0x44);
		if (i == 2)
			back.entries[i].ebx = le32_of(0x55);
	}
	snp_cpuid_adopt(&table, &back);
	cr_expect_eq(cpuid_find(&table, 0xd, 0)->reg[CPUID_EBX], 0x988);
	cr_expect_eq(cpuid_find(&table, 0xd, 1)->reg[CPUID_EBX], 0x988);
	cr_expect_eq(cpuid_find(&table, 0xd, 2)->reg[CPUID_EBX], 0x55);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(cpuid_find(&table, 0xd, i)->reg[CPUID_ECX], 0x44);
}
