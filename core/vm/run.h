/* SPDX-License-Identifier: MIT */
/* core/vm/run.h: runs a launched VM until the guest ends or a limit or signal ends it. */
#ifndef CORE_VM_RUN_H
#define CORE_VM_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct error;      /* core/base/error.h */
struct gdb_server; /* core/vm/gdb_server.h */
struct outcome;    /* core/vm/outcome.h */
struct sandbox;    /* core/vm/sandbox.h */
struct vm;         /* core/vm/vm_priv.h */

struct run_limits {
	uint64_t timeout_ms; /* since the call; 0: none */
	int input_fd;        /* input for COM1: a pipe or a socket; -1: none. Borrowed */
	bool keyboard;       /* it is the end of one (core/vm/keyboard.h) */
	uint64_t silence_ms; /* since the last byte on COM1, or the call; 0: none */
	/* end the run once vm->watch has seen every expected line, and the report came */
	bool end_when_complete;
	/*
	 * A debugger, for which the guest waits before its first instruction; NULL: none. Borrowed.
	 * While it holds the guest, the timeout stands still; silence then starts again.
	 */
	struct gdb_server *gdb;
	const struct sandbox *sandbox; /* begun; NULL: none. Borrowed */
};

/*
 * Runs each vCPU in its own thread until one of them ends the run, a limit is reached, a signal
 * comes (core/vm/signals.h), or the guest has printed a forbidden line; after that line it runs for
 * another second, for the trace that follows a panic. Meanwhile the keyboard's terminal is raw (but
 * the keys that send signals still do); it is restored before the return. 0 with *ret filled, or a
 * negative errno if the run could not start. If a vCPU doesn't leave KVM_RUN, its thread is
 * abandoned (vm_abandoned()), and everything that the VM uses stays allocated and open.
 */
int vm_run(struct vm *vm, const struct run_limits *l, struct outcome *ret, struct error *err);

#endif
