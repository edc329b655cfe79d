/* SPDX-License-Identifier: MIT */
/* core/base/thread.h: helpers for short jobs, on processors other than the caller's. */
#ifndef CORE_BASE_THREAD_H
#define CORE_BASE_THREAD_H

#include <stdbool.h>
#include <stddef.h>

struct helper;

/* How many processors this process may use; 1 where nobody knows. */
size_t helper_cpus(void);

/*
 * Has main(self) run beside the caller, with all signals blocked. NULL: no thread or no second
 * processor is to be had. Left to itself the scheduler tends to queue a new thread behind the one
 * that starts it, where it comes too late to help with a job of milliseconds; so it begins
 * elsewhere.
 */
struct helper *helper_start(void (*main)(void *self), void *self);

/*
 * Waits for its end: true. Or, if it has not begun by now, sees that it never will: false. Frees
 * it; NULL is false.
 */
bool helper_finish(struct helper *h);

#endif
