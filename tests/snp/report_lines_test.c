/* SPDX-License-Identifier: MIT */
/*
 * tests/snp/report_lines_test.c: blocks as snpvmm-guest prints them, and what a console or a guest
 * may make of them.
 */
#include "core/snp/report_lines.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "guest/frame.h"

enum { REPORT = 1184, TEXT_CAP = 16 << 10 };

struct text {
	char bytes[TEXT_CAP];
	size_t size;
};

static void text_add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	cr_assert_lt(t->size + n, sizeof(t->bytes));
	memcpy(t->bytes + t->size, s, n + 1);
	t->size += n;
}

static void bytes_make(uint8_t *to, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(i * 7 + i / 251 + seed);
}

/* Lines [from, to) of the block of these bytes. */
static void lines_add(struct text *t, const uint8_t *bytes, size_t size, size_t from, size_t to)
{
	char line[FRAME_LINE + 1];

	for (size_t n = from; n < to; n++) {
		size_t length = frame_line(&frame_report, bytes, size, n, line);

		if (length == 0)
			return;
		line[length] = '\0';
		text_add(t, line);
	}
}

static void block_add(struct text *t, size_t size, unsigned seed)
{
	uint8_t bytes[FRAME_REPORT_MAX];

	bytes_make(bytes, size, seed);
	lines_add(t, bytes, size, 0, SIZE_MAX);
}

/* Puts the text in, `step` bytes at a time; what came out, or NULL and why. */
static const uint8_t *take(const char *text, size_t size, size_t step, size_t *ret_size,
                           const char **ret_fault)
{
	static uint8_t bytes[REPORT_LINES_MAX];
	struct report_lines *l = report_lines_new();

	cr_assert(l);
	for (size_t at = 0; at < size; at += step)
		report_lines_put(l, (const uint8_t *)text + at, MIN(step, size - at));
	*ret_size = report_lines_take(l, bytes, ret_fault);
	cr_expect_eq(report_lines_whole(l), *ret_size > 0);
	report_lines_free(l);
	return bytes;
}

static void expect_block(const struct text *t, size_t step, size_t size, unsigned seed)
{
	uint8_t want[FRAME_REPORT_MAX];
	const char *fault;
	size_t n;
	const uint8_t *have = take(t->bytes, t->size, step, &n, &fault);

	bytes_make(want, size, seed);
	cr_assert_eq(n, size, "%zu bytes came, not %zu: %s", n, size, fault);
	cr_expect_arr_eq(have, want, size);
}

static void expect_none(const struct text *t, const char *why)
{
	const char *fault;
	size_t n;

	take(t->bytes, t->size, t->size + 1, &n, &fault);
	cr_assert_eq(n, 0, "%s", t->bytes);
	if (!why)
		cr_expect_null(fault, "%s", fault);
	else
		cr_expect(fault && strstr(fault, why), "'%s', not '%s'", fault ? fault : "-", why);
}

Test(report_lines, reads_what_the_guest_writes_in_any_pieces)
{
	static const size_t sizes[] = {
		1, 2, 3, 41, 42, 43, 84, REPORT, FRAME_REPORT_MAX - 1, FRAME_REPORT_MAX
	};
	static const size_t steps[] = { 1, 2, 7, 77, 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t j = 0; j < ARRAY_SIZE(steps); j++) {
			struct text t = { 0 };

			block_add(&t, sizes[i], 3);
			expect_block(&t, steps[j], sizes[i], 3);
		}
}

Test(report_lines, needs_no_newline_at_the_end_and_takes_carriage_returns)
{
	struct text t = { 0 }, crlf = { 0 };

	block_add(&t, REPORT, 0);
	for (size_t i = 0; i < t.size; i++)
		text_add(&crlf, t.bytes[i] == '\n' ? "\r\n" : (char[]){ t.bytes[i], '\0' });
	expect_block(&crlf, 5, REPORT, 0);
	t.bytes[--t.size] = '\0';
	expect_block(&t, 5, REPORT, 0);
}

/* The kernel's messages come before, between and behind ours, also on the same line. */
Test(report_lines, ignores_what_others_write_around_its_lines)
{
	struct text t = { 0 };
	uint8_t bytes[REPORT];

	bytes_make(bytes, sizeof(bytes), 9);
	text_add(&t, "login: snpvmm-report:\nsnpvmm-report snpvmm-report: \n");
	for (size_t n = 0; n < 31; n++) {
		text_add(&t, n % 3 ? "[    1.0] random: crng init done\n" : "\033[1mssnpvmm");
		text_add(&t, n % 5 == 4 ? "snpvmm-report: nonsense snpv" : "");
		lines_add(&t, bytes, sizeof(bytes), n, n + 1);
		if (n % 2) {
			t.size--;
			text_add(&t, "[    2.0] a message without a line of its own\n");
		}
	}
	expect_block(&t, 11, REPORT, 9);
}

Test(report_lines, takes_the_last_block_that_is_whole)
{
	struct text t = { 0 };
	uint8_t bytes[REPORT];

	bytes_make(bytes, sizeof(bytes), 5);
	block_add(&t, 100, 1);
	block_add(&t, REPORT, 2);
	expect_block(&t, 64, REPORT, 2);
	lines_add(&t, bytes, sizeof(bytes), 0, 12); /* is cut ... */
	expect_block(&t, 64, REPORT, 2);
	lines_add(&t, bytes, sizeof(bytes), 13, SIZE_MAX); /* ... and goes on without a line */
	expect_block(&t, 64, REPORT, 2);
	lines_add(&t, bytes, sizeof(bytes), 0, 12);
	block_add(&t, REPORT, 4); /* begins anew */
	expect_block(&t, 64, REPORT, 4);
}

Test(report_lines, says_what_was_wrong)
{
	uint8_t bytes[REPORT], other[REPORT];
	struct text t = { 0 };

	bytes_make(bytes, sizeof(bytes), 5);
	bytes_make(other, sizeof(other), 6);
	expect_none(&t, NULL);
	text_add(&t, "hello\n");
	expect_none(&t, NULL);

	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 20);
	expect_none(&t, "was cut");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 29);
	lines_add(&t, bytes, sizeof(bytes), 30, SIZE_MAX);
	expect_none(&t, "lacks lines");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 5);
	lines_add(&t, bytes, sizeof(bytes), 6, SIZE_MAX);
	expect_none(&t, "lacks lines");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 5);
	lines_add(&t, bytes, sizeof(bytes), 4, SIZE_MAX);
	expect_none(&t, "twice");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 3, SIZE_MAX);
	expect_none(&t, "lacks its beginning");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 30);
	lines_add(&t, other, sizeof(other), 30, SIZE_MAX);
	expect_none(&t, "ends as another one");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 4);
	lines_add(&t, other, sizeof(other), 4, 5);
	lines_add(&t, bytes, sizeof(bytes), 5, SIZE_MAX);
	expect_none(&t, "checksum");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 4);
	t.bytes[t.size - 5] = '!';
	lines_add(&t, bytes, sizeof(bytes), 4, SIZE_MAX);
	expect_none(&t, "damaged");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 4);
	t.size -= 6;
	text_add(&t, "\n");
	lines_add(&t, bytes, sizeof(bytes), 4, SIZE_MAX);
	expect_none(&t, "damaged");
}

/* Sizes that it doesn't have, or only says, and ends that say something else. */
Test(report_lines, refuses_other_begins)
{
	static const char *const begins[] = {
		"begin 0 bytes, crc32 0x00000000",
		"begin 4201 bytes, crc32 0x00000000",
		"begin 18446744073709551617 bytes, crc32 0x00000000",
		"begin -1 bytes, crc32 0x00000000",
		"begin 01 bytes, crc32 0x00000000",
		"begin 1 bytes, crc32 0x0000000",
		"begin 1 bytes, crc32 0x0000000g",
		"begin 1 bytes, crc32 00000000",
		"begin 1 byte, crc32 0x00000000",
		"begin  1 bytes, crc32 0x00000000",
		"begin",
		"Begin 1 bytes, crc32 0xd202ef8d",
	};

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
		struct text t = { 0 };

		text_add(&t, "snpvmm-report: ");
		text_add(&t, begins[i]);
		text_add(&t, "\nsnpvmm-report: 00 AA==\nsnpvmm-report: end 1 bytes, crc32 "
		             "0xd202ef8d\n");
		expect_none(&t, "lacks its beginning");
	}
}

/* A block of the greatest size may not be followed by a line more. */
Test(report_lines, has_no_place_for_more_lines_than_its_size)
{
	uint8_t bytes[FRAME_REPORT_MAX];
	struct text t = { 0 };

	bytes_make(bytes, sizeof(bytes), 1);
	lines_add(&t, bytes, sizeof(bytes), 0, 101);
	text_add(&t, "snpvmm-report: 100 AAAA\n");
	expect_none(&t, "twice");
	t.size = 0;
	lines_add(&t, bytes, sizeof(bytes), 0, 101);
	text_add(&t, "snpvmm-report: 10 AAAA\n");
	expect_none(&t, "twice");
}

/* Bytes at random, of which many are our own words: nothing comes whole, and nothing breaks. */
Test(report_lines, survives_noise)
{
	static const char *const words[] = { "snpvmm-report: ",
		                             "begin ",
		                             "end ",
		                             "1184",
		                             " bytes, crc32 0x",
		                             "00 ",
		                             "01 ",
		                             "AAAA",
		                             "\n",
		                             "\r",
		                             "snp",
		                             "=" };
	struct report_lines *l = report_lines_new();
	uint8_t to[REPORT_LINES_MAX];
	const char *fault;
	unsigned state = 1;

	cr_assert(l);
	for (int i = 0; i < 300000; i++) {
		state = state * 1103515245 + 12345;
		if (state >> 16 & 3) {
			const char *word = words[(state >> 18) % ARRAY_SIZE(words)];

			report_lines_put(l, (const uint8_t *)word, strlen(word));
		} else {
			report_lines_put(l, (const uint8_t[]){ (uint8_t)(state >> 20) }, 1);
		}
	}
	cr_expect_eq(report_lines_take(l, to, &fault), 0);
	report_lines_free(l);
	report_lines_free(NULL);
}
