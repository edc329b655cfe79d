/* SPDX-License-Identifier: MIT */
/*
 * core/vm/watch.h: matches the guest's console, line by line, against expected and forbidden
 * patterns.
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
	const char *const *never; /* no line may match one of these */
	size_t n_never;
};

/*
 * Each line is matched against the first expected pattern that has not matched yet, and against all
 * forbidden ones; it counts for at most one expected pattern. Lines are without escape sequences
 * (ECMA-48), and what is not UTF-8 becomes U+FFFD. A newline ends a line, and so does a carriage
 * return that other text follows, which would overwrite the line on a terminal. A line longer than
 * 8 KiB is matched in windows of 8 KiB, each overlapping half of the one before. The rules are
 * copied. NULL with *err filled on failure.
 */
struct watch *watch_new(const struct watch_rules *rules, struct error *err);
void watch_free(struct watch *w); /* NULL is fine */

/*
 * Sets a function to call when a line begins, is the last expected one, or is forbidden. It may be
 * called with locks held.
 */
void watch_on_change(struct watch *w, void (*wake)(void *self), void *self);

/*
 * Sets a function to ask while watch_pause() matches: if it returns true, its thread has something
 * more urgent to do, and the line is matched later.
 */
void watch_on_hurry(struct watch *w, bool (*hurry)(void *self), void *self);

/* Takes bytes from the guest. May run while another thread calls one of the functions below. */
void watch_put(void *watch, const uint8_t *data, size_t size);
/* No byte has come for a moment: matches a partial line (a prompt; no `$`). Never blocks. */
void watch_pause(struct watch *w);
bool watch_unseen(const struct watch *w); /* watch_pause() has something to match */
/* No more bytes will come: an unfinished line is matched like any other. */
void watch_end(struct watch *w);

/* Every expected pattern has matched, or there is none. */
bool watch_complete(const struct watch *w);
/* A line matched a forbidden pattern, or matching it ran into its limit. */
bool watch_forbidden(const struct watch *w);

/*
 * The outcome of a run with a forbidden line: GUEST_PANICKED if it is a kernel's panic, else
 * CONSOLE_FORBIDDEN; CONSOLE_UNDECIDED if matching ran into its limit.
 */
void watch_outcome(struct watch *w, struct outcome *ret);

/* For results, once the run is over. */
size_t watch_expected(const struct watch *w); /* the number of expected patterns */
size_t watch_met(const struct watch *w);      /* how many of them have matched */
/* The text of the first expected pattern that hasn't matched; NULL: all have. */
const char *watch_outstanding(const struct watch *w);
/* The last line that wasn't empty, clean (core/base/text.h); "": none. */
const char *watch_last_line(struct watch *w);
/* Copies the last bytes as they came, at most `cap`; returns how many. */
size_t watch_tail(struct watch *w, char *to, size_t cap);

#endif
