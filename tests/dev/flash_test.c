/* SPDX-License-Identifier: MIT */
/* tests/dev/flash_test.c: commands of the flash, and what the guest reads meanwhile. */
#include "core/dev/flash.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/dev/ports.h"

enum { SIZE = 3 * FLASH_BLOCK, AT = 5000 };
#define GPA 0xffc00000u

struct fixture {
	uint8_t content[SIZE], shown[SIZE]; /* shown: what the guest reads */
	struct bus bus;
	struct flash flash;
	bool no_memory;
};

static uint8_t *memory(void *self, uint64_t gpa, uint64_t size)
{
	struct fixture *d = self;

	cr_assert(gpa == GPA && size == SIZE);
	return d->no_memory ? NULL : d->shown;
}

static void fixture_open(struct fixture *d)
{
	const struct flash_content content = { d->content, GPA, SIZE };
	const struct device_env env = { .memory = memory, .memory_self = d, .flash = &content };
	struct device_range range = flash_device.ranges[0];
	struct error err = { 0 };

	memset(d, 0, sizeof(*d));
	d->bus.kind = BUS_MMIO;
	for (size_t i = 0; i < SIZE; i++)
		d->content[i] = (uint8_t)(i * 7 + 1);
	memcpy(d->shown, d->content, SIZE);
	cr_assert_eq(flash_device.init(&d->flash, &env, &err), 0, "%s", err.text);
	range.base = GPA;
	range.len = SIZE;
	cr_assert_eq(bus_add(&d->bus, &range, &d->flash, &err), 0, "%s", err.text);
}

static void set(struct fixture *d, unsigned offset, uint64_t value, size_t size)
{
	uint8_t data[8];
	enum io_action asked;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(value >> (8 * i));
	cr_assert(bus_write(&d->bus, GPA + offset, data, size, &asked));
	cr_assert_eq(asked, IO_GO_ON);
}

static void shows(const struct fixture *d, uint8_t value)
{
	for (size_t i = 0; i < SIZE; i++)
		cr_assert_eq(d->shown[i], value, "0x%zx", i);
}

/* edk2's test: RAM would give back the command, ROM what was there. */
Test(flash, is_a_flash_to_edk2s_driver)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, AT, 0x50, 1);
	cr_assert_arr_eq(d.shown, d.content, SIZE);
	set(&d, AT, 0x70, 1);
	shows(&d, 0x00);
	set(&d, AT, 0xff, 1);
	cr_assert_arr_eq(d.shown, d.content, SIZE);
	cr_assert_not(d.flash.changed);
	flash_device.fini(&d.flash);
}

Test(flash, programs_bytes_and_shows_them_when_asked_to)
{
	struct fixture d;

	fixture_open(&d);
	for (unsigned i = 0; i < 40; i++) {
		set(&d, AT + i, i % 2 ? 0x10 : 0x40, 1);
		set(&d, AT + i, 0xff - i, 1); /* 0xff is data here */
		shows(&d, 0x80);
		d.content[AT + i] = (uint8_t)(0xff - i);
	}
	cr_assert(d.flash.changed);
	set(&d, AT + 39, 0xff, 1);
	cr_assert_arr_eq(d.shown, d.content, SIZE);
	cr_assert_arr_eq(d.flash.array, d.content, SIZE);
	flash_device.fini(&d.flash);
}

Test(flash, erases_the_block_of_the_address)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, AT, 0x20, 1);
	set(&d, AT, 0xd0, 1);
	shows(&d, 0x80);
	set(&d, 0, 0xff, 1);
	memset(d.content + FLASH_BLOCK, 0xff, FLASH_BLOCK);
	cr_assert_arr_eq(d.shown, d.content, SIZE);
	flash_device.fini(&d.flash);
}

Test(flash, does_not_erase_unless_it_is_confirmed)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, AT, 0x20, 1);
	set(&d, AT, 0x70, 1);
	set(&d, AT, 0xff, 1);
	cr_assert_not(d.flash.changed);
	cr_assert_arr_eq(d.shown, d.content, SIZE);
	flash_device.fini(&d.flash);
}

Test(flash, what_is_there_already_is_no_change)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, AT, 0x10, 1);
	set(&d, AT, d.content[AT], 1);
	cr_assert_not(d.flash.changed);
	flash_device.fini(&d.flash);
}

Test(flash, forgets_its_status_when_told_to)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, 0, 0x70, 1);
	shows(&d, 0x80);
	set(&d, 0, 0x50, 1);
	cr_assert_arr_eq(d.shown, d.content, SIZE);
	set(&d, 0, 0x70, 1);
	shows(&d, 0x00);
	flash_device.fini(&d.flash);
}

Test(flash, programs_what_a_wide_write_has_up_to_its_end)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, SIZE - 4, 0x10, 8);
	set(&d, SIZE - 4, 0x1122334455667788, 8);
	set(&d, 0, 0xff, 4);
	memcpy(d.content + SIZE - 4, "\x88\x77\x66\x55", 4);
	cr_assert_arr_eq(d.shown, d.content, SIZE);
	flash_device.fini(&d.flash);
}

/* Reads come here only if the guest's memory isn't there. */
Test(flash, answers_reads_that_come_as_exits)
{
	uint8_t data[4];
	struct fixture d;

	fixture_open(&d);
	d.no_memory = true;
	cr_assert(bus_read(&d.bus, GPA + SIZE - 2, data, 4));
	cr_assert_arr_eq(data, d.content + SIZE - 2, 2);
	cr_assert(data[2] == 0xff && data[3] == 0xff);
	set(&d, 0, 0x70, 1);
	cr_assert(bus_read(&d.bus, GPA, data, 4));
	cr_assert_arr_eq(data, "\x80\x80\x80\x80", 4);
	flash_device.fini(&d.flash);
}

/* All commands and data at all places must be memory-safe. */
Test(flash, bears_any_write)
{
	uint32_t random = 1;
	struct fixture d;

	fixture_open(&d);
	for (int i = 0; i < 20000; i++) {
		random = random * 1103515245 + 12345;
		set(&d, (random >> 8) % SIZE, random >> (i % 20), (size_t)1 << (i % 4));
	}
	flash_device.fini(&d.flash);
}
