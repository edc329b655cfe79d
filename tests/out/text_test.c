/* SPDX-License-Identifier: MIT */
/* tests/out/text_test.c: what people get to read, character by character. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/out/emit.h"
#include "tests/make/vectors.h"

enum { DEPTH = 8 };

static struct emitter e;

static void setup(void)
{
	struct error err = { 0 };

	cr_assert_eq(emit_text(&e, &err), 0, "%s", err.text);
}

TestSuite(text, .init = setup);

static void check_text(const char *want)
{
	struct error err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	cr_assert_not_null(f);
	cr_assert_eq(e.finish(e.self, f, &err), 0, "%s", err.text);
	fclose(f);
	cr_expect_str_eq(text, want, "it is\n%sinstead of\n%s", text, want);
	free(text);
}

static void check_fails(void)
{
	struct error err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	cr_assert_not_null(f);
	cr_expect_lt(e.finish(e.self, f, &err), 0);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	cr_expect_str_not_empty(err.text);
	fclose(f);
	cr_expect_eq(size, 0, "wrote '%s' before it failed", text);
	free(text);
}

Test(text, a_map_is_a_line_a_key_with_its_values_aligned)
{
	e.map(e.self, NULL);
	e.text(e.self, "text", "some words");
	e.number(e.self, "number", UINT64_MAX);
	e.bytes(e.self, "bytes", (const uint8_t *)"\x00\xab\xff", 3);
	e.boolean(e.self, "there", true);
	e.boolean(e.self, "elsewhere", false);
	e.end(e.self);
	check_text("text:      some words\n"
	           "number:    18446744073709551615\n"
	           "bytes:     00abff\n"
	           "there:     yes\n"
	           "elsewhere: no\n");
}

Test(text, the_outermost_key_is_a_heading)
{
	e.map(e.self, "file");
	e.number(e.self, "a", 1);
	e.end(e.self);
	check_text("file:\n"
	           "  a: 1\n");
}

Test(text, values_alone_stand_in_a_line)
{
	e.map(e.self, NULL);
	e.list(e.self, "flags");
	e.text(e.self, NULL, "one");
	e.text(e.self, NULL, "two");
	e.end(e.self);
	e.list(e.self, "nothing");
	e.end(e.self);
	e.map(e.self, "version");
	e.number(e.self, "major", 1);
	e.number(e.self, "minor", 55);
	e.end(e.self);
	e.end(e.self);
	check_text("flags:   one, two\n"
	           "nothing: none\n"
	           "version: major 1, minor 55\n");
}

Test(text, a_map_too_long_for_a_line_or_with_more_inside_is_indented)
{
	static const uint8_t bytes[48];

	e.map(e.self, NULL);
	e.number(e.self, "n", 1);
	e.map(e.self, "long");
	e.bytes(e.self, "digest", bytes, sizeof(bytes));
	e.number(e.self, "n", 2);
	e.end(e.self);
	e.map(e.self, "policy");
	e.text(e.self, "value", "0x30000");
	e.list(e.self, "bits");
	e.text(e.self, NULL, "smt");
	e.end(e.self);
	e.end(e.self);
	e.end(e.self);
	check_text("n: 1\n"
	           "long:\n"
	           "  digest: "
	           "00000000000000000000000000000000000000000000000000000000000000000000000000"
	           "0000000000000000000000\n"
	           "  n:      2\n"
	           "policy:\n"
	           "  value: 0x30000\n"
	           "  bits:  smt\n");
}

Test(text, like_maps_of_a_list_are_a_table)
{
	e.map(e.self, NULL);
	e.list(e.self, "sections");
	for (int i = 0; i < 2; i++) {
		e.map(e.self, NULL);
		e.text(e.self, "gpa", i ? "0x800000" : "0x9");
		e.number(e.self, "type", 3);
		e.text(e.self, "name", i ? "sec mem" : "cpuid");
		e.end(e.self);
	}
	e.end(e.self);
	e.end(e.self);
	check_text("sections:\n"
	           "  gpa       type  name\n"
	           "  0x9       3     cpuid\n"
	           "  0x800000  3     sec mem\n");
}

Test(text, maps_of_a_list_that_differ_have_dashes)
{
	e.list(e.self, NULL);
	e.map(e.self, NULL);
	e.number(e.self, "a", 1);
	e.end(e.self);
	e.map(e.self, NULL);
	e.number(e.self, "b", 2);
	e.end(e.self);
	e.text(e.self, NULL, "word");
	e.map(e.self, NULL);
	e.list(e.self, "c");
	e.list(e.self, NULL);
	e.end(e.self);
	e.end(e.self);
	e.end(e.self);
	e.end(e.self);
	check_text("- a 1\n"
	           "- b 2\n"
	           "- word\n"
	           "-\n"
	           "  c:\n"
	           "    - none\n");
}

Test(text, a_row_that_lacks_a_key_makes_no_table)
{
	for (int missing = 0; missing < 2; missing++) {
		e.list(e.self, NULL);
		for (int i = 0; i < 2; i++) {
			e.map(e.self, NULL);
			e.number(e.self, "a", 1);
			if (i != missing)
				e.number(e.self, "b", 2);
			e.end(e.self);
		}
		e.end(e.self);
		check_text(missing ? "- a 1, b 2\n- a 1\n" : "- a 1\n- a 1, b 2\n");
		setup();
	}
	e.number(e.self, NULL, 1);
	check_text("1\n");
}

Test(text, seventeen_columns_are_no_table)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i",
		                            "j", "k", "l", "m", "n", "o", "p", "q" };

	for (size_t n = 16; n <= 17; n++) {
		e.list(e.self, NULL);
		e.map(e.self, NULL);
		for (size_t i = 0; i < n; i++)
			e.number(e.self, keys[i], 1);
		e.end(e.self);
		e.end(e.self);
		check_text(
			n == 16 ? "a  b  c  d  e  f  g  h  i  j  k  l  m  n  o  p\n"
				  "1  1  1  1  1  1  1  1  1  1  1  1  1  1  1  1\n"
				: "- a 1, b 1, c 1, d 1, e 1, f 1, g 1, h 1, i 1, j 1, k 1, l 1, "
				  "m 1, n 1, o 1, p 1, q 1\n");
		setup();
	}
	e.number(e.self, NULL, 1);
	check_text("1\n");
}

Test(text, a_single_value_and_an_empty_map_need_no_more_than_a_line)
{
	e.text(e.self, NULL, "alone");
	check_text("alone\n");
	setup();
	e.map(e.self, NULL);
	e.end(e.self);
	check_text("none\n");
}

Test(text, what_could_move_a_cursor_is_shown_as_hex)
{
	e.map(e.self, "f\033[2J");
	e.text(e.self, "b\xc3\xbc\n", "\t\x01 ~\x7f\\");
	e.end(e.self);
	check_text("f\\x1b[2J:\n"
	           "  b\xc3\xbc\\x0a: \\x09\\x01 ~\\x7f\\\n");
}

static const char *some_name(unsigned bit)
{
	return bit == 0 ? "first" : bit == 3 ? "fourth" : NULL;
}

Test(text, numbers_are_hex_where_asked_and_bits_have_names_or_numbers)
{
	e.map(e.self, NULL);
	emit_hex(&e, "value", 0x1f);
	emit_hex(&e, "most", UINT64_MAX);
	emit_bits(&e, "set", (uint64_t)1 << 63 | 0xb, some_name);
	emit_bits(&e, "clear", 0, some_name);
	e.end(e.self);
	check_text("value: 0x1f\n"
	           "most:  0xffffffffffffffff\n"
	           "set:   first, bit 1, fourth, bit 63\n"
	           "clear: none\n");
}

Test(text, as_deep_as_json_goes_is_whole_and_one_deeper_refused)
{
	for (int deep = DEPTH; deep <= DEPTH + 1; deep++) {
		for (int i = 0; i < deep; i++)
			e.list(e.self, NULL);
		for (int i = 0; i < deep; i++)
			e.end(e.self);
		if (deep == DEPTH)
			check_text("-\n  -\n    -\n      -\n        -\n          -\n            - "
			           "none\n");
		else
			check_fails();
		setup();
	}
	e.number(e.self, NULL, 1);
	check_text("1\n");
}

Test(text, nothing_at_all_fails_at_the_end)
{
	check_fails();
}

Test(text, a_map_left_open_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.number(e.self, "a", 1);
	check_fails();
}

Test(text, an_end_too_many_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.end(e.self);
	e.end(e.self);
	check_fails();
}

Test(text, a_second_outermost_value_fails_at_the_end)
{
	e.number(e.self, NULL, 1);
	e.map(e.self, NULL);
	e.end(e.self);
	check_fails();
}

Test(text, a_map_entry_without_a_key_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.number(e.self, NULL, 1);
	e.end(e.self);
	check_fails();
}

Test(text, a_full_disk_is_told)
{
	struct error err = { 0 };
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		SKIP_ALOUD("no /dev/full");
	setvbuf(full, NULL, _IONBF, 0);
	e.number(e.self, NULL, 1);
	cr_expect_eq(e.finish(e.self, full, &err), -ENOSPC);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	fclose(full);
}
