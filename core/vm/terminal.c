/* SPDX-License-Identifier: MIT */
/*
 * core/vm/terminal.c: raw mode and back. The saved state is global because a process has one controlling
 * terminal and a handler of a fatal signal has no other way to find it.
 */
#include "core/vm/terminal.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/array.h"

static volatile sig_atomic_t raw_fd = -1;
static struct termios before;

/* What kills without being asked for by core/vm/stop.h. */
static const int fatal_signals[] = { SIGSEGV, SIGBUS,  SIGABRT, SIGILL,  SIGFPE,
	                             SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU };

/* All of it is async-signal-safe. SA_RESETHAND: the second one kills. */
static void on_fatal(int signal_number)
{
	terminal_restore();
	raise(signal_number);
}

/* One that is ignored, as SIGQUIT in the background of a shell, stays so. */
static void fatal_handle(void)
{
	const struct sigaction sa = { .sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction now;

	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		if (sigaction(fatal_signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(fatal_signals[i], &sa, NULL);
}

void terminal_raw(int fd)
{
	struct termios raw;

	if (fd < 0 || raw_fd >= 0 || tcgetattr(fd, &before) < 0)
		return;
	raw = before;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | IXOFF | ISTRIP | BRKINT);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN);
	raw.c_cc[VSUSP] =
		_POSIX_VDISABLE; /* a stopped snpvmm would leave the shell a raw terminal */
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	fatal_handle();
	raw_fd = fd;
	tcsetattr(fd, TCSANOW, &raw);
	raw_fd = fd; /* again: a signal in between restored too early, and forgot it */
}

void terminal_restore(void)
{
	if (raw_fd < 0)
		return;
	tcsetattr((int)raw_fd, TCSANOW, &before);
	raw_fd = -1;
}
