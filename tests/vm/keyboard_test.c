/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/keyboard_test.c: the parent has the terminal, raw while the child's guest runs, and the
 * child gets the keys; whole runs: tests/cli/background.sh and signals.sh.
 */
#include "core/vm/keyboard.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

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

/* As a child: status 0 if it got "key" and then, once it has given the keyboard back, its end. */
static void child(int fd, int report, bool dies)
{
	char keys[4] = "";

	keyboard_take(fd);
	if (write(report, "t", 1) != 1 || recv(fd, keys, 3, MSG_WAITALL) != 3)
		_exit(2);
	if (dies)
		abort();
	keyboard_give_back(fd);
	if (write(report, "g", 1) != 1)
		_exit(3);
	_exit(strcmp(keys, "key") != 0);
}

static char serve_until_told(struct keyboard *k, int reports)
{
	char told = 0;

	for (int i = 0; i < (reports < 0 ? 10 : 3000) && told == 0; i++) {
		struct pollfd fds[KEYBOARD_FDS];
		int timeout_ms = 10;

		keyboard_poll(k, fds, &timeout_ms);
		poll(fds, KEYBOARD_FDS, timeout_ms);
		keyboard_serve(k, fds);
		if (read(reports, &told, 1) != 1)
			told = 0;
	}
	return told;
}

static void run(bool dies, int *ret_wstatus)
{
	int master, fd = terminal_open(&master), reports[2], end;
	struct keyboard k;
	pid_t pid;

	end = keyboard_begin(&k, fd);
	cr_assert_geq(end, 0);
	cr_assert_eq(pipe2(reports, O_NONBLOCK), 0);
	pid = fork();
	if (pid == 0) {
		close(k.fd);
		child(end, reports[1], dies);
	}
	close(end);
	cr_expect_not(is_raw(fd));
	cr_expect_eq(serve_until_told(&k, reports[0]), 't');
	cr_expect(is_raw(fd));
	cr_assert_eq(write(master, "key", 3), 3);
	if (dies)
		for (int i = 0; i < 300 && waitpid(pid, ret_wstatus, WNOHANG) != pid; i++)
			serve_until_told(&k, -1);
	else
		cr_expect_eq(serve_until_told(&k, reports[0]), 'g');
	keyboard_end(&k);
	cr_expect_not(is_raw(fd));
	cr_expect_eq(k.fd, -1);
	if (!dies)
		waitpid(pid, ret_wstatus, 0);
	close(fd);
	close(master);
}

Test(keyboard, gives_its_keys_and_is_as_before)
{
	int wstatus;

	run(false, &wstatus);
	cr_expect(WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0, "%x", wstatus);
}

Test(keyboard, is_as_before_if_the_child_dies)
{
	int wstatus = 0;

	run(true, &wstatus);
	cr_expect(WIFSIGNALED(wstatus), "%x", wstatus);
}

/* One that a guest has taken over: our descriptors, and our time, are not its own. */
Test(keyboard, is_taken_once, .timeout = 20)
{
	int master, fd = terminal_open(&master), end, next, before;
	char many[64] = { 0 };
	struct keyboard k;

	end = keyboard_begin(&k, fd);
	cr_assert_geq(end, 0);
	before = dup(fd);
	close(before);
	cr_assert_eq(send(end, many, 1, MSG_NOSIGNAL), 1);
	serve_until_told(&k, -1);
	cr_expect(is_raw(fd));
	/* nobody reads our answers, which would fill the socket */
	for (int i = 0; i < 100; i++) {
		if (send(end, many, sizeof(many), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
		serve_until_told(&k, -1);
	}
	cr_expect_not(is_raw(fd));
	cr_expect_eq(k.fd, -1);
	next = dup(fd);
	cr_expect_leq(next, before + 1, "descriptors are lost: the next is %d, not %d", next,
	              before);
	close(next);
	close(end);
	close(fd);
	close(master);
}

Test(keyboard, is_none_without_a_terminal)
{
	struct keyboard k;
	struct pollfd fds[KEYBOARD_FDS];
	int pipes[2], timeout_ms = 1000;

	cr_assert_eq(pipe(pipes), 0);
	cr_expect_eq(keyboard_begin(&k, pipes[0]), -1);
	keyboard_poll(&k, fds, &timeout_ms);
	cr_expect(fds[0].fd == -1 && fds[1].fd == -1 && timeout_ms == 1000);
	keyboard_serve(&k, fds);
	keyboard_end(&k);
	keyboard_give_back(pipes[0]); /* no socket: does nothing, and returns */
}
