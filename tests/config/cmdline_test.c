/* SPDX-License-Identifier: MIT */
/* tests/config/cmdline_test.c: a kernel command line, split as Linux splits it. */
#include "config/cmdline.h"

#include <criterion/criterion.h>
#include <string.h>

static void splits(const char *text, const char *const *parameters)
{
	struct cmdline c = { .at = text };

	for (; *parameters; parameters++) {
		cr_assert(cmdline_next(&c), "'%s' ends before '%s'", text, *parameters);
		cr_expect_eq(c.size, strlen(*parameters), "'%s': %zu bytes", text, c.size);
		cr_expect_eq(memcmp(c.parameter, *parameters, c.size), 0, "'%s'", text);
	}
	cr_expect_not(cmdline_next(&c), "'%s' goes on", text);
}

Test(cmdline, splits_at_blanks_outside_of_quotes)
{
	splits("", (const char *const[]){ NULL });
	splits(" \t\n ", (const char *const[]){ NULL });
	splits(" a  b=c\td ", (const char *const[]){ "a", "b=c", "d", NULL });
	splits("a=\"b c\" d", (const char *const[]){ "a=\"b c\"", "d", NULL });
	splits("\"a b\"=c d\" e", (const char *const[]){ "\"a b\"=c", "d\" e", NULL });
	splits("a -- b", (const char *const[]){ "a", NULL });
	splits("a --b", (const char *const[]){ "a", "--b", NULL });
}

Test(cmdline, finds_parameters_by_what_they_begin_with)
{
	cr_expect(cmdline_has("quiet root=/dev/vda", "root="));
	cr_expect_not(cmdline_has("quiet xroot=/dev/vda", "root="));
	cr_expect_not(cmdline_has("quiet -- root=/dev/vda", "root="));
	cr_expect_not(cmdline_has("a=\" root=b\"", "root="));
	cr_expect_not(cmdline_has("roo", "root="));
}
