/* SPDX-License-Identifier: MIT */
/*
 * core/vm/watch.h: the guest's console line by line, held against what must come and what must
 * never come.
 */
#ifndef CORE_VM_WATCH_H
#define CORE_VM_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;   /* core/base/error.h */
struct outcome; /* core/vm/outcome.h */
struct watch;   /* opaque */

struct watch_rules {
	const char *const *expected; /* regular expressions (core/base/pattern.h), in this order */
	size_t n_expected;
	const char *const *never; /* that no line may match */
	size_t n_never;
};

/*
 * A line is tried against the first expected pattern that hasn't matched yet, and against all that
 * must never match; it counts for one of the former at most. Escape sequences (ECMA-48) are left
 * out of lines, and what is no UTF-8 is U+FFFD in them. A newline ends a line, and so does a
 * carriage return that something else follows: on a terminal that is written over it. Of a line
 * longer than 8 KiB every 8 KiB are looked at, each overlapping the one before by half. The rules
 * are copied. NULL with *err filled on failure.
 */
struct watch *watch_new(const struct watch_rules *rules, struct error *err);
void watch_free(struct watch *w); /* NULL is fine */

/*
 * Called, maybe with locks held: a line begins, the last expected one came, or a forbidden one did.
 */
void watch_on_change(struct watch *w, void (*wake)(void *self), void *self);

/*
 * Asked while watch_pause() matches: whether its thread has something better to do; the line is
 * then looked at later.
 */
void watch_on_hurry(struct watch *w, bool (*hurry)(void *self), void *self);

/* Bytes from the guest. Safe beside the functions below. */
void watch_put(void *watch, const uint8_t *data, size_t size);
/*
 * Nothing came for a moment: an unfinished line (a prompt) may match as far as it goes, but has no
 * end for `$`. Waits for nobody.
 */
void watch_pause(struct watch *w);
bool watch_unseen(const struct watch *w); /* there is something that watch_pause() would look at */
/* Nothing more will come: an unfinished line is a line. */
void watch_end(struct watch *w);

bool watch_complete(const struct watch *w); /* every expected line came; true without any */
bool watch_forbidden(
	const struct watch *w); /* a line came that must never, or one that might be such */

/*
 * The outcome of a run with such a line: GUEST_PANICKED if it is a kernel's panic, else
 * CONSOLE_FORBIDDEN; CONSOLE_UNDECIDED if matching ran into its limit.
 */
void watch_outcome(struct watch *w, struct outcome *ret);

/* For results, once the run is over. */
size_t watch_expected(const struct watch *w), watch_met(const struct watch *w);
/* The first expected pattern that hasn't matched; NULL: none. */
const char *watch_outstanding(const struct watch *w);
/* The last line with something in it, clean (core/base/text.h); "" none. */
const char *watch_last_line(struct watch *w);
/* The last bytes, as they came: at most `cap`; how many. */
size_t watch_tail(struct watch *w, char *to, size_t cap);

#endif
