/* SPDX-License-Identifier: MIT */
/* tests/dev/acpi_pm_test.c: the timer, with a clock of the test's, and every way to power off. */
#include "core/dev/acpi_pm.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/dev/ports.h"

#define SECOND ((uint64_t)1000000000)

struct fixture {
	struct bus bus;
	struct acpi_pm pm;
	uint64_t now_ns, step_ns;
};

static uint64_t fixture_clock(void *self)
{
	struct fixture *d = self;

	return d->now_ns += d->step_ns;
}

static void fixture_open(struct fixture *d)
{
	memset(d, 0, sizeof(*d));
	acpi_pm_init(&d->pm, fixture_clock, d);
	bus_put(&d->bus, &acpi_pm_device, &d->pm);
}

static uint32_t timer_at(struct fixture *d, uint64_t now_ns)
{
	d->now_ns = now_ns;
	return in(&d->bus, 0xb008, 4);
}

Test(acpi_pm, timer_counts_3579545_a_second)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(timer_at(&d, 0), 0);
	cr_assert_eq(timer_at(&d, 279), 0);
	cr_assert_eq(timer_at(&d, 280), 1);
	cr_assert_eq(timer_at(&d, SECOND), 3579545);
	cr_assert_eq(timer_at(&d, 4 * SECOND), 4 * 3579545);
	cr_assert_eq(timer_at(&d, SECOND / 2), 3579545 / 2);
}

Test(acpi_pm, timer_wraps_at_24_bits)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(timer_at(&d, 5 * SECOND), 5 * 3579545 - (1 << 24));
	for (uint64_t s = 0; s < 100; s++)
		cr_assert_eq(timer_at(&d, s * SECOND) >> 24, 0);
}

/* Nanoseconds times the frequency overflow 64 bits after 5,153 seconds; hosts run for years. */
Test(acpi_pm, timer_goes_on_evenly_however_long_the_host_is_up)
{
	static const uint64_t uptimes[] = { 5152, 5153, 5154, 86400, 315360000, 18446744072 };
	struct fixture d;

	fixture_open(&d);
	for (size_t i = 0; i < ARRAY_SIZE(uptimes); i++) {
		uint64_t before = uptimes[i] * SECOND + SECOND - 1;
		uint32_t step;

		cr_assert_eq(timer_at(&d, uptimes[i] * SECOND), uptimes[i] * 3579545 % (1 << 24));
		step = timer_at(&d, before + 1000000) - timer_at(&d, before);
		cr_assert((step & 0xffffff) == 3579 || (step & 0xffffff) == 3580, "%u", step);
	}
}

Test(acpi_pm, timer_reads_one_moment_an_access_at_every_width)
{
	struct fixture d;

	fixture_open(&d);
	d.now_ns = SECOND;
	cr_assert_eq(in(&d.bus, 0xb008, 1), 3579545 & 0xff);
	cr_assert_eq(in(&d.bus, 0xb009, 1), 3579545 >> 8 & 0xff);
	cr_assert_eq(in(&d.bus, 0xb00a, 2), 3579545 >> 16);
	cr_assert_eq(in(&d.bus, 0xb00b, 1), 0);
	d.step_ns = SECOND;
	cr_assert_eq(in(&d.bus, 0xb008, 4), 2 * 3579545);
}

Test(acpi_pm, timer_can_not_be_set)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(out(&d.bus, 0xb008, 0xffffffff, 4), IO_GO_ON);
	cr_assert_eq(timer_at(&d, 280), 1);
}

Test(acpi_pm, timer_advances_by_the_hosts_clock_unless_given_another)
{
	struct acpi_pm pm;
	uint64_t first, now;

	acpi_pm_init(&pm, NULL, NULL);
	first = pm.clock_ns(pm.self);
	do
		now = pm.clock_ns(pm.self);
	while (now == first);
	cr_assert_gt(now, first);
}

Test(acpi_pm, events_never_happen)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(out(&d.bus, 0xb000, 0xffffffff, 4), IO_GO_ON);
	for (unsigned i = 0; i < 2; i++)
		cr_assert_eq(in(&d.bus, (uint16_t)(0xb000 + i), 1), 0);
	cr_assert_eq(in(&d.bus, 0xb000, 2), 0);
	cr_assert_eq(in(&d.bus, 0xb000, 4), 0xffff0000, "that they were enabled is remembered");
	cr_assert_eq(out(&d.bus, 0xb003, 0x12, 1), IO_GO_ON);
	cr_assert_eq(in(&d.bus, 0xb002, 2), 0x12ff);
}

Test(acpi_pm, control_keeps_what_is_written)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(in(&d.bus, 0xb004, 2), 0);
	cr_assert_eq(out(&d.bus, 0xb004, 1, 2), IO_GO_ON); /* SCI_EN, as OVMF sets it */
	cr_assert_eq(in(&d.bus, 0xb004, 2), 1);
	cr_assert_eq(out(&d.bus, 0xb005, 0x14, 1), IO_GO_ON);
	cr_assert_eq(in(&d.bus, 0xb004, 2), 0x1401);
	cr_assert_eq(in(&d.bus, 0xb005, 1), 0x14);
	cr_assert_eq(out(&d.bus, 0xb004, 0x03, 1), IO_GO_ON);
	cr_assert_eq(in(&d.bus, 0xb004, 2), 0x1403);
	cr_assert_eq(out(&d.bus, 0xb004, 0xdfff, 2), IO_GO_ON);
	cr_assert_eq(in(&d.bus, 0xb004, 2), 0xdfff);
}

Test(acpi_pm, control_switches_off_on_bit_13_whatever_the_type)
{
	struct fixture d;

	fixture_open(&d);
	for (unsigned type = 0; type < 8; type++) {
		cr_assert_eq(out(&d.bus, 0xb004, 0x2000 | type << 10, 2), IO_POWER_OFF);
		cr_assert_eq(out(&d.bus, 0xb004, 0x2000 | type << 10, 4), IO_POWER_OFF);
		cr_assert_eq(out(&d.bus, 0xb005, 0x20 | type << 2, 1), IO_POWER_OFF);
		cr_assert_eq(out(&d.bus, 0xb004, type << 10, 2), IO_GO_ON);
	}
	cr_assert_eq(out(&d.bus, 0xb004, 0x20, 1), IO_GO_ON);
	cr_assert_eq(out(&d.bus, 0xb002, 0x20000000, 4), IO_POWER_OFF);
}

Test(acpi_pm, bit_13_reads_as_0)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(out(&d.bus, 0xb004, 0xffff, 2), IO_POWER_OFF);
	cr_assert_eq(in(&d.bus, 0xb004, 2), 0xdfff);
}

Test(acpi_pm, sleep_control_switches_off_on_bit_5_alone)
{
	struct fixture d;

	fixture_open(&d);
	for (unsigned value = 0; value < 256; value++)
		cr_assert_eq(out(&d.bus, 0xb010, value, 1), value & 0x20 ? IO_POWER_OFF : IO_GO_ON,
		             "0x%x", value);
	cr_assert_eq(out(&d.bus, 0xb010, 0x34, 1), IO_POWER_OFF); /* Linux, for the 5 of \_S5 */
	cr_assert_eq(out(&d.bus, 0xb010, 0x0034, 2), IO_POWER_OFF);
	cr_assert_eq(out(&d.bus, 0xb00f, 0x3400, 2), IO_POWER_OFF);
	cr_assert_eq(in(&d.bus, 0xb010, 1), 0);
}

Test(acpi_pm, sleep_status_reads_0_and_ignores_writes)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(out(&d.bus, 0xb011, 0xff, 1), IO_GO_ON);
	cr_assert_eq(out(&d.bus, 0xb010, 0xff00, 2), IO_GO_ON);
	cr_assert_eq(out(&d.bus, 0xb011, 0x34343434, 4), IO_GO_ON);
	cr_assert_eq(in(&d.bus, 0xb011, 1), 0);
	cr_assert_eq(in(&d.bus, 0xb010, 4), 0xffff0000);
}

Test(acpi_pm, reads_ones_where_no_register_is)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(in(&d.bus, 0xb006, 2), 0xffff);
	cr_assert_eq(in(&d.bus, 0xb00c, 4), 0xffffffff);
	cr_assert_eq(in(&d.bus, 0xb004, 4), 0xffff0000);
	cr_assert_eq(out(&d.bus, 0xb006, 0xffff, 2), IO_GO_ON);
	cr_assert_eq(out(&d.bus, 0xb00c, 0xffffffff, 4), IO_GO_ON);
}

Test(acpi_pm, bears_any_width_at_any_offset)
{
	struct fixture d;

	fixture_open(&d);
	bus_hammer_all(&acpi_pm_device, &d.pm);
}
