/* SPDX-License-Identifier: MIT */
/* core/vm/terminal.h: the user's terminal, raw while a guest reads it. */
#ifndef CORE_VM_TERMINAL_H
#define CORE_VM_TERMINAL_H

/*
 * Makes fd raw if it is a terminal: keys reach the guest one by one, without echo; the keys that send signals
 * keep doing so. One terminal at a time.
 */
void terminal_raw(int fd);
/* As it was; fine without terminal_raw(). Also done, by itself, when a fault or a signal kills the process. */
void terminal_restore(void);

#endif
