/* SPDX-License-Identifier: MIT */
/* cmd/jobs.h: jobs, one or several at once, each in a process of its own. */
#ifndef CMD_JOBS_H
#define CMD_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#define JOBS_MAX 255

struct work {
	unsigned count;   /* jobs, numbered from 0 */
	unsigned at_once; /* at most JOBS_MAX */
	size_t shared;    /* bytes that a child leaves for us */
	/*
	 * Runs in the child process, which exits with what it returns. `shared` is zero at first.
	 * keyboard: standard input is the child's end of one (core/vm/keyboard.h).
	 */
	int (*child)(void *self, unsigned job, void *shared, bool keyboard);
	/*
	 * Runs in our process. wstatus: see waitpid(2). overdue: killed, as it had not ended long
	 * after the time limit. The child may have written anything into `shared`. Returns after
	 * how many milliseconds the job has to start again, in a new process; -1: it is done.
	 */
	int (*ended)(void *self, unsigned job, int wstatus, bool overdue, const void *shared);
	/* The job won't be started, or not again: a signal came, or fork() failed. */
	void (*unstarted)(void *self, unsigned job);
	void *self;
};

/*
 * Starts the jobs in order and waits for them. The process must have no threads. A single child at
 * a time has our standard input, if it is a terminal by way of a keyboard; several have none. The
 * first signal (core/vm/signals.h) is passed on, and no more jobs are started; a child ignores
 * later ones, which kill us. Children are killed if we die, or if they are still there 15 seconds
 * after the time limit of the command; one that somebody stopped (SIGSTOP) is continued. If fork()
 * fails for a new job, it is tried again as long as others run.
 */
void jobs_run(const struct work *w);

#endif
