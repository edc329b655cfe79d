/* SPDX-License-Identifier: MIT */
/* core/vm/run.h: runs a launched VM to its end, whatever that is: never a hang. */
#ifndef CORE_VM_RUN_H
#define CORE_VM_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct error;   /* core/base/error.h */
struct outcome; /* core/vm/outcome.h */
struct vm;      /* core/vm/vm_priv.h */

struct run_limits {
	uint64_t timeout_ms;    /* from the call on; 0: none */
	int input_fd;           /* bytes for COM1: a terminal or a pipe; -1: none. Borrowed */
	uint64_t silence_ms;    /* since the last byte on COM1, or the call; 0: none */
	bool end_when_complete; /* the run is over once vm->watch has seen every expected line */
};

/*
 * One thread a vCPU until the first of them has a verdict, a limit is reached, a forbidden line
 * came (and a second more, for the trace behind it), or a signal did (core/vm/signals.h); then all
 * leave. A terminal at input_fd is raw meanwhile (signals stay on) and restored before the return.
 * 0 with *ret filled, or a negative errno when the run could not begin. A vCPU that KVM doesn't let
 * go is left behind (vm->abandoned), and what belongs to the VM with it.
 */
int vm_run(struct vm *vm, const struct run_limits *l, struct outcome *ret, struct error *err);

#endif
