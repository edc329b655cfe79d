/* SPDX-License-Identifier: MIT */
/* core/dev/ports.c: what each port reads as, and which writes have an effect. */
#include "core/dev/ports.h"

/*
 * Reset control register, bit 2, RCPU (Intel 82371SB data sheet): OVMF and Linux write it to reset.
 */
#define RESET_CPU 0x04
/* 8042 command: pulse output line 0, which is wired to the processor's reset. */
#define KEYBOARD_PULSE_RESET 0xfe
#define A20_OPEN             0x02 /* ALT_A20_GATE (Intel 82371AB data sheet, port 92h) */

/* One port: a wider write gives a wider status, but the next port may be another device's. */
const struct device exit_port_device = {
	.ranges = { { .name = "exit port",
	              .len = 1,
	              .place = AT_EXIT_PORT,
	              .value = 0xff,
	              .action = IO_EXIT } },
};

const struct device reset_port_device = {
	.ranges = { { .name = "reset port",
	              .base = RESET_PORT,
	              .len = 1,
	              .mask = RESET_CPU,
	              .match = RESET_CPU,
	              .action = IO_RESET } },
};

const struct device keyboard_port_device = {
	.ranges = { { .name = "keyboard port",
	              .base = KEYBOARD_PORT,
	              .len = 1,
	              .value = 0xff,
	              .mask = 0xff,
	              .match = KEYBOARD_PULSE_RESET,
	              .action = IO_RESET } },
};

/*
 * Bit 0 would reset the processor at once, but firmware only ever sets bit 1 (edk2
 * PlatformInitLib).
 */
const struct device a20_port_device = {
	.ranges = { { .name = "A20 port", .base = A20_PORT, .len = 1, .value = A20_OPEN } },
};
