/* SPDX-License-Identifier: MIT */
/* core/vm/input.c: reads as much as the serial port takes. */
#include "core/vm/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/dev/serial.h"
#include "core/vm/devices.h"
#include "core/vm/terminal.h"
#include "core/vm/vm_priv.h"

/* How soon a full FIFO is looked at again, and a terminal that another job has. */
enum { FULL_MS = 10, AWAY_MS = 200 };

static bool input_usable(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd));
}

/*
 * Another reader may take what poll(2) saw, and a read that blocks then would hold up the end of
 * the run. As in core/dev/sink.c: O_NONBLOCK on what we were given would reach all who share it;
 * opened anew it is ours alone.
 */
static int input_open_again(int fd)
{
	int mine = -1;
	char path[32];
	unsigned pty;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!isatty(fd) || ioctl(fd, TIOCGPTN, &pty) < 0)
		mine = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return mine >= 0 ? mine : fd;
}

struct input input_of(struct vm *vm, int fd)
{
	if (!input_usable(fd))
		return (struct input){ vm, -1, -1, false };
	return (struct input){ vm, input_open_again(fd), fd, isatty(fd) };
}

void input_fini(struct input *i)
{
	if (i->fd != i->given && i->fd >= 0)
		close(i->fd);
	i->fd = -1;
}

/* recv(2) for sockets, which can't be opened anew. */
static ssize_t input_read(const struct input *i, void *to, size_t size)
{
	ssize_t n = recv(i->fd, to, size, MSG_DONTWAIT);

	return n < 0 && errno == ENOTSOCK ? read(i->fd, to, size) : n;
}

/*
 * Never waits for the devices: a vCPU may be inside one of them, stuck at a console whose reader
 * stalls, and only the thread that runs this can end that.
 */
bool input_wanted(const struct input *i, unsigned *ret_again_ms)
{
	bool cap;

	*ret_again_ms = 0;
	if (i->fd < 0)
		return false;
	*ret_again_ms = AWAY_MS;
	if (i->terminal && !terminal_ours())
		return false;
	*ret_again_ms = FULL_MS;
	if (pthread_mutex_trylock(&i->vm->bus_lock) != 0)
		return false;
	cap = serial_room(devices_find(i->vm, &serial_device)) > 0;
	pthread_mutex_unlock(&i->vm->bus_lock);
	return cap;
}

/*
 * Into the background between the question and the read: SIGTTIN is ignored, so read(2) says EIO
 * (tty_ioctl(4)).
 */
static bool input_over(const struct input *i, ssize_t n)
{
	if (n < 0 && errno == EIO && i->terminal && !terminal_ours())
		return false;
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/*
 * Asks for the room once more, under the lock: the guest may have switched FIFOs or loop-back
 * meanwhile.
 */
void input_take(struct input *i)
{
	struct serial *serial = devices_find(i->vm, &serial_device);
	uint8_t bytes[SERIAL_FIFO];
	ssize_t n = 0;
	size_t cap;

	if (pthread_mutex_trylock(&i->vm->bus_lock) != 0)
		return;
	cap = MIN_OF(serial_room(serial), sizeof(bytes));
	if (cap > 0)
		n = input_read(i, bytes, cap);
	if (n > 0)
		serial_input(serial, bytes, (size_t)n);
	else if (cap > 0 && input_over(i, n))
		input_fini(i);
	pthread_mutex_unlock(&i->vm->bus_lock);
}
