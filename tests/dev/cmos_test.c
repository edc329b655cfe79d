/* SPDX-License-Identifier: MIT */
/* tests/dev/cmos_test.c: index and data, and the clock at times that the test chooses. */
#include "core/dev/cmos.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/dev/ports.h"

struct fixture {
	struct bus bus;
	struct cmos cmos;
	time_t now;
};

static time_t fixture_clock(void *self)
{
	return ((struct fixture *)self)->now;
}

static void fixture_open(struct fixture *d)
{
	memset(d, 0, sizeof(*d));
	d->now = 1709251199; /* Thursday 2024-02-29 23:59:59 UTC */
	cmos_init(&d->cmos, fixture_clock, d);
	bus_put(&d->bus, &cmos_device, &d->cmos);
}

static uint8_t get(struct fixture *d, uint8_t index)
{
	put(&d->bus, 0x70, index, 1);
	return (uint8_t)in(&d->bus, 0x71, 1);
}

static void set(struct fixture *d, uint8_t index, uint8_t value)
{
	put(&d->bus, 0x70, index, 1);
	put(&d->bus, 0x71, value, 1);
}

Test(cmos, tells_the_time_in_bcd)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(get(&d, 0x00), 0x59);
	cr_assert_eq(get(&d, 0x02), 0x59);
	cr_assert_eq(get(&d, 0x04), 0x23);
	cr_assert_eq(get(&d, 0x06), 5); /* Sunday is 1 */
	cr_assert_eq(get(&d, 0x07), 0x29);
	cr_assert_eq(get(&d, 0x08), 0x02);
	cr_assert_eq(get(&d, 0x09), 0x24);
	cr_assert_eq(get(&d, 0x32), 0x20);
}

Test(cmos, goes_with_the_clock)
{
	struct fixture d;

	fixture_open(&d);
	d.now++;
	cr_assert_eq(get(&d, 0x00), 0x00);
	cr_assert_eq(get(&d, 0x04), 0x00);
	cr_assert_eq(get(&d, 0x06), 6);
	cr_assert_eq(get(&d, 0x07), 0x01);
	cr_assert_eq(get(&d, 0x08), 0x03);
	d.now = 4102444799; /* 2099-12-31 23:59:59 */
	cr_assert_eq(get(&d, 0x00), 0x59);
	cr_assert_eq(get(&d, 0x09), 0x99);
	cr_assert_eq(get(&d, 0x32), 0x20);
	d.now = 0;
	cr_assert_eq(get(&d, 0x00), 0x00);
	cr_assert_eq(get(&d, 0x07), 0x01);
	cr_assert_eq(get(&d, 0x09), 0x70);
	cr_assert_eq(get(&d, 0x32), 0x19);
}

/* Firmware checks whether an update is in progress, reads the seconds, and trusts the rest. */
Test(cmos, gives_one_moment_to_a_reader_whom_a_new_year_overtakes)
{
	static const uint8_t starts[] = { 0x00, 0x0a };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct fixture d;

		fixture_open(&d);
		d.now = 1735689599; /* 2024-12-31 23:59:59 */
		get(&d, starts[i]);
		d.now++;
		cr_assert_eq(get(&d, 0x02), 0x59);
		cr_assert_eq(get(&d, 0x04), 0x23);
		cr_assert_eq(get(&d, 0x07), 0x31);
		cr_assert_eq(get(&d, 0x08), 0x12);
		cr_assert_eq(get(&d, 0x09), 0x24);
		get(&d, starts[i]);
		cr_assert_eq(get(&d, 0x02), 0x00);
		cr_assert_eq(get(&d, 0x09), 0x25);
	}
}

static int from_bcd(uint8_t bcd)
{
	return (bcd >> 4) * 10 + (bcd & 15);
}

/* Each day of 140 years, leap days and a century without one among them, and some of all others. */
Test(cmos, has_the_calendar_of_the_c_library)
{
	struct fixture d;
	struct tm t;

	fixture_open(&d);
	for (d.now = 86399; d.now < 253402300800; d.now += d.now < 4417934400 ? 86400 : 864000077) {
		gmtime_r(&d.now, &t);
		cr_assert_eq(from_bcd(get(&d, 0x00)), t.tm_sec, "%ld", d.now);
		cr_assert_eq(from_bcd(get(&d, 0x02)), t.tm_min, "%ld", d.now);
		cr_assert_eq(from_bcd(get(&d, 0x04)), t.tm_hour, "%ld", d.now);
		cr_assert_eq(get(&d, 0x06), t.tm_wday + 1, "%ld", d.now);
		cr_assert_eq(from_bcd(get(&d, 0x07)), t.tm_mday, "%ld", d.now);
		cr_assert_eq(from_bcd(get(&d, 0x08)), t.tm_mon + 1, "%ld", d.now);
		cr_assert_eq(from_bcd(get(&d, 0x32)) * 100 + from_bcd(get(&d, 0x09)),
		             t.tm_year + 1900, "%ld", d.now);
	}
}

Test(cmos, time_can_not_be_set)
{
	static const uint8_t registers[] = { 0x00, 0x02, 0x04, 0x06, 0x07, 0x08, 0x09, 0x32 };
	struct fixture d;

	fixture_open(&d);
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		uint8_t before = get(&d, registers[i]);

		set(&d, registers[i], 0x11);
		cr_assert_eq(get(&d, registers[i]), before, "0x%x", registers[i]);
	}
}

Test(cmos, bears_a_clock_that_is_out_of_its_mind)
{
	static const time_t moments[] = { LONG_MIN, LONG_MAX, -1, -(1LL << 40), 1LL << 40 };
	struct fixture d;

	fixture_open(&d);
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		d.now = moments[i];
		cr_assert_leq(get(&d, 0x00), 0x60);
		cr_assert_leq(get(&d, 0x08), 0x12);
		cr_assert_leq(get(&d, 0x32) >> 4, 9);
		cr_assert_leq(get(&d, 0x32) & 15, 9);
	}
}

Test(cmos, asks_the_hosts_clock_unless_given_another)
{
	struct cmos c;

	cmos_init(&c, NULL, NULL);
	cr_assert_gt(c.clock(c.self), 1700000000);
}

Test(cmos, status_registers_are_those_of_a_clock_that_runs)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(get(&d, 0x0a), 0x26);
	cr_assert_eq(get(&d, 0x0b), 0x02);
	cr_assert_eq(get(&d, 0x0c), 0x00);
	cr_assert_eq(get(&d, 0x0d), 0x80);
}

Test(cmos, is_never_in_an_update)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, 0x0a, 0xff);
	cr_assert_eq(get(&d, 0x0a), 0x7f);
	set(&d, 0x0a, 0x26);
	cr_assert_eq(get(&d, 0x0a), 0x26);
}

/* The three writes of OVMF's PcRtc, and one that tries to change the format. */
Test(cmos, stays_in_24_hours_and_bcd)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, 0x0b, 0x02);
	cr_assert_eq(get(&d, 0x0b), 0x02);
	set(&d, 0x0b, 0x82);
	cr_assert_eq(get(&d, 0x0b), 0x82);
	set(&d, 0x0b, 0x02);
	cr_assert_eq(get(&d, 0x0b), 0x02);
	set(&d, 0x0b, 0x7c);
	cr_assert_eq(get(&d, 0x0b), 0x02);
	cr_assert_eq(get(&d, 0x04), 0x23);
}

Test(cmos, stays_valid_whatever_is_written)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, 0x0d, 0x00);
	cr_assert_eq(get(&d, 0x0d), 0x80);
	set(&d, 0x0c, 0xff);
	cr_assert_eq(get(&d, 0x0c), 0x00);
}

Test(cmos, does_not_resume_from_sleep)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(get(&d, 0x0f), 0x00);
	set(&d, 0x0f, 0x00);
	cr_assert_eq(get(&d, 0x0f), 0x00);
}

Test(cmos, keeps_alarm_and_free_bytes)
{
	struct fixture d;

	fixture_open(&d);
	for (unsigned i = 0; i < CMOS_BYTES; i++)
		if (i == 1 || i == 3 || i == 5 || (i >= 0x0e && i != 0x32)) {
			set(&d, (uint8_t)i, (uint8_t)(i ^ 0x5a));
			cr_assert_eq(get(&d, (uint8_t)i), i ^ 0x5a, "0x%x", i);
		}
}

Test(cmos, gives_its_index_back_without_the_nmi_mask)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(in(&d.bus, 0x70, 1), 0);
	put(&d.bus, 0x70, 0x8b, 1);
	cr_assert_eq(in(&d.bus, 0x70, 1), 0x0b);
	cr_assert_eq(in(&d.bus, 0x71, 1), 0x02);
	put(&d.bus, 0x70, 0xff, 1);
	cr_assert_eq(in(&d.bus, 0x70, 1), 0x7f);
}

Test(cmos, takes_index_and_data_in_one_word)
{
	struct fixture d;

	fixture_open(&d);
	put(&d.bus, 0x70, 0x7740, 2);
	cr_assert_eq(get(&d, 0x40), 0x77);
	cr_assert_eq(in(&d.bus, 0x70, 2), 0x7740);
	cr_assert_eq(in(&d.bus, 0x70, 4), 0xffff7740);
	cr_assert_eq(in(&d.bus, 0x71, 2), 0xff77);
	put(&d.bus, 0x71, 0x11223344, 4);
	cr_assert_eq(get(&d, 0x40), 0x44);
}

Test(cmos, bears_any_width_at_any_offset_and_index)
{
	struct fixture d;
	struct bus wide;

	fixture_open(&d);
	wide = bus_of(&cmos_device, 0, &d.cmos);
	for (unsigned i = 0; i < 256 * 8; i++) {
		put(&d.bus, 0x70, i / 8, 1);
		bus_hammer(&wide, i % 8 > 4 ? i * 1009 : i % 8, (uint8_t)(i / 8),
		           (size_t)1 << i % 3);
	}
	cr_assert_lt(d.cmos.index, CMOS_BYTES);
}
