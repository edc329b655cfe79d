/* SPDX-License-Identifier: MIT */
/*
 * core/base/pattern.h: regular expressions by PCRE2, compiled and matched in bounded time and
 * memory.
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
 * Compiles an expression. Refuses (ERROR_BAD_VALUE, without a location) what PCRE2 refuses, quoting
 * its reason and position; what cannot be matched in bounded time (back references, recursion, \X,
 * script runs); and what PCRE2 understands differently than regcomp(3). NULL with *err filled on
 * failure.
 */
struct pattern *pattern_new(const char *text, struct error *err);
void pattern_free(struct pattern *p); /* NULL is fine */
const char *pattern_text(const struct pattern *p);

/*
 * Memory for matching, and a budget of steps. A step takes about ten nanoseconds whatever the
 * expression, so steps bound the time; if they take longer, CPU time uses up steps too. Patterns
 * may share a matcher, but only one thread may use it at a time.
 */
#define MATCHER_STEPS_MAX ((uint64_t)32 << 20)  /* about a third of a second */
struct matcher *matcher_new(struct error *err); /* with MATCHER_STEPS_MAX steps */
void matcher_free(struct matcher *m);           /* NULL is fine */
/* Adds to the budget, up to MATCHER_STEPS_MAX. */
void matcher_add_steps(struct matcher *m, uint64_t steps);

/* Sets a function to call every few milliseconds of matching; true ends the match. NULL: none. */
void matcher_ask(struct matcher *m, bool (*unwanted)(void *self), void *self);

/* A line, or its beginning: valid UTF-8, any characters. */
struct pattern_line {
	const char *at;
	size_t size;
	/* a match begins at this character boundary or later; '^' only matches if it is 0 */
	size_t from;
	bool open; /* the line may continue: '$' doesn't match */
};

enum pattern_answer {
	PATTERN_NO,
	PATTERN_YES,
	PATTERN_UNDECIDED, /* out of steps or memory */
	PATTERN_UNWANTED,  /* see matcher_ask(); the same line may be tried again */
};
/* Whether any part of the line matches. */
enum pattern_answer pattern_match(const struct pattern *p, struct matcher *m,
                                  const struct pattern_line *line);

#endif
