/* SPDX-License-Identifier: MIT */
/* tests/out/github_test.c: annotations, and that no text of others becomes a workflow command. */
#include <string.h>

#include "core/out/run_result.h"
#include "tests/make/printed.h"
#include "tests/make/results.h"

static struct run_result r;

static void setup(void)
{
	results_full(&r, RESULT_FAIL);
	r.why[0] = r.fix[0] = r.variant[0] = '\0';
	snprintf(r.sentence, sizeof(r.sentence), "oops");
}

TestSuite(github, .init = setup);

static char *written(const char *manifest)
{
	return printed_by(f, github_annotate(f, manifest, &r));
}

static void check(const char *manifest, const char *want)
{
	char *text = written(manifest);

	cr_expect_str_eq(text, want);
	free(text);
}

Test(github, an_annotation_says_where_and_what)
{
	results_full(&r, RESULT_FAIL);
	snprintf(r.file, sizeof(r.file), "guest.yaml");
	check("other.yaml",
	      "::error file=guest.yaml,line=7,col=3,title=boot [vcpus=4%2Cmemory=1G]::"
	      "the guest said \"<oops> & 100%25\" # 1 [console-forbidden]"
	      "%0Awhy: it's so%0Afix: do: otherwise\n");
}

Test(github, without_a_place_it_is_the_manifest)
{
	r.file[0] = '\0';
	check("dir/m.yaml", "::error file=dir/m.yaml,title=boot::oops [console-forbidden]\n");
	check("", "::error title=boot::oops [console-forbidden]\n");
	check(NULL, "::error title=boot::oops [console-forbidden]\n");
}

Test(github, a_place_is_told_as_far_as_it_is_known)
{
	snprintf(r.file, sizeof(r.file), "m");
	r.column = 0;
	check("x", "::error file=m,line=7,title=boot::oops [console-forbidden]\n");
	r.line = 0;
	r.column = 3;
	check("x",
	      "::error file=x,title=boot::oops [console-forbidden]\n"); /* m may be "--set vcpus" */
}

Test(github, errors_and_timeouts_are_told_and_passes_and_skips_are_not)
{
	r.file[0] = '\0';
	r.status = RESULT_ERROR;
	check("m", "::error file=m,title=boot::oops [console-forbidden]\n");
	r.status = RESULT_TIMEOUT;
	r.reason = ERROR_NONE;
	check("m", "::error file=m,title=boot::oops\n");
	r.status = RESULT_PASS;
	check("m", "");
	r.status = RESULT_SKIP;
	check("m", "");
}

Test(github, what_ends_a_property_is_escaped_in_it)
{
	snprintf(r.file, sizeof(r.file), "a,b:c%%0A=d::e");
	snprintf(r.name, sizeof(r.name), "n,line=9::x%%");
	r.column = 0;
	check("m", "::error file=a%2Cb%3Ac%250A=d%3A%3Ae,line=7,title=n%2Cline=9%3A%3Ax%25::"
	           "oops [console-forbidden]\n");
}

Test(github, a_sentence_cannot_begin_a_line)
{
	r.file[0] = '\0';
	snprintf(r.sentence, sizeof(r.sentence),
	         "a\n::set-output name=x::y\r\n::stop-commands::t\r::add-mask::e%%0A::debug::z");
	check("m", "::error file=m,title=boot::a ::set-output name=x::y ::stop-commands::t"
	           "\xef\xbf\xbd::add-mask::e%250A::debug::z [console-forbidden]\n");
}

/* One line; up to the second "::" nothing but our properties. */
static void check_shape(const char *text)
{
	const char *end = strstr(text + 2, "::");
	size_t commas = 0;

	cr_assert(!strncmp(text, "::error file=", 13), "%s", text);
	cr_assert_not_null(end, "%s", text);
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "more lines: %s", text);
	cr_expect_null(strchr(text, '\r'));
	for (const char *at = text + 2; at < end; at++) {
		commas += *at == ',';
		cr_expect_neq(*at, ':', "%s", text);
	}
	cr_expect_eq(commas, 3, "%s", text);
	for (const char *at = text; (at = strchr(at, '%')) != NULL; at++)
		cr_assert(!strncmp(at, "%25", 3) || !strncmp(at, "%0A", 3) ||
		                  (at < end && (!strncmp(at, "%3A", 3) || !strncmp(at, "%2C", 3))),
		          "%.20s", at);
}

Test(github, whatever_a_guest_prints_stays_a_text)
{
	for (unsigned seed = 0; seed < 600; seed++) {
		char *text;

		results_hostile(&r, RESULT_ERROR, seed);
		text = written("m");
		check_shape(text);
		free(text);
	}
}
