/* SPDX-License-Identifier: MIT */
/*
 * core/vm/signals.c: records the first signal; the time limit is a signal, too (SIGALRM). The state
 * is global because a signal handler can't reach any other.
 */
#include "core/vm/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/vm/outcome.h"
#include "core/vm/terminal.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static struct sigaction before[ARRAY_SIZE(signals)];
/* These would stop a run in the background for using the terminal, and its time limit with it. */
static const int job_signals[] = { SIGTTIN, SIGTTOU };
static struct sigaction job_before[ARRAY_SIZE(job_signals)];
static struct sigaction alarm_before;
static int event = -1;
static bool follows;      /* a child: later signals are the parent's business */
static uint64_t limit_ms; /* of signals_limit(); 0: none */

/* Only calls async-signal-safe functions (signal-safety(7)). */
static void on_signal(int signal_number)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	uint64_t one = 1;
	int saved = errno;

	if ((signal_number == SIGALRM || follows) && interrupt_signal())
		return; /* the run is ending already: the time limit must not kill it */
	for (size_t i = 0; i < ARRAY_SIZE(signals) && !follows; i++) {
		struct sigaction now;

		if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(signals[i], &by_default, NULL);
	}
	interrupt_note(signal_number);
	terminal_restore();
	if (write(event, &one, sizeof(one)) < 0)
		interrupt_note(signal_number); /* seen at the next wakeup */
	errno = saved;
}

int signals_begin(struct error *err)
{
	struct sigaction on = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (event >= 0)
		return 0;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return error_sys(err, ERROR_HOST_MEMORY, errno, "eventfd");
	interrupt_note(0);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&on.sa_mask, signals[i]);
	sigaddset(&on.sa_mask, SIGALRM);
	sigaction(SIGALRM, &on, &alarm_before);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &on, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(job_signals); i++)
		sigaction(job_signals[i], &ignore, &job_before[i]);
	return 1;
}

int signals_follow(struct error *err)
{
	int r;

	signals_end();
	r = signals_begin(err);
	follows = true;
	return r;
}

void signals_end(void)
{
	if (event < 0)
		return;
	signals_limit(0);
	sigaction(SIGALRM, &alarm_before, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	for (size_t i = 0; i < ARRAY_SIZE(job_signals); i++)
		sigaction(job_signals[i], &job_before[i], NULL);
	fd_cleanup(&event);
	event = -1;
	interrupt_note(0);
}

void signals_limit(uint64_t ms)
{
	const struct itimerval in = { .it_value = { .tv_sec = (time_t)(ms / 1000),
		                                    .tv_usec = (suseconds_t)(ms % 1000 * 1000) } };

	setitimer(ITIMER_REAL, &in, NULL);
	if (ms)
		limit_ms = ms;
}

int signals_fd(void)
{
	return event;
}

int stop_signo(void)
{
	return interrupt_signal();
}

/* A blocked signal can be pending even if it is ignored. */
bool signals_pending(void)
{
	sigset_t pending;
	struct sigaction now;

	if (interrupt_signal())
		return true;
	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigismember(&pending, signals[i]) && sigaction(signals[i], NULL, &now) == 0 &&
		    now.sa_handler != SIG_IGN)
			return true;
	return event >= 0 && sigismember(&pending, SIGALRM);
}

void signals_outcome(struct outcome *ret, const char *when)
{
	int signo = interrupt_signal();

	if (signo == SIGALRM)
		outcome_set(ret, RUN_TIMED_OUT, limit_ms,
		            "the whole command's time limit of %" PRIu64 ".%03" PRIu64
		            " s was reached%s",
		            limit_ms / 1000, limit_ms % 1000, when);
	else
		outcome_set(ret, RUN_SIGNALLED, (uint64_t)signo, "ended by SIG%s%s",
		            sigabbrev_np(signo), when);
}

void block_async_signals(sigset_t *ret_before)
{
	const int open[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGRTMIN };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(open); i++)
		sigdelset(&set, open[i]);
	pthread_sigmask(SIG_BLOCK, &set, ret_before);
}
