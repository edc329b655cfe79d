/* SPDX-License-Identifier: MIT */
/* tests/base/reason_test.c: names of reasons. */
#include "core/base/reason.h"

#include <criterion/criterion.h>
#include <string.h>

Test(reason, every_kind_has_a_name_of_its_own)
{
	for (int i = 0; i < REASONS; i++) {
		cr_assert_not_null(reason_name(i), "kind %d", i);
		cr_expect_gt(strlen(reason_name(i)), 0, "kind %d", i);
		cr_expect_eq(strspn(reason_name(i), "abcdefghijklmnopqrstuvwxyz-"),
		             strlen(reason_name(i)), "'%s' is no bracketed word", reason_name(i));
		for (int j = 0; j < i; j++)
			cr_expect_str_neq(reason_name(i), reason_name(j));
	}
}

Test(reason, a_number_that_is_no_kind_is_unknown)
{
	cr_expect_str_eq(reason_name(REASONS), "unknown");
	cr_expect_str_eq(reason_name((enum reason) - 1), "unknown");
}
