/* SPDX-License-Identifier: MIT */
/* tests/out/text_test.c: what people get to read, character by character. */
#include "tests/make/printed.h"

static struct tree *t;

static void setup(void)
{
	t = tree_new();
}

TestSuite(text, .init = setup);

/* Prints the tree and begins another. */
static void check_text(const char *want)
{
	printed_is(t, tree_print_text, want);
	setup();
}

Test(text, a_map_is_a_line_a_key_with_its_values_aligned)
{
	tree_map(t, NULL);
	tree_text(t, "text", "some words");
	tree_number(t, "number", UINT64_MAX);
	tree_bytes(t, "bytes", (const uint8_t *)"\x00\xab\xff", 3);
	tree_boolean(t, "there", true);
	tree_boolean(t, "elsewhere", false);
	tree_end(t);
	check_text("text:      some words\n"
	           "number:    18446744073709551615\n"
	           "bytes:     00abff\n"
	           "there:     yes\n"
	           "elsewhere: no\n");
}

Test(text, the_outermost_key_is_a_heading)
{
	tree_map(t, "file");
	tree_number(t, "a", 1);
	tree_end(t);
	check_text("file:\n"
	           "  a: 1\n");
}

Test(text, values_alone_stand_in_a_line)
{
	tree_map(t, NULL);
	tree_list(t, "flags");
	tree_text(t, NULL, "one");
	tree_text(t, NULL, "two");
	tree_end(t);
	tree_list(t, "nothing");
	tree_end(t);
	tree_map(t, "version");
	tree_number(t, "major", 1);
	tree_number(t, "minor", 55);
	tree_end(t);
	tree_end(t);
	check_text("flags:   one, two\n"
	           "nothing: none\n"
	           "version: major 1, minor 55\n");
}

Test(text, a_map_too_long_for_a_line_or_with_more_inside_is_indented)
{
	static const uint8_t bytes[48];

	tree_map(t, NULL);
	tree_number(t, "n", 1);
	tree_map(t, "long");
	tree_bytes(t, "digest", bytes, sizeof(bytes));
	tree_number(t, "n", 2);
	tree_end(t);
	tree_map(t, "policy");
	tree_text(t, "value", "0x30000");
	tree_list(t, "bits");
	tree_text(t, NULL, "smt");
	tree_end(t);
	tree_end(t);
	tree_end(t);
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
	tree_map(t, NULL);
	tree_list(t, "sections");
	for (int i = 0; i < 2; i++) {
		tree_map(t, NULL);
		tree_text(t, "gpa", i ? "0x800000" : "0x9");
		tree_number(t, "type", 3);
		tree_text(t, "name", i ? "sec mem" : "cpuid");
		tree_end(t);
	}
	tree_end(t);
	tree_end(t);
	check_text("sections:\n"
	           "  gpa       type  name\n"
	           "  0x9       3     cpuid\n"
	           "  0x800000  3     sec mem\n");
}

Test(text, maps_of_a_list_that_differ_have_dashes)
{
	tree_list(t, NULL);
	tree_map(t, NULL);
	tree_number(t, "a", 1);
	tree_end(t);
	tree_map(t, NULL);
	tree_number(t, "b", 2);
	tree_end(t);
	tree_text(t, NULL, "word");
	tree_map(t, NULL);
	tree_list(t, "c");
	tree_list(t, NULL);
	tree_end(t);
	tree_end(t);
	tree_end(t);
	tree_end(t);
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
		tree_list(t, NULL);
		for (int i = 0; i < 2; i++) {
			tree_map(t, NULL);
			tree_number(t, "a", 1);
			if (i != missing)
				tree_number(t, "b", 2);
			tree_end(t);
		}
		tree_end(t);
		check_text(missing ? "- a 1, b 2\n- a 1\n" : "- a 1\n- a 1, b 2\n");
	}
}

Test(text, seventeen_columns_are_no_table)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i",
		                            "j", "k", "l", "m", "n", "o", "p", "q" };

	for (size_t n = 16; n <= 17; n++) {
		tree_list(t, NULL);
		tree_map(t, NULL);
		for (size_t i = 0; i < n; i++)
			tree_number(t, keys[i], 1);
		tree_end(t);
		tree_end(t);
		check_text(
			n == 16 ? "a  b  c  d  e  f  g  h  i  j  k  l  m  n  o  p\n"
				  "1  1  1  1  1  1  1  1  1  1  1  1  1  1  1  1\n"
				: "- a 1, b 1, c 1, d 1, e 1, f 1, g 1, h 1, i 1, j 1, k 1, l 1, "
				  "m 1, n 1, o 1, p 1, q 1\n");
	}
}

Test(text, a_single_value_and_an_empty_map_need_no_more_than_a_line)
{
	tree_text(t, NULL, "alone");
	check_text("alone\n");
	tree_map(t, NULL);
	tree_end(t);
	check_text("none\n");
}

Test(text, what_could_move_a_cursor_is_replaced)
{
	tree_map(t, "f\033[2J");
	tree_text(t, "b\xc3\xbc\n", "\t\x01 ~\x7f\\");
	tree_end(t);
	check_text("f\ufffd[2J:\n"
	           "  b\xc3\xbc :  \ufffd ~\ufffd\\\n");
}
