/* SPDX-License-Identifier: MIT */
/*
 * core/vm/signals.h: what ends all runs of a command: SIGINT, SIGTERM, SIGHUP, and a time limit for
 * the whole of it.
 */
#ifndef CORE_VM_SIGNALS_H
#define CORE_VM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct error;   /* core/base/error.h */
struct outcome; /* core/vm/outcome.h */

/*
 * From here on the first of these signals is noted, the terminal restored (core/vm/terminal.h) and
 * the default put back, so that the next one kills. Signals that the process ignores (under nohup,
 * in the background of a shell) stay ignored. SIGTTIN and SIGTTOU are ignored, so that a run in the
 * background is never stopped for using the terminal. 1 if this call began it, 0 if it had begun
 * before, or a negative errno.
 */
int signals_begin(struct error *err);
/* Puts back what was there; forgets a signal that came. */
void signals_end(void);

/*
 * Ends everything after so many milliseconds, as a first signal would: stop_signo() is then
 * SIGALRM, and signals that come later kill. Called after signals_begin(). A child process has no
 * limit of its own: its parent passes SIGALRM on.
 */
void signals_limit(uint64_t limit_ms);

/* Becomes readable, and stays so, when a signal came; -1 before signals_begin(). */
int signals_fd(void);
/* The signal that came, SIGALRM for the time limit; 0: none. */
int stop_signo(void);
/* Whether one came, or would have if the calling thread didn't block it. */
bool signals_pending(void);

/*
 * Once stop_signo() is set: what it makes of a run. RUN_SIGNALLED, or RUN_TIMED_OUT; `when` ends
 * the sentence.
 */
void signals_outcome(struct outcome *ret, const char *when);

/*
 * Blocks, in the calling thread, every signal but a thread's own faults and the kick of vCPUs
 * (SIGRTMIN). Threads made meanwhile leave handlers to the first one, which sees to the terminal.
 * *ret_before is for pthread_sigmask(3).
 */
void block_async_signals(sigset_t *ret_before);

#endif
