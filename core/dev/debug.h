/* SPDX-License-Identifier: MIT */
/* core/dev/debug.h: the debug console, a port that takes text. */
#ifndef CORE_DEV_DEBUG_H
#define CORE_DEV_DEBUG_H

#include "core/dev/device.h"

struct sink; /* core/dev/sink.h */

#define DEBUG_LINE 159   /* characters kept of a line */
#define DEBUG_PORT 0x402 /* as OVMF's PcdDebugIoPort and QEMU's isa-debugcon */

/* Reads as 0xe9, by which firmware detects the port; writes go to `out`. */
struct debug_port {
	struct sink *out;            /* borrowed */
	char now[DEBUG_LINE + 1];    /* the current line, cut */
	char before[DEBUG_LINE + 1]; /* the last non-empty line before it */
	size_t held;
};
extern const struct device debug_port_device;
/* The last non-empty line, in printable ASCII; "": none. */
const char *debug_port_line(const struct debug_port *d);

#endif
