/* SPDX-License-Identifier: MIT */
/* core/vm/stop.c: notes the first signal. Its state is global because a handler has no other way to it. */
#include "core/vm/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/vm/terminal.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static struct sigaction before[ARRAY_SIZE(signals)];
/* What would stop a run in the background for ever, time limit and all, for using the terminal (core/vm/terminal.h). */
static const int job_signals[] = { SIGTTIN, SIGTTOU };
static struct sigaction job_before[ARRAY_SIZE(job_signals)];
static volatile sig_atomic_t came;
static int event = -1;

static void default_again(int signal_number)
{
	struct sigaction now;

	if (sigaction(signal_number, NULL, &now) < 0 || now.sa_handler == SIG_IGN)
		return;
	now = (struct sigaction){ .sa_handler = SIG_DFL };
	sigaction(signal_number, &now, NULL);
}

/* All of it is async-signal-safe (signal-safety(7)). */
static void on_signal(int signal_number)
{
	uint64_t one = 1;
	int saved = errno;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		default_again(signals[i]);
	came = signal_number;
	terminal_restore();
	if (write(event, &one, sizeof(one)) < 0)
		came = signal_number; /* it is seen without being woken for */
	errno = saved;
}

int stop_begin(struct error *err)
{
	struct sigaction on = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (event >= 0)
		return 0;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return error_sys(err, ERROR_HOST_MEMORY, errno, "eventfd");
	came = 0;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&on.sa_mask, signals[i]);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &on, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(job_signals); i++)
		sigaction(job_signals[i], &ignore, &job_before[i]);
	return 1;
}

void stop_end(void)
{
	if (event < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	for (size_t i = 0; i < ARRAY_SIZE(job_signals); i++)
		sigaction(job_signals[i], &job_before[i], NULL);
	fd_cleanup(&event);
	event = -1;
	came = 0;
}

int stop_fd(void)
{
	return event;
}

int stop_signal(void)
{
	return came;
}

void stop_shield(sigset_t *ret_before)
{
	const int open[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGRTMIN };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(open); i++)
		sigdelset(&set, open[i]);
	pthread_sigmask(SIG_BLOCK, &set, ret_before);
}
