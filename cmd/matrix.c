/* SPDX-License-Identifier: MIT */
/* cmd/matrix.c: runs as a queue, processes where several go at once, and the summary. */
#include "cmd/matrix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/attempt.h"
#include "cmd/verdict.h"
#include "core/base/array.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/out/run_result.h"
#include "core/vm/stop.h"

/* A run that is under way in a process of its own. */
struct job {
	pid_t pid; /* 0: none */
	int fd;    /* readable once it is gone (pidfd_open(2)) */
	unsigned run;
};

struct matrix {
	const struct run_options *o;
	struct run_result *results;
	unsigned n, next; /* runs, and the first that hasn't begun */
	struct job jobs[MATRIX_MAX_JOBS];
	unsigned going;
	bool stopped;
};

/* --- results that no run has filled --- */

static void result_name(const struct run_options *o, unsigned run, struct run_result *r)
{
	auto_manifest struct manifest m = { 0 };
	struct error ignored = { 0 };

	snprintf(r->name, sizeof(r->name), "%s", o->manifest);
	snprintf(r->variant, sizeof(r->variant), "run-%u", run + 1);
	if (manifest_open(o->manifest, &o->settings, run, &m, &ignored) < 0)
		return;
	snprintf(r->name, sizeof(r->name), "%s", m.name);
	snprintf(r->variant, sizeof(r->variant), "%s", m.variant);
}

static void result_not_begun(const struct run_options *o, unsigned run, struct run_result *r)
{
	result_name(o, run, r);
	r->verdict = RESULT_ERROR;
	r->status = STATUS_SIGNAL + stop_signal();
	r->reason = RUN_SIGNALLED;
	snprintf(r->sentence, sizeof(r->sentence), "not begun, for a signal came before: %s",
	         strsignal(stop_signal()));
}

/* A process that went without a result: a fault in it, or somebody killed it. */
static void result_died(const struct run_options *o, unsigned run, struct run_result *r, int how)
{
	result_name(o, run, r);
	r->verdict = RESULT_ERROR;
	r->status = WIFSIGNALED(how) ? STATUS_SIGNAL + WTERMSIG(how) : STATUS_LAUNCH;
	r->reason = ERROR_INTERNAL;
	snprintf(r->sentence, sizeof(r->sentence),
	         "the process of this run ended without a result: %s",
	         WIFSIGNALED(how) ? strsignal(WTERMSIG(how)) : "it exited");
}

/* --- several at once --- */

/*
 * What makes a child of its own: signals reach it through us alone (a terminal's go to our process group), it
 * doesn't outlive us, and doesn't read what we could.
 */
static void child_begin(pid_t parent)
{
	struct error ignored = { 0 };
	auto_fd int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	signal(SIGTTOU,
	       SIG_IGN); /* a group in the background may write to the terminal all the same */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_LAUNCH);
	if (none >= 0)
		dup2(none, STDIN_FILENO);
	stop_end();
	stop_begin(&ignored);
}

static int job_spawn(struct matrix *x, struct job *j, unsigned run)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		struct run_options own = *x->o;

		child_begin(parent);
		own.labelled = true;
		_exit(attempt(&own, run, &x->results[run]));
	}
	*j = (struct job){ pid, (int)syscall(SYS_pidfd_open, pid, 0), run };
	x->going++;
	return 0;
}

static void jobs_fill(struct matrix *x)
{
	for (unsigned i = 0; i < x->o->jobs && x->next < x->n && !stop_signal(); i++) {
		struct job *j = &x->jobs[i];

		if (j->pid == 0 && job_spawn(x, j, x->next) < 0)
			break; /* no process to be had now; those that go will end */
		x->next += j->pid != 0 && j->run == x->next;
	}
}

static void job_reap(struct matrix *x, struct job *j)
{
	struct run_result *r = &x->results[j->run];
	int how = 0;

	if (waitpid(j->pid, &how, WNOHANG) != j->pid)
		return;
	if (!r->sentence[0])
		result_died(x->o, j->run, r, how);
	fd_cleanup(&j->fd);
	*j = (struct job){ .fd = -1 };
	x->going--;
}

/* The first signal, passed on. A second kills us, and with us the children. */
static void jobs_stop(struct matrix *x)
{
	if (x->stopped || !stop_signal())
		return;
	x->stopped = true;
	for (unsigned i = 0; i < x->o->jobs; i++)
		if (x->jobs[i].pid)
			kill(x->jobs[i].pid, SIGTERM);
}

static void jobs_wait(struct matrix *x)
{
	struct pollfd fds[MATRIX_MAX_JOBS + 1];
	bool blind = false;

	for (unsigned i = 0; i < x->o->jobs; i++) {
		const struct job *j = &x->jobs[i];

		fds[i] = (struct pollfd){ .fd = j->pid ? j->fd : -1, .events = POLLIN };
		blind |= j->pid && j->fd < 0;
	}
	fds[x->o->jobs] = (struct pollfd){ .fd = x->stopped ? -1 : stop_fd(), .events = POLLIN };
	poll(fds, x->o->jobs + 1, blind ? 100 : -1);
	jobs_stop(x);
	for (unsigned i = 0; i < x->o->jobs; i++)
		if (x->jobs[i].pid)
			job_reap(x, &x->jobs[i]);
}

static void matrix_at_once(struct matrix *x)
{
	do {
		jobs_fill(x);
		if (x->going == 0 && x->next < x->n && !stop_signal())
			attempt(x->o, x->next, &x->results[x->next]), x->next++;
		if (x->going > 0)
			jobs_wait(x);
	} while (x->going > 0 || (x->next < x->n && !stop_signal()));
}

/* --- one after the other --- */

static void matrix_in_turn(struct matrix *x)
{
	for (; x->next < x->n && !stop_signal(); x->next++)
		attempt(x->o, x->next, &x->results[x->next]);
}

/* --- the end --- */

static void summary_tell(const struct matrix *x)
{
	unsigned count[RESULTS] = { 0 };

	for (unsigned i = 0; i < x->n; i++) {
		const struct run_result *r = &x->results[i];

		count[r->verdict]++;
		log_at(r->verdict == RESULT_PASS ? LOG_NOTICE : LOG_QUIET, "%-7s %3d  %s [%s]",
		       run_verdict_name(r->verdict), r->status, r->variant, reason_name(r->reason));
	}
	log_notice("%u runs: %u passed, %u failed, %u ended by a limit, %u errors, %u skipped",
	           x->n, count[RESULT_PASS], count[RESULT_FAIL], count[RESULT_TIMEOUT],
	           count[RESULT_ERROR], count[RESULT_SKIP]);
}

int matrix_run(const struct run_options *o, unsigned n, struct run_result *results)
{
	auto_free struct matrix *x = calloc(1, sizeof(*x));
	const struct run_result *worst = &results[0];

	if (!x)
		return STATUS_LAUNCH;
	*x = (struct matrix){ .o = o, .results = results, .n = n };
	if (o->jobs > 1)
		matrix_at_once(x);
	else
		matrix_in_turn(x);
	for (; x->next < n; x->next++)
		result_not_begun(o, x->next, &results[x->next]);
	for (unsigned i = 1; i < n; i++)
		if (verdict_worse(&results[i], worst))
			worst = &results[i];
	summary_tell(x);
	return worst->status;
}
