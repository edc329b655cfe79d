/* SPDX-License-Identifier: MIT */
/*
 * tests/base/text_test.c: what is left of bytes once they are clean. What is UTF-8 and what is not
 * is held against a table made by encoding every code point, so that no decoder is compared with
 * itself.
 */
#include "core/base/text.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

#define BAD "\xef\xbf\xbd"

Test(text, is_folded_under_itself)
{
	static const struct {
		const char *text;
		unsigned width;
		const char *folded;
	} rows[] = {
		{ "", 40, "  why: \n" },
		{ "one", 0, "  why: one\n" },
		{ "as long as the line is, exactly!", 39,
		  "  why: as long as the line is, exactly!\n" },
		{ "as long as the line is, exactly!!", 39,
		  "  why: as long as the line is,\n       exactly!!\n" },
		{ "a-word-that-is-longer-than-the-line-is then more", 30,
		  "  why: a-word-that-is-longer-than-the-line-is\n       then more\n" },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc are one column each, all three", 40,
		  "  why: \xc3\xa4\xc3\xb6\xc3\xbc are one column each, all\n       three\n" },
		{ "in a terminal that is too narrow for it it stays one line", 26,
		  "  why: in a terminal that is too narrow for it it stays one line\n" },
		{ "without a terminal too, however long it is, so that scripts find it", 0,
		  "  why: without a terminal too, however long it is, so that scripts find it\n" },
	};
	char to[200];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = text_fold(to, sizeof(to), "  why: ", rows[i].text, rows[i].width);

		cr_expect_str_eq(to, rows[i].folded, "row %zu: %s", i, to);
		cr_expect_eq(n, strlen(to));
	}
}

Test(text, what_is_folded_keeps_to_its_room)
{
	for (size_t cap = 1; cap < 60; cap++) {
		char to[64];

		memset(to, 'x', sizeof(to));
		text_fold(to, cap, "  fix: ", "words and words and words and words", 30);
		cr_expect_not_null(memchr(to, '\0', cap), "room %zu", cap);
		cr_expect_eq(to[cap], 'x', "room %zu", cap);
	}
}

/* By RFC 3629, section 3; the bytes. */
static size_t encode(uint32_t c, uint8_t to[4])
{
	static const uint8_t marks[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		to[i] = (uint8_t)(0x80 | (c & 0x3f));
	to[0] = (uint8_t)(marks[n] | c);
	return n;
}

static bool surrogate(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

static bool unfit(uint32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0xfffe ||
	       c == 0xffff;
}

/*
 * The format characters (Cf) that hide or turn, chapter 23 of the Unicode Standard, and what is
 * reserved for such.
 */
static bool hidden(uint32_t c)
{
	switch (c) {
	case 0xad:   /* SOFT HYPHEN */
	case 0x61c:  /* ARABIC LETTER MARK */
	case 0x180e: /* MONGOLIAN VOWEL SEPARATOR */
	case 0xfeff: /* ZERO WIDTH NO-BREAK SPACE */
		return true;
	default:
		return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
		       (c >= 0x2060 && c <= 0x206f) || (c >= 0xfff9 && c <= 0xfffb) ||
		       (c >= 0xe0000 && c <= 0xe007f);
	}
}

/*
 * What each run of up to three bytes is: the beginning of some character, and which it is if it is
 * whole.
 */
static uint8_t *begins[4]; /* by size; 1: begins one, 2: is one */
static uint32_t *points[4];

static void setup(void)
{
	for (size_t n = 1; n <= 3; n++) {
		begins[n] = calloc((size_t)1 << (8 * n), 1);
		points[n] = calloc((size_t)1 << (8 * n), sizeof(uint32_t));
		cr_assert(begins[n] && points[n]);
	}
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t b[4];
		size_t size = encode(c, b), at = 0;

		for (size_t n = 1; n <= 3 && n <= size && !surrogate(c); n++) {
			at = at << 8 | b[n - 1];
			begins[n][at] = n == size ? 2 : 1;
			points[n][at] = c;
		}
	}
}

static void teardown(void)
{
	for (size_t n = 1; n <= 3; n++) {
		free(begins[n]);
		free(points[n]);
	}
}

TestSuite(text_utf8, .init = setup, .fini = teardown);

/* What up to three bytes must become with lines kept. */
static size_t expected(const uint8_t *from, size_t size, char *to)
{
	size_t length = 0;

	for (size_t n; size; from += n, size -= n) {
		size_t at = 0, longest = 0, whole = 0;
		uint32_t c = 0;

		for (size_t i = 1; i <= size; i++) {
			at = at << 8 | from[i - 1];
			if (!begins[i][at])
				break;
			longest = i;
			if (begins[i][at] == 2) {
				whole = i;
				c = points[i][at];
				break;
			}
		}
		n = longest ? longest : 1;
		if (whole && c == '\r' && size > 1 && from[1] == '\n')
			continue;
		if (whole && hidden(c)) {
			length += (size_t)sprintf(to + length, "<U+%04X>", c);
		} else if (whole && !unfit(c)) {
			if (length == 1 && to[0] == ':' && c == ':')
				to[length++] = ' ';
			memcpy(to + length, from, n);
			length += n;
		} else {
			memcpy(to + length, BAD, 3);
			length += 3;
		}
	}
	to[length] = '\0';
	return length;
}

static void check_bytes(const uint8_t *from, size_t size)
{
	char have[16], want[16];
	size_t n = expected(from, size, want), m = text_clean(have, sizeof(have), from, size, 1);

	if (m != n || memcmp(have, want, n + 1) != 0)
		cr_assert_fail("%zu bytes %02x %02x %02x become '%s', not '%s'", size, from[0],
		               size > 1 ? from[1] : 0, size > 2 ? from[2] : 0, have, want);
}

Test(text_utf8, every_byte_and_every_pair_of_bytes)
{
	uint8_t b[2];

	for (unsigned i = 0; i < 0x10000; i++) {
		b[0] = (uint8_t)(i >> 8);
		b[1] = (uint8_t)i;
		check_bytes(b, 2);
		if (b[1] == 0)
			check_bytes(b, 1);
	}
}

/* With other first bytes the first one or two stand for themselves. */
Test(text_utf8, every_three_bytes_whose_first_announces_three_or_more)
{
	uint8_t b[3];

	for (unsigned i = 0xe00000; i <= 0xffffff; i++) {
		b[0] = (uint8_t)(i >> 16);
		b[1] = (uint8_t)(i >> 8);
		b[2] = (uint8_t)i;
		check_bytes(b, 3);
	}
}

Test(text_utf8, every_code_point_stays_or_is_replaced_as_a_whole)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t from[4];
		char have[16];
		size_t size = encode(c, from), n = text_clean(have, sizeof(have), from, size, 1);

		if (surrogate(
			    /* ED is no beginning of ED A0, and A0 and 80 are none of anything */
			    c))
			cr_assert(n == 9 && !memcmp(have, BAD BAD BAD, 10), "U+%04X", c);
		else if (unfit(c))
			cr_assert(n == 3 && !memcmp(have, BAD, 4), "U+%04X", c);
		else if (hidden(c))
			cr_assert(n >= 8 && have[0] == '<' && strtoul(have + 3, NULL, 16) == c,
			          "U+%04X", c);
		else
			cr_assert(n == size && !memcmp(have, from, n) && !have[n], "U+%04X", c);
	}
}

#define ROW(from, want)                                                                            \
	{                                                                                          \
		from, sizeof(from) - 1, want                                                       \
	}

struct row {
	const char *from;
	size_t size;
	const char *want;
};

static void check_rows(const struct row *rows, size_t n, int lines)
{
	for (size_t i = 0; i < n; i++) {
		char have[64];
		size_t length = text_clean(have, sizeof(have), rows[i].from, rows[i].size, lines);

		cr_expect_str_eq(have, rows[i].want, "row %zu", i);
		cr_expect_eq(length, strlen(rows[i].want), "row %zu", i);
	}
}

/* The Unicode Standard, chapter 3.9, tables 3-8 to 3-11, with RFC 3629's limits. */
Test(text, ill_formed_sequences_are_replaced_subpart_by_subpart)
{
	static const struct row rows[] = {
		ROW("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82"
		    "A",
		    BAD BAD BAD BAD BAD BAD BAD BAD "A"),
		ROW("\xed\xa0\x80\xed\xbf\xbf\xed\xaf"
		    "A",
		    BAD BAD BAD BAD BAD BAD BAD BAD "A"),
		ROW("\xf4\x91\x92\x93\xff"
		    "A\x80\xbf"
		    "B",
		    BAD BAD BAD BAD BAD "A" BAD BAD "B"),
		ROW("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
		    "A",
		    BAD BAD BAD BAD "A"),
		ROW("\xf0\x8f\xbf\xbf", BAD BAD BAD BAD),         /* overlong U+FFFF */
		ROW("\xf4\x90\x80\x80", BAD BAD BAD BAD),         /* U+110000 */
		ROW("\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD), /* five bytes */
		ROW("\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd"),      /* U+10FFFD */
		ROW("\xf0\x9f\x98", BAD),                         /* cut at the end */
		ROW("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"),
		ROW("a\xf0\x9f\x98z", "a" BAD "z"),
	};

	check_rows(rows, ARRAY_SIZE(rows), 0);
	check_rows(rows, ARRAY_SIZE(rows), 1);
}

Test(text, is_utf_8_or_not)
{
	static const struct {
		const char *text;
		size_t size;
		bool good;
	} cases[] = {
		{ "", 0, true },
		{ "a\0\033\x7f", 4, true },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, true },
		{ "\xef\xbf\xbf\xc2\x80", 5, true },
		{ "a\xe9", 2, false },
		{ "\xe9"
		  "a",
		  2, false },
		{ "\xe2\x82", 2, false },
		{ "\xc0\x80", 2, false },
		{ "\xed\xa0\x80", 3, false },
		{ "\xf4\x90\x80\x80", 4, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(text_is_utf8(cases[i].text, cases[i].size), cases[i].good, "case %zu",
		             i);
}

Test(text, controls_are_replaced_and_zero_bytes_do_not_end_anything)
{
	static const struct row rows[] = {
		ROW("", ""),
		ROW("a\0b", "a" BAD "b"),
		ROW("\x1b[31mred", BAD "[31mred"),
		ROW("\x7f\xc2\x80\xc2\x9f\xc2\xa0", BAD BAD BAD "\xc2\xa0"),
		ROW("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd", BAD BAD BAD),
		ROW("\r", BAD),
		ROW("a\rb", "a" BAD "b"),
	};

	check_rows(rows, ARRAY_SIZE(rows), 0);
	check_rows(rows, ARRAY_SIZE(rows), 1);
}

Test(text, lines_stay_where_they_may)
{
	static const struct row rows[] = {
		ROW("a\tb\nc\r\nd\n", "a\tb\nc\nd\n"),
		ROW("\r\r\n", BAD "\n"),
		ROW("a\xe2\x80\xa8"
		    "b\xe2\x80\xa9"
		    "c",
		    "a\xe2\x80\xa8"
		    "b\xe2\x80\xa9"
		    "c"),
	};

	check_rows(rows, ARRAY_SIZE(rows), 1);
}

Test(text, else_what_parts_lines_is_one_space)
{
	static const struct row rows[] = {
		ROW("a\tb\nc\r\nd\n", "a b c d "),
		ROW("a\xe2\x80\xa8"
		    "b\xe2\x80\xa9"
		    "c\xe2\x80\xa7",
		    "a b c\xe2\x80\xa7"),
		ROW("\n\n\t", "   "),
	};

	check_rows(rows, ARRAY_SIZE(rows), 0);
}

/*
 * Characters of 1, 2, 3 and 4 bytes and a bad one: of each room, as many as fit, and nothing
 * behind.
 */
Test(text, what_does_not_fit_is_left_out_from_a_whole_character_on)
{
	static const char from[] = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xff"
				   "b";
	static const size_t ends[] = { 0, 1, 3, 6, 10, 13, 14 };
	static const char want[] = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80" BAD "b";

	for (size_t cap = 1; cap <= 20; cap++) {
		char have[32];
		size_t n, fits = 0;

		for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
			fits = ends[i] < cap ? ends[i] : fits;
		memset(have, '#', sizeof(have));
		n = text_clean(have, cap, from, sizeof(from) - 1, 0);
		cr_expect_eq(n, fits, "room %zu", cap);
		cr_expect_arr_eq(have, want, fits, "room %zu", cap);
		cr_expect_eq(have[fits], '\0', "room %zu", cap);
		for (size_t i = fits + 1; i < sizeof(have); i++)
			cr_assert_eq(have[i], '#', "room %zu, byte %zu", cap, i);
	}
}

Test(text, without_room_nothing_is_written)
{
	char have[2] = "#";

	cr_expect_eq(text_clean(have, 0, "abc", 3, 0), 0);
	cr_expect_eq(have[0], '#');
}

Test(text, the_room_it_names_is_enough_for_the_worst)
{
	uint8_t from[100];
	char have[TEXT_CAP(sizeof(from))];

	memset(from, 0xff, sizeof(from));
	cr_expect_eq(text_clean(have, sizeof(have), from, sizeof(from), 0), 3 * sizeof(from));
	for (size_t i = 0; i < sizeof(from); i += 2) /* SOFT HYPHEN */
		memcpy(from + i, "\xc2\xad", 2);
	cr_expect_eq(text_clean(have, sizeof(have), from, sizeof(from), 0), 4 * sizeof(from));
}

/* What GitHub, Azure and TeamCity take for a command, and what they don't. */
static const struct row commands[] = {
	ROW("##[error]x", "## [error]x"),
	ROW("a ##[error]x", "a ## [error]x"),
	ROW("###[x", "### [x"),
	ROW("##vso[task.setvariable]x", "##vso [task.setvariable]x"),
	ROW("##VSO[x", "##VSO [x"),
	ROW("##teamcity[x ##[y", "##teamcity [x ## [y"),
	ROW("# #[x #[ ##x ## [ #a[ ##a#[ ##1[", "# #[x #[ ##x ## [ #a[ ##a#[ ##1["),
	ROW("#\xff#[x", "#" BAD "#[x"),
	ROW("#\xe2\x80\x8b#[x", "#<U+200B>#[x"),
	ROW("::error::x", ": :error::x"),
	ROW("  ::error::x", "  : :error::x"),
	ROW("\xc2\xa0::x", "\xc2\xa0: :x"),
	ROW("\xe3\x80\x80::x", "\xe3\x80\x80: :x"),
	ROW(":::x", ": ::x"),
	ROW("a::b", "a::b"),
	ROW(": :x", ": :x"),
	ROW("\t::x", " : :x"),
};

Test(text, no_ci_system_obeys_what_is_clean)
{
	static const struct row lines[] = {
		ROW("a\n::x\n ::y\r\n\t::z", "a\n: :x\n : :y\n\t: :z"),
		ROW("##\n[x", "##\n[x"),
	};

	check_rows(commands, ARRAY_SIZE(commands), 0);
	check_rows(lines, ARRAY_SIZE(lines), 1);
}

/* Sentences are made of texts that were cleaned before. */
Test(text, cleaning_twice_is_as_good_as_once)
{
	static const char *const parts[] = {
		"#",    "##",           "[",        "vso",  ":", "::",  " ", "\n", "\t",
		"\x1b", "\xe2\x80\xae", "\xc2\xa0", "\xff", "a", "\r\n"
	};
	unsigned random = 1;

	for (int i = 0; i < 100000; i++) {
		char from[64] = "", once[TEXT_CAP(64)], twice[TEXT_CAP(64)];

		for (int n = 0; n < 8; n++) {
			random = random * 1103515245 + 12345;
			strcat(from, parts[(random >> 16) % ARRAY_SIZE(parts)]);
		}
		for (int lines = 0; lines < 2; lines++) {
			text_clean(once, sizeof(once), from, strlen(from), lines);
			text_clean(twice, sizeof(twice), once, strlen(once), lines);
			cr_assert_str_eq(twice, once);
			cr_assert_null(strstr(once, "##["));
			cr_assert_null(strstr(once, "##vso["));
		}
	}
}

Test(text, what_is_cut_says_so)
{
	for (size_t cap = 4; cap < 40; cap++) {
		char to[48];
		size_t n = text_show(to, cap, "one \u00e9\u00e9 \u202e two three");

		cr_expect_eq(n, strlen(to));
		cr_expect_lt(n, cap);
		cr_expect(text_is_utf8(to, n), "room %zu: %s", cap, to);
		cr_expect(cap > 27 || !strcmp(to + n - 3, "..."), "room %zu: %s", cap, to);
	}
}
