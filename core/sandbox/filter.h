/* SPDX-License-Identifier: MIT */
/*
 * core/sandbox/filter.h: filters of system calls (seccomp(2)), made of a table. The program is our
 * own: a few instructions a row, where libseccomp would take longer to make one than a guest to
 * start, and be larger than the rest of this folder.
 */
#ifndef CORE_SANDBOX_FILTER_H
#define CORE_SANDBOX_FILTER_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sandbox/calls.h"

struct error; /* core/base/error.h */

/*
 * TCGETS2, by which glibc 2.42 and later find out whether a file is a terminal; older ones use
 * TCGETS. No header has both this and what else we need of terminals.
 */
#define FILTER_TCGETS2 0x802c542aU

/* Flags of open(2) that make a file, or let one be written. */
#define FILTER_WRITES (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

enum filter_test {
	FILTER_ANY,
	FILTER_IS,      /* the argument, of 32 bits, is `value` */
	FILTER_WITHOUT, /* the argument has none of the bits of `value` */
	FILTER_NONE,    /* not allowed, but no offence: ENOSYS */
};

/* A system call that is allowed. If it has several rows, any of them is enough. */
struct filter_row {
	uint32_t number;
	unsigned threads; /* bits of the kinds of threads that may make it */
	unsigned when;    /* bits of what the run must have for it; 0: always */
	enum filter_test test;
	unsigned argument;
	uint32_t value;
};

enum sandbox_mode { SANDBOX_ON, SANDBOX_LOG, SANDBOX_OFF };

/* "on", "log", "off"; static. */
const char *sandbox_mode_name(enum sandbox_mode mode);

/*
 * Prepares this process for filters: what one refuses is written to *to, which must stay there.
 * say (NULL: nothing) is called in a signal handler, once for each of them. Then the process exits
 * with status 1; with `log`, the call is made all the same, but for those that start a process or a
 * thread.
 */
int filter_begin(enum sandbox_mode mode, struct calls *to, void (*say)(const struct call *c),
                 struct error *err);

/*
 * From here on, allows nothing but the rows with one of the bits of `threads`, if their `when` is
 * contained in `when`. all: for every thread of the process, else for the calling one, and only
 * what filters before allow, too. Needs privileges_none_new(). 0, or a negative errno with *err
 * filled: E2BIG above 255 rows.
 */
int filter_set(const struct filter_row *rows, size_t n, unsigned threads, unsigned when, bool all,
               struct error *err);

#endif
