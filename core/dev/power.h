/* SPDX-License-Identifier: MIT */
/* core/dev/power.h: the sleep registers of hardware-reduced ACPI, by which a guest switches itself off. */
#ifndef CORE_DEV_POWER_H
#define CORE_DEV_POWER_H

#include "core/dev/bus.h"

#define POWER_CONTROL 0xb010 /* SLEEP_CONTROL_REG, as our FADT says */
#define POWER_STATUS  0xb011 /* SLEEP_STATUS_REG */

/* Both read 0; a write to the first with SLP_EN switches off, whatever the sleep type. */
struct power_port {
	struct io_dev dev;
};
void power_port_init(struct power_port *d);

#endif
