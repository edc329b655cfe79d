/* SPDX-License-Identifier: MIT */
/* cmd/jobs.h: several pieces of work at once, each in a process of its own. */
#ifndef CMD_JOBS_H
#define CMD_JOBS_H

#include <stdbool.h>

#define JOBS_MAX 255

struct work {
	unsigned count;   /* pieces, from 0 */
	unsigned at_once; /* at most JOBS_MAX */
	int (*child)(void *self,
	             unsigned piece); /* in a process of its own, which ends with what it returns */
	/*
	 * In ours. wstatus: as of waitpid(2). overdue: killed, as it had not ended long after the
	 * time limit.
	 */
	void (*ended)(void *self, unsigned piece, int wstatus, bool overdue);
	void *self;
};

/*
 * Begins the pieces in order and waits for them. Signals reach the children through us alone: the
 * first (core/vm/signals.h) is passed on and nothing more is begun; if we die, so do they. So does
 * a child that is still there OVERDUE_MS after the time limit of the command. They read nothing
 * from our input. The process must have no threads. Returns how many were begun: fewer than `count`
 * after a signal, or when no process is to be had at all.
 */
unsigned jobs_run(const struct work *w);

#endif
