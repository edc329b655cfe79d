/* SPDX-License-Identifier: MIT */
/*
 * core/vm/terminal.h: the user's terminal: raw while a guest reads it, untouched while another job
 * has it.
 */
#ifndef CORE_VM_TERMINAL_H
#define CORE_VM_TERMINAL_H

#include <stdbool.h>

/*
 * fd, if it is a terminal, is the guest's keyboard until terminal_restore(). It is raw (keys reach
 * the guest one by one, without echo; the keys that send signals keep doing so) while this process
 * is in the terminal's foreground. While another job is there, the terminal is that job's: its
 * modes are neither changed nor restored. SIGTSTP restores it before the process stops. One
 * terminal at a time.
 */
void terminal_begin(int fd);
/*
 * Whether the terminal may be read now: this process is in its foreground. Makes it raw if it
 * isn't. To be asked before every read, and now and then in the background: a shell's `fg` tells
 * nobody.
 */
bool terminal_ours(void);
/*
 * As it was, for good; fine without terminal_begin(). Async-signal-safe, and also done, by itself,
 * when a fault or a signal kills the process.
 */
void terminal_restore(void);

#endif
