/* SPDX-License-Identifier: MIT */
/*
 * core/base/pattern.h: regular expressions as PCRE2 has them, compiled and matched within bounds.
 */
#ifndef CORE_BASE_PATTERN_H
#define CORE_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;   /* core/base/error.h */
struct pattern; /* opaque */
struct matcher; /* opaque */

#define PATTERN_MAX        1024 /* bytes of text */
#define PATTERN_LOOKBEHIND 255  /* characters */

/*
 * Compiles an expression. Refuses (ERROR_BAD_VALUE, without a place) what PCRE2 refuses, in its
 * words and with the position; what could not be matched in bounded time (back references,
 * recursion, \X, script runs); and what PCRE2 takes for something else than regcomp(3) did. NULL
 * with *err filled on failure.
 */
struct pattern *pattern_new(const char *text, struct error *err);
void pattern_free(struct pattern *p); /* NULL is fine */
const char *pattern_text(const struct pattern *p);

/*
 * What matching needs: memory, and steps that it may spend. A step takes some ten nanoseconds,
 * whatever the expression, so the steps bound the time; where matching takes longer than that, the
 * processor's time is paid for in steps too. One thread at a time; many patterns may share one.
 */
struct matcher *matcher_new(struct error *err);            /* with MATCHER_STEPS_MAX steps */
void matcher_free(struct matcher *m);                      /* NULL is fine */
#define MATCHER_STEPS_MAX ((uint64_t)32 << 20)             /* about a third of a second */
void matcher_add_steps(struct matcher *m, uint64_t steps); /* never above that many */

/*
 * Asked every few milliseconds of matching: whether nobody wants the answer any more, which ends
 * the match. NULL: nobody is asked.
 */
void matcher_ask(struct matcher *m, bool (*unwanted)(void *self), void *self);

/* A line, or as much of it as there is: valid UTF-8, any characters. */
struct pattern_line {
	const char *at;
	size_t size;
	/* a match begins here or later, at a character; if not 0, '^' matches nowhere */
	size_t from;
	bool open; /* the line goes on: '$' doesn't match at its end */
};

/* Whether some part of the line matches. */
enum pattern_answer {
	PATTERN_NO,
	PATTERN_YES,
	PATTERN_UNDECIDED, /* out of steps or memory before it was clear */
	PATTERN_UNWANTED,  /* see matcher_ask(); the same line may be tried again */
};
enum pattern_answer pattern_match(const struct pattern *p, struct matcher *m,
                                  const struct pattern_line *line);

#endif
