/* SPDX-License-Identifier: MIT */
/* tests/dev/ports_test.c: exit, resets and A20: what each reads as and what each write does. */
#include "core/dev/ports.h"

#include <criterion/criterion.h>

#include "core/base/array.h"
#include "tests/dev/ports.h"

static const struct device *const devices[] = { &exit_port_device, &reset_port_device,
	                                        &keyboard_port_device, &a20_port_device };

/* All of them on one bus. */
static struct bus one_port_devices(void)
{
	struct bus b = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		bus_put(&b, devices[i], NULL);
	return b;
}

Test(ports, exit_port_ends_the_run_whatever_is_written)
{
	struct bus b = one_port_devices();

	cr_assert_eq(out(&b, 0xf4, 0, 1), IO_EXIT);
	cr_assert_eq(out(&b, 0xf4, 0xff, 1), IO_EXIT);
	cr_assert_eq(out(&b, 0xf4, 0x1234, 2), IO_EXIT);
	cr_assert_eq(out(&b, 0xf4, 0x12345678, 4), IO_EXIT);
}

Test(ports, exit_port_reads_ones)
{
	struct bus b = one_port_devices();

	cr_assert_eq(in(&b, 0xf4, 1), 0xff);
	cr_assert_eq(in(&b, 0xf4, 4), 0xffffffff);
}

Test(ports, exit_port_is_one_port_and_stands_where_it_is_put)
{
	static const uint16_t ports[] = { 0, 0xf4, 0x501, 0xffff };

	cr_assert_eq(exit_port_device.ranges[0].place, AT_EXIT_PORT);
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		struct device_range range = exit_port_device.ranges[0];
		struct error err = { 0 };
		struct bus b = { 0 };

		range.base = ports[i];
		cr_assert_eq(bus_add(&b, &range, NULL, &err), 0, "%s", err.text);
		cr_assert_eq(out(&b, ports[i], 0, 1), IO_EXIT);
		nobody_at(&b, (uint16_t)(ports[i] + 1), 1);
		nobody_at(&b, (uint16_t)(ports[i] - 1), 1);
	}
}

Test(ports, reset_port_resets_on_bit_2_alone)
{
	struct bus b = one_port_devices();

	for (unsigned value = 0; value < 256; value++)
		cr_assert_eq(out(&b, 0xcf9, value, 1), value & 4 ? IO_RESET : IO_GO_ON, "0x%x",
		             value);
	cr_assert_eq(out(&b, 0xcf9, 0x0400, 2), IO_GO_ON); /* port 0xcfa's bit */
	cr_assert_eq(out(&b, 0xcf9, 0x0006, 2), IO_RESET);
}

Test(ports, reset_port_reads_zero)
{
	struct bus b = one_port_devices();

	cr_assert_eq(in(&b, 0xcf9, 1), 0);
	cr_assert_eq(in(&b, 0xcf9, 2), 0xff00);
}

Test(ports, reset_port_leaves_a_pci_address_alone)
{
	uint8_t ones[4] = { 0xff, 0xff, 0xff, 0xff };
	struct bus b = one_port_devices();
	enum io_action v;

	cr_assert_not(bus_write(&b, 0xcf8, ones, 4, &v));
	cr_assert_eq(v, IO_GO_ON);
}

Test(ports, keyboard_port_resets_on_one_command_alone)
{
	struct bus b = one_port_devices();

	for (unsigned value = 0; value < 256; value++)
		cr_assert_eq(out(&b, 0x64, value, 1), value == 0xfe ? IO_RESET : IO_GO_ON, "0x%x",
		             value);
	cr_assert_eq(out(&b, 0x64, 0xfe00, 2), IO_GO_ON);
}

Test(ports, keyboard_port_reads_ones)
{
	struct bus b = one_port_devices();

	cr_assert_eq(in(&b, 0x64, 1), 0xff);
	cr_assert_eq(in(&b, 0x64, 2), 0xffff);
}

Test(ports, resets_on_the_port_itself_alone)
{
	struct bus reset = bus_of(&reset_port_device, 0, NULL);
	struct bus keyboard = bus_of(&keyboard_port_device, 0, NULL);

	put(&reset, 1, 0x0606, 2);
	put(&keyboard, 1, 0xfefe, 2);
}

Test(ports, a20_is_open_whatever_is_written)
{
	struct bus b = one_port_devices();

	for (unsigned value = 0; value < 256; value++) {
		put(&b, 0x92, value, 1);
		cr_assert_eq(in(&b, 0x92, 1), 0x02);
	}
}

Test(ports, a20_is_one_port_beyond_which_reads_float_high)
{
	struct bus b = one_port_devices(), wide = bus_of(&a20_port_device, 0, NULL);

	cr_assert_eq(in(&b, 0x92, 4), 0xffffff02);
	nobody_at(&b, 0x93, 1);
	cr_assert_eq(in(&wide, 1, 1), 0xff);
}

Test(ports, devices_bear_any_width_and_offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		bus_hammer_all(devices[i], NULL);
}
