/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/stage0_main_test.c: what stage0 writes into memory: the table of unaccepted
 * memory, and zeros. Its code, compiled by this machine's compiler, with our parameters and table.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "firmware/stage0/params.h"

static struct stage0_params given_params;
static _Alignas(8) uint8_t made[STAGE0_UNACCEPTED_MAX + 64];

#undef STAGE0_PARAMS
#define STAGE0_PARAMS (&given_params)
#undef STAGE0_UNACCEPTED
#define STAGE0_UNACCEPTED made

#include "firmware/stage0/main.c"
#include "firmware/stage0/sha256.c"
#include "firmware/stage0/sha256_ni.c"

#define UNIT ((uint64_t)STAGE0_UNIT)
#define GIB  ((uint64_t)1 << 30)

struct run {
	uint64_t start, end;
};

/* The table has a bit for each unit of a run and for no other; nothing is written after it. */
static void check_table(const struct run *runs, unsigned n)
{
	const uint8_t *bits = made + 24;
	uint64_t end = runs[n - 1].end / UNIT, size = (end + 63) / 64 * 8;
	struct stage0_unaccepted head;

	given_params = (struct stage0_params){ .nr_lazy = (uint8_t)n };
	for (unsigned i = 0; i < n; i++)
		given_params.lazy[i] = (struct stage0_params_range){ le64_of(runs[i].start),
			                                             le64_of(runs[i].end) };
	memset(made, 0xa5, sizeof(made)); /* as memory is after PVALIDATE */
	unaccepted_make();
	memcpy(&head, made, sizeof(head));
	cr_assert_eq(le32_get(head.version), 1u);
	cr_assert_eq(le32_get(head.unit_size), 0x200000u);
	cr_assert_eq(le64_get(head.phys_base), 0u);
	cr_assert_eq(le64_get(head.size), size);
	for (uint64_t unit = 0; unit < size * 8; unit++) {
		bool want = false;

		for (unsigned i = 0; i < n; i++)
			want |= unit * UNIT >= runs[i].start && unit * UNIT < runs[i].end;
		cr_assert_eq(bits[unit / 8] >> unit % 8 & 1, want, "unit %llu",
		             (unsigned long long)unit);
	}
	for (size_t i = 24 + size; i < sizeof(made); i++)
		cr_assert_eq(made[i], 0xa5, "byte %zu", i);
}

Test(stage0_main, the_table_has_the_bits_of_the_runs_and_no_others)
{
	static const struct run one[] = { { UNIT, 2 * UNIT } };
	static const struct run word[] = { { 63 * UNIT, 64 * UNIT } };
	static const struct run next[] = { { 63 * UNIT, 65 * UNIT } };
	static const struct run adjacent[] = { { UNIT, 8 * UNIT }, { 8 * UNIT, 128 * UNIT } };
	static const struct run usual[] = { { UNIT, 8 * UNIT },
		                            { 39 * UNIT, 3 * GIB },
		                            { 4 * GIB, 65 * GIB } };
	static const struct run four[] = { { UNIT, 2 * UNIT },
		                           { 4 * UNIT, 5 * UNIT },
		                           { 3 * GIB - UNIT, 3 * GIB },
		                           { 4 * GIB, 4 * GIB + UNIT } };
	static const struct run most[] = { { UNIT, 3 * GIB }, { 4 * GIB, 1025 * GIB } };

	check_table(one, 1);
	check_table(word, 1);
	check_table(next, 1);
	check_table(adjacent, 2);
	check_table(usual, 3);
	check_table(four, 4);
	check_table(most, 2);
	cr_assert_leq(24 + 1025 * GIB / UNIT / 8, STAGE0_UNACCEPTED_MAX);
}

Test(stage0_main, clears_from_any_byte_to_the_end_of_a_page_and_no_further)
{
	static _Alignas(4096) uint8_t memory[3 * 4096];

	for (size_t from = 0; from <= 4096; from++) {
		memset(memory, 0x5a, sizeof(memory));
		clear((uint64_t)memory + from, (uint64_t)memory + 8192);
		for (size_t i = 0; i<sizeof(memory); i += i % 4096> 32 && i % 4096 < 4050 ? 61 : 1)
			cr_assert_eq(memory[i], i >= from && i < 8192 ? 0 : 0x5a, "%zu, from %zu",
			             i, from);
	}
	memset(memory, 0x5a, sizeof(memory));
	clear((uint64_t)memory + 100, (uint64_t)memory + 100);
	clear((uint64_t)memory + 4096, (uint64_t)memory);
	for (size_t i = 0; i < sizeof(memory); i++)
		cr_assert_eq(memory[i], 0x5a, "nothing is to be cleared");
}
