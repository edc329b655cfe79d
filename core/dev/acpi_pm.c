/* SPDX-License-Identifier: MIT */
/*
 * core/dev/acpi_pm.c: the registers of ACPI 6.4, 4.8.3; entering a sleep state powers the guest
 * off.
 */
#include "core/dev/acpi_pm.h"

#include "core/base/clock.h"

/* From ACPI_PM_PORT on, as in the PIIX4 (Intel 82371AB, 7.2), which doesn't use the last two. */
enum {
	REG_STATUS = 0x00,
	REG_ENABLE = 0x02,
	REG_CONTROL = 0x04,
	REG_TIMER = 0x08,
	REG_SLEEP_CONTROL = ACPI_SLEEP_CONTROL - ACPI_PM_PORT,
	REG_SLEEP_STATUS = ACPI_SLEEP_STATUS - ACPI_PM_PORT,
	ACPI_PM_PORTS
};

/* SLP_EN in PM1_CNT's high byte (bit 13) and in SLEEP_CONTROL_REG. It reads as 0. */
#define SLP_EN 0x20

#define TIMER_HZ   3579545u
#define TIMER_BITS 0x00ffffffu /* 24 bits, since our FADT has no TMR_VAL_EXT; OVMF uses 24, too */
#define SECOND_NS  1000000000u

static uint64_t monotonic_ns(void *self)
{
	(void)self;
	return clock_ns();
}

/*
 * Events never happen, so their status is 0. Enable bits are stored, because Linux reads them back.
 * Ports without a register read as ones.
 */
static uint8_t reg_get(const struct acpi_pm *a, unsigned reg, uint32_t timer)
{
	if (reg < REG_STATUS + 2)
		return 0;
	if (reg < REG_ENABLE + 2)
		return (uint8_t)(a->enable >> (8 * (reg - REG_ENABLE)));
	if (reg == REG_CONTROL || reg == REG_CONTROL + 1)
		return (uint8_t)(a->control >> (8 * (reg - REG_CONTROL)));
	if (reg >= REG_TIMER && reg < REG_TIMER + 4)
		return (uint8_t)(timer >> (8 * (reg - REG_TIMER)));
	return reg == REG_SLEEP_CONTROL || reg == REG_SLEEP_STATUS ? 0 : 0xff;
}

static void acpi_pm_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	const struct acpi_pm *a = self;
	/* Read the clock once for each access, so that all bytes are of the same moment. */
	uint64_t ns = a->clock_ns(a->self);
	/* In two steps: ns * TIMER_HZ would overflow 64 bits after 86 minutes. */
	uint64_t ticks = ns / SECOND_NS * TIMER_HZ + ns % SECOND_NS * TIMER_HZ / SECOND_NS;
	uint32_t timer = (uint32_t)ticks & TIMER_BITS;

	for (size_t i = 0; i < size; i++)
		data[i] = reg_get(a, offset + (unsigned)i, timer);
}

/*
 * Every sleep type powers the guest off: OVMF's ResetSystem() writes type 0, Linux the 5 of our
 * \_S5, and nothing would wake the guest from another sleep state.
 */
static enum io_action reg_set(struct acpi_pm *a, unsigned reg, uint8_t value)
{
	if (reg == REG_ENABLE)
		a->enable = (uint16_t)((a->enable & 0xff00) | value);
	if (reg == REG_ENABLE + 1)
		a->enable = (uint16_t)((a->enable & 0x00ff) | value << 8);
	if (reg == REG_CONTROL)
		a->control = (uint16_t)((a->control & 0xff00) | value);
	if (reg == REG_CONTROL + 1)
		a->control = (uint16_t)((a->control & 0x00ff) | (value & ~SLP_EN) << 8);
	return (reg == REG_CONTROL + 1 || reg == REG_SLEEP_CONTROL) && value & SLP_EN ? IO_POWER_OFF
	                                                                              : IO_GO_ON;
}

static enum io_action acpi_pm_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct acpi_pm *a = self;
	enum io_action action = IO_GO_ON;

	for (size_t i = 0; i < size && action == IO_GO_ON; i++)
		action = reg_set(a, offset + (unsigned)i, data[i]);
	return action;
}

void acpi_pm_init(struct acpi_pm *a, uint64_t (*clock)(void *self), void *self)
{
	*a = (struct acpi_pm){
		.clock_ns = clock ? clock : monotonic_ns,
		.self = self,
	};
}

static int acpi_pm_make(void *self, const struct device_env *env, struct error *err)
{
	(void)env, (void)err;
	acpi_pm_init(self, NULL, NULL);
	return 0;
}

const struct device acpi_pm_device = {
	.ranges = { { .name = "ACPI ports",
	              .base = ACPI_PM_PORT,
	              .len = ACPI_PM_PORTS,
	              .read = acpi_pm_read,
	              .write = acpi_pm_write } },
	.size = sizeof(struct acpi_pm),
	.init = acpi_pm_make,
};
