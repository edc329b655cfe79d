/* SPDX-License-Identifier: MIT */
/* cmd/jobs.c: forks, waits, and passes the first signal on. */
#include "cmd/jobs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/vm/signals.h"

/*
 * How long after the time limit of the command a child may take to end its guest and to write what
 * it has.
 */
enum { OVERDUE_MS = 15000 };

struct job {
	pid_t pid; /* 0: none */
	int fd;    /* readable once it is gone (pidfd_open(2)); -1 where the kernel has none */
	unsigned piece;
};

struct jobs {
	const struct work *work;
	struct job list[JOBS_MAX];
	unsigned slots; /* of the list */
	unsigned begun, going;
	bool stopped;        /* the signal was passed on */
	uint64_t kill_at_ms; /* by clock_ms(); 0: never */
	bool killed;
};

/*
 * What makes a child of its own: a terminal's signals go to our process group and not to it, it
 * doesn't outlive us, and doesn't read what we could.
 */
static void child_begin(pid_t parent)
{
	auto_fd int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct error ignored = { 0 };

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (none >= 0)
		dup2(none, STDIN_FILENO);
	signals_end();
	signals_begin(&ignored);
}

/* Those of other children: of many, they would leave this one none. */
static void descriptors_close(struct jobs *jobs)
{
	for (unsigned i = 0; i < jobs->slots; i++)
		if (jobs->list[i].pid)
			fd_cleanup(&jobs->list[i].fd);
}

static bool job_begin(struct jobs *jobs, struct job *j)
{
	const struct work *w = jobs->work;
	pid_t parent = getpid(), pid;
	sigset_t all, before;

	fflush(NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before); /* none to our handlers in the child */
	pid = fork();
	if (pid == 0) {
		int status;

		child_begin(parent);
		descriptors_close(jobs);
		sigprocmask(SIG_SETMASK, &before, NULL);
		status = w->child(w->self, jobs->begun);
		fflush(NULL);
		_exit(status);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return false;
	*j = (struct job){ pid, (int)syscall(SYS_pidfd_open, pid, 0), jobs->begun++ };
	jobs->going++;
	return true;
}

static void jobs_fill(struct jobs *jobs)
{
	for (unsigned i = 0; i < jobs->slots; i++)
		if (jobs->list[i].pid == 0 && jobs->begun < jobs->work->count && !stop_signo() &&
		    !job_begin(jobs, &jobs->list[i]))
			return;
}

static void job_reap(struct jobs *jobs, struct job *j)
{
	int wstatus = 0;

	if (j->pid == 0 || waitpid(j->pid, &wstatus, WNOHANG) != j->pid)
		return;
	jobs->work->ended(jobs->work->self, j->piece, wstatus, jobs->killed);
	fd_cleanup(&j->fd);
	*j = (struct job){ .fd = -1 };
	jobs->going--;
}

static void jobs_kill(const struct jobs *jobs, int signal_number)
{
	for (unsigned i = 0; i < jobs->slots; i++)
		if (jobs->list[i].pid)
			kill(jobs->list[i].pid, signal_number);
}

static void jobs_stop(struct jobs *jobs)
{
	if (!jobs->stopped && stop_signo()) {
		jobs->stopped = true;
		jobs_kill(jobs, stop_signo());
		if (stop_signo() == SIGALRM)
			jobs->kill_at_ms = clock_ms() + OVERDUE_MS;
	}
	if (jobs->kill_at_ms && !jobs->killed && clock_ms() >= jobs->kill_at_ms) {
		jobs->killed = true;
		jobs_kill(jobs, SIGKILL);
	}
}

/* Until a child is gone or a signal came. */
static void jobs_wait(struct jobs *jobs)
{
	struct pollfd fds[JOBS_MAX + 1];
	bool blind = false;

	for (unsigned i = 0; i < jobs->slots; i++) {
		const struct job *j = &jobs->list[i];

		fds[i] = (struct pollfd){ .fd = j->pid ? j->fd : -1, .events = POLLIN };
		blind |= j->pid && j->fd < 0;
	}
	fds[jobs->slots] =
		(struct pollfd){ .fd = jobs->stopped ? -1 : signals_fd(), .events = POLLIN };
	poll(fds, jobs->slots + 1, blind ? 100 : jobs->kill_at_ms && !jobs->killed ? 1000 : -1);
}

unsigned jobs_run(const struct work *w)
{
	struct jobs jobs = { .work = w, .slots = MIN_OF(w->at_once, (unsigned)JOBS_MAX) };

	jobs_fill(&jobs);
	while (jobs.going > 0) {
		jobs_wait(&jobs);
		jobs_stop(&jobs);
		for (unsigned i = 0; i < jobs.slots; i++)
			job_reap(&jobs, &jobs.list[i]);
		jobs_fill(&jobs);
	}
	return jobs.begun;
}
