/* SPDX-License-Identifier: MIT */
/* core/vm/input.c: reads as much as the serial port takes. */
#include "core/vm/input.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/vm/vm.h"

static bool input_usable(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd));
}

struct input input_of(struct vm *vm, int fd)
{
	return (struct input){ vm, input_usable(fd) ? fd : -1 };
}

/*
 * Never waits for the devices: a vCPU may be inside one of them, stuck at a console whose reader stalls, and
 * only the thread that runs this can end that.
 */
bool input_wanted(const struct input *i)
{
	bool room;

	if (i->fd < 0 || pthread_mutex_trylock(&i->vm->bus_lock) != 0)
		return false;
	room = serial_room(&i->vm->serial) > 0;
	pthread_mutex_unlock(&i->vm->bus_lock);
	return room;
}

/* Asks for the room once more, under the lock: the guest may have switched FIFOs or loop-back meanwhile. */
void input_take(struct input *i)
{
	uint8_t bytes[SERIAL_FIFO];
	ssize_t n = 0;
	size_t room;

	if (pthread_mutex_trylock(&i->vm->bus_lock) != 0)
		return;
	room = MIN_OF(serial_room(&i->vm->serial), sizeof(bytes));
	if (room > 0)
		n = read(i->fd, bytes, room);
	if (n > 0)
		serial_input(&i->vm->serial, bytes, (size_t)n);
	else if (room > 0 && (n == 0 || (errno != EAGAIN && errno != EINTR)))
		i->fd = -1;
	pthread_mutex_unlock(&i->vm->bus_lock);
}
