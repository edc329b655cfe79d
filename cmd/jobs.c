/* SPDX-License-Identifier: MIT */
/* cmd/jobs.c: forks, waits, and passes the first signal on. */
#include "cmd/jobs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/sandbox/privileges.h"
#include "core/vm/keyboard.h"
#include "core/vm/signals.h"

/* After the time limit of the command, how long a child may take to end its guest and clean up. */
enum { OVERDUE_MS = 15000 };

struct child {
	pid_t pid; /* 0: none */
	int fd;    /* readable when it has ended (pidfd_open(2)); -1 if the kernel has none */
	unsigned job;
	bool again;           /* none yet: the job waits for another try */
	uint64_t again_at_ms; /* by clock_ms() */
	void *shared;
};

struct pool {
	const struct work *work;
	struct child list[JOBS_MAX];
	unsigned slots;            /* of the list */
	unsigned started, running; /* running: also those that wait for another try */
	struct keyboard keyboard;  /* of the only child at a time */
	bool signalled;            /* the signal was passed on */
	uint64_t kill_at_ms;       /* by clock_ms(); 0: never */
	bool killed;
};

/* In the child. input: its standard input; -1: ours. */
static _Noreturn void child_main(struct pool *p, unsigned job, pid_t parent, void *shared,
                                 int input, const sigset_t *mask)
{
	const struct work *w = p->work;
	struct error ignored = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (input >= 0)
		dup2(input, STDIN_FILENO);
	privileges_none_new();
	signals_follow(&ignored);
	/* close siblings' pidfds, or RLIMIT_NOFILE could run out */
	for (unsigned i = 0; i < p->slots; i++)
		if (p->list[i].pid)
			fd_cleanup(&p->list[i].fd);
	fd_cleanup(&p->keyboard.fd);
	if (input >= 0)
		close(input);
	sigprocmask(SIG_SETMASK, mask, NULL);
	exit(w->child(w->self, job, shared, p->keyboard.terminal >= 0));
}

static bool child_start(struct pool *p, struct child *c, unsigned job)
{
	const struct work *w = p->work;
	void *shared =
		mmap(NULL, w->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t parent = getpid(), pid;
	sigset_t all, before;
	int input;

	if (shared == MAP_FAILED)
		return false;
	input = p->slots == 1 ? keyboard_begin(&p->keyboard, STDIN_FILENO)
	                      : open("/dev/null", O_RDONLY | O_CLOEXEC);
	fflush(NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before); /* our handlers must not run in the child */
	pid = fork();
	if (pid == 0)
		child_main(p, job, parent, shared, input, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	fd_cleanup(&input);
	if (pid < 0) {
		keyboard_end(&p->keyboard);
		munmap(shared, w->shared);
		return false;
	}
	madvise(shared, w->shared, MADV_DONTFORK); /* no other child can write it */
	*c = (struct child){
		.pid = pid, .fd = (int)syscall(SYS_pidfd_open, pid, 0), .job = job, .shared = shared
	};
	return true;
}

/* A job that waits has its place until the time for it has come, or a signal. */
static void child_again(struct pool *p, struct child *c)
{
	const struct work *w = p->work;

	if (!stop_signo() && (clock_ms() < c->again_at_ms || child_start(p, c, c->job)))
		return;
	c->again = false;
	p->running--;
	w->unstarted(w->self, c->job);
}

static void pool_fill(struct pool *p)
{
	for (struct child *c = p->list; c < p->list + p->slots; c++) {
		if (c->again)
			child_again(p, c);
		if (c->pid || c->again || p->started == p->work->count || stop_signo())
			continue;
		if (child_start(p, c, p->started)) {
			p->started++;
			p->running++;
		}
	}
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
	enum { SIGNAL = JOBS_MAX, KEYBOARD, FDS = KEYBOARD + KEYBOARD_FDS };
	struct pollfd fds[FDS];
	uint64_t now = clock_ms();
	int timeout_ms = 1000;

	for (unsigned i = 0; i < JOBS_MAX; i++) {
		const struct child *c = &p->list[i];

		fds[i] = (struct pollfd){ .fd = c->pid ? c->fd : -1, .events = POLLIN };
		if (c->pid && c->fd < 0)
			timeout_ms = MIN(timeout_ms, 100);
		if (c->again)
			timeout_ms = MIN(timeout_ms,
			                 c->again_at_ms > now ? (int)(c->again_at_ms - now) : 0);
	}
	fds[SIGNAL] = (struct pollfd){ .fd = p->signalled ? -1 : signals_fd(), .events = POLLIN };
	keyboard_poll(&p->keyboard, &fds[KEYBOARD], &timeout_ms);
	if (poll(fds, FDS, timeout_ms) > 0)
		keyboard_serve(&p->keyboard, &fds[KEYBOARD]);
}

/* Takes what a child has left, if it has ended. */
static void child_reap(struct pool *p, struct child *c)
{
	const struct work *w = p->work;
	int wstatus = 0, again_ms;

	if (!c->pid || waitpid(c->pid, &wstatus, WNOHANG | WUNTRACED) != c->pid)
		return;
	if (WIFSTOPPED(wstatus)) { /* it can't see its time limits meanwhile */
		kill(c->pid, SIGCONT);
		return;
	}
	keyboard_end(&p->keyboard);
	again_ms = w->ended(w->self, c->job, wstatus, p->killed, c->shared);
	munmap(c->shared, w->shared);
	fd_cleanup(&c->fd);
	*c = (struct child){ .fd = -1, .job = c->job, .again = again_ms >= 0 };
	if (c->again)
		c->again_at_ms = clock_ms() + (uint64_t)again_ms;
	else
		p->running--;
}

void jobs_run(const struct work *w)
{
	struct pool p = { .work = w,
		          .slots = MIN(w->at_once, (unsigned)JOBS_MAX),
		          .keyboard = KEYBOARD_NONE };

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
		for (struct child *c = p.list; c < p.list + p.slots; c++)
			child_reap(&p, c);
		pool_fill(&p);
	}
	while (p.started < w->count)
		w->unstarted(w->self, p.started++);
}
