/* SPDX-License-Identifier: MIT */
/*
 * core/vm/signals.h: SIGINT, SIGTERM, SIGHUP and the time limit of the command, which end all of
 * its runs.
 */
#ifndef CORE_VM_SIGNALS_H
#define CORE_VM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct error;   /* core/base/error.h */
struct outcome; /* core/vm/outcome.h */

/*
 * Installs handlers: the first of these signals is recorded, the terminal restored
 * (core/vm/terminal.h) and the default action reinstated, so that the next one kills. Signals that
 * the process ignores (under nohup, in the background of a shell) stay ignored. SIGTTIN and SIGTTOU
 * are ignored, so that using the terminal never stops a run in the background. Returns 1 if this
 * call installed them, 0 if they were installed before, or a negative errno.
 */
int signals_begin(struct error *err);
/*
 * The same in a child process, anew: signals after the first change nothing. A terminal or a
 * service manager sends them to the parent, too, which passes the first on; the second kills it,
 * and so us.
 */
int signals_follow(struct error *err);
/* Restores the previous handlers and forgets a recorded signal. */
void signals_end(void);

/*
 * Sets the time limit: after limit_ms (0: never) the command ends as by a first signal:
 * stop_signo() is then SIGALRM, and later signals kill. Call it after signals_begin(). Child
 * processes don't inherit the limit: the parent passes SIGALRM on.
 */
void signals_limit(uint64_t limit_ms);

/* Becomes readable, and stays so, once a signal came; -1 before signals_begin(). */
int signals_fd(void);
/* The signal that came, SIGALRM for the time limit; 0: none. */
int stop_signo(void);
/* Whether a signal came, or is pending because the calling thread blocks it. */
bool signals_pending(void);

/*
 * The outcome of a run that stop_signo() ended: RUN_SIGNALLED, or RUN_TIMED_OUT; `when` is appended
 * to the sentence.
 */
void signals_outcome(struct outcome *ret, const char *when);

/*
 * Blocks all signals in the calling thread except those of its own faults and the vCPUs' kick
 * (SIGRTMIN). Threads created meanwhile inherit this, so handlers run in the first thread.
 * *ret_before is the previous mask, for pthread_sigmask(3).
 */
void block_async_signals(sigset_t *ret_before);

#endif
