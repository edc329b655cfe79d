/* SPDX-License-Identifier: MIT */
/* core/dev/power.c: ACPI 6.4, 4.8.3.7: SLEEP_CONTROL_REG and SLEEP_STATUS_REG, a byte each. */
#include "core/dev/power.h"

/* SLEEP_CONTROL_REG: the transition to the state in bits 4:2. Our DSDT names one state, \_S5. */
#define SLP_EN 0x20

/* Nothing ever sleeps here, so WAK_STS is 0. What lies beyond the two is nobody's, and floats. */
static void power_read(struct io_dev *d, uint16_t offset, uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = offset + i < d->len ? 0 : 0xff;
}

static enum io_verdict power_write(struct io_dev *d, uint16_t offset, const uint8_t *data,
                                   size_t size)
{
	(void)d, (void)size;
	return offset == 0 && data[0] & SLP_EN ? IO_POWER_OFF : IO_GO_ON;
}

void power_port_init(struct power_port *d)
{
	*d = (struct power_port){
		.dev = { .name = "sleep registers",
		         .base = POWER_CONTROL,
		         .len = POWER_STATUS - POWER_CONTROL + 1,
		         .read = power_read,
		         .write = power_write },
	};
}
