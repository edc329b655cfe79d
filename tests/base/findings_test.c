/* SPDX-License-Identifier: MIT */
/*
 * tests/base/findings_test.c: a list of errors and warnings: each once, in order of place, bounded.
 */
#include "core/base/findings.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct error at(const char *file, unsigned line, unsigned column, const char *text)
{
	struct error e = { 0 };

	error_set(&e, ERROR_BAD_VALUE, "%s", text);
	error_at(&e, file, line, column);
	return e;
}

static void add(struct findings *f, enum severity severity, struct error e)
{
	findings_add(f, severity, &e);
}

Test(findings, keeps_each_once_and_counts_all_errors)
{
	auto_findings struct findings f = { 0 };

	add(&f, SEVERITY_ERROR, at("a", 1, 2, "x"));
	add(&f, SEVERITY_ERROR, at("a", 1, 2, "x"));
	add(&f, SEVERITY_ERROR, at("a", 1, 3, "x"));
	add(&f, SEVERITY_ERROR, at("b", 1, 2, "x"));
	add(&f, SEVERITY_ERROR, at("a", 1, 2, "y"));
	add(&f, SEVERITY_WARNING, at("a", 1, 2, "x"));
	add(&f, SEVERITY_WARNING, at("a", 1, 2, "x"));
	cr_expect_eq(f.count, 5);
	cr_expect_eq(f.errors, 5);
	cr_expect_not(f.more);
}

Test(findings, stand_in_order_of_place_file_by_file)
{
	auto_findings struct findings f = { 0 };
	static const char *const order[] = { "a3", "s", "a1", "a2", "b1", "b2" };

	add(&f, SEVERITY_ERROR, at("a", 9, 1, "a3"));
	add(&f, SEVERITY_ERROR, at("--set x", 0, 0, "s"));
	add(&f, SEVERITY_WARNING, at("b", 2, 1, "b2"));
	add(&f, SEVERITY_ERROR, at("a", 2, 7, "a2"));
	add(&f, SEVERITY_ERROR, at("b", 1, 1, "b1"));
	add(&f, SEVERITY_ERROR, at("a", 2, 3, "a1"));
	findings_sort(&f, 2); /* what stands before has been shown */
	cr_assert_eq(f.count, 6);
	for (size_t i = 0; i < f.count; i++)
		cr_expect_str_eq(f.list[i].error.text, order[i]);
	findings_sort(&f, 0);
	cr_expect_str_eq(f.list[0].error.text, "a1");
	cr_expect_str_eq(f.list[2].error.text, "a3");
	cr_expect_str_eq(f.list[3].error.text, "s");
	cr_expect_str_eq(f.list[5].error.text, "b2");
}

Test(findings, are_bounded)
{
	auto_findings struct findings f = { 0 };
	struct error first = { 0 };

	for (unsigned i = 0; i < 10000; i++)
		add(&f, SEVERITY_ERROR, at("a", 10000 - i, 1, "x"));
	cr_expect_eq(f.count, FINDINGS_MAX);
	cr_expect_eq(f.errors, 10000);
	cr_expect(f.more);
	findings_sort(&f, 0);
	cr_expect_eq(findings_first(&f, &first), -EINVAL);
	cr_expect_eq(first.line, 10000 - FINDINGS_MAX + 1);
}

Test(findings, all_of_another_list_count_and_stand_once)
{
	auto_findings struct findings all = { 0 }, f = { 0 };

	add(&f, SEVERITY_ERROR, at("a", 1, 2, "x"));
	add(&f, SEVERITY_ERROR, at("a", 1, 2, "x"));
	add(&f, SEVERITY_WARNING, at("a", 1, 3, "y"));
	f.more = true;
	for (int i = 1; i < 3; i++) {
		findings_add_all(&all, &f);
		cr_expect_eq(all.count, 2);
		cr_expect_eq(all.errors, 2 * i);
		cr_expect(all.more);
	}
}

Test(findings, the_first_is_an_error)
{
	auto_findings struct findings f = { 0 };
	struct error first = { 0 };

	cr_expect_eq(findings_first(&f, &first), 0);
	add(&f, SEVERITY_WARNING, at("a", 1, 1, "w"));
	cr_expect_eq(findings_first(&f, &first), 0);
	add(&f, SEVERITY_ERROR, at("a", 2, 1, "e"));
	cr_expect_eq(findings_first(&f, &first), -EINVAL);
	cr_expect_str_eq(first.text, "e");
}

Test(findings, want_of_memory_is_no_mistake_of_the_manifest)
{
	auto_findings struct findings f = { 0 };
	struct error e = { 0 };

	cr_expect_eq(findings_keep(&f, error_nomem(&e, "x"), &e), -ENOMEM);
	cr_expect_eq(f.errors, 0);
	cr_expect_eq(e.kind, ERROR_HOST_MEMORY);
	cr_expect_eq(findings_keep(&f, error_set(&e, ERROR_CONFLICT, "y"), &e), 0);
	cr_expect_eq(f.errors, 1);
	cr_expect_eq(e.code, 0, "the next step begins without an error");
	cr_expect_eq(findings_keep(&f, 0, &e), 0);
	cr_expect_eq(f.errors, 1);
}
