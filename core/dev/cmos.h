/* SPDX-License-Identifier: MIT */
/* core/dev/cmos.h: the PC's battery-backed memory and clock (Motorola MC146818A). */
#ifndef CORE_DEV_CMOS_H
#define CORE_DEV_CMOS_H

#include <time.h>

#include "core/dev/device.h"

#define CMOS_PORT  0x70
#define CMOS_BYTES 128

struct cmos {
	time_t (*clock)(void *self); /* seconds since 1970, UTC */
	void *self;
	uint8_t index;
	uint8_t bytes[CMOS_BYTES];
};

/* clock NULL: the host's. The bytes for the size of RAM stay 0: firmware reads etc/e820 instead. */
void cmos_init(struct cmos *c, time_t (*clock)(void *self), void *self);

extern const struct device cmos_device;

#endif
