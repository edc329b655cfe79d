/* SPDX-License-Identifier: MIT */
/*
 * core/base/interrupt.h: whether a signal has ended the command. Long operations check it, and
 * waits end by it.
 */
#ifndef CORE_BASE_INTERRUPT_H
#define CORE_BASE_INTERRUPT_H

#include <stdbool.h>

struct error; /* core/base/error.h */

/* Called by signal handlers (core/vm/signals.c); 0 clears it. Async-signal-safe. */
void interrupt_note(int signal_number);
/* The signal that came; 0: none, or handlers aren't installed. */
int interrupt_signal(void);
/* 0, or -EINTR with *err filled (RUN_SIGNALLED) if one came. */
int interrupt_check(struct error *err);

/*
 * If a lock, or what only one can have, is another process's: whether to try again, after a
 * moment. A run that was killed has it until the kernel has taken its guest apart. *waited_ms is 0
 * at first; false after a second, or if a signal interrupts the command.
 */
bool lock_wait(unsigned *waited_ms);

#endif
