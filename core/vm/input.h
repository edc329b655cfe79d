/* SPDX-License-Identifier: MIT */
/* core/vm/input.h: bytes typed for the guest, on their way to COM1. */
#ifndef CORE_VM_INPUT_H
#define CORE_VM_INPUT_H

#include <stdbool.h>

struct vm; /* core/vm/vm_priv.h */

struct input {
	struct vm *vm;
	int fd;        /* where it is read; -1: none, or at its end */
	int given;     /* the descriptor that was given, or -1. Borrowed */
	bool terminal; /* the one of core/vm/terminal.h */
};

/*
 * A terminal or a pipe (or a socket, which is how some shells make pipes); anything else has
 * nothing to type.
 */
struct input input_of(struct vm *vm, int fd);
void input_fini(struct input *i);

/*
 * Whether there is something to wait for on i->fd. If not, *ret_again_ms says in how long to ask
 * again (0: never), for nobody tells when COM1 has room again, or when a terminal is ours again.
 * Never waits.
 */
bool input_wanted(const struct input *i, unsigned *ret_again_ms);
/*
 * Hands over what there is room for. Never waits, neither for the devices nor for what another
 * reader took.
 */
void input_take(struct input *i);

#endif
