/* SPDX-License-Identifier: MIT */
/* cmd/jobs.h: several jobs at once, each in a process of its own. */
#ifndef CMD_JOBS_H
#define CMD_JOBS_H

#include <stdbool.h>

#define JOBS_MAX 255

struct work {
	unsigned count;   /* jobs, numbered from 0 */
	unsigned at_once; /* at most JOBS_MAX */
	/* Runs in the child process, which exits with what it returns. */
	int (*child)(void *self, unsigned job);
	/*
	 * Runs in our process. wstatus: see waitpid(2). overdue: killed, as it had not ended long
	 * after the time limit.
	 */
	void (*ended)(void *self, unsigned job, int wstatus, bool overdue);
	void *self;
};

/*
 * Starts the jobs in order and waits for them. The process must have no threads. Children read
 * nothing from our stdin and get signals only from us: the first (core/vm/signals.h) is passed on,
 * and no more jobs are started. They are killed if we die, or if they are still there 15 seconds
 * after the time limit of the command; one that somebody stopped (SIGSTOP) is continued. Returns
 * how many were started: fewer than `count` after a signal, or if fork() fails while none is left.
 */
unsigned jobs_run(const struct work *w);

#endif
