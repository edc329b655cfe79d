/* SPDX-License-Identifier: MIT */
/* tests/base/pattern_test.c: what matches where; what is refused before glibc can choke on it. */
#include "core/base/pattern.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"

static struct pattern *compiled(const char *text)
{
	struct error err = { 0 };
	struct pattern *p = pattern_new(text, &err);

	cr_assert_not_null(p, "%s: %s; %s", text, err.text, err.why);
	return p;
}

static bool matches(const char *text, const char *line, size_t size, unsigned edge)
{
	struct pattern *p = compiled(text);
	bool yes = pattern_matches(p, line, size, edge);

	pattern_free(p);
	return yes;
}

static void refused(const char *text, const char *says, const char *why)
{
	struct error err = { 0 };

	cr_assert_null(pattern_new(text, &err), "accepted: %s", text);
	cr_expect_eq(err.kind, ERROR_BAD_VALUE, "%s", text);
	cr_expect_not_null(strstr(err.text, says), "%s: %s", text, err.text);
	cr_expect_not_null(strstr(err.why, why), "%s: %s", text, err.why);
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
		{ "[]abc].x", "]]x", true },
		{ "[^]a]x", "]x", false },
		{ "[^]a]x", "bx", true },
		{ "[[.].]]x", "]x", true },
		{ "[[=a=](]x", "(x", true },
		{ "[a\\]x", "\\x", true },
		{ "[(].", "(", false },
		{ "[(].", "(y", true },
		{ "\\(\\)", "()", true },
		{ "a)", "a)", true },
		{ "a)", "a", false },
		{ "^)+b", "))b", true },
		{ "(a)(b)", "ab", true },
		{ "x{2,3}y", "xxy", true },
		{ "^x{2,3}y", "xxxxy", false },
		{ "^x{,2}y", "xxy", true },
		{ "\\bok\\b", "is ok.", true },
		{ "\\bok\\b", "book", false },
		{ "caf\xc3\xa9", "un caf\xc3\xa9!", true },
		{ "Kernel panic", "[    1.0] Kernel panic - not syncing", true },
		{ "kernel panic", "[    1.0] Kernel panic - not syncing", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(
			matches(cases[i].text, cases[i].line, strlen(cases[i].line), PATTERN_WHOLE),
			cases[i].yes, "'%s' in '%s'", cases[i].text, cases[i].line);
}

Test(pattern, knows_where_a_piece_of_a_line_ends)
{
	cr_expect(matches("^b", "bc", 2, PATTERN_WHOLE));
	cr_expect_not(matches("^b", "bc", 2, PATTERN_NOT_BEGIN));
	cr_expect(matches("b", "bc", 2, PATTERN_NOT_BEGIN | PATTERN_NOT_END));
	cr_expect(matches("c$", "bc", 2, PATTERN_NOT_BEGIN));
	cr_expect_not(matches("c$", "bc", 2, PATTERN_NOT_END));
	cr_expect(matches("^b", "bc", 2, PATTERN_NOT_END));
}

Test(pattern, takes_bytes_as_they_are)
{
	struct pattern *dot = compiled("^a.b$"), *not_x = compiled("^a[^x]b$");

	for (int c = 0; c < 256; c++) {
		char line[] = { 'a', (char)c, 'b' };

		cr_expect(pattern_matches(dot, line, 3, PATTERN_WHOLE), "0x%02x", c);
		cr_expect_eq(pattern_matches(not_x, line, 3, PATTERN_WHOLE), c != 'x', "0x%02x", c);
	}
	pattern_free(dot);
	pattern_free(not_x);
	cr_expect(matches("end$", "a\0the end", 9, PATTERN_WHOLE));
	cr_expect_not(matches("a$", "a\0b", 3, PATTERN_WHOLE));
	cr_expect_not(matches("c", "abc", 2, PATTERN_WHOLE), "past the end");
	cr_expect(matches("^$", NULL, 0, PATTERN_WHOLE));
}

Test(pattern, keeps_its_text)
{
	struct pattern *p = compiled("a.b)");

	cr_assert_str_eq(pattern_text(p), "a.b)");
	pattern_free(p);
	pattern_free(NULL);
}

Test(pattern, says_what_glibc_says)
{
	refused("a(b", "not a regular expression", "Unmatched (");
	refused("[a", "not a regular expression", "Unmatched [");
	refused("[[:alpha]", "not a regular expression", "");
	refused("[[:letter:]]", "not a regular expression", "Invalid character class");
	refused("[[.a]", "not a regular expression", "");
	refused("*a", "not a regular expression", "Invalid preceding");
	refused("a|+", "not a regular expression", "Invalid preceding");
	refused("a\\", "not a regular expression", "Trailing backslash");
	refused("a{2", "not a regular expression", "");
	refused("a{3,2}", "not a regular expression", "Invalid content");
	refused("[b-a]", "not a regular expression", "Invalid range");
}

Test(pattern, refuses_back_references)
{
	struct pattern *p;

	refused("(a)\\1", "back reference, \\1", "for ever");
	refused("(a)b\\9", "back reference, \\9", "for ever");
	p = compiled("[\\1]"); /* in brackets a backslash is one */
	pattern_free(p);
	p = compiled("\\\\1");
	pattern_free(p);
}

Test(pattern, limits_what_repetitions_make)
{
	static const char *const good[] = {
		"a{4096}",     "(a){64}",           "((a{64})){64}", "[]x{}{9}[]{4000}",
		"(a|b){2048}", "((a+){8})+",        "(a?){64}",      "(a*b*)*c",
		"\\{\\{\\{",   "[[:alpha:]]{4096}", "[^]{9}]{4096}", "([a-z]* *)*$",
		".*a.*b.*c.*",
	};
	static const char *const large[] = {
		"a{4097}",
		"a{1000}{1000}",
		"a{30000}",
		"(a{100}){100}",
		"((a{20}){20}){20}",
		"(aaaaa){1000}",
		"a{4000}{2,}",
		"a{1\\,30000}",
		"[]x{}{9}[]{4100}",
		"[[:alpha:]]{4097}",
		"((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+",
		"a+++++++++++++++++++",
		"(){1000}{1000}",
		"(a||||){1000}{10}",
		"(a?){4096}",
		"a{0,4000}",
		"(a|){300}",
		"((a*)*(b*)*){1000}",
		"(b?|){19,}",
		"(\\b|^|$|\\<|\\>|\\B|a){100}",
		"(\\b){18,}",
		"((\\b|)(\\b|){4}|)*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		pattern_free(compiled(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(large); i++)
		refused(large[i], "too large", "repetitions written out");
}

Test(pattern, limits_depth_and_length)
{
	char text[PATTERN_MAX + 2] = "";
	struct pattern *p;

	memset(text, '(', 32);
	text[32] = 'a';
	memset(text + 33, ')', 32);
	p = compiled(text);
	cr_expect(pattern_matches(p, "a", 1, PATTERN_WHOLE));
	pattern_free(p);
	memset(text, '(', PATTERN_MAX);
	text[PATTERN_MAX] = '\0';
	refused(text, "too deep", "32");
	memset(text, 'a', PATTERN_MAX);
	p = compiled(text);
	pattern_free(p);
	text[PATTERN_MAX] = 'a';
	refused(text, "too long", "it has 1025 bytes; it may have 1024");
}

/* Each of these would keep glibc busy for ever, or take its stack, if it were asked. */
Test(pattern, survives_what_is_cut_or_repeated, .timeout = 120)
{
	static const char *const parts[] = { "(",  ")",  "[",  "]",    "[[:", "[^", "{",  "}",
		                             "{9", "a{", "\\", "(a+)", "|",   "*",  "a*", "^$" };
	char text[PATTERN_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (size_t j = 0; j < ARRAY_SIZE(parts); j++) {
			struct error err = { 0 };
			struct pattern *p;
			size_t n = 0;

			while (n + 9 < sizeof(text))
				n += (size_t)sprintf(text + n, "%s%s", parts[i], parts[j]);
			p = pattern_new(text, &err);
			cr_expect(p || (err.kind == ERROR_BAD_VALUE && err.text[0]), "%s", text);
			if (p)
				pattern_matches(p, text, strlen(text), PATTERN_WHOLE);
			pattern_free(p);
		}
}

/* One state a byte: without compiling anew this takes half a gigabyte. */
Test(pattern, does_not_grow_for_ever)
{
	struct pattern *p = compiled("(a|b)*a(a|b){40}x");
	unsigned random = 1;
	char line[1024];

	for (int i = 0; i < 200; i++) {
		for (size_t at = 0; at < sizeof(line); at++) {
			random = random * 1103515245 + 12345;
			line[at] = random >> 16 & 1 ? 'a' : 'b';
		}
		cr_assert_not(pattern_matches(p, line, sizeof(line), PATTERN_WHOLE));
		cr_assert_lt(mallinfo2().uordblks, (size_t)100 << 20, "after %d lines", i);
	}
	pattern_free(p);
}

Test(pattern, still_matches_after_many_bytes)
{
	struct pattern *p = compiled("^line [0-9]+: end$");
	char line[64];

	for (unsigned i = 0; i < 5000; i++) {
		int n = snprintf(line, sizeof(line), "line %u: %s", i, i % 2 ? "end" : "and");

		cr_assert_eq(pattern_matches(p, line, (size_t)n, PATTERN_WHOLE), i % 2 == 1, "%s",
		             line);
	}
	pattern_free(p);
}
