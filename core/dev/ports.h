/* SPDX-License-Identifier: MIT */
/* core/dev/ports.h: devices with one port and no state: exit port, two reset ports, A20. */
#ifndef CORE_DEV_PORTS_H
#define CORE_DEV_PORTS_H

#include "core/dev/device.h"

#define RESET_PORT    0xcf9 /* PIIX/ICH reset control: bit 2 resets */
#define KEYBOARD_PORT 0x64  /* 8042 command: 0xfe pulses the reset line */
#define A20_PORT      0x92  /* system control port A, where firmware opens address line 20 */

/* A write ends the run, with the value as the guest's exit status. Reads as ones. */
extern const struct device exit_port_device;
extern const struct device reset_port_device;    /* reads as 0 */
extern const struct device keyboard_port_device; /* reads as ones: there is no 8042 */
extern const struct device a20_port_device;      /* reads as open; it can't be closed */

#endif
