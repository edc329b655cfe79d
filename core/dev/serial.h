/* SPDX-License-Identifier: MIT */
/* core/dev/serial.h: a 16550A UART (National Semiconductor PC16550D), COM1 by default. */
#ifndef CORE_DEV_SERIAL_H
#define CORE_DEV_SERIAL_H

#include "core/dev/device.h"

struct sink; /* core/dev/sink.h */

#define SERIAL_COM1     0x3f8
#define SERIAL_COM1_IRQ 4
#define SERIAL_FIFO     16

struct serial {
	struct sink *out;                    /* borrowed */
	void (*irq)(void *self, bool level); /* called on a change of level; may be NULL */
	void *irq_self;
	bool level;
	uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
	/* the THRE interrupt is pending until IIR is read or THR written */
	bool thr_empty_pending;
	bool overrun;
	uint8_t msr_delta; /* MSR bits 3:0; the modem's lines change only in loop-back */
	uint8_t fifo[SERIAL_FIFO];
	size_t fifo_at, fifo_held;
	unsigned polls; /* reads of LSR since something was sent, or the FIFO cleared */
};

void serial_init(struct serial *s, struct sink *out, void (*irq)(void *self, bool level),
                 void *irq_self);

/* How many bytes serial_input() would take now; 0 in loop-back, which disconnects the line. */
size_t serial_room(const struct serial *s);
/*
 * Does the guest wait for input? A driver that starts clears the FIFO, and with it what came
 * before.
 */
bool serial_listens(const struct serial *s);
/* Receives bytes, at most serial_room() of them; returns how many. */
size_t serial_input(struct serial *s, const uint8_t *data, size_t size);

extern const struct device serial_device;

#endif
