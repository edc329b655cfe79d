/* SPDX-License-Identifier: MIT */
/* core/vm/input.c: reads as many bytes as the console that gets them can take. */
#include "core/vm/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/file.h"
#include "core/dev/hvc.h"
#include "core/dev/serial.h"
#include "core/vm/devices.h"
#include "core/vm/vm_priv.h"

/* How often to check whether a full FIFO has room, and whether the guest reads at all. */
enum { FULL_MS = 10 };

struct input input_of(struct vm *vm, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return (struct input){ vm, -1, -1 };
	/*
	 * Another reader may take the bytes that poll(2) saw; a blocking read(2) would then hang.
	 */
	return (struct input){ vm, fd_nonblocking(fd, O_RDONLY), fd };
}

void input_fini(struct input *i)
{
	if (i->fd != i->given && i->fd >= 0)
		close(i->fd);
	i->fd = -1;
}

/* The guest's hvc0 if its driver took it; NULL: input is COM1's. */
static struct hvc *input_hvc(const struct vm *vm)
{
	struct hvc *h = devices_find(vm, &hvc_device);

	return h && hvc_taken(h) ? h : NULL;
}

static size_t input_room(const struct vm *vm, struct hvc *h)
{
	const struct serial *com1 = devices_find(vm, &serial_device);

	if (h)
		return hvc_room(h);
	return serial_listens(com1) ? serial_room(com1) : 0;
}

/*
 * Never waits for bus_lock: a vCPU may hold it while it is stuck writing to a console that nobody
 * reads, and only the caller's thread can end that.
 */
bool input_wanted(const struct input *i, unsigned *ret_again_ms)
{
	bool wanted;

	*ret_again_ms = 0;
	if (i->fd < 0)
		return false;
	*ret_again_ms = FULL_MS;
	if (pthread_mutex_trylock(&i->vm->bus_lock) != 0)
		return false;
	wanted = input_room(i->vm, input_hvc(i->vm)) > 0;
	pthread_mutex_unlock(&i->vm->bus_lock);
	return wanted;
}

void input_take(struct input *i)
{
	struct hvc *hvc;
	uint8_t bytes[HVC_INPUT];
	ssize_t n;
	size_t cap;

	if (pthread_mutex_trylock(&i->vm->bus_lock) != 0)
		return;
	/* The guest may have switched FIFOs, loop-back or consoles since input_wanted(). */
	hvc = input_hvc(i->vm);
	cap = MIN(input_room(i->vm, hvc), sizeof(bytes));
	if (cap == 0)
		goto out;
	/* recv(2): O_NONBLOCK on a socket would affect every process that shares it. */
	n = recv(i->fd, bytes, cap, MSG_DONTWAIT);
	if (n < 0 && errno == ENOTSOCK)
		n = read(i->fd, bytes, cap);
	if (n > 0 && hvc)
		hvc_input(hvc, bytes, (size_t)n);
	else if (n > 0)
		serial_input(devices_find(i->vm, &serial_device), bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		input_fini(i);
out:
	pthread_mutex_unlock(&i->vm->bus_lock);
}
