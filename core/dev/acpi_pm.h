/* SPDX-License-Identifier: MIT */
/*
 * core/dev/acpi_pm.h: ACPI's ports: fixed events, PM1 control, PM timer, and the sleep registers.
 */
#ifndef CORE_DEV_ACPI_PM_H
#define CORE_DEV_ACPI_PM_H

#include "core/dev/device.h"

#define ACPI_PM_PORT       0xb000 /* where OVMF puts the PIIX4's power management */
#define ACPI_SLEEP_CONTROL 0xb010 /* SLEEP_CONTROL_REG, in our FADT */
#define ACPI_SLEEP_STATUS  0xb011 /* SLEEP_STATUS_REG */

struct acpi_pm {
	uint64_t (*clock_ns)(void *self); /* never goes back */
	void *self;
	uint16_t enable, control; /* PM1_EN, PM1_CNT */
};

/* clock_ns NULL: CLOCK_MONOTONIC. */
void acpi_pm_init(struct acpi_pm *a, uint64_t (*clock)(void *self), void *self);

extern const struct device acpi_pm_device;

#endif
