/* SPDX-License-Identifier: MIT */
/* core/base/pattern.h: POSIX extended regular expressions, kept within time and memory. */
#ifndef CORE_BASE_PATTERN_H
#define CORE_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct error;   /* core/base/error.h */
struct pattern; /* opaque */

#define PATTERN_MAX 1024 /* bytes of text */

/*
 * Compiles an expression. Refuses (ERROR_BAD_VALUE, without a place) what regcomp(3) refuses, in its words; back
 * references, whose matching takes exponential time; and what glibc would take too much memory or stack for:
 * texts longer than PATTERN_MAX, groups nested deeper than 32, more than 4096 atoms once intervals are
 * written out. NULL with *err filled on failure.
 */
struct pattern *pattern_new(const char *text, struct error *err);
void pattern_free(struct pattern *p); /* NULL is fine */
const char *pattern_text(const struct pattern *p);

/* What matching a byte may cost, in atoms: those of several patterns that a line is held against add up. */
#define PATTERN_COST_MAX                                                                           \
	8192 /* all of them together; a tenth of a millisecond a byte at the worst */
unsigned pattern_cost(const struct pattern *p);

/* Whether some part of the bytes matches; NUL bytes are matched as themselves by '.', never the end. */
enum pattern_edge {
	PATTERN_WHOLE = 0,
	PATTERN_NOT_BEGIN = 1 << 0, /* `at` isn't where the line begins: '^' doesn't match there */
	PATTERN_NOT_END = 1 << 1,   /* the line goes on: '$' doesn't match there */
};
bool pattern_matches(struct pattern *p, const char *at, size_t size, unsigned edge);

#endif
