/* SPDX-License-Identifier: MIT */
/* tests/out/json_test.c: what a tree is in JSON, read back with jansson. */
#include "tests/make/printed.h"

static struct tree *t;

static void setup(void)
{
	t = tree_new();
}

TestSuite(json, .init = setup);

static const char *string_of(json_t *in, const char *key)
{
	return json_string_value(json_object_get(in, key));
}

Test(json, a_map_comes_back_with_all_its_kinds_of_value)
{
	auto_json json_t *j = NULL;

	tree_map(t, NULL);
	tree_text(t, "text", "b\xc3\xbc\"\\\n\x01");
	tree_number(t, "number", 4096);
	tree_bytes(t, "bytes", (const uint8_t *)"\x00\xab\xff", 3);
	tree_bytes(t, "none", NULL, 0);
	tree_text(t, "empty", "");
	tree_boolean(t, "yes", true);
	tree_boolean(t, "no", false);
	tree_end(t);
	j = printed_json(t);
	cr_expect_eq(json_object_size(j), 7);
	cr_expect(json_is_true(json_object_get(j, "yes")));
	cr_expect(json_is_false(json_object_get(j, "no")));
	cr_expect_str_eq(string_of(j, "text"), "b\xc3\xbc\"\\ \ufffd");
	cr_expect_eq(json_integer_value(json_object_get(j, "number")), 4096);
	cr_expect_str_eq(string_of(j, "bytes"), "00abff");
	cr_expect_str_eq(string_of(j, "none"), "");
	cr_expect_str_eq(string_of(j, "empty"), "");
}

Test(json, maps_and_lists_nest_and_keep_their_order)
{
	auto_json json_t *j = NULL;
	json_t *list;

	tree_list(t, NULL);
	tree_number(t, NULL, 1);
	tree_map(t, NULL);
	tree_list(t, "inner");
	tree_text(t, NULL, "x");
	tree_end(t);
	tree_number(t, "after", 2);
	tree_end(t);
	tree_list(t, NULL);
	tree_end(t);
	tree_end(t);
	j = printed_json(t);
	cr_assert_eq(json_array_size(j), 3);
	cr_expect_eq(json_integer_value(json_array_get(j, 0)), 1);
	list = json_object_get(json_array_get(j, 1), "inner");
	cr_expect_str_eq(json_string_value(json_array_get(list, 0)), "x");
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(j, 1), "after")), 2);
	cr_expect_eq(json_array_size(json_array_get(j, 2)), 0);
	cr_expect(json_is_array(json_array_get(j, 2)));
}

Test(json, what_is_true_or_false_is_no_number)
{
	auto_json json_t *j = NULL;

	tree_map(t, NULL);
	tree_boolean(t, "yes", true);
	tree_boolean(t, "no", false);
	tree_end(t);
	j = printed_json(t);
	cr_expect(json_is_true(json_object_get(j, "yes")));
	cr_expect(json_is_false(json_object_get(j, "no")));
}

Test(json, a_single_value_needs_no_map)
{
	auto_json json_t *j = NULL;

	tree_number(t, NULL, 7);
	j = printed_json(t);
	cr_expect_eq(json_integer_value(j), 7);
}

Test(json, the_largest_number_is_whole_and_a_larger_one_refused)
{
	auto_json json_t *j = NULL;

	tree_number(t, NULL, INT64_MAX);
	j = printed_json(t);
	cr_expect_eq(json_integer_value(j), INT64_MAX);
	setup();
	tree_number(t, NULL, (uint64_t)INT64_MAX + 1);
	printed_fails(t, tree_print_json, "above 2^63 - 1");
}
