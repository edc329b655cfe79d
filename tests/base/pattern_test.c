/* SPDX-License-Identifier: MIT */
/*
 * tests/base/pattern_test.c: what matches where; what is refused; that neither compiling nor
 * matching runs away.
 */
#include "core/base/pattern.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/array.h"
#include "core/base/error.h"

static struct pattern *compiled(const char *text)
{
	struct error err = { 0 };
	struct pattern *p = pattern_new(text, &err);

	cr_assert_not_null(p, "%s: %s; %s", text, err.text, err.why);
	return p;
}

static struct matcher *matcher(void)
{
	struct error err = { 0 };
	struct matcher *m = matcher_new(&err);

	cr_assert_not_null(m);
	return m;
}

static enum pattern_answer answer(const char *text, const struct pattern_line *line)
{
	struct pattern *p = compiled(text);
	struct matcher *m = matcher();
	enum pattern_answer a = pattern_match(p, m, line);

	matcher_free(m);
	pattern_free(p);
	return a;
}

/* From `from` on; `open`: the line goes on. */
static bool matches(const char *text, const char *line, size_t size, size_t from, bool open)
{
	enum pattern_answer a = answer(text, &(struct pattern_line){ line, size, from, open });

	cr_expect_neq(a, PATTERN_UNDECIDED, "%s", text);
	return a == PATTERN_YES;
}

static void refused(const char *text, const char *says, const char *why, const char *fix)
{
	struct error err = { 0 };

	cr_assert_null(pattern_new(text, &err), "accepted: %s", text);
	cr_expect_eq(err.kind, ERROR_BAD_VALUE, "%s", text);
	cr_expect_not_null(strstr(err.text, says), "%s: %s", text, err.text);
	cr_expect_not_null(strstr(err.why, why), "%s: %s", text, err.why);
	cr_expect_not_null(strstr(err.fix, fix), "%s: %s", text, err.fix);
	cr_expect(!err.file[0] && !err.line);
}

Test(pattern, finds_parts_of_lines)
{
	static const struct {
		const char *text, *line;
		bool yes;
	} cases[] = {
		{ "b", "abc", true },
		{ "^b", "abc", false },
		{ "^a", "abc", true },
		{ "b$", "abc", false },
		{ "c$", "abc", true },
		{ "^abc$", "abc", true },
		{ "^$", "", true },
		{ "^$", "a", false },
		{ "", "", true },
		{ "", "a", true },
		{ "a|x", "-x-", true },
		{ "^a|b$", "xb", true },
		{ "^a|b$", "bx", false },
		{ "(^|:)ok", "x:ok", true },
		{ "(^|:)ok", "xok", false },
		{ "a.c", "a-c", true },
		{ "a.c", "ac", false },
		{ "a\\.c", "a-c", false },
		{ "a\\.c", "a.c", true },
		{ "a[.]c", "a-c", false },
		{ "[[:digit:]]{3}", "a12b345", true },
		{ "[[:digit:]]{3}", "a12b34", false },
		{ "[]abc]x", "]x", true },
		{ "[^]a]x", "]x", false },
		{ "[^]a]x", "bx", true },
		{ "[(].", "(", false },
		{ "[(].", "(y", true },
		{ "\\(\\)", "()", true },
		{ "a\\)", "a)", true },
		{ "(a)(b)", "ab", true },
		{ "x{2,3}y", "xxy", true },
		{ "^x{2,3}y", "xxxxy", false },
		{ "^x{0,2}y", "xxy", true },
		{ "\\bok\\b", "is ok.", true },
		{ "\\bok\\b", "book", false },
		{ "Kernel panic", "[    1.0] Kernel panic - not syncing", true },
		{ "kernel panic", "[    1.0] Kernel panic - not syncing", false },
		/* what users write */
		{ "\\d+ tests failed", "12 tests failed", true },
		{ "\\d+ tests failed", "d tests failed", false },
		{ "^\\s+\\w+\\s*=\\s*\\S+$", "\tkey = value", true },
		{ "\\D", "123", false },
		{ "(?i)error", "an ERROR", true },
		{ "ok(?! not)", "ok not", false },
		{ "(?<!not )ok", "not ok", false },
		{ "(?<!not )ok", "now ok", true },
		{ "a+?b", "aab", true },
		{ "a\\tb", "a\tb", true },
		{ "\\x1b|\\x{2717}", "\u2717", true },
		{ "\\Q(*)\\E", "(*)", true },
		{ "\\Q{,3}\\E", "{,3}", true },
		{ "\\\\1", "\\1", true },
		/* characters, not bytes */
		{ "caf\u00e9", "un caf\u00e9!", true },
		{ "^[\u2717\u2718] ", "\u2717 net broken", true },
		{ "^[\u2713\u2714]", "\u2502 box", false },
		{ "^. net broken$", "\u2717 net broken", true },
		{ "^.$", "\u00e9", true },
		{ "^..$", "\u00e9", false },
		{ "^\\w+$", "\u00e9t\u00e9", true },
		{ "(?i)\u00c9", "\u00e9", true },
		{ "^[^x]$", "\ufffd", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(matches(cases[i].text, cases[i].line, strlen(cases[i].line), 0, false),
		             cases[i].yes, "'%s' in '%s'", cases[i].text, cases[i].line);
}

Test(pattern, knows_where_a_piece_of_a_line_ends)
{
	cr_expect(matches("^b", "bc", 2, 0, false));
	cr_expect_not(matches("^b", "abc", 3, 1, false));
	cr_expect_not(matches("\\Ab", "abc", 3, 1, false));
	cr_expect_not(matches("\\Gb", "abc", 3, 1, false));
	cr_expect(matches("\\Gb", "bc", 2, 0, false));
	cr_expect(matches("b", "abc", 3, 1, true));
	cr_expect_not(matches("a", "abc", 3, 1, true), "before `from`");
	cr_expect_not(matches("(?<!a)b", "abc", 3, 1, true), "what is before is known");
	cr_expect_not(matches("\\bb", "abc", 3, 1, true));
	cr_expect(matches("c$", "abc", 3, 1, false));
	for (size_t i = 0; i < 3; i++) {
		const char *text = ((const char *[]){ "c$", "c\\z", "c\\Z" })[i];

		cr_expect(matches(text, "bc", 2, 0, false), "%s", text);
		cr_expect_not(matches(text, "bc", 2, 0, true), "%s", text);
	}
	cr_expect(matches("^b", "bc", 2, 0, true));
}

Test(pattern, takes_any_character)
{
	for (unsigned c = 0; c < 128; c++) {
		const char line[] = { 'a', (char)c, 'b' };

		cr_expect(matches("^a.b$", line, 3, 0, false), "0x%02x", c);
		cr_expect_eq(matches("^a[^x]b$", line, 3, 0, false), c != 'x', "0x%02x", c);
	}
	cr_expect(matches("end$", "a\0the end", 9, 0, false));
	cr_expect_not(matches("a$", "a\0b", 3, 0, false));
	cr_expect_not(matches("a$", "a\n", 2, 0, false));
	cr_expect_not(matches("c", "abc", 2, 0, false), "past the end");
	cr_expect(matches("^$", NULL, 0, 0, false));
}

Test(pattern, keeps_its_text)
{
	struct pattern *p = compiled("a.b");

	cr_assert_str_eq(pattern_text(p), "a.b");
	pattern_free(p);
	pattern_free(NULL);
	matcher_free(NULL);
}

Test(pattern, says_what_is_wrong_and_where)
{
	refused("a(b", "not a regular expression", "at character 3", "");
	refused("\u2717(b", "not a regular expression", "at character 3", "");
	refused("[a", "not a regular expression", "at character 2", "");
	refused("[[:letter:]]", "not a regular expression", "POSIX", "");
	refused("[[.a.]]", "not a regular expression", "POSIX", "");
	refused("*a", "not a regular expression", "quantifier", "");
	refused("a|+", "not a regular expression", "quantifier", "");
	refused("a\\", "not a regular expression", "at character ", "write \\\\ for a backslash");
	refused("ab\\y", "not a regular expression", "at character ", "write \\\\ for a backslash");
	refused("a{3,2}", "not a regular expression", "", "");
	refused("[b-a]", "not a regular expression", "", "");
	refused("a)", "not a regular expression", "parenthesis", "\\)");
	refused("\xff", "not a regular expression", "UTF-8", "");
}

/* What would mean something else than in 0.2, or differ between versions of PCRE2. */
Test(pattern, refuses_what_would_change_its_meaning_in_silence)
{
	refused("\\<ok", "'\\<'", "PCRE2 takes it for a '<'", "\\b");
	refused("(ok|no)\\>", "'\\>'", "PCRE2", "\\b");
	refused("\\`ok", "'\\`'", "PCRE2", "^");
	refused("ok\\'", "\"\\'\"", "PCRE2", "$");
	refused("^x{,2}y", "{,N}", "differ", "{0,N}");
	refused("(x|y){,2}", "{,N}", "differ", "{0,N}");
	pattern_free(compiled("[\\<\\>]\\{,2}x{,y}"));
	refused("(*LIMIT_MATCH=1)a", "'(*'", "", "\\(\\*");
	refused("(*UTF)a", "'(*'", "", "");
}

Test(pattern, refuses_what_takes_for_ever)
{
	static const char *const calls[] = { "a(?R)?b",       "(a(?1)?b)",     "(?<n>a(?&n)?b)",
		                             "(?:(?-1)(a))",  "(?<n>a)(?P>n)", "(a)(?+1)(b)",
		                             "(?<n>a)\\g<n>", "(?<n>a)\\g'n'", "(?0)?" };
	static const char *const references[] = { "(a)\\1", "(?<a>a)\\1", "(?<n>a)\\k<n>",
		                                  "(?<n>a)(?P=n)", "(a)\\g{1}" };

	/* Plain groups have no numbers: PCRE2 may find no group there first. */
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct error err = { 0 };

		cr_expect_null(pattern_new(calls[i], &err), "%s", calls[i]);
		cr_expect_eq(err.kind, ERROR_BAD_VALUE);
	}
	refused("(?<n>a(?&n)?b)", "calls itself", "for ever", "repeat");
	refused("a(?R)?b", "calls itself", "for ever", "repeat");
	for (size_t i = 0; i < ARRAY_SIZE(references); i++)
		refused(references[i], "back reference", "for ever", "write");
	refused("(?<=a{256})b", "too far behind", "255", "shorter");
	pattern_free(compiled("(?<=a{255})b"));
	refused("a\\X", "\\X", "whole line", "write .");
	refused("(?x) \\X{2000}[qz]", "\\X", "whole line", "\\p{M}");
	refused("\\Q\\\\E\\X*+[qz]", "\\X", "whole line", "\\p{M}");
	refused("(?(?=\\E\\X)a)", "\\X", "whole line", "");
	refused("(*sr:\\w*)[qz]", "'(*'", "", "");
	for (size_t i = 0; i < 4; i++)
		refused(((const char *[]){ "b(*sr:\\w*)", "(?:(*script_run:a))", "a|(*asr:a)",
		                           "(?x) (*atomic_script_run: a)" })[i],
		        "script run", "each time", "\\p{Latin}");
	pattern_free(compiled("\\Q\\X(*sr:\\E\\\\X"));
	refused("a\\Cb", "not a regular expression", "\\C", "");
}

/* `count` times `part`. */
static char *repeated(const char *part, size_t count)
{
	char *to = malloc(strlen(part) * count + 1);

	to[0] = '\0';
	for (size_t i = 0; i < count; i++)
		strcat(to, part);
	return to;
}

Test(pattern, limits_depth_length_and_size)
{
	char *opened = repeated("(", 500), *closed = repeated(")", 500), *text = malloc(1100);
	char *long_one = repeated("a", PATTERN_MAX + 1);

	snprintf(text, 1100, "%.100sa%.100s", opened, closed);
	cr_expect(matches(text, "a", 1, 0, false));
	snprintf(text, 1100, "%.101sa%.101s", opened, closed);
	refused(text, "not a regular expression", "too deep", "");
	snprintf(text, 1100, "%.500sa%.500s", opened, closed);
	refused(text, "not a regular expression", "too deep", "");
	refused(opened, "not a regular expression", "", "");
	refused(long_one, "too long", "it has 1025 bytes; the limit is 1024", "");
	long_one[PATTERN_MAX] = '\0';
	pattern_free(compiled(long_one));
	refused("((a{1,100}){1,100}){1,100}", "not a regular expression", "too large", "");
	refused("((((((((a{9,99}){9,99}){9,99}){9,99}){9,99}){9,99}){9,99}){9,99}){9,99}",
	        "not a regular expression", "too large", "");
	free(opened);
	free(closed);
	free(text);
	free(long_one);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * What has hung, or eaten the memory of, one program or another. It is compiled, or refused, and
 * then matched.
 */
static const char *const runaways[] = {
	"(^|$|\\b|\\B|a)*x",
	"(^|$|\\b|\\B|a)*[xy]",
	"(\\b){32}[xy]",
	"((\\b|)(\\b|){4}|)*[xy]",
	"(a{1,1000}){1,1000}[xy]",
	"(a?){1000}a{1000}[xy]",
	"(|a){0,1000}[xy]",
	"(?:){0,1000}[xy]",
	"((|a){0,30}){0,30}[xy]",
	"(a+)+$",
	"(a|aa)+$",
	"(a|a?)+$",
	"(.*)*[xy]",
	"(.*.*)*[xy]",
	"((((((((((.*)*)*)*)*)*)*)*)*)*)*[xy]",
	"(?:(?>(?>(?>a*)*)*)*|.)*[xy]",
	"(?=(a+)+[xy])b|(a+)+[xy]",
	"(?(?=a)(a|b)*|.)*[xy]",
	"(?<=a{255})(?<=a{254})(?:[xy]|(?<=a{253})[xy])",
	"(?:(?<=a{255})|a)*[xy]",
	"(?:\\w{4000}z|\\w{3000}z|\\w)*[xy]",
	"\\R*\\R*(.|\\R)*[xy]",
	"(?<=a{255})\\b\\B*(\\W|\\w)*[xy]",
	"(?i)(\\x{1e9e}|ss|\\p{Lu}|a)*[xy]",
	"(?i)(\\p{L}|\\p{N}|.)*?[xy]",
	"(?<n>(()()()()()()()()()()()()()()()()(a|b|.)))*[xy]",
	"(?)",
	"a(?-)b",
	".*(*SKIP)(*FAIL)",
	".{65535}|.{65534}|.{65533}|[xy]",
};

/* Counts how often it is asked, and the longest time in between. */
struct asked {
	unsigned times, enough; /* 0: it wants every answer */
	double last, longest;
};

static bool ask(void *asked)
{
	struct asked *a = asked;
	double now = cpu_seconds();

	a->longest = MAX(a->longest, now - a->last);
	a->last = now;
	return ++a->times == a->enough;
}

/*
 * Both are measured in steps, which are the same everywhere; the seconds only say that a step isn't
 * an hour.
 */
Test(pattern, neither_compiling_nor_matching_runs_away, .timeout = 300)
{
	char *lines[] = { repeated("a", 8192), repeated("ab ", 2730), repeated("\u00e9", 4096),
		          repeated("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 221),
		          repeated("\U0001f1e6", 2048) };
	struct matcher *m = matcher();

	for (size_t i = 0; i < ARRAY_SIZE(runaways); i++) {
		struct error err = { 0 };
		double begun = cpu_seconds();
		struct pattern *p = pattern_new(runaways[i], &err);

		cr_expect_lt(cpu_seconds() - begun, 2, "compiling %s", runaways[i]);
		for (size_t k = 0; p && k < ARRAY_SIZE(lines); k++) {
			matcher_add_steps(m, MATCHER_STEPS_MAX);
			struct asked asked = { .last = cpu_seconds() };

			matcher_ask(m, ask, &asked);
			begun = cpu_seconds();
			pattern_match(
				p, m,
				&(struct pattern_line){ lines[k], strlen(lines[k]), 0, false });
			cr_expect_lt(cpu_seconds() - begun, 5, "%s in line %zu", runaways[i], k);
			cr_expect_lt(asked.longest, 0.5, "%s in line %zu", runaways[i], k);
			cr_assert_lt(mallinfo2().uordblks + mallinfo2().hblkhd, (size_t)100 << 20,
			             "%s", runaways[i]);
		}
		pattern_free(p);
	}
	matcher_free(m);
	for (size_t k = 0; k < ARRAY_SIZE(lines); k++)
		free(lines[k]);
}

/* A class is searched from its begin to its end. */
Test(pattern, a_large_class_is_bounded_too, .timeout = 300)
{
	char class[PATTERN_MAX], text[PATTERN_MAX + 1], *line = repeated("\u044f", 4096);
	struct matcher *m = matcher();
	struct pattern *p;
	double begun;
	size_t n = 0;

	for (unsigned c = 0; c < 400; c++)
		n += (size_t)sprintf(class + n, "%c%c", 0xd0 + (c >= 32), 0x80 + c % 64);
	snprintf(text, sizeof(text), "(?>[%.*s]*+z|.)*[xy]", (int)n & ~1, class);
	p = compiled(text);
	begun = cpu_seconds();
	pattern_match(p, m, &(struct pattern_line){ line, strlen(line), 0, false });
	cr_expect_lt(cpu_seconds() - begun, 20);
	pattern_free(p);
	matcher_free(m);
	free(line);
}

Test(pattern, what_ran_into_its_limit_is_not_decided)
{
	struct pattern *hostile = compiled("(a+)+$"), *plain = compiled("b");
	struct pattern_line line = { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 43, 0, false };
	struct matcher *m = matcher();

	cr_expect_eq(pattern_match(hostile, m, &line), PATTERN_UNDECIDED);
	matcher_add_steps(m, 1000);
	cr_expect_eq(pattern_match(plain, m, &line), PATTERN_YES, "another may do with less");
	for (int i = 0; i < 1000; i++)
		pattern_match(plain, m, &line);
	cr_expect_eq(pattern_match(plain, m, &line), PATTERN_UNDECIDED, "nothing is left");
	matcher_add_steps(m, ~UINT64_C(0) >> 1);
	cr_expect_eq(pattern_match(plain, m, &line), PATTERN_YES);
	cr_expect_eq(pattern_match(hostile, m, &line), PATTERN_UNDECIDED);
	pattern_free(hostile);
	pattern_free(plain);
	matcher_free(m);
}

Test(pattern, a_match_that_nobody_wants_ends)
{
	struct pattern *hostile = compiled("(a+)+$"), *plain = compiled("b");
	struct pattern_line line = { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 43, 0, false };
	struct matcher *m = matcher();
	struct asked asked = { .enough = 3 };
	enum pattern_answer a = PATTERN_YES;

	matcher_ask(m, ask, &asked);
	cr_expect_eq(pattern_match(hostile, m, &line), PATTERN_UNWANTED);
	cr_expect_eq(asked.times, 3);
	cr_expect_eq(pattern_match(plain, m, &line), PATTERN_YES, "it may be tried again");
	asked.enough = 4;
	for (int i = 0; i < 10000 && a == PATTERN_YES; i++)
		a = pattern_match(plain, m, &line);
	cr_expect_eq(a, PATTERN_UNWANTED, "many short matches are as one long one");
	matcher_ask(m, NULL, NULL);
	cr_expect_eq(pattern_match(hostile, m, &line), PATTERN_UNDECIDED);
	pattern_free(hostile);
	pattern_free(plain);
	matcher_free(m);
}

/* What real manifests have needs a few steps a byte. */
Test(pattern, usual_expressions_are_far_from_the_limit)
{
	static const char *const usual[] = {
		"Kernel panic",
		"\\d+ tests? failed",
		"^\\[ *\\d+\\.\\d+\\] .*BUG:",
		"(?i)error|fail(ed|ure)?\\b",
		"^.*login: $",
		"^(ok|not ok) \\d+ - ",
		"[^:]+: [^:]+: denied$",
	};
	static const char text[] =
		"[    1.234567] systemd[1]: Started Some Service: all 17 tests fine";

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		struct pattern *p = compiled(usual[i]);
		struct matcher *m = matcher();
		struct pattern_line line = { text, strlen(text), 0, false };

		/* 32 million steps for 1300 lines are 400 a byte */
		for (int n = 0; n < 1300; n++)
			cr_assert_eq(pattern_match(p, m, &line), PATTERN_NO, "%s", usual[i]);
		matcher_free(m);
		pattern_free(p);
	}
}

Test(pattern, survives_what_is_cut_or_repeated, .timeout = 300)
{
	static const char *const parts[] = {
		"(", ")",  "[",    "]",  "[[:", "[^",   "{",    "}",   "{9",  "a{",   "\\",  "|",
		"*", "a*", "(a+)", "^$", "(?",  "(?<=", "(?i)", "\\Q", "\\E", "\\p{", "\\x{"
	};
	char text[PATTERN_MAX + 1];
	struct matcher *m = matcher();

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (size_t j = 0; j < ARRAY_SIZE(parts); j++) {
			struct error err = { 0 };
			struct pattern *p;
			size_t n = 0;

			while (n + 9 < sizeof(text))
				n += (size_t)sprintf(text + n, "%s%s", parts[i], parts[j]);
			p = pattern_new(text, &err);
			cr_expect(p || (err.kind == ERROR_BAD_VALUE && err.text[0]), "%s", text);
			matcher_add_steps(m, MATCHER_STEPS_MAX);
			if (p)
				pattern_match(
					p, m,
					&(struct pattern_line){ text, strlen(text), 0, false });
			pattern_free(p);
		}
	matcher_free(m);
}
