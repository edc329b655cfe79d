/* SPDX-License-Identifier: MIT */
/* core/vm/input.h: bytes typed for the guest, on their way to COM1. */
#ifndef CORE_VM_INPUT_H
#define CORE_VM_INPUT_H

#include <stdbool.h>

struct vm; /* core/vm/vm.h */

struct input {
	struct vm *vm;
	int fd; /* -1: none, or at its end. Borrowed */
};

/* A terminal or a pipe (or a socket, which is how some shells make pipes); anything else has nothing to type. */
struct input input_of(struct vm *vm, int fd);

/* Whether COM1 has room for more; false also where that can't be known now. Never waits. */
bool input_wanted(const struct input *i);
/* Hands over what there is room for. Never waits for the devices. */
void input_take(struct input *i);

#endif
