/* SPDX-License-Identifier: MIT */
/*
 * core/base/pattern.h: regular expressions of PCRE2, compiled and matched within bounds.
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
 * Compiles an expression. Refuses (ERROR_BAD_VALUE, without a location) what PCRE2 refuses, in its
 * words and with the position; what cannot be matched in bounded time (back references, recursion,
 * \X, script runs); and what means something else to PCRE2 than to regcomp(3). NULL with *err
 * filled on failure.
 */
struct pattern *pattern_new(const char *text, struct error *err);
void pattern_free(struct pattern *p); /* NULL is fine */
const char *pattern_text(const struct pattern *p);

/*
 * What matching needs: memory, and a budget of steps. A step takes some ten nanoseconds whatever
 * the expression, so steps bound the time; where they take longer, CPU time costs steps too.
 * Patterns may share a matcher, but only one thread may use it at a time.
 */
struct matcher *matcher_new(struct error *err);            /* with MATCHER_STEPS_MAX steps */
void matcher_free(struct matcher *m);                      /* NULL is fine */
#define MATCHER_STEPS_MAX ((uint64_t)32 << 20)             /* about a third of a second */
void matcher_add_steps(struct matcher *m, uint64_t steps); /* never above that many */

/* Has unwanted() called every few milliseconds of matching; true ends the match. NULL: never. */
void matcher_ask(struct matcher *m, bool (*unwanted)(void *self), void *self);

/* A line, or its beginning: valid UTF-8, any characters. */
struct pattern_line {
	const char *at;
	size_t size;
	/* a match begins here or later, at a character; unless it is 0, '^' never matches */
	size_t from;
	bool open; /* more of the line is to come: '$' doesn't match */
};

enum pattern_answer {
	PATTERN_NO,
	PATTERN_YES,
	PATTERN_UNDECIDED, /* out of steps or memory */
	PATTERN_UNWANTED,  /* see matcher_ask(); the same line may be tried again */
};
/* Whether some part of the line matches. */
enum pattern_answer pattern_match(const struct pattern *p, struct matcher *m,
                                  const struct pattern_line *line);

#endif
