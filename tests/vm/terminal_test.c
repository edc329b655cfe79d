/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/terminal_test.c: a raw terminal is restored, whenever a signal comes; job control:
 * tests/cli/background.sh.
 */
#include "core/vm/terminal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/vm/signals.h"

/* A signal in the middle of the change: after the terminal is recorded as raw, before it is. */
static bool interrupts;

/* Instead of the C library's. */
int tcsetattr(int fd, int actions, const struct termios *t)
{
	bool now = interrupts;

	(void)actions;
	interrupts = false;
	if (now)
		raise(SIGTERM);
	return ioctl(fd, TCSETS,
	             &(struct termios){ .c_iflag = t->c_iflag,
	                                .c_oflag = t->c_oflag,
	                                .c_cflag = t->c_cflag,
	                                .c_lflag = t->c_lflag });
}

static bool is_raw(int fd)
{
	struct termios t;

	cr_assert_eq(tcgetattr(fd, &t), 0);
	return !(t.c_lflag & (ICANON | ECHO));
}

static int terminal_open(int *ret_master)
{
	int fd;

	*ret_master = posix_openpt(O_RDWR | O_NOCTTY);
	cr_assert(*ret_master >= 0 && grantpt(*ret_master) == 0 && unlockpt(*ret_master) == 0);
	fd = open(ptsname(*ret_master), O_RDWR | O_NOCTTY);
	cr_assert_geq(fd, 0);
	return fd;
}

Test(terminal, is_raw_and_then_as_before)
{
	int master, fd = terminal_open(&master);

	for (int round = 0; round < 2; round++) {
		cr_assert_not(is_raw(fd));
		cr_expect_not(terminal_ours());
		terminal_begin(fd);
		cr_expect(is_raw(fd));
		cr_expect(terminal_ours());
		terminal_restore();
		cr_expect_not(is_raw(fd));
		cr_expect_not(terminal_ours());
		cr_expect_not(is_raw(fd));
	}
	close(fd);
	close(master);
}

Test(terminal, what_is_no_terminal_is_left_alone)
{
	int pipes[2];

	cr_assert_eq(pipe(pipes), 0);
	terminal_begin(-1);
	terminal_begin(pipes[0]);
	cr_expect_not(terminal_ours());
	terminal_restore();
}

static void on_signal(int signal_number)
{
	(void)signal_number;
	terminal_restore();
}

Test(terminal, a_signal_while_it_becomes_raw_does_not_leave_it_raw)
{
	int master, fd = terminal_open(&master);

	signal(SIGTERM, on_signal);
	interrupts = true;
	terminal_begin(fd);
	cr_expect_not(interrupts);
	cr_expect_not(is_raw(fd));
	cr_expect_not(terminal_ours(), "a signal ends it for good");
	cr_expect_not(is_raw(fd));
	close(fd);
	close(master);
}

/* The time limit is SIGALRM, handled by core/vm/signals.c: it must not kill a run on a terminal. */
Test(terminal, signals_that_others_handle_or_ignore_are_left_alone)
{
	struct error err = { 0 };
	int master, fd = terminal_open(&master);
	struct sigaction now;

	cr_assert_eq(signals_begin(&err), 1, "%s", err.text);
	signal(SIGUSR1, on_signal);
	signal(SIGQUIT, SIG_IGN);
	terminal_begin(fd);
	raise(SIGALRM);
	cr_expect_eq(stop_signo(), SIGALRM);
	cr_expect(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == on_signal);
	cr_expect(sigaction(SIGQUIT, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
	cr_expect_not(is_raw(fd));
	signals_end();
	close(fd);
	close(master);
}

Test(terminal, after_a_stop_it_is_raw_again_and_its_old_modes_are_not_forgotten)
{
	int master, fd = terminal_open(&master);
	struct termios other;

	terminal_begin(fd);
	cr_assert_eq(tcgetattr(fd, &other), 0);
	other.c_lflag |= ECHO; /* as a shell might */
	cr_assert_eq(tcsetattr(fd, TCSANOW, &other), 0);
	raise(SIGCONT);
	cr_expect(terminal_ours());
	cr_expect(is_raw(fd));
	terminal_restore();
	cr_expect_not(is_raw(fd));
	close(fd);
	close(master);
}
