/* SPDX-License-Identifier: MIT */
/* tests/sandbox/filter_test.c: which calls a table lets through. */
#include "core/sandbox/filter.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/sandbox/privileges.h"

/* Numbers that no call has: what is let through, or made after all, answers ENOSYS. */
enum { PLAIN = 1000, TESTED, BITS, NONE, OTHERS, NEEDED, UNKNOWN };
enum { THREAD = 1, OTHER_THREAD = 2, NEED = 1 };

static const struct filter_row rows[] = {
	{ SYS_rt_sigreturn, THREAD, 0, FILTER_ANY, 0, 0 },
	{ SYS_exit_group, THREAD, 0, FILTER_ANY, 0, 0 },
	{ PLAIN, THREAD, 0, FILTER_ANY, 0, 0 },
	{ TESTED, THREAD, 0, FILTER_IS, 1, 7 },
	{ TESTED, THREAD, 0, FILTER_IS, 1, 8 },
	{ BITS, THREAD, 0, FILTER_WITHOUT, 2, 4 },
	{ NONE, THREAD, 0, FILTER_NONE, 0, 0 },
	{ OTHERS, OTHER_THREAD, 0, FILTER_ANY, 0, 0 },
	{ NEEDED, THREAD, NEED, FILTER_ANY, 0, 0 },
	{ TESTED, THREAD, 0, FILTER_IS, 0, 9 },
};

static const struct {
	long call[4]; /* a number, and three arguments */
	unsigned when;
	bool refused;
} cases[] = {
	{ { PLAIN, 1, 2, 3 }, 0, false },   { { TESTED, 0, 7, 0 }, 0, false },
	{ { TESTED, 0, 8, 0 }, 0, false },  { { TESTED, 0, 6, 0 }, 0, true },
	{ { TESTED, 7, 0, 7 }, 0, true },   { { TESTED, 9, 0, 0 }, 0, false },
	{ { BITS, 4, 4, 0xfb }, 0, false }, { { BITS, 0, 0, 6 }, 0, true },
	{ { NONE, 0, 0, 0 }, 0, false },    { { OTHERS, 0, 0, 0 }, 0, true },
	{ { NEEDED, 0, 0, 0 }, 0, true },   { { NEEDED, 0, 0, 0 }, NEED, false },
	{ { UNKNOWN, 0, 0, 0 }, 0, true },  { { PLAIN - 1, 0, 0, 0 }, 0, true },
};

Test(filter, lets_through_what_a_row_allows)
{
	struct calls *calls = mmap(NULL, sizeof(*calls), PROT_READ | PROT_WRITE,
	                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct error err = { 0 };

	cr_assert_neq(calls, MAP_FAILED);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const long *call = cases[i].call;
		int status = 0;

		memset(calls, 0, sizeof(*calls));
		if (fork() == 0) {
			privileges_none_new();
			if (filter_begin(SANDBOX_LOG, calls, NULL, &err) < 0 ||
			    filter_set(rows, ARRAY_SIZE(rows), THREAD, cases[i].when, false, &err) <
			            0)
				_exit(2);
			_exit(syscall(call[0], call[1], call[2], call[3]) == -1 && errno == ENOSYS
			              ? 0
			              : 3);
		}
		wait(&status);
		cr_expect_eq(status, 0, "case %zu", i);
		/* a sanitizer makes calls of its own at the end */
		cr_expect_eq(calls->n > 0 && calls->list[0].number == call[0], cases[i].refused,
		             "case %zu: %u refused, first %u", i, calls->n, calls->list[0].number);
	}
}

Test(filter, takes_no_table_that_its_jumps_cannot_cross)
{
	static struct filter_row many[256];
	struct error err = { 0 };

	cr_expect_eq(filter_set(many, ARRAY_SIZE(many), 1, 0, false, &err), -E2BIG);
}
