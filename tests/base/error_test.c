/* SPDX-License-Identifier: MIT */
/* tests/base/error_test.c: how a sentence is put together, cut, and placed. */
#include "core/base/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *long_text(size_t n)
{
	static char text[4096];

	cr_assert_lt(n, sizeof(text));
	memset(text, 'a', n);
	text[n] = '\0';
	return text;
}

static void check_cut(const char *text, size_t cap)
{
	cr_expect_eq(strlen(text), cap - 1);
	cr_expect_str_eq(text + cap - 4, "...");
}

Test(error, set_replaces_all_that_was_there)
{
	struct error err;

	memset(&err, 0x55, sizeof(err));
	cr_expect_eq(error_set(&err, ERROR_BAD_VALUE, "%d is not %s", 7, "eight"), -EINVAL);
	cr_expect_eq(err.code, -EINVAL);
	cr_expect_eq(err.kind, ERROR_BAD_VALUE);
	cr_expect_str_eq(err.text, "7 is not eight");
	cr_expect_str_empty(err.file);
	cr_expect_str_empty(err.why);
	cr_expect_str_empty(err.fix);
	cr_expect_eq(err.line, 0);
	cr_expect_eq(err.column, 0);
}

Test(error, sys_appends_what_the_number_means)
{
	struct error err = { 0 };

	cr_expect_eq(error_sys(&err, ERROR_FILE, ENOENT, "cannot open '%s'", "x"), -ENOENT);
	cr_expect_eq(err.kind, ERROR_FILE);
	cr_expect_str_eq(err.text, "cannot open 'x': No such file or directory");
}

Test(error, sys_never_returns_success)
{
	struct error err = { 0 };

	cr_expect_eq(error_sys(&err, ERROR_FILE, 0, "read"), -EIO);
	cr_expect_eq(error_sys(&err, ERROR_FILE, -5, "read"), -EIO);
	cr_expect_str_eq(err.text, "read: Input/output error");
}

/* Else an eventfd(2) that fails would be blamed on memory, and a file on itself. */
Test(error, sys_says_what_to_do_about_too_many_open_files)
{
	static const struct {
		int errnum;
		const char *says;
	} cases[] = { { EMFILE, "ulimit -n" }, { ENFILE, "fs.file-max" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		cr_expect_eq(error_sys(&err, ERROR_HOST_MEMORY, cases[i].errnum, "eventfd"),
		             -cases[i].errnum);
		cr_expect_eq(err.kind, ERROR_HOST_BUSY);
		cr_expect(strstr(err.why, "limit of open files"), "%s", err.why);
		cr_expect(strstr(err.fix, cases[i].says), "%s", err.fix);
		error_sys(&err, ERROR_FILE, cases[i].errnum, "open");
		cr_expect_eq(err.kind, ERROR_FILE);
		cr_expect(strstr(err.fix, cases[i].says), "%s", err.fix);
		error_sys(&err, ERROR_HOST_MEMORY, ENOMEM, "eventfd");
		cr_expect_eq(err.kind, ERROR_HOST_MEMORY);
		cr_expect_str_empty(err.fix);
	}
}

Test(error, nomem_names_what_memory_was_for)
{
	struct error err = { 0 };

	cr_expect_eq(error_nomem(&err, "launch plan"), -ENOMEM);
	cr_expect_eq(err.kind, ERROR_HOST_MEMORY);
	cr_expect_str_eq(err.text, "launch plan: Cannot allocate memory");
}

Test(error, wrap_puts_contexts_before_the_sentence_outermost_first)
{
	struct error err = { 0 };

	error_set(&err, ERROR_BAD_FIRMWARE, "too short");
	error_why(&err, "it ends early");
	cr_expect_eq(error_wrap(&err, "firmware '%s'", "a.fd"), -EINVAL);
	cr_expect_eq(error_wrap(&err, "boot"), -EINVAL);
	cr_expect_str_eq(err.text, "boot: firmware 'a.fd': too short");
	cr_expect_eq(err.kind, ERROR_BAD_FIRMWARE);
	cr_expect_str_eq(err.why, "it ends early");
}

Test(error, each_addition_returns_the_code_recorded_before)
{
	struct error err = { 0 };

	error_sys(&err, ERROR_KVM, EBUSY, "ioctl");
	cr_expect_eq(error_wrap(&err, "region"), -EBUSY);
	cr_expect_eq(error_why(&err, "because of %d", 1), -EBUSY);
	cr_expect_eq(error_fix(&err, "stop %d", 2), -EBUSY);
	cr_expect_eq(error_at(&err, "m.yaml", 3, 4), -EBUSY);
	cr_expect_str_eq(err.why, "because of 1");
	cr_expect_str_eq(err.fix, "stop 2");
}

Test(error, the_first_place_stays)
{
	struct error err = { 0 };

	error_set(&err, ERROR_SYNTAX, "x");
	error_at(&err, "inner.yaml", 12, 3);
	error_at(&err, "outer.yaml", 1, 1);
	cr_expect_str_eq(err.file, "inner.yaml");
	cr_expect_eq(err.line, 12);
	cr_expect_eq(err.column, 3);
	error_set(&err, ERROR_SYNTAX, "another failure has a place of its own");
	error_at(&err, "outer.yaml", 1, 2);
	cr_expect_str_eq(err.file, "outer.yaml");
}

Test(error, a_sentence_that_just_fits_is_whole)
{
	struct error err = { 0 };

	error_set(&err, ERROR_SYNTAX, "%s", long_text(sizeof(err.text) - 1));
	cr_expect_str_eq(err.text, long_text(sizeof(err.text) - 1));
}

Test(error, what_is_too_long_is_cut_and_shows_it)
{
	struct error err = { 0 };

	error_set(&err, ERROR_SYNTAX, "%s", long_text(sizeof(err.text)));
	check_cut(err.text, sizeof(err.text));
	error_why(&err, "%s", long_text(3000));
	check_cut(err.why, sizeof(err.why));
	error_fix(&err, "%s", long_text(3000));
	check_cut(err.fix, sizeof(err.fix));
	error_sys(&err, ERROR_FILE, ENOENT, "%s", long_text(3000));
	check_cut(err.text, sizeof(err.text));
}

Test(error, what_grows_too_long_by_an_addition_is_cut_and_shows_it)
{
	struct error err = { 0 };

	error_sys(&err, ERROR_FILE, ENOENT, "%s", long_text(sizeof(err.text) - 8));
	check_cut(err.text, sizeof(err.text));
	error_set(&err, ERROR_SYNTAX, "%s", long_text(sizeof(err.text) - 4));
	error_wrap(&err, "context");
	check_cut(err.text, sizeof(err.text));
	cr_expect_eq(strncmp(err.text, "context: aaa", 12), 0);
	error_wrap(&err, "%s", long_text(3000));
	check_cut(err.text, sizeof(err.text));
}
