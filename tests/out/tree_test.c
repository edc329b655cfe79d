/* SPDX-License-Identifier: MIT */
/*
 * tests/out/tree_test.c: what makes a tree fail, whatever the format, and what is kept of what it
 * was given.
 */
#include "core/out/tree.h"

#include "core/base/array.h"
#include "core/base/file.h"
#include "tests/make/printed.h"

enum { DEPTH = 8 };

static const struct {
	tree_print *print;
	const char *deepest; /* DEPTH lists in each other */
} formats[] = {
	{ tree_print_text, "-\n  -\n    -\n      -\n        -\n          -\n            - none\n" },
	{ tree_print_json, "[\n  [\n    [\n      [\n        [\n          [\n            [\n"
	                   "              []\n            ]\n          ]\n        ]\n      ]\n"
	                   "    ]\n  ]\n]\n" },
	{ tree_print_cbor, "\x81\x81\x81\x81\x81\x81\x81\x80" },
};

/* As many lists in each other; the tree is the caller's. */
static struct tree *lists(int deep)
{
	struct tree *t = tree_new();

	for (int i = 0; i < deep; i++)
		tree_list(t, NULL);
	for (int i = 0; i < deep; i++)
		tree_end(t);
	return t;
}

Test(tree, eight_deep_is_whole_and_one_deeper_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		printed_is(lists(DEPTH), formats[i].print, formats[i].deepest);
		printed_fails(lists(DEPTH + 1), formats[i].print, "nested too deep");
	}
}

static void nothing(struct tree *t)
{
	(void)t;
}

static void map_left_open(struct tree *t)
{
	tree_map(t, NULL);
	tree_number(t, "a", 1);
}

static void end_too_many(struct tree *t)
{
	tree_map(t, NULL);
	tree_end(t);
	tree_end(t);
}

static void second_outermost_value(struct tree *t)
{
	tree_number(t, NULL, 1);
	tree_number(t, NULL, 2);
}

static void second_outermost_map(struct tree *t)
{
	tree_number(t, NULL, 1);
	tree_map(t, NULL);
	tree_end(t);
}

static void entry_without_a_key(struct tree *t)
{
	tree_map(t, NULL);
	tree_number(t, NULL, 1);
	tree_end(t);
}

static void key_twice(struct tree *t)
{
	tree_map(t, NULL);
	tree_number(t, "a", 1);
	tree_number(t, "b", 2);
	tree_text(t, "a", "x");
	tree_end(t);
}

static void much_after_a_failure(struct tree *t)
{
	for (int i = 0; i < 2 * DEPTH; i++)
		tree_map(t, i ? "deeper" : NULL);
	tree_text(t, "text", "x");
	tree_bytes(t, "bytes", (const uint8_t *)"x", 1);
	for (int i = 0; i < 2 * DEPTH; i++)
		tree_end(t);
}

Test(tree, a_failure_is_told_when_it_is_printed)
{
	static void (*const builds[])(struct tree * t) = {
		nothing,
		map_left_open,
		end_too_many,
		second_outermost_value,
		second_outermost_map,
		entry_without_a_key,
		key_twice,
		much_after_a_failure,
	};

	for (size_t b = 0; b < ARRAY_SIZE(builds); b++)
		for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
			struct tree *t = tree_new();

			builds[b](t);
			cr_expect_eq(tree_empty(t), b == 0);
			printed_fails(t, formats[i].print, "");
		}
}

Test(tree, none_for_lack_of_memory_fails_like_any_other)
{
	tree_map(NULL, NULL);
	tree_hex(NULL, "a", 1);
	tree_end(NULL);
	cr_expect_not(tree_empty(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		printed_fails(NULL, formats[i].print, "memory");
}

/* JSON and CBOR have texts of UTF-8 alone, and people have terminals. */
Test(tree, texts_and_keys_are_clean_in_every_form)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct tree *t = tree_new();
		auto_free char *text = NULL;
		struct error err = { 0 };
		size_t size;
		FILE *to = open_memstream(&text, &size);

		tree_map(t, NULL);
		tree_map(t, "caf\xe9\x1b[2J");
		tree_text(t, "a", "caf\xe9 ##[error]\u202e");
		tree_end(t);
		tree_end(t);
		cr_assert_eq(formats[i].print(t, to, &err), 0, "%s", err.text);
		fclose(to);
		cr_expect_not_null(memmem(text, size, "caf\ufffd\ufffd[2J", 12), "%s", text);
		cr_expect_not_null(memmem(text, size, "caf\ufffd ## [error]<U+202E>", 25), "%s",
		                   text);
		tree_free(t);
	}
}

Test(tree, what_it_was_given_may_change_afterwards)
{
	struct tree *t = tree_new();
	char key[] = "key", text[] = "text";
	uint8_t bytes[] = { 1, 2 };

	tree_map(t, NULL);
	tree_text(t, key, text);
	tree_bytes(t, "bytes", bytes, sizeof(bytes));
	tree_end(t);
	key[0] = text[0] = 'x';
	bytes[0] = 9;
	printed_is(t, tree_print_text, "key:   text\nbytes: 0102\n");
}

Test(tree, it_can_be_printed_more_than_once)
{
	auto_tree struct tree *t = tree_new();
	struct error err;

	tree_number(t, NULL, 7);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char text[8] = "";
		FILE *f = fmemopen(text, sizeof(text), "w");

		cr_assert_not_null(f);
		cr_expect_eq(formats[i].print(t, f, &err), 0);
		fclose(f);
		cr_expect_str_eq(text, formats[i].print == tree_print_cbor ? "\x07" : "7\n");
	}
}

Test(tree, a_full_disk_is_told)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct error err = { 0 };
		auto_tree struct tree *t = tree_new();
		FILE *full = fopen("/dev/full", "w");

		if (!full)
			SKIP_ALOUD("no /dev/full");
		setvbuf(full, NULL, _IONBF, 0);
		tree_number(t, NULL, 1);
		cr_expect_eq(formats[i].print(t, full, &err), -ENOSPC);
		cr_expect_eq(err.kind, ERROR_OUTPUT);
		fclose(full);
	}
}

static const char *some_name(unsigned bit)
{
	return bit == 0 ? "first" : bit == 3 ? "fourth" : NULL;
}

Test(tree, numbers_are_hex_where_asked_and_bits_have_names_or_numbers)
{
	struct tree *t = tree_new();

	tree_map(t, NULL);
	tree_hex(t, "value", 0x1f);
	tree_hex(t, "most", UINT64_MAX);
	tree_bits(t, "set", (uint64_t)1 << 63 | 0xb, some_name);
	tree_bits(t, "clear", 0, some_name);
	tree_end(t);
	printed_is(t, tree_print_text,
	           "value: 0x1f\n"
	           "most:  0xffffffffffffffff\n"
	           "set:   first, bit 1, fourth, bit 63\n"
	           "clear: none\n");
}
