/* SPDX-License-Identifier: MIT */
/*
 * core/vm/terminal.c: raw mode and back, within the rules of job control. The state is global
 * because a process has one controlling terminal, and signal handlers can't reach any other state.
 */
#include "core/vm/terminal.h"

#include <errno.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/array.h"

static volatile sig_atomic_t keyboard = -1; /* the run's terminal; -1: none */
static volatile sig_atomic_t is_raw;        /* made raw by us; `before` has the modes to restore */
static volatile sig_atomic_t continued;     /* by SIGCONT: the shell may have changed the modes */
static struct termios before;

/* Signals that kill the process by default and that core/vm/signals.c doesn't handle. */
static const int fatal_signals[] = { SIGSEGV, SIGBUS,  SIGABRT, SIGILL, SIGFPE,
	                             SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU };

/* SIGTTOU stops a process that changes a terminal from the background, unless it is blocked. */
static void modes_set(const struct termios *modes)
{
	sigset_t ttou, mask;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &ttou, &mask);
	tcsetattr((int)keyboard, TCSANOW, modes);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

/* A terminal that isn't our controlling terminal has no foreground group and never stops us. */
static bool in_foreground(void)
{
	pid_t group = tcgetpgrp((int)keyboard);

	return group < 0 || group == getpgrp();
}

/* In the background, the modes are those of the foreground job, so leave them alone. */
static void modes_put_back(void)
{
	if (keyboard >= 0 && is_raw && in_foreground())
		modes_set(&before);
	is_raw = false;
}

void terminal_restore(void)
{
	modes_put_back();
	keyboard = -1;
}

/* Async-signal-safe. Due to SA_RESETHAND, the signal raised here kills. */
static void on_fatal(int signal_number)
{
	terminal_restore();
	raise(signal_number);
}

static void on_stop(int signal_number);
static const struct sigaction stop_action = { .sa_handler = on_stop, .sa_flags = SA_RESTART };

/*
 * Stops by the default action, which does nothing in an orphaned process group, where nobody could
 * continue us.
 */
static void on_stop(int signal_number)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	int saved = errno;
	sigset_t this, mask;

	modes_put_back();
	sigaction(signal_number, &by_default, NULL);
	raise(signal_number);
	sigemptyset(&this);
	sigaddset(&this, signal_number);
	pthread_sigmask(SIG_UNBLOCK, &this, &mask); /* stops here until SIGCONT */
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigaction(signal_number, &stop_action, NULL);
	errno = saved;
}

static void on_continue(int signal_number)
{
	(void)signal_number;
	continued = true;
}

/*
 * Only takes over signals with their default action: one that is ignored (SIGQUIT in the background
 * of a shell) or handled elsewhere (the time limit's SIGALRM) keeps its action.
 */
static void signal_handle(int signal_number, const struct sigaction *sa)
{
	struct sigaction now;

	if (sigaction(signal_number, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		sigaction(signal_number, sa, NULL);
}

void terminal_begin(int fd)
{
	const struct sigaction fatal = { .sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND };
	const struct sigaction again = { .sa_handler = on_continue, .sa_flags = SA_RESTART };

	if (keyboard >= 0 || !isatty(fd))
		return;
	keyboard = fd;
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		signal_handle(fatal_signals[i], &fatal);
	signal_handle(SIGTSTP, &stop_action);
	signal_handle(SIGCONT, &again);
	terminal_ours();
}

/* Saves the modes unless the terminal is raw already: those would be ours, not the user's. */
static void make_raw(void)
{
	struct termios raw;

	if (!is_raw && tcgetattr((int)keyboard, &before) < 0)
		return;
	raw = before;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | IXOFF | ISTRIP | BRKINT);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	is_raw = true;
	continued = false;
	modes_set(&raw);
}

/* Blocks signals meanwhile: a handler must not find the terminal half-way into raw mode. */
bool terminal_ours(void)
{
	sigset_t all, mask;
	bool ours;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	ours = keyboard >= 0 && in_foreground();
	if (!ours)
		is_raw = false;
	else if (!is_raw || continued)
		make_raw();
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return ours;
}
