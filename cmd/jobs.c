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

/* After the time limit of the command, how long a child may take to end its guest and clean up. */
enum { OVERDUE_MS = 15000 };

struct child {
	pid_t pid; /* 0: none */
	int fd;    /* readable when it has ended (pidfd_open(2)); -1 if the kernel has none */
	unsigned job;
};

struct pool {
	const struct work *work;
	struct child list[JOBS_MAX];
	unsigned slots; /* of the list */
	unsigned started, running;
	bool signalled;      /* the signal was passed on */
	uint64_t kill_at_ms; /* by clock_ms(); 0: never */
	bool killed;
};

static bool child_start(struct pool *p, struct child *c)
{
	const struct work *w = p->work;
	pid_t parent = getpid(), pid;
	struct error ignored = { 0 };
	sigset_t all, before;

	fflush(NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before); /* our handlers must not run in the child */
	pid = fork();
	if (pid == 0) {
		int status, none = open("/dev/null", O_RDONLY | O_CLOEXEC);

		/* detach the child: own process group, dies with us, stdin from /dev/null */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		if (none >= 0)
			dup2(none, STDIN_FILENO);
		fd_cleanup(&none);
		signals_end();
		signals_begin(&ignored);
		/* close siblings' pidfds, or RLIMIT_NOFILE could run out */
		for (unsigned i = 0; i < p->slots; i++)
			if (p->list[i].pid)
				fd_cleanup(&p->list[i].fd);
		sigprocmask(SIG_SETMASK, &before, NULL);
		status = w->child(w->self, p->started);
		fflush(NULL);
		_exit(status);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return false;
	*c = (struct child){ pid, (int)syscall(SYS_pidfd_open, pid, 0), p->started++ };
	p->running++;
	return true;
}

static void pool_fill(struct pool *p)
{
	for (unsigned i = 0; i < p->slots; i++)
		if (p->list[i].pid == 0 && p->started < p->work->count && !stop_signo() &&
		    !child_start(p, &p->list[i]))
			return;
}

static void pool_kill(const struct pool *p, int signo)
{
	for (unsigned i = 0; i < p->slots; i++)
		if (p->list[i].pid)
			kill(p->list[i].pid, signo);
}

/* Waits until a child has ended or a signal came; at most a second, as pidfds don't show stops. */
static void pool_wait(struct pool *p)
{
	struct pollfd fds[JOBS_MAX + 1];
	int timeout_ms = 1000;

	for (unsigned i = 0; i < p->slots; i++) {
		const struct child *c = &p->list[i];

		fds[i] = (struct pollfd){ .fd = c->pid ? c->fd : -1, .events = POLLIN };
		if (c->pid && c->fd < 0)
			timeout_ms = 100;
	}
	fds[p->slots] = (struct pollfd){ .fd = p->signalled ? -1 : signals_fd(), .events = POLLIN };
	poll(fds, p->slots + 1, timeout_ms);
}

unsigned jobs_run(const struct work *w)
{
	struct pool p = { .work = w, .slots = MIN(w->at_once, (unsigned)JOBS_MAX) };

	pool_fill(&p);
	while (p.running > 0) {
		pool_wait(&p);
		if (!p.signalled && stop_signo()) {
			p.signalled = true;
			pool_kill(&p, stop_signo());
			if (stop_signo() == SIGALRM)
				p.kill_at_ms = clock_ms() + OVERDUE_MS;
		}
		if (p.kill_at_ms && !p.killed && clock_ms() >= p.kill_at_ms) {
			p.killed = true;
			pool_kill(&p, SIGKILL);
		}
		for (struct child *c = p.list; c < p.list + p.slots; c++) {
			int wstatus = 0;

			if (!c->pid || waitpid(c->pid, &wstatus, WNOHANG | WUNTRACED) != c->pid)
				continue;
			if (WIFSTOPPED(wstatus)) { /* it can't see its time limits meanwhile */
				kill(c->pid, SIGCONT);
				continue;
			}
			w->ended(w->self, c->job, wstatus, p.killed);
			fd_cleanup(&c->fd);
			*c = (struct child){ .fd = -1 };
			p.running--;
		}
		pool_fill(&p);
	}
	return p.started;
}
