/* SPDX-License-Identifier: MIT */
/* tests/dev/a20_test.c: the gate that is open. */
#include "core/dev/a20.h"

#include <criterion/criterion.h>

#include "core/base/error.h"

Test(a20, is_open_whatever_is_written)
{
	struct bus b = { 0 };
	struct a20_port a;
	struct error err = { 0 };

	a20_port_init(&a);
	cr_assert_eq(bus_add(&b, &a.dev, &err), 0);
	for (unsigned value = 0; value < 256; value++) {
		uint8_t byte = (uint8_t)value;
		enum io_verdict v = IO_RESET;

		cr_assert(bus_write(&b, 0x92, &byte, 1, &v));
		cr_assert_eq(v, IO_GO_ON);
		cr_assert(bus_read(&b, 0x92, &byte, 1));
		cr_assert_eq(byte, 0x02);
	}
}

Test(a20, is_one_port_beyond_which_reads_float_high)
{
	struct a20_port a;
	uint8_t data[4] = { 0 };

	a20_port_init(&a);
	cr_assert_eq(a.dev.len, 1);
	a.dev.read(&a.dev, 0, data, 4);
	cr_assert_arr_eq(data, "\x02\xff\xff\xff", 4);
	a.dev.read(&a.dev, 1, data, 1);
	cr_assert_eq(data[0], 0xff);
}
