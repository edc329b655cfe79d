/* SPDX-License-Identifier: MIT */
/* tests/vm/watch_test.c: matches lines of a console against patterns. */
#include "core/vm/watch.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/vm/outcome.h"

static struct watch *watch_of(const char *const *expected, size_t n, const char *never)
{
	const struct watch_rules rules = { expected, n, &never, never ? 1 : 0 };
	struct error err = { 0 };
	struct watch *w = watch_new(&rules, &err);

	cr_assert_not_null(w, "%s", err.text);
	return w;
}

static void put(struct watch *w, const char *text)
{
	watch_put(w, (const uint8_t *)text, strlen(text));
}

/*
 * The console's output, and how many of the patterns "one", "two", "three" it matches, in this
 * order.
 */
static const struct row {
	const char *text;
	size_t met;
} rows[] = {
	{ "", 0 },
	{ "one\n", 1 },
	{ "one\r\n", 1 },
	{ "one\ntwo\nthree\n", 3 },
	{ "zero\none\nand a half\ntwo\nthree\nfour\n", 3 },
	{ "two\none\n", 1 },                /* the order counts */
	{ "three\ntwo\none\n", 1 },         /* so nothing before its turn */
	{ "one two three\n", 1 },           /* a line counts once */
	{ "one two\ntwo three\nthree", 2 }, /* an unfinished line doesn't count yet */
	{ "o\rn\re\n", 0 },                 /* a carriage return begins the line anew */
	{ "one\rtwo\rthree\n", 3 },         /* so what was there before is a line */
	{ "one\r\r\ntwo\r\r\r\nthree", 2 },
	{ "\033[1;32mone\033[0m\n", 1 },   /* escape sequences aren't text: CSI */
	{ "o\033[Kn\033(Be\n", 1 },        /* intermediate bytes */
	{ "\033]0;title\aone\n", 1 },      /* OSC, ended by BEL */
	{ "\033]0;title\033\\one\n", 1 },  /* or by ST */
	{ "\033P1;2|text\033\\one\n", 1 }, /* DCS */
	{ "\033]0;title\033[1mone\n", 1 }, /* another sequence ends it, too */
	{ "\033]0;title\033\033\\one\n", 1 },
	{ "\033]0;one\n", 0 }, /* what is inside is no text */
	{ "\033]0;never ended\none\n",
	  1 }, /* but a newline ends it: nothing can hide what follows */
	{ "\033[1;\none\n", 1 },
	{ "\033\033[mone\n", 1 },
	{ "\033[12\030one\n", 1 }, /* CAN cancels it */
	{ "\xff\xfeone\x80\n", 1 },
	{ "on\ne\n", 0 },
};

Test(watch, lines_match_in_order)
{
	static const char *const expected[] = { "one", "two", "three" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct watch *w = watch_of(expected, ARRAY_SIZE(expected), NULL);

		put(w, rows[i].text);
		cr_expect_eq(watch_met(w), rows[i].met, "row %zu: %zu", i, watch_met(w));
		cr_expect_eq(watch_complete(w), rows[i].met == 3, "row %zu", i);
		if (rows[i].met < 3)
			cr_expect_str_eq(watch_outstanding(w), expected[rows[i].met]);
		else
			cr_expect_null(watch_outstanding(w));
		watch_free(w);
	}
}

/*
 * The output, and whether a line matches the expression; bytes come as given, with a pause between
 * the texts.
 */
static const struct {
	const char *texts[4], *expression;
	bool yes;
} returns[] = {
	{ { "Loading 10%\rLoading 100%\rdone\r\n" }, "^done$", true },
	{ { "Loading 10%\rLoading 100%\rdone\r\n" }, "^Loading 10%$", true },
	{ { "Loading 10%\rLoading 100%\rdone\r\n" }, "^Loading 100%$", true },
	{ { "Loading 10%\rLoading 100%\rdone\r\n" }, "%.", false },
	{ { "a\r\nb\r\r\nc\n\rd\n" }, "^$", false }, /* there is no empty line in it */
	{ { "a\r\nb\r\r\nc\n\rd\n" }, "^b$", true },
	{ { "a\r\nb\r\r\nc\n\rd\n" }, "^d$", true },
	{ { "a\r\n\r\nb\r\n" }, "^$", true }, /* but here is one */
	{ { "50%\r", "\r\n" }, "^50%$", true },
	{ { "50%\r" }, "^50%$", true }, /* that line has its end */
	{ { "50%" }, "^50%$", false },
	{ { "50%", "\r" }, "^50%$", true }, /* the pause before had none */
	{ { "50%", "\r", "\n" }, "^$", false },
	{ { "50%\r", "51%" }, "^51%", true },
	{ { "50%\r\033[K", "51%" }, "^51%", true },
	{ { "50%\r\033[K\n" }, "^50%$", true },
	{ { "\r", "x" }, "^x", true },
	/* characters */
	{ { "\342\234\227 net broken\n" }, "^[\u2717\u2718] net", true },
	{ { "\342", "\234", "\227 net\n" }, "^[\u2717\u2718] net", true },
	{ { "\342\234" }, "^[^\u2717]", false }, /* it may yet become one */
	{ { "\342\234", "\n" }, "^\ufffd$", true },
	{ { "\342\234\r", "x" }, "^\ufffd$", true },
	{ { "\342\234\033[m\227"
	    "x\n" },
	  "^\ufffd\ufffdx$",
	  true },
	{ { "\342\234\342\234\227\n" }, "^\ufffd\u2717$", true },
	{ { "\355\240\200\n" }, "^\ufffd{3}$", true }, /* surrogates */
	{ { "\360\237\230\200\n" }, "^\\x{1F600}$", true },
	{ { "\377a\300\257b\n" }, "^.a..b$", true },
};

Test(watch, a_line_is_what_a_terminal_shows)
{
	for (size_t i = 0; i < ARRAY_SIZE(returns); i++)
		for (int whole = 0; whole < 2; whole++) { /* or byte by byte */
			struct watch *w = watch_of(&returns[i].expression, 1, NULL);

			for (size_t k = 0; k < 4 && returns[i].texts[k]; k++) {
				const char *text = returns[i].texts[k];

				for (size_t n = 0; !whole && text[n]; n++)
					watch_put(w, (const uint8_t *)text + n, 1);
				if (whole)
					put(w, text);
				watch_pause(w);
			}
			cr_expect_eq(watch_complete(w), returns[i].yes, "row %zu", i);
			watch_free(w);
		}
}

/* The edge of a window may be anywhere in them. */
Test(watch, characters_and_returns_at_the_edges_of_windows)
{
	static const char *const texts[] = { "\u2717", "\r\n", "\rnext", "\xf0\x9f\x98\x80" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t before = 8180; before < 8200; before++) {
			static const char *const line[] = { "^end$" };
			struct watch *w = watch_of(line, 1, "\ufffd|nextx|x\\z.");
			char *filler = calloc(1, before + 1);

			memset(filler, 'x', before);
			put(w, filler);
			put(w, texts[i]);
			put(w, "\nend\n");
			cr_expect(watch_complete(w), "%zu, %zu", i, before);
			cr_expect_not(watch_forbidden(w), "%zu, %zu", i, before);
			watch_free(w);
			free(filler);
		}
}

/* Otherwise a guest could hide a line behind one that takes too long. */
Test(watch, a_line_that_takes_too_long_is_no_pass)
{
	static const char *const expected[] = { "ready" };
	struct outcome o = { 0 };
	struct watch *w = watch_of(expected, 1, "(a+)+$");

	put(w, "fine aaaa\003\n");
	cr_expect_not(watch_forbidden(w));
	put(w, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\nready\n");
	cr_expect(watch_forbidden(w));
	watch_outcome(w, &o);
	cr_expect_eq(o.kind, CONSOLE_UNDECIDED);
	cr_expect_not_null(strstr(o.detail, "'(a+)+$' ran into its limit at the line: aaaaaaaa"),
	                   "%s", o.detail);
	watch_free(w);
}

Test(watch, an_expected_line_that_takes_too_long_is_told)
{
	static const char *const expected[] = { "(a+)+$" };
	struct outcome o = { 0 };
	struct watch *w = watch_of(expected, 1, NULL);

	put(w, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n");
	cr_expect(watch_forbidden(w));
	watch_outcome(w, &o);
	cr_expect_eq(o.kind, CONSOLE_UNDECIDED);
	watch_free(w);
}

/* The first forbidden line is reported, even if a later one runs into the limit. */
Test(watch, what_is_known_stays_known)
{
	static const char *const expected[] = { "(a+)+$" };
	struct outcome o = { 0 };
	struct watch *w = watch_of(expected, 1, "BUG");

	put(w, "BUG\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n");
	watch_outcome(w, &o);
	cr_expect_eq(o.kind, CONSOLE_FORBIDDEN);
	watch_free(w);
}

/*
 * Many lines that each stay below the limit must not add up to hours: 4 KiB take less than a
 * second.
 */
Test(watch, costly_lines_have_a_limit_together, .timeout = 60)
{
	struct watch *w = watch_of(NULL, 0, "^(a+)+$");
	size_t lines = 0;

	for (; lines < 100000 && !watch_forbidden(w); lines++)
		put(w, "aaaaaaaaaaaaaaaaaa!\n");
	cr_expect_lt(lines, 1000);
	watch_free(w);
}

/* Dots of progress: each is matched with all before it, and such a run may go on. */
Test(watch, pauses_bring_what_they_cost)
{
	static const char *const expected[] = { "^[.]+ [0-9]+ tests$" };
	struct watch *w = watch_of(expected, 1, "\\w+ failed");

	for (int i = 0; i < 4000; i++) {
		put(w, ".");
		watch_pause(w);
	}
	cr_expect_not(watch_forbidden(w));
	put(w, " 4000 tests\n");
	cr_expect(watch_complete(w));
	watch_free(w);
}

Test(watch, bytes_may_come_one_by_one)
{
	static const char *const expected[] = { "^one$", "^two$" };
	static const char text[] = "\033[1mone\033[0m\r\ntwo\r\n";
	struct watch *w = watch_of(expected, ARRAY_SIZE(expected), NULL);

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		watch_put(w, (const uint8_t *)text + i, 1);
	cr_expect(watch_complete(w));
	watch_free(w);
}

Test(watch, a_line_that_must_never_come)
{
	static const char *const expected[] = { "ready" };
	struct watch *w = watch_of(expected, 1, "BUG:");
	struct outcome o = { 0 };

	put(w, "ready\nfine\n");
	cr_expect_not(watch_forbidden(w));
	put(w, "\033[31m[ 1.5] BUG: \001bad\xff\n");
	cr_expect(watch_forbidden(w));
	watch_outcome(w, &o);
	cr_expect_eq(o.kind, CONSOLE_FORBIDDEN);
	cr_expect_not_null(strstr(o.detail, "'BUG:'"), "%s", o.detail);
	cr_expect_not_null(strstr(o.detail, "BUG: \xef\xbf\xbd"
	                                    "bad\xef\xbf\xbd"),
	                   "%s", o.detail);
	watch_free(w);
}

/* The reader of the message may not be the author of the manifest. */
Test(watch, a_pattern_is_told_clean)
{
	struct watch *w = watch_of(NULL, 0, "bad|\033]0;\a\n\u00e9");
	struct outcome o = { 0 };

	put(w, "bad\n");
	watch_outcome(w, &o);
	cr_expect_str_eq(o.detail,
	                 "a line matches 'bad|\ufffd]0;\ufffd \u00e9' in expect.never: bad");
	watch_free(w);
}

/*
 * A match found in a pause is reported with the rest of the line, even if that was too long to be
 * kept.
 */
Test(watch, a_long_forbidden_line_is_told_beyond_the_pause)
{
	struct watch *w = watch_of(NULL, 0, "bad");
	struct outcome o = { 0 };

	put(w, "bad");
	watch_pause(w);
	for (int i = 0; i < 10000; i++)
		put(w, "x");
	put(w, "\n");
	watch_outcome(w, &o);
	cr_expect_not_null(strstr(o.detail, "never: badxxxx"), "%s", o.detail);
	watch_free(w);
}

Test(watch, the_first_forbidden_line_is_the_one_that_is_told)
{
	struct watch *w = watch_of(NULL, 0, "Kernel panic");
	struct outcome o = { 0 };

	put(w, "Kernel panic - not syncing: one\nKernel panic - not syncing: two\n");
	watch_outcome(w, &o);
	cr_expect_eq(o.kind, GUEST_PANICKED);
	cr_expect_str_eq(o.detail, "the guest's kernel panicked: Kernel panic - not syncing: one");
	watch_free(w);
}

Test(watch, a_forbidden_line_is_told_to_its_end)
{
	static const char *const rest[] = { "cing: x\nnext", "cing: x" };

	for (size_t i = 0; i < ARRAY_SIZE(rest); i++) {
		struct watch *w = watch_of(NULL, 0, "Kernel panic");
		struct outcome o = { 0 };

		put(w, "Kernel panic - not syn");
		watch_pause(w);
		cr_expect(watch_forbidden(w));
		put(w, rest[i]);
		watch_outcome(w, &o);
		cr_expect_str_eq(o.detail,
		                 "the guest's kernel panicked: Kernel panic - not syncing: x");
		watch_free(w);
	}
}

Test(watch, a_prompt_matches_when_nothing_more_comes)
{
	static const char *const expected[] = { "login: ", "never$" };
	struct watch *w = watch_of(expected, ARRAY_SIZE(expected), NULL);

	put(w, "host login: ");
	cr_expect_eq(watch_met(w), 0);
	watch_pause(w);
	cr_expect_eq(watch_met(w), 1);
	put(w, "never"); /* the same line, which has counted */
	watch_pause(w);
	watch_end(w);
	cr_expect_eq(watch_met(w), 1);
	watch_free(w);
}

static bool hurry(void *times)
{
	++*(unsigned *)times;
	return true;
}

/* The main thread interrupts long matching and resumes it later: nothing is decided meanwhile. */
Test(watch, a_thread_in_a_hurry_looks_later)
{
	static const char *const expected[] = { "^a" };
	struct watch *w = watch_of(expected, 1, "(a+)+[qz]");
	unsigned times = 0;

	watch_on_hurry(w, hurry, &times);
	for (int i = 0; i < 64; i++)
		put(w, "a");
	watch_pause(w);
	cr_expect_eq(times, 1);
	cr_expect(watch_unseen(w));
	cr_expect_not(watch_forbidden(w));
	cr_expect_eq(watch_met(w), 0);
	watch_on_hurry(w, NULL, NULL);
	watch_pause(w);
	cr_expect_eq(times, 1);
	cr_expect_not(watch_unseen(w));
	cr_expect(watch_forbidden(w), "it isn't decided");
	watch_free(w);
}

Test(watch, an_unfinished_line_has_no_end)
{
	static const char *const expected[] = { "^log$" };
	struct watch *w = watch_of(expected, 1, "in$");

	put(w, "log");
	watch_pause(w);
	cr_expect_eq(watch_met(w), 0);
	put(w, "in");
	watch_pause(w);
	cr_expect_not(watch_forbidden(w));
	watch_end(w); /* now it has */
	cr_expect(watch_forbidden(w));
	watch_free(w);
}

Test(watch, the_last_line_needs_no_newline)
{
	static const char *const expected[] = { "^bye$" };
	struct watch *w = watch_of(expected, 1, NULL);

	put(w, "bye");
	watch_end(w);
	cr_expect(watch_complete(w));
	watch_free(w);
}

/* `count` bytes of filler around `word`, which begins at `at`. */
static void put_long(struct watch *w, size_t count, size_t at, const char *word)
{
	char *line = malloc(count);

	memset(line, 'x', count);
	memcpy(line + at, word, strlen(word));
	watch_put(w, (const uint8_t *)line, count);
	free(line);
}

Test(watch, a_word_is_found_wherever_it_stands_in_a_line_without_an_end)
{
	for (size_t at = 0; at < 20000; at += 97) {
		struct watch *w = watch_of(NULL, 0, "Kernel panic");

		put_long(w, 40000, at, "Kernel panic");
		cr_expect(watch_forbidden(w), "at %zu", at);
		watch_free(w);
	}
}

Test(watch, in_a_long_line_only_its_begin_and_its_end_are_such)
{
	static const char *const middle[] = { "^word" }, *const end[] = { "word$" };
	struct watch *w = watch_of(middle, 1, NULL);

	/* Where windows begin. */
	for (size_t at = 4096; at < 32768; at += 4096)
		put_long(w, 32768, at, "word");
	watch_end(w);
	cr_expect_eq(watch_met(w), 0);
	watch_free(w);
	w = watch_of(end, 1, NULL);
	put_long(w, 8192, 8188, "word"); /* the window is full, the line isn't over */
	cr_expect_eq(watch_met(w), 0);
	put(w, "x\n");
	cr_expect_eq(watch_met(w), 0);
	watch_free(w);
}

static unsigned woken;

static void wake(void *self)
{
	cr_expect_eq(self, &woken);
	woken++;
}

Test(watch, wakes_for_lines_that_begin_the_last_expected_and_a_forbidden_one)
{
	static const char *const expected[] = { "one", "two" };
	struct watch *w = watch_of(expected, ARRAY_SIZE(expected), "bad");

	watch_on_change(w, wake, &woken);
	put(w, "one\n");
	cr_expect_eq(woken, 1);
	put(w, "two\n");
	cr_expect_eq(woken, 3);
	put(w, "bad\nbad\n");
	cr_expect_eq(woken, 6);
	watch_free(w);
}

Test(watch, keeps_the_last_line_and_the_last_bytes)
{
	struct watch *w = watch_of(NULL, 0, NULL);
	char tail[16], whole[10000];

	cr_expect_str_empty(watch_last_line(w));
	cr_expect_eq(watch_tail(w, tail, sizeof(tail)), 0);
	put(w, "first\r\n\033[1mlast \001\033[0m\r\n\r\n");
	cr_expect_str_eq(watch_last_line(w), "last \xef\xbf\xbd");
	cr_expect_eq(watch_tail(w, tail, 5), 5);
	cr_expect_eq(memcmp(tail, "m\r\n\r\n", 5), 0);
	put_long(w, 9000, 8990, "tail's end");
	cr_expect_eq(watch_tail(w, whole, sizeof(whole)), 8192);
	cr_expect_eq(memcmp(whole + 8182, "tail's end", 10), 0);
	cr_expect_eq(whole[0], 'x');
	put(w, "\r\n10%\r20%\r\n");
	cr_expect_str_eq(watch_last_line(w), "20%");
	put(w, "30%\r40%\r");
	cr_expect_str_eq(watch_last_line(w), "30%");
	watch_end(w);
	cr_expect_str_eq(watch_last_line(w), "40%");
	watch_free(w);
}

Test(watch, refuses_what_is_no_pattern)
{
	static const char *const bad[] = { "good", "(" };
	const struct watch_rules rules = { bad, 2, NULL, 0 };
	struct error err = { 0 };

	cr_expect_null(watch_new(&rules, &err));
	cr_expect_eq(err.kind, ERROR_BAD_VALUE);
}
