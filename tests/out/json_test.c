/* SPDX-License-Identifier: MIT */
/* tests/out/json_test.c: what the JSON emitter writes, read back with jansson. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
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

	cr_assert_eq(emit_json(&e, &err), 0, "%s", err.text);
}

TestSuite(json, .init = setup);

/* Ends the emitter; what it wrote, or the end of the test. */
static json_t *finish(void)
{
	struct error err = { 0 };
	json_error_t why;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	json_t *j;

	cr_assert_not_null(f);
	cr_assert_eq(e.finish(e.self, f, &err), 0, "%s", err.text);
	fclose(f);
	cr_expect_eq(text[size - 1], '\n', "no newline at the end");
	j = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	cr_assert(j, "%s: %s", why.text, text);
	free(text);
	return j;
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

static const char *string_of(json_t *in, const char *key)
{
	return json_string_value(json_object_get(in, key));
}

Test(json, a_map_comes_back_with_all_its_kinds_of_value)
{
	auto_json json_t *j = NULL;

	e.map(e.self, NULL);
	e.text(e.self, "text", "b\xc3\xbc\"\\\n\x01");
	e.number(e.self, "number", 4096);
	e.bytes(e.self, "bytes", (const uint8_t *)"\x00\xab\xff", 3);
	e.bytes(e.self, "none", NULL, 0);
	e.text(e.self, "empty", "");
	e.boolean(e.self, "yes", true);
	e.boolean(e.self, "no", false);
	e.end(e.self);
	j = finish();
	cr_expect_eq(json_object_size(j), 7);
	cr_expect(json_is_true(json_object_get(j, "yes")));
	cr_expect(json_is_false(json_object_get(j, "no")));
	cr_expect_str_eq(string_of(j, "text"), "b\xc3\xbc\"\\\n\x01");
	cr_expect_eq(json_integer_value(json_object_get(j, "number")), 4096);
	cr_expect_str_eq(string_of(j, "bytes"), "00abff");
	cr_expect_str_eq(string_of(j, "none"), "");
	cr_expect_str_eq(string_of(j, "empty"), "");
}

Test(json, maps_and_lists_nest_and_keep_their_order)
{
	auto_json json_t *j = NULL;
	json_t *list;

	e.list(e.self, NULL);
	e.number(e.self, NULL, 1);
	e.map(e.self, NULL);
	e.list(e.self, "inner");
	e.text(e.self, NULL, "x");
	e.end(e.self);
	e.number(e.self, "after", 2);
	e.end(e.self);
	e.list(e.self, NULL);
	e.end(e.self);
	e.end(e.self);
	j = finish();
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

	e.map(e.self, NULL);
	e.boolean(e.self, "yes", true);
	e.boolean(e.self, "no", false);
	e.end(e.self);
	j = finish();
	cr_expect(json_is_true(json_object_get(j, "yes")));
	cr_expect(json_is_false(json_object_get(j, "no")));
}

Test(json, a_single_value_needs_no_map)
{
	auto_json json_t *j = NULL;

	e.number(e.self, NULL, 7);
	j = finish();
	cr_expect_eq(json_integer_value(j), 7);
}

Test(json, the_largest_number_is_whole_and_a_larger_one_refused)
{
	auto_json json_t *j = NULL;

	e.number(e.self, NULL, INT64_MAX);
	j = finish();
	cr_expect_eq(json_integer_value(j), INT64_MAX);
	setup();
	e.number(e.self, NULL, (uint64_t)INT64_MAX + 1);
	check_fails();
}

Test(json, as_deep_as_it_goes_is_whole_and_one_deeper_refused)
{
	for (int deep = DEPTH; deep <= DEPTH + 1; deep++) {
		for (int i = 0; i < deep; i++)
			e.list(e.self, NULL);
		for (int i = 0; i < deep; i++)
			e.end(e.self);
		if (deep == DEPTH)
			json_decref(finish());
		else
			check_fails();
		setup();
	}
	e.number(e.self, NULL, 1);
	json_decref(finish());
}

Test(json, nothing_at_all_fails_at_the_end)
{
	check_fails();
}

Test(json, a_map_left_open_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.number(e.self, "a", 1);
	check_fails();
}

Test(json, an_end_too_many_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.end(e.self);
	e.end(e.self);
	check_fails();
}

Test(json, a_second_outermost_value_fails_at_the_end)
{
	e.number(e.self, NULL, 1);
	e.map(e.self, NULL);
	e.end(e.self);
	check_fails();
}

Test(json, a_map_entry_without_a_key_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.number(e.self, NULL, 1);
	e.end(e.self);
	check_fails();
}

Test(json, text_that_is_not_utf_8_fails_at_the_end_and_says_so)
{
	struct error err = { 0 };
	FILE *f = tmpfile();

	e.text(e.self, NULL, "caf\xe9");
	cr_assert_not_null(f);
	cr_expect_lt(e.finish(e.self, f, &err), 0);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	cr_expect(strstr(err.why, "UTF-8"));
	fclose(f);
}

Test(json, a_failure_stays_whatever_comes_after_it)
{
	e.map(e.self, NULL);
	e.text(e.self, "bad", "\xff");
	e.text(e.self, "good", "x");
	e.list(e.self, "list");
	e.end(e.self);
	e.end(e.self);
	check_fails();
}

Test(json, a_full_disk_is_told)
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
