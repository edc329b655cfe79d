/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/gdb.c: libFuzzer target: any bytes as what a debugger sends, framed or not, in pieces
 * of any size; the first byte chooses.
 */
#include <errno.h>

#include "core/vm/gdb.h"
#include "tests/fuzz/fuzz.h"

enum { THREADS = 4, MEMORY = 300 };

static struct guest_regs regs[THREADS];
static uint8_t memory[MEMORY];
static bool running;

static int regs_get(void *self, unsigned thread, struct guest_regs *ret)
{
	(void)self;
	must(!running && thread < THREADS);
	*ret = regs[thread];
	return 0;
}

static int regs_set(void *self, unsigned thread, const struct guest_regs *r)
{
	(void)self;
	must(!running && thread < THREADS);
	regs[thread] = *r;
	return 0;
}

static int memory_read(void *self, unsigned thread, uint64_t address, uint8_t *to, size_t size)
{
	(void)self;
	must(!running && thread < THREADS && size > 0);
	if (address >= MEMORY)
		return -EFAULT;
	size = MIN(size, MEMORY - address);
	memcpy(to, memory + address, size);
	return (int)size;
}

static int memory_write(void *self, unsigned thread, uint64_t address, const uint8_t *from,
                        size_t size)
{
	(void)self;
	must(!running && thread < THREADS && size > 0);
	if (address >= MEMORY)
		return -EFAULT;
	size = MIN(size, MEMORY - address);
	memcpy(memory + address, from, size);
	return (int)size;
}

static int point(void *self, unsigned thread, bool set, enum gdb_point kind, uint64_t address,
                 uint64_t length)
{
	(void)self;
	must(!running && thread < THREADS && kind <= GDB_POINT_ACCESS);
	return set && address > length ? -ENOSPC : 0;
}

static int resume(void *self, const enum gdb_action actions[static GDB_THREADS_MAX])
{
	(void)self;
	must(!running);
	for (unsigned i = 0; i < GDB_THREADS_MAX; i++)
		must(actions[i] == GDB_HOLD || (actions[i] <= GDB_STEP && i < THREADS));
	running = true;
	return 0;
}

static void interrupt(void *self)
{
	(void)self;
	must(running);
}

/* The guest stops after each piece, and the client takes what is for it. */
static void send(struct gdb *g, const uint8_t *bytes, size_t size)
{
	const struct gdb_stop stop = { .thread = size % THREADS,
		                       .kind = size / 4 % 4,
		                       .point = size / 16 % 5,
		                       .address = size };
	size_t n;

	for (size_t at = 0; at < size; at += n) {
		n = gdb_take(g, bytes + at, size - at);
		must(n > 0 && n <= size - at);
		must(!g->out.failed && g->out.size <= 2 * (GDB_PACKET_MAX + 5));
		must(g->running == running);
		g->out.size = 0;
	}
	running = false;
	gdb_stopped(g, &stop);
	g->out.size = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gdb_target target = { NULL,     THREADS,     regs_get,
		                                  regs_set, memory_read, memory_write,
		                                  point,    resume,      interrupt };
	static struct gdb g;
	uint8_t frame[2][4] = { "$", "#" };
	size_t piece, n;

	if (size < 1)
		return 0;
	gdb_init(&g, &target);
	running = false;
	piece = data[0] % 64 + 1U;
	for (size_t at = 1; at < size; at += n) {
		n = MIN(piece, size - at);
		if (data[0] & 0x80) { /* a packet of it, with the right sum */
			const uint8_t *end = memchr(data + at, '\n', size - at);
			uint8_t sum = 0;

			n = end ? (size_t)(end - data) - at : size - at;
			for (size_t i = 0; i < n; i++)
				sum = (uint8_t)(sum + data[at + i]);
			hex_of(&sum, 1, (char *)frame[1] + 1);
			send(&g, frame[0], 1);
			send(&g, data + at, n);
			send(&g, frame[1], 3);
			n += end != NULL;
		} else {
			send(&g, data + at, n);
		}
	}
	gdb_fini(&g);
	return 0;
}
