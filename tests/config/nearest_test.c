/* SPDX-License-Identifier: MIT */
/* tests/config/nearest_test.c: typos, other words, and very long ones. */
#include "config/nearest.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/cleanup.h"

Test(nearest, finds_the_near_word_and_no_far_one)
{
	static const struct {
		const char *word, *best;
	} cases[] = {
		{ "memroy", "memory" },
		{ "Memory", "memory" },
		{ "memor", "memory" },
		{ "timeuot", "timeout" },
		{ "time-out", "timeout" },
		{ "xyz", NULL },
		{ "", NULL },
		{ "mem", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nearest n = { .word = cases[i].word };

		nearest_try(&n, "memory");
		nearest_try(&n, "timeout");
		if (cases[i].best)
			cr_expect(n.best && strcmp(n.best, cases[i].best) == 0, "'%s' gave '%s'",
			          cases[i].word, n.best ? n.best : "nothing");
		else
			cr_expect_null(n.best, "'%s' gave '%s'", cases[i].word, n.best);
	}
}

Test(nearest, is_not_slow_on_long_words)
{
	struct nearest n = { .word = "" };
	auto_free char *lots = malloc(1 << 20);

	cr_assert_not_null(lots);
	memset(lots, 'x', (1 << 20) - 1);
	lots[(1 << 20) - 1] = '\0';
	n.word = lots;
	for (int i = 0; i < 100; i++)
		nearest_try(&n, "memory");
	cr_assert_null(n.best);
}
