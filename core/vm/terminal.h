/* SPDX-License-Identifier: MIT */
/*
 * core/vm/terminal.h: the user's terminal: raw while a guest reads it, untouched while another job
 * is in the foreground.
 */
#ifndef CORE_VM_TERMINAL_H
#define CORE_VM_TERMINAL_H

#include <stdbool.h>

/*
 * If fd is a terminal, makes it the guest's keyboard until terminal_restore(). It is raw (keys
 * reach the guest one by one, without echo; the keys that send signals still do) while this process
 * is in the foreground; while another job is, its modes are neither changed nor restored. SIGTSTP
 * restores it before the process stops. One terminal at a time.
 */
void terminal_begin(int fd);
/*
 * Whether this process is in the terminal's foreground and may read it. If so, makes it raw. Call
 * it before every read, and regularly in the background: a shell's `fg` doesn't notify us.
 */
bool terminal_ours(void);
/*
 * Restores the terminal and gives it up; does nothing without terminal_begin(). Async-signal-safe:
 * handlers also call it when a fault or a signal kills the process.
 */
void terminal_restore(void);

#endif
