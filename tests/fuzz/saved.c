/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/saved.c: libFuzzer target: any JSON is a launch or refused with a reason, and two
 * halves of it that are launches can be compared and printed.
 */
#include "core/out/saved.h"
#include "core/out/tree.h"
#include "firmware/diff.h"
#include "tests/fuzz/fuzz.h"

static void compare(const struct saved *a, const struct saved *b)
{
	const struct diff_side sides[] = { { "a", "launch", a }, { "b", "launch", b } };
	auto_tree struct tree *t = tree_new();
	auto_diff struct diff d = { .note = NULL };
	struct error err = { 0 };
	FILE *to = fopen("/dev/null", "w");

	if (!to)
		return;
	if (diff_of(&sides[0], &sides[1], &d, &err) == 0) {
		diff_text_write(to, &d, true, true);
		result_diff(t, NULL, &d);
		must(tree_print_json(t, to, &err) == 0);
	} else {
		must_explain(&err);
	}
	fclose(to);
}

/* The halves are separated by a NUL; without one, a launch is compared with itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t first = nul ? (size_t)(nul - data) : size;
	auto_saved struct saved a = { 0 }, b = { 0 };
	struct error err = { 0 };

	if (saved_read("a", data, first, &a, &err) < 0) {
		must_explain(&err);
		return 0;
	}
	if (nul && saved_read("b", nul + 1, size - first - 1, &b, &err) < 0)
		return 0;
	compare(&a, nul ? &b : &a);
	return 0;
}
