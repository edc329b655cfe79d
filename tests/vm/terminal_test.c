/* SPDX-License-Identifier: MIT */
/* tests/vm/terminal_test.c: a terminal that was raw is as before, whenever the signal came. */
#include "core/vm/terminal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* What a handler would do in the middle of terminal_raw(): between its note that the terminal is raw and the deed. */
static bool interrupts;

/* Instead of the C library's. */
int tcsetattr(int fd, int actions, const struct termios *t)
{
	bool now = interrupts;

	(void)actions;
	interrupts = false;
	if (now)
		terminal_restore();
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

	cr_assert_not(is_raw(fd));
	terminal_raw(fd);
	cr_expect(is_raw(fd));
	terminal_restore();
	cr_expect_not(is_raw(fd));
	close(fd);
	close(master);
}

Test(terminal, a_signal_while_it_becomes_raw_does_not_leave_it_raw)
{
	int master, fd = terminal_open(&master);

	interrupts = true;
	terminal_raw(fd);
	cr_expect_not(interrupts);
	terminal_restore(); /* the run ends, for there was a signal */
	cr_expect_not(is_raw(fd));
	close(fd);
	close(master);
}
