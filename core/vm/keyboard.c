/* SPDX-License-Identifier: MIT */
/*
 * core/vm/keyboard.c: the socket between the process that has the terminal and the one that runs
 * the guest. The child writes a byte when its guest starts, and gets one back; what follows are
 * keys. It ends its side when the guest has ended, and reads up to our end.
 */
#include "core/vm/keyboard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/file.h"
#include "core/vm/signals.h"
#include "core/vm/terminal.h"

/*
 * How often to look whether the child has taken the keys, and whether we are in the foreground
 * again; nothing notifies us of either.
 */
enum { TAKEN_MS = 10, BACKGROUND_MS = 200 };
/* As many as a serial port takes: keys that no guest wants stay for whoever reads next. */
enum { KEYS = 16 };

int keyboard_begin(struct keyboard *k, int fd)
{
	int pair[2];

	*k = KEYBOARD_NONE;
	if (!isatty(fd) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	*k = (struct keyboard){ .terminal = fd, .keys = -1, .fd = pair[0] };
	return pair[1];
}

void keyboard_poll(const struct keyboard *k, struct pollfd fds[static KEYBOARD_FDS],
                   int *timeout_ms)
{
	int unread = 0;

	fds[0] = (struct pollfd){ .fd = k->fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (k->keys < 0)
		return;
	if (!terminal_ours())
		*timeout_ms = MIN(*timeout_ms, BACKGROUND_MS);
	else if (ioctl(k->fd, SIOCOUTQ, &unread) < 0 || unread > 0)
		*timeout_ms = MIN(*timeout_ms, TAKEN_MS);
	else
		fds[1].fd = k->keys;
}

/* No more keys: the child finds the end of its input. */
static void keys_end(struct keyboard *k)
{
	if (k->keys >= 0 && k->keys != k->terminal)
		close(k->keys);
	k->keys = -1;
	shutdown(k->fd, SHUT_WR);
}

static void keys_pass(struct keyboard *k)
{
	uint8_t bytes[KEYS];
	ssize_t n = read(k->keys, bytes, sizeof(bytes));

	if (n > 0) {
		send(k->fd, bytes, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
		return;
	}
	/* In the background, read(2) fails with EIO, since SIGTTIN is ignored: try again later. */
	if (n == 0 || (errno == EIO ? terminal_ours() : errno != EAGAIN && errno != EINTR))
		keys_end(k);
}

void keyboard_serve(struct keyboard *k, const struct pollfd fds[static KEYBOARD_FDS])
{
	uint8_t byte;

	if (k->fd >= 0 && fds[0].revents) {
		/* once: another byte doesn't come from a child that is still ours */
		if (recv(k->fd, &byte, 1, MSG_DONTWAIT) == 1 && !k->taken) {
			k->taken = true;
			terminal_begin(k->terminal);
			/* a handler that ran before restored nothing, and a second signal kills */
			if (stop_signo())
				terminal_restore();
			k->keys = fd_nonblocking(k->terminal, O_RDONLY);
			send(k->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		} else {
			keyboard_end(k);
		}
	}
	if (k->keys >= 0 && fds[1].revents)
		keys_pass(k);
}

void keyboard_end(struct keyboard *k)
{
	if (k->fd < 0)
		return;
	terminal_restore();
	keys_end(k);
	close(k->fd);
	*k = KEYBOARD_NONE;
}

/* One byte; false: the other side has ended. */
static bool byte_get(int fd)
{
	uint8_t byte;
	ssize_t n;

	do
		n = recv(fd, &byte, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

void keyboard_take(int fd)
{
	if (send(fd, "", 1, MSG_NOSIGNAL) == 1)
		byte_get(fd);
}

void keyboard_give_back(int fd)
{
	if (shutdown(fd, SHUT_WR) == 0)
		while (byte_get(fd))
			continue;
}
