/* SPDX-License-Identifier: MIT */
/*
 * tests/out/junit_test.c: JUnit XML, byte for byte, and its characters whatever a guest printed.
 * That it is well-formed and valid, tests/cli/result_schema.sh sees to.
 */
#include <string.h>

#include "core/base/array.h"
#include "core/base/text.h"
#include "core/out/run_result.h"
#include "tests/make/printed.h"
#include "tests/make/results.h"

static struct run_result results[RESULTS];
static const struct run_result *runs[RESULTS];

static void setup(void)
{
	results_all(results, runs);
}

TestSuite(junit, .init = setup);

static char *written(const char *suite, size_t from, size_t n)
{
	struct error err = { 0 };

	return printed_by(
		f, cr_assert_eq(junit_write(f, suite, runs + from, n, &err), 0, "%s", err.text));
}

/* The document of results[0..n) has each of these texts. */
static void check_has(size_t n, const char *const *texts)
{
	char *text = written("suite", 0, n);

	for (; *texts; texts++)
		cr_expect(strstr(text, *texts), "'%s' is not in\n%s", *texts, text);
	free(text);
}
#define HAS(n, ...) check_has(n, (const char *const[]){ __VA_ARGS__, NULL })

static void check_lacks(size_t n, const char *lacking)
{
	char *text = written("suite", 0, n);

	cr_expect_null(strstr(text, lacking), "'%s' is in\n%s", lacking, text);
	free(text);
}

#define AB8 "abababababababab"

Test(junit, a_failure_reads_as_documented)
{
	char *text = written("guests", RESULT_FAIL, 1);

	cr_expect_str_eq(
		text,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\" "
		"time=\"1.235\">\n"
		"  <testsuite name=\"guests\" tests=\"1\" failures=\"1\" errors=\"0\" "
		"skipped=\"0\" time=\"1.235\">\n"
		"    <properties>\n"
		"      <property name=\"host.kernel\" value=\"6.11.0\"/>\n"
		"      <property name=\"host.firmware\" value=\"1.55.39\"/>\n"
		"      <property name=\"host.cpu\" value=\"AMD EPYC 9654\"/>\n"
		"      <property name=\"measurement\" value=\"" AB8 AB8 AB8 AB8 AB8 AB8 "\"/>\n"
		"      <property name=\"profile\" value=\"qemu\"/>\n"
		"      <property name=\"vcpus\" value=\"4\"/>\n"
		"      <property name=\"vcpu_type\" value=\"EPYC-v4\"/>\n"
		"    </properties>\n"
		"    <testcase name=\"boot [vcpus=4,memory=1G]\" classname=\"guests\" "
		"time=\"1.235\">\n"
		"      <failure message=\"the guest said &quot;&lt;oops&gt; &amp; 100%&quot; # 1\""
		" type=\"console-forbidden\">the guest said &quot;&lt;oops&gt; &amp; 100%&quot; # "
		"1\n"
		"why: it's so\n"
		"fix: do: otherwise</failure>\n"
		"      <system-out>booting &lt;1&gt;\n"
		"\xef\xbf\xbd[1mlogin:\xef\xbf\xbd</system-out>\n"
		"    </testcase>\n"
		"  </testsuite>\n"
		"</testsuites>\n");
	free(text);
}

Test(junit, each_verdict_is_counted_and_told_its_way)
{
	HAS(RESULTS,
	    "<testsuites tests=\"5\" failures=\"1\" errors=\"2\" skipped=\"1\" time=\"6.173\">",
	    "<failure message=\"the guest said", "type=\"console-forbidden\"",
	    "<error message=\"the firmware said \\INVALID\" type=\"firmware-refused\">",
	    "<skipped message=\"no SEV-SNP here #1\" type=\"host-unsupported\">",
	    "<error message=\"no end within 30 s\" type=\"timeout\">", "</error>", "</skipped>");
}

Test(junit, a_pass_has_nothing_to_tell)
{
	HAS(1, "<testcase name=\"boot [vcpus=4,memory=1G]\" classname=\"suite\" time=\"1.235\"/>");
	check_lacks(1, "system-out");
	check_lacks(1, "exited");
}

Test(junit, what_is_not_known_is_not_there)
{
	results_bare(&results[0]);
	HAS(1, "<testcase name=\"bare\" classname=\"suite\" time=\"0.000\">\n"
	       "      <error message=\"\" type=\"none\"></error>\n    </testcase>\n");
	check_lacks(1, "<property ");
	check_lacks(1, "system-out");
}

Test(junit, no_runs_are_an_empty_suite)
{
	HAS(0, "<testsuite name=\"suite\" tests=\"0\"");
	check_lacks(0, "<testcase");
}

Test(junit, a_verdict_that_is_none_is_an_error)
{
	results[0].status = (enum run_status)77;
	HAS(1, "errors=\"1\"", "<error message");
}

Test(junit, among_several_a_property_says_whose_it_is)
{
	snprintf(results[1].variant, sizeof(results[1].variant), "<2>");
	HAS(2, "<property name=\"host.kernel\" value=\"6.11.0\"/>",
	    "<property name=\"measurement of boot [vcpus=4,memory=1G]\" value=\"abab",
	    "<property name=\"vcpus of boot [&lt;2&gt;]\" value=\"4\"/>");
	check_lacks(2, "name=\"measurement\"");
}

Test(junit, times_are_rounded_to_milliseconds)
{
	static const struct {
		uint64_t us;
		const char *want;
	} rows[] = {
		{ 0, " time=\"0.000\"" },
		{ 499, " time=\"0.000\"" },
		{ 500, " time=\"0.001\"" },
		{ 999499, " time=\"0.999\"" },
		{ 999500, " time=\"1.000\"" },
		{ 61002000, " time=\"61.002\"" },
		{ UINT64_MAX, " time=\"18446744073709.552\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		results[0].time.total_us = rows[i].us;
		HAS(1, rows[i].want);
	}
}

/*
 * Nothing but markup of ours: what XML 1.0 has no character for, what is not UTF-8, and no way out
 * of a text.
 */
static void check_markup(const char *text)
{
	size_t length = strlen(text), open = 0;
	char *clean = malloc(TEXT_CAP(length));

	cr_assert_not_null(clean);
	cr_expect_eq(text_clean(clean, TEXT_CAP(length), text, length, 1), length);
	cr_expect_str_eq(clean, text);
	free(clean);
	for (const char *at = text; *at; at++) {
		cr_assert(*at != '<' || !open, "a '<' inside of a tag: %.40s", at);
		cr_assert(*at != '>' || open, "a '>' outside: %.40s", at);
		open = *at == '<' ? 1 : *at == '>' ? 0 : open;
	}
	cr_expect_null(strstr(text, "<!"));
}

Test(junit, whatever_a_guest_prints_stays_a_text)
{
	for (unsigned seed = 0; seed < 500; seed++) {
		char *text;

		results_hostile(&results[0], RESULT_FAIL, seed);
		text = written("suite <\"&\xff", 0, 1);
		check_markup(text);
		free(text);
	}
}

Test(junit, a_tail_ends_with_its_room)
{
	results_full(&results[0], RESULT_FAIL);
	memset(results[0].tail, 'x', sizeof(results[0].tail));
	results[0].tail_size = SIZE_MAX;
	HAS(1, "xxx</system-out>");
}

Test(junit, a_stream_that_fails_is_an_error)
{
	struct error err = { 0 };
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_expect_eq(junit_write(full, "suite", runs, 1, &err), -ENOSPC);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	cr_expect_str_eq(err.text, "writing JUnit XML: No space left on device");
	setvbuf(full, NULL, _IONBF, 0);
	cr_expect_lt(junit_write(full, "suite", runs, 1, &err), 0);
	fclose(full);
}
