/* SPDX-License-Identifier: MIT */
/*
 * tests/make/printed.h: captures what is printed, of a tree (core/out/tree.h) or otherwise.
 * Functions free the trees that they get.
 */
#ifndef TESTS_MAKE_PRINTED_H
#define TESTS_MAKE_PRINTED_H

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/error.h"
#include "core/out/tree.h"
#include "tests/make/vectors.h"

/* The text that the statements write to the stream `to`; the caller frees it. */
#define printed_by(to, ...)                                                                        \
	({                                                                                         \
		char *text_ = NULL;                                                                \
		size_t size_;                                                                      \
		FILE *to = open_memstream(&text_, &size_);                                         \
                                                                                                   \
		cr_assert_not_null(to);                                                            \
		__VA_ARGS__;                                                                       \
		fclose(to);                                                                        \
		cr_assert_eq(strlen(text_), size_);                                                \
		text_;                                                                             \
	})

/* The printed bytes and a NUL; the caller frees them. */
static inline char *printed(struct tree *t, tree_print *print, size_t *ret_size)
{
	struct error err = { 0 };
	char *bytes = NULL;
	FILE *f = open_memstream(&bytes, ret_size);

	cr_assert_not_null(f);
	cr_assert_eq(print(t, f, &err), 0, "%s: %s", err.text, err.why);
	fclose(f);
	tree_free(t);
	return bytes;
}

static inline void printed_is(struct tree *t, tree_print *print, const char *want)
{
	size_t size;
	char *have = printed(t, print, &size);

	cr_expect_str_eq(have, want, "it is\n%sinstead of\n%s", have, want);
	free(have);
}

/* Prints the tree as JSON and parses that; fails on duplicate keys. */
static inline json_t *printed_json(struct tree *t)
{
	size_t size;
	char *text = printed(t, tree_print_json, &size);
	json_error_t why;
	json_t *j = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);

	cr_assert(j, "%s: %s", why.text, text);
	cr_expect_eq(text[size - 1], '\n', "no newline at the end");
	free(text);
	return j;
}

/* The value at "a.b", borrowed; NULL: there is none. */
static inline json_t *json_at(const json_t *j, const char *path)
{
	const char *dot = strchr(path, '.');
	char head[32];

	if (!dot)
		return json_object_get(j, path);
	snprintf(head, sizeof(head), "%.*s", (int)(dot - path), path);
	return json_at(json_object_get(j, head), dot + 1);
}

static inline void json_text_is(const json_t *j, const char *path, const char *want)
{
	const char *have = json_string_value(json_at(j, path));

	cr_expect(have && !strcmp(have, want), "%s is '%s', not '%s'", path,
	          have ? have : "missing", want);
}

static inline void json_number_is(const json_t *j, const char *path, json_int_t want)
{
	const json_t *have = json_at(j, path);

	cr_expect(json_is_integer(have), "no number at %s", path);
	cr_expect_eq(json_integer_value(have), want, "%s is %lld, not %lld", path,
	             (long long)json_integer_value(have), (long long)want);
}

/* Printing must fail for this reason, and write nothing. */
static inline void printed_fails(struct tree *t, tree_print *print, const char *why)
{
	struct error err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	cr_assert_not_null(f);
	cr_expect_lt(print(t, f, &err), 0);
	cr_expect_eq(err.kind, ERROR_OUTPUT, "%s", err.text);
	cr_expect_str_not_empty(err.text);
	cr_expect(strstr(err.why, why), "'%s' is not in '%s'", why, err.why);
	fclose(f);
	cr_expect_eq(size, 0, "%zu bytes were written before it failed", size);
	free(text);
	tree_free(t);
}

#endif
