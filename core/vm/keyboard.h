/* SPDX-License-Identifier: MIT */
/*
 * core/vm/keyboard.h: the user's terminal as input of a guest that another process runs. The parent
 * alone touches the terminal, so that its modes are restored however the child ends; the child gets
 * the keys through a socket.
 */
#ifndef CORE_VM_KEYBOARD_H
#define CORE_VM_KEYBOARD_H

#include <poll.h>
#include <stdbool.h>

/* In the parent. */
struct keyboard {
	int terminal; /* borrowed; -1: none */
	int keys;     /* the same, to read from: not while the guest isn't running */
	int fd;       /* our end of the socket; -1: none */
	bool taken;   /* by the child, which may do that once */
};
#define KEYBOARD_NONE ((struct keyboard){ -1, -1, -1, false })

enum { KEYBOARD_FDS = 2 };

/* The child's end of a new socket, which the caller closes; -1: fd is no terminal. */
int keyboard_begin(struct keyboard *k, int fd);
/* Fills fds for poll(2), and lowers *timeout_ms where nothing would wake it. */
void keyboard_poll(const struct keyboard *k, struct pollfd fds[static KEYBOARD_FDS],
                   int *timeout_ms);
/* After poll(2): makes the terminal raw or restores it, as the child asks, and passes keys on. */
void keyboard_serve(struct keyboard *k, const struct pollfd fds[static KEYBOARD_FDS]);
/* When the child has ended, in whatever way: restores the terminal. */
void keyboard_end(struct keyboard *k);

/* In the child, before the guest starts: returns once the terminal is raw. */
void keyboard_take(int fd);
/* When the guest has ended: returns once the terminal is restored. */
void keyboard_give_back(int fd);

#endif
