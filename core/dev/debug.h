/* SPDX-License-Identifier: MIT */
/* core/dev/debug.h: the debug console, a port that takes text. */
#ifndef CORE_DEV_DEBUG_H
#define CORE_DEV_DEBUG_H

#include "core/dev/device.h"

struct sink; /* core/dev/sink.h */

#define DEBUG_LINE 159   /* characters that are remembered of a line */
#define DEBUG_PORT 0x402 /* as OVMF's PcdDebugIoPort and QEMU's isa-debugcon */

/* Reads 0xe9, by which firmware knows that somebody listens; writes go to `out`, byte by byte. */
struct debug_port {
	struct sink *out;            /* borrowed */
	char now[DEBUG_LINE + 1];    /* the line that is being written, cut */
	char before[DEBUG_LINE + 1]; /* the last one before it with something in it */
	size_t held;
};
extern const struct device debug_port_device;
/*
 * The last line with something in it, which is what firmware said before it went silent; "": none.
 * Printable.
 */
const char *debug_port_line(const struct debug_port *d);

#endif
