/* SPDX-License-Identifier: MIT */
/* core/base/thread.h: helper threads for short jobs, on other CPUs than the caller's. */
#ifndef CORE_BASE_THREAD_H
#define CORE_BASE_THREAD_H

#include <stdbool.h>
#include <stddef.h>

struct helper;

/* How many CPUs this process may use; 1 if unknown. */
size_t helper_cpus(void);

/*
 * Runs main(self) on another CPU, with all signals blocked. (Left to itself, the scheduler tends to
 * queue a new thread behind its parent, too late for a job of milliseconds.) NULL: there is no
 * second CPU, or no thread could be created.
 */
struct helper *helper_start(void (*main)(void *self), void *self);

/*
 * Waits for the helper to finish and returns true; if it hasn't begun yet, cancels it and returns
 * false. Frees it. NULL: false.
 */
bool helper_finish(struct helper *h);

#endif
