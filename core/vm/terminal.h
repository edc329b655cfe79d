/* SPDX-License-Identifier: MIT */
/*
 * core/vm/terminal.h: the user's terminal: raw while a guest reads it, untouched while another job
 * is in its foreground.
 */
#ifndef CORE_VM_TERMINAL_H
#define CORE_VM_TERMINAL_H

#include <stdbool.h>

/*
 * If fd is a terminal, makes it the guest's keyboard until terminal_restore(). It is raw (keys
 * reach the guest one by one, without echo; the keys that send signals still do) while this process
 * is in the terminal's foreground. While another job is, its modes are neither changed nor
 * restored. SIGTSTP restores it before the process stops. One terminal at a time.
 */
void terminal_begin(int fd);
/*
 * Whether this process is in the terminal's foreground and may read it. If so, makes it raw. Ask
 * before every read, and now and then in the background: a shell's `fg` doesn't notify us.
 */
bool terminal_ours(void);
/*
 * Restores the terminal for good; does nothing without terminal_begin(). Async-signal-safe. Also
 * done by handlers when a fault or a signal kills the process.
 */
void terminal_restore(void);

#endif
