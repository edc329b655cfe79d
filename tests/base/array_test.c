/* SPDX-License-Identifier: MIT */
/* tests/base/array_test.c: a list grows by one, and keeps what it has when memory runs out. */
#include "core/base/array.h"

#include <criterion/criterion.h>
#include <stdint.h>

Test(array, grows_by_one_and_keeps_its_elements)
{
	unsigned *list = NULL;

	for (unsigned n = 0; n < 1000; n++) {
		cr_assert(ARRAY_GROW(list, n));
		list[n] = n;
	}
	for (unsigned n = 0; n < 1000; n++)
		cr_assert_eq(list[n], n);
	free(list);
}

/* ASan ends a program that asks for too much, unless it is told not to. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

Test(array, is_as_it_was_without_memory)
{
	volatile size_t n = (size_t)1 << 62; /* unknown to the compiler, which would warn */
	char *list = malloc(1), *before = list;

	cr_expect_not(array_grow(&list, n, 8), "2^66 bytes");
	cr_expect_eq(list, before);
	free(list);
}
