/* SPDX-License-Identifier: MIT */
/*
 * core/base/interrupt.h: whether a signal came that ends the command. Whatever may take long asks.
 */
#ifndef CORE_BASE_INTERRUPT_H
#define CORE_BASE_INTERRUPT_H

struct error; /* core/base/error.h */

/* Called by signal handlers (core/vm/signals.c); 0 clears it. Async-signal-safe. */
void interrupt_note(int signal_number);
/* The signal that came; 0: none, or no handler notes them. */
int interrupt_signal(void);
/* 0, or -EINTR with *err filled (RUN_SIGNALLED) if one came. */
int interrupt_check(struct error *err);

#endif
