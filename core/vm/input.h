/* SPDX-License-Identifier: MIT */
/* core/vm/input.h: passes bytes from a pipe or a socket to hvc0 or COM1. */
#ifndef CORE_VM_INPUT_H
#define CORE_VM_INPUT_H

#include <stdbool.h>

struct vm; /* core/vm/vm_priv.h */

struct input {
	struct vm *vm;
	int fd;    /* to read from; -1: none, or at its end */
	int given; /* the descriptor that was given, or -1. Borrowed */
};

/*
 * Input from fd if it is a pipe or a socket (some shells build pipelines from sockets, and keys of
 * a terminal come through one: core/vm/keyboard.h); otherwise none.
 */
struct input input_of(struct vm *vm, int fd);
void input_fini(struct input *i);

/*
 * Whether to poll i->fd. If not, ask again after *ret_again_ms (0: never): nothing notifies us when
 * a console has room again. Never blocks.
 */
bool input_wanted(const struct input *i, unsigned *ret_again_ms);
/*
 * Passes on as many bytes as a console can take: hvc0 if a driver has it, else COM1. Never blocks,
 * even if a device is busy or another reader has taken the bytes.
 */
void input_take(struct input *i);

#endif
