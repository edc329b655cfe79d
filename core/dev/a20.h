/* SPDX-License-Identifier: MIT */
/* core/dev/a20.h: system control port A, where firmware opens address line 20. */
#ifndef CORE_DEV_A20_H
#define CORE_DEV_A20_H

#include "core/dev/bus.h"

#define A20_PORT 0x92

/* Reads "open"; there is no line to close. */
struct a20_port {
	struct io_dev dev;
};
void a20_port_init(struct a20_port *d);

#endif
