/* SPDX-License-Identifier: MIT */
/* core/dev/debug.h: the small ports: debug console, exit port, reset. */
#ifndef CORE_DEV_DEBUG_H
#define CORE_DEV_DEBUG_H

#include "core/dev/bus.h"

struct sink; /* core/dev/sink.h */

#define DEBUG_LINE    159   /* characters that are remembered of a line */
#define DEBUG_PORT    0x402 /* as OVMF's PcdDebugIoPort and QEMU's isa-debugcon */
#define RESET_PORT    0xcf9 /* PIIX/ICH reset control: bit 2 resets */
#define KEYBOARD_PORT 0x64  /* 8042 command: 0xfe pulses the reset line */

/* Reads 0xe9, by which firmware knows that somebody listens; writes go to `out`, byte by byte. */
struct debug_port {
	struct io_dev dev;
	struct sink *out;            /* borrowed */
	char now[DEBUG_LINE + 1];    /* the line that is being written, cut */
	char before[DEBUG_LINE + 1]; /* the last one before it with something in it */
	size_t held;
};
void debug_port_init(struct debug_port *d, struct sink *out);
/* The last line with something in it, which is what firmware said before it went silent; "": none. Printable. */
const char *debug_port_line(const struct debug_port *d);

/* Any write ends the run with the value as the guest's status; reads give ones. */
struct exit_port {
	struct io_dev dev;
};
void exit_port_init(struct exit_port *d, uint16_t port);

/* 0xcf9: reads 0, a write with bit 2 resets. */
struct reset_port {
	struct io_dev dev;
};
void reset_port_init(struct reset_port *d);

/* 0x64: reads ones (no 8042 there), 0xfe resets. */
struct keyboard_port {
	struct io_dev dev;
};
void keyboard_port_init(struct keyboard_port *d);

#endif
