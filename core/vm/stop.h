/* SPDX-License-Identifier: MIT */
/* core/vm/stop.h: SIGINT, SIGTERM and SIGHUP: the first ends the run in good order, a second kills. */
#ifndef CORE_VM_STOP_H
#define CORE_VM_STOP_H

#include <signal.h>
#include <stdbool.h>

struct error; /* core/base/error.h */

/*
 * From here on the first of these signals is noted, the terminal restored (core/vm/terminal.h) and the
 * default put back, so that the next one kills. Signals that the process ignores (under nohup, in the background of a
 * shell) stay ignored. SIGTTIN and SIGTTOU are ignored, so that a run in the background is never stopped for using
 * the terminal. 1 if this call began it, 0 if it had begun before, or a negative errno.
 */
int stop_begin(struct error *err);
/* Puts back what was there; forgets a signal that came. */
void stop_end(void);

/* Becomes readable, and stays so, when a signal came; -1 before stop_begin(). */
int stop_fd(void);
/* The signal that came; 0: none. */
int stop_signal(void);

/*
 * Blocks, in the calling thread, every signal but a thread's own faults and the kick of vCPUs (SIGRTMIN). Threads made
 * meanwhile leave handlers to the first one, which sees to the terminal. *ret_before is for pthread_sigmask(3).
 */
void stop_shield(sigset_t *ret_before);

#endif
