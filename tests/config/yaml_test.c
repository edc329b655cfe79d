/* SPDX-License-Identifier: MIT */
/* tests/config/yaml_test.c: what the tree holds, and where what it refuses stands. */
#include "config/yaml.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"

static int parse_bytes(const void *text, size_t size, struct yaml_tree **ret, struct error *err)
{
	return yaml_tree_parse("t.yaml", text, size, ret, NULL, err);
}

static struct yaml_tree *parse(const char *text)
{
	struct yaml_tree *t = NULL;
	struct error err = { 0 };

	cr_assert_eq(parse_bytes(text, strlen(text), &t, &err), 0, "%s: %s", text, err.text);
	return t;
}

struct refusal {
	const char *text;
	enum reason kind;
	unsigned line, column;
	const char *says, *fix;
};

static void refuses(const struct refusal *r)
{
	struct yaml_tree *t = NULL;
	struct error err = { 0 };

	cr_assert_lt(parse_bytes(r->text, strlen(r->text), &t, &err), 0, "accepted: %s", r->text);
	cr_assert_null(t);
	cr_expect_eq(err.kind, r->kind, "'%s': [%s] %s", r->text, reason_name(err.kind), err.text);
	cr_expect_str_eq(err.file, "t.yaml");
	cr_expect(err.line == r->line && err.column == r->column, "'%s': at %u:%u: %s", r->text,
	          err.line, err.column, err.text);
	cr_expect_not_null(strstr(err.text, r->says), "'%s': %s", r->text, err.text);
	if (r->fix)
		cr_expect_not_null(strstr(err.fix, r->fix), "'%s': fix: %s", r->text, err.fix);
}

Test(yaml, keeps_keys_values_and_places_in_file_order)
{
	auto_yaml struct yaml_tree *t = parse("a: 1\nbb:\n  - x\n  - 'y z'\nc: {d: \"\"}\n");
	const struct yaml_tree *a = t->first, *b = a->next, *c = b->next;

	cr_assert_eq(t->kind, YAML_MAP);
	cr_assert_str_eq(a->key, "a");
	cr_assert_str_eq(a->text, "1");
	cr_assert(a->plain && a->key_line == 1 && a->key_column == 1 && a->line == 1);
	cr_assert_eq(a->column, 4);
	cr_assert_eq(b->kind, YAML_LIST);
	cr_assert_eq(b->key_line, 2);
	cr_assert_str_eq(b->first->next->text, "y z");
	cr_assert_not(b->first->next->plain);
	cr_assert(b->first->next->line == 4 && b->first->next->column == 5);
	cr_assert_null(b->first->next->next);
	cr_assert_str_eq(c->first->key, "d");
	cr_assert_str_eq(c->first->text, "");
	cr_assert_null(c->next);
}

Test(yaml, takes_crlf_and_a_byte_order_mark)
{
	auto_yaml struct yaml_tree *t = parse("\xef\xbb\xbf"
	                                      "a: 1\r\nb: 2\r\n");

	cr_assert_eq(t->first->key_column, 1);
	cr_assert_str_eq(t->first->text, "1");
	cr_assert_eq(t->first->next->key_line, 2);
	cr_assert_str_eq(t->first->next->text, "2");
}

Test(yaml, takes_a_document_mark_and_comments)
{
	auto_yaml struct yaml_tree *t = parse("%YAML 1.1\n---\n# here\na: 1 # there\n...\n");

	cr_assert_str_eq(t->first->text, "1");
	cr_assert_eq(t->first->key_line, 4);
}

Test(yaml, counts_columns_in_characters)
{
	static const struct refusal r = {
		"{b\xc3\xbc\xe2\x82\xac: 1, x: &y 2}", ERROR_SYNTAX, 1, 13, "anchors", NULL
	};

	refuses(&r);
}

Test(yaml, refuses_what_is_outside_the_subset)
{
	static const struct refusal cases[] = {
		{ "a: &x 1\n", ERROR_SYNTAX, 1, 4, "anchors", NULL },
		{ "a: &x {b: 1}\n", ERROR_SYNTAX, 1, 4, "anchors", NULL },
		{ "a: &x [b]\n", ERROR_SYNTAX, 1, 4, "anchors", NULL },
		{ "a: 1\nb: *a\n", ERROR_SYNTAX, 2, 4, "aliases", NULL },
		{ "a: !!int 1\n", ERROR_SYNTAX, 1, 4, "tags", NULL },
		{ "a: !x [1]\n", ERROR_SYNTAX, 1, 4, "tags", NULL },
		{ "a: !x {b: 1}\n", ERROR_SYNTAX, 1, 4, "tags", NULL },
		{ "a: ! 1\n", ERROR_SYNTAX, 1, 4, "tags", NULL },
		{ "a:\n  <<: {b: 1}\n", ERROR_SYNTAX, 2, 3, "merge keys", NULL },
		{ "a: 1\n---\nb: 2\n", ERROR_SYNTAX, 2, 1, "further documents", NULL },
		{ "? [a]\n: 1\n", ERROR_SYNTAX, 1, 3, "a key must be a word", NULL },
		{ "{a: 1}: 2\n", ERROR_SYNTAX, 1, 1, "a key must be a word", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refuses(&cases[i]);
}

Test(yaml, says_where_the_first_of_two_keys_stands)
{
	struct yaml_tree *t = NULL;
	struct error err = { 0 };
	static const struct refusal r = { "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n",
		                          ERROR_DUPLICATE_KEY,
		                          5,
		                          3,
		                          "duplicate key 'c'",
		                          "remove" };

	refuses(&r);
	cr_assert_lt(parse_bytes(r.text, strlen(r.text), &t, &err), 0);
	cr_assert_not_null(strstr(err.why, "line 3, column 3"), "%s", err.why);
}

Test(yaml, turns_syntax_errors_into_sentences)
{
	static const struct refusal cases[] = {
		{ "a:\n\tb: 1\n", ERROR_SYNTAX, 2, 1, "a tab", "spaces" },
		{ "a:\n  b: 1\n\tc: 2\n", ERROR_SYNTAX, 3, 1, "a tab", "spaces" },
		{ "a:\n  b: 1\n  \tc: 2\n", ERROR_SYNTAX, 3, 3, "a tab", "spaces" },
		{ "\ta: 1\n", ERROR_SYNTAX, 1, 1, "a tab", "spaces" },
		{ "a: |\n\tx\n", ERROR_SYNTAX, 2, 1, "a tab", "spaces" },
		{ "a: b: c\n", ERROR_SYNTAX, 1, 5, "':'", "quotes" },
		{ "a: 1\n b: 2\n", ERROR_SYNTAX, 2, 3, "':'", "indentation" },
		{ "a: 1\nb\n", ERROR_SYNTAX, 3, 1, "without ':'", "KEY: VALUE" },
		{ "a: \"x\n", ERROR_SYNTAX, 2, 1, "inside quotes", "close" },
		{ "a: [1, 2\n", ERROR_SYNTAX, 2, 1, "brackets", "']'" },
		{ "a: {b: 1\n", ERROR_SYNTAX, 2, 1, "braces", "'}'" },
		{ "a: @x\n", ERROR_SYNTAX, 1, 4, "begin with this character", "quotes" },
		{ "a: - x\n", ERROR_SYNTAX, 1, 4, "list item", "line of its own" },
		{ "a: \"\\q\"\n", ERROR_SYNTAX, 1, 5, "escape", "single quotes" },
		{ "a: 'x' y\n", ERROR_SYNTAX, 1, 8, "no key", "same column" },
		{ "", ERROR_SYNTAX, 1, 1, "nothing in it", "version: 1" },
		{ "# only a comment\n", ERROR_SYNTAX, 1, 1, "nothing in it", "version: 1" },
		{ "---\n", ERROR_SYNTAX, 1, 1, "nothing in it", "version: 1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refuses(&cases[i]);
}

Test(yaml, refuses_bytes_that_are_no_text)
{
	static const struct {
		const char *text;
		size_t size;
		unsigned line, column;
		const char *says;
	} cases[] = {
		{ "a: 1\nb: \0\n", 10, 2, 4, "NUL" },
		{ "a: \xff\n", 5, 1, 4, "0xff is not UTF-8" },
		{ "a: \xc3", 4, 1, 4, "0xc3 is not UTF-8" },
		{ "a: \xc0\x80\n", 6, 1, 4, "not UTF-8" },         /* NUL, overlong */
		{ "a: \xe0\x80\xaf\n", 7, 1, 4, "not UTF-8" },     /* '/', overlong */
		{ "a: \xed\xa0\x80\n", 7, 1, 4, "not UTF-8" },     /* a surrogate */
		{ "a: \xf4\x90\x80\x80\n", 8, 1, 4, "not UTF-8" }, /* past U+10FFFF */
		{ "a: \xc3\x28\n", 6, 1, 4, "not UTF-8" },
		{ "a: \x1b[1m\n", 8, 1, 4, "U+001B" },
		{ "\xc3\xbc\xc3\xbc: \x7f\n", 8, 1, 5, "U+007F" },
		{ "a: x\r\nb: \x01\r\n", 12, 2, 4, "U+0001" },
		{ "a: x\rb: \x01\r", 10, 2, 4, "U+0001" },
		{ "\xff\xfe"
		  "a\0",
		  4, 1, 1, "not UTF-8" }, /* UTF-16 */
		{ "a: \"\\0\"\n", 8, 1, 4, "NUL" },
		{ "\"\\0\": a\n", 8, 1, 1, "NUL" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct yaml_tree *t = NULL;
		struct error err = { 0 };

		cr_assert_lt(parse_bytes(cases[i].text, cases[i].size, &t, &err), 0, "case %zu", i);
		cr_expect_eq(err.kind, ERROR_SYNTAX, "case %zu", i);
		cr_expect(err.line == cases[i].line && err.column == cases[i].column,
		          "case %zu: %u:%u: %s", i, err.line, err.column, err.text);
		cr_expect_not_null(strstr(err.text, cases[i].says), "case %zu: %s", i, err.text);
	}
}

/* `count` times `unit` behind a head, and nothing more. */
static char *repeat(const char *head, const char *unit, size_t count)
{
	size_t n = strlen(head), u = strlen(unit);
	char *text = malloc(n + u * count + 1);

	cr_assert_not_null(text);
	memcpy(text, head, n + 1);
	for (size_t i = 0; i < count; i++)
		memcpy(text + n + i * u, unit, u + 1);
	return text;
}

Test(yaml, nests_sixteen_deep_and_no_deeper)
{
	static const struct refusal r = { "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
		                          ERROR_SYNTAX,
		                          1,
		                          17,
		                          "nested deeper than 16",
		                          NULL };
	auto_yaml struct yaml_tree *t = parse("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");

	cr_assert_eq(t->kind, YAML_LIST);
	refuses(&r);
}

Test(yaml, gives_up_early_on_a_file_of_brackets)
{
	static const char *const units[] = { "[", "{", "- ", "? ", "{a: ", "[{", "'a" };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		auto_free char *text = repeat("", units[i], ((size_t)1 << 20) / strlen(units[i]));
		struct yaml_tree *t = NULL;
		struct error err = { 0 };

		cr_assert_lt(parse_bytes(text, strlen(text), &t, &err), 0);
		cr_assert_eq(err.kind, ERROR_SYNTAX, "%s: %s", units[i], err.text);
	}
}

Test(yaml, refuses_ten_mebibytes_unread)
{
	auto_free char *text = repeat("", "[", (size_t)10 << 20);
	struct yaml_tree *t = NULL;
	struct error err = { 0 };

	cr_assert_lt(parse_bytes(text, (size_t)10 << 20, &t, &err), 0);
	cr_assert_eq(err.kind, ERROR_FILE_TOO_LARGE);
	cr_assert_not_null(strstr(err.text, "1 MiB"), "%s", err.text);
	cr_assert_str_eq(err.file, "t.yaml");
}

Test(yaml, counts_keys_and_values)
{
	auto_free char *fits = repeat("", "- a\n", YAML_MAX_NODES - 1);
	auto_free char *over = repeat("", "- a\n", YAML_MAX_NODES);
	const struct refusal r = { over, ERROR_SYNTAX, YAML_MAX_NODES, 3, "more than 10000", NULL };
	auto_yaml struct yaml_tree *t = parse(fits);

	cr_assert_eq(t->kind, YAML_LIST);
	refuses(&r);
}

Test(yaml, frees_what_it_read_before_an_error)
{
	static const struct refusal r = {
		"a: [x, {b: y}]\nc: {d: [z, &w 1]}\n", ERROR_SYNTAX, 2, 12, "anchors", NULL
	};

	refuses(&r); /* the leak checker looks at the rest */
}

Test(yaml, shows_hostile_keys_without_their_teeth)
{
	struct yaml_tree *t = NULL;
	struct error err = { 0 };
	static const char text[] = "\"\\e[31m\": 1\n\"\\e[31m\": 2\n";

	cr_assert_lt(parse_bytes(text, strlen(text), &t, &err), 0);
	cr_assert_eq(err.kind, ERROR_DUPLICATE_KEY);
	cr_assert_null(strchr(err.text, '\x1b'));
	cr_assert_not_null(strstr(err.text, "'\ufffd[31m'"), "%s", err.text);
}
