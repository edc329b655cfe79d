/* SPDX-License-Identifier: MIT */
/* tests/dev/power_test.c: what switches a guest off, and what doesn't. */
#include "core/dev/power.h"

#include <criterion/criterion.h>

#include "core/base/error.h"

static void power_add(struct power_port *p, struct bus *b)
{
	struct error err = { 0 };

	power_port_init(p);
	*b = (struct bus){ 0 };
	cr_assert_eq(bus_add(b, &p->dev, &err), 0, "%s", err.text);
}

static enum io_verdict out(struct bus *b, uint16_t port, uint32_t value, size_t size)
{
	uint8_t data[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		            (uint8_t)(value >> 24) };
	enum io_verdict v;

	cr_assert(bus_write(b, port, data, size, &v));
	return v;
}

static uint32_t in(struct bus *b, uint16_t port, size_t size)
{
	uint8_t data[4] = { 0 };

	cr_assert(bus_read(b, port, data, size));
	return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

Test(power, switches_off_on_the_enable_bit_alone)
{
	struct power_port p;
	struct bus b;

	power_add(&p, &b);
	for (unsigned value = 0; value < 256; value++)
		cr_assert_eq(out(&b, 0xb010, value, 1), value & 0x20 ? IO_POWER_OFF : IO_GO_ON,
		             "0x%x", value);
}

Test(power, switches_off_as_linux_asks_for_s5)
{
	struct power_port p;
	struct bus b;

	power_add(&p, &b);
	cr_assert_eq(out(&b, 0xb010, 5 << 2 | 0x20, 1), IO_POWER_OFF);
}

Test(power, judges_a_wide_write_by_the_control_registers_byte)
{
	struct power_port p;
	struct bus b;

	power_add(&p, &b);
	cr_assert_eq(out(&b, 0xb010, 0x2000, 2), IO_GO_ON);
	cr_assert_eq(out(&b, 0xb010, 0x0020, 2), IO_POWER_OFF);
	cr_assert_eq(out(&b, 0xb010, 0xffffff00, 4), IO_GO_ON);
}

Test(power, ignores_writes_to_the_status)
{
	struct power_port p;
	struct bus b;

	power_add(&p, &b);
	cr_assert_eq(out(&b, 0xb011, 0xff, 1), IO_GO_ON);
	cr_assert_eq(out(&b, 0xb011, 0xffff, 2), IO_GO_ON);
}

Test(power, reads_zero_in_both_registers_and_ones_behind)
{
	struct power_port p;
	struct bus b;

	power_add(&p, &b);
	out(&b, 0xb011, 0xff, 1);
	cr_assert_eq(in(&b, 0xb010, 1), 0);
	cr_assert_eq(in(&b, 0xb011, 1), 0);
	cr_assert_eq(in(&b, 0xb010, 2), 0);
	cr_assert_eq(in(&b, 0xb010, 4), 0xffff0000);
	cr_assert_eq(in(&b, 0xb011, 2), 0xff00);
}

Test(power, is_two_ports_and_no_more)
{
	uint8_t data[1] = { 0x20 };
	struct power_port p;
	enum io_verdict v;
	struct bus b;

	power_add(&p, &b);
	cr_assert_not(bus_write(&b, 0xb00f, data, 1, &v));
	cr_assert_not(bus_write(&b, 0xb012, data, 1, &v));
	cr_assert_eq(p.dev.len, 2);
}
