/* SPDX-License-Identifier: MIT */
/*
 * core/vm/gdb.h: GDB's remote serial protocol (GDB manual, appendix E) without descriptors or
 * vCPUs: bytes of a client go in, calls of a target and bytes for the client come out.
 */
#ifndef CORE_VM_GDB_H
#define CORE_VM_GDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/vm/gdb_regs.h"

/* The largest packet, without its frame, either way; hex of memory takes two characters a byte. */
enum { GDB_PACKET_MAX = 0x4000, GDB_THREADS_MAX = 256 };

/* Numbers of Z and z packets. */
enum gdb_point {
	GDB_POINT_SOFTWARE,
	GDB_POINT_HARDWARE,
	GDB_POINT_WRITE,
	GDB_POINT_READ,
	GDB_POINT_ACCESS
};

/* What a vCPU does when the guest goes on. */
enum gdb_action { GDB_HOLD, GDB_CONTINUE, GDB_STEP };

/* Why the guest stopped. */
struct gdb_stop {
	unsigned thread; /* the vCPU's index; its number in the protocol is one more */
	enum { GDB_STOP_ATTACHED, GDB_STOP_INTERRUPTED, GDB_STOP_STEPPED, GDB_STOP_POINT } kind;
	enum gdb_point point; /* that was hit */
	uint64_t address;     /* of it, linear */
};

/*
 * The guest. Apart from `interrupt`, functions are called only while it is stopped. Those that
 * return an int return a negative errno on failure; read and write return how many bytes they did,
 * at least one.
 */
struct gdb_target {
	void *self;
	unsigned threads; /* at most GDB_THREADS_MAX */
	int (*regs_get)(void *self, unsigned thread, struct guest_regs *ret);
	int (*regs_set)(void *self, unsigned thread, const struct guest_regs *r);
	int (*read)(void *self, unsigned thread, uint64_t address, uint8_t *to, size_t size);
	int (*write)(void *self, unsigned thread, uint64_t address, const uint8_t *from,
	             size_t size);
	int (*point)(void *self, unsigned thread, bool set, enum gdb_point kind, uint64_t address,
	             uint64_t length);
	/* Lets the guest go on; gdb_stopped() follows, from outside, once it has stopped again. */
	int (*resume)(void *self, const enum gdb_action actions[static GDB_THREADS_MAX]);
	void (*interrupt)(void *self); /* asks a running guest to stop */
};

/* One connection. */
struct gdb {
	const struct gdb_target *target;
	bool running; /* the client waits for the guest to stop */
	bool greeted; /* a packet has come */
	enum { GDB_STAYS, GDB_DETACHED, GDB_KILLED } end;
	struct buffer out; /* bytes for the client */

	/* The packet that is coming in. */
	enum { GDB_IDLE, GDB_DATA, GDB_SUM_1, GDB_SUM_2 } state;
	char in[GDB_PACKET_MAX + 1];
	size_t n_in;
	bool escaped, too_long;
	uint8_t sum, sum_given;

	char reply[GDB_PACKET_MAX + 1];
	size_t n_reply;
	bool no_ack;
	bool wants_swbreak, wants_hwbreak;
	unsigned thread;      /* for registers and memory */
	unsigned step_thread; /* for s and c */
	struct gdb_stop stop;
};

/* The guest is stopped. */
void gdb_init(struct gdb *g, const struct gdb_target *target);
void gdb_fini(struct gdb *g);

/*
 * Takes bytes of the client up to the end of a packet, at most, and returns how many. Call it with
 * the rest once g->out is sent, unless g->end says that the client has left.
 */
size_t gdb_take(struct gdb *g, const uint8_t *bytes, size_t size);

/* The guest has stopped: tells the client if it waits for that. */
void gdb_stopped(struct gdb *g, const struct gdb_stop *stop);
/* The guest has ended, with this status if all was well: tells a client that waits. */
void gdb_exited(struct gdb *g, bool well, uint8_t status);

#endif
