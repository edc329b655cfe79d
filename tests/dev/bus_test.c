/* SPDX-License-Identifier: MIT */
/* tests/dev/bus_test.c: which device has a port, and which devices may be neighbours. */
#include "core/dev/bus.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"

/* A device that remembers the last access and answers with its offset in every byte. */
struct probe {
	struct device_range range;
	unsigned offset;
	size_t size;
	uint8_t data[4];
};

static void probe_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	struct probe *p = self;

	p->offset = offset;
	p->size = size;
	memset(data, (int)offset, size);
}

static enum io_action probe_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct probe *p = self;

	p->offset = offset;
	p->size = size;
	memcpy(p->data, data, size);
	return IO_POWER_OFF;
}

static struct probe probe_at(const char *name, uint64_t base, uint64_t len)
{
	return (struct probe){
		.range = { .name = name,
		           .base = base,
		           .len = len,
		           .read = probe_read,
		           .write = probe_write },
	};
}

static int add(struct bus *b, struct probe *p)
{
	struct error err = { 0 };

	return bus_add(b, &p->range, p, &err);
}

Test(bus, gives_an_access_to_the_device_of_its_port)
{
	struct bus b = { 0 };
	struct probe low = probe_at("low", 0x60, 1), high = probe_at("high", 0x3f8, 8);
	enum io_action v = IO_GO_ON;
	uint8_t data[4] = { 1, 2, 3, 4 };

	cr_assert_eq(add(&b, &high), 0);
	cr_assert_eq(add(&b, &low), 0);
	cr_assert(bus_write(&b, 0x3fb, data, 2, &v));
	cr_assert_eq(v, IO_POWER_OFF);
	cr_assert_eq(high.offset, 3);
	cr_assert_eq(high.size, 2);
	cr_assert_arr_eq(high.data, data, 2);
	cr_assert(bus_read(&b, 0x3ff, data, 1));
	cr_assert_eq(data[0], 7);
	cr_assert(bus_read(&b, 0x60, data, 1));
	cr_assert_eq(data[0], 0);
	cr_assert_eq(low.size, 1);
}

Test(bus, reads_ones_where_nobody_answers)
{
	struct bus b = { 0 };
	struct probe p = probe_at("p", 0x100, 2);
	const uint16_t ports[] = { 0, 0xff, 0x102, 0xffff };

	cr_assert_eq(add(&b, &p), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		uint8_t data[4] = { 0 };
		uint32_t all;

		cr_assert_not(bus_read(&b, ports[i], data, 4));
		memcpy(&all, data, 4);
		cr_assert_eq(all, 0xffffffff);
	}
	cr_assert_eq(b.unclaimed, 4);
	cr_assert_eq(b.devices[0].reads, 0);
}

Test(bus, touches_no_byte_beyond_the_size_of_an_unclaimed_read)
{
	struct bus b = { 0 };
	uint8_t data[4] = { 0 };

	bus_read(&b, 0x80, data, 2);
	cr_assert_eq(data[1], 0xff);
	cr_assert_eq(data[2], 0);
}

Test(bus, goes_on_after_a_write_to_nobody)
{
	struct bus b = { 0 };
	enum io_action v = IO_RESET;
	uint8_t data[4] = { 0 };

	cr_assert_not(bus_write(&b, 0x80, data, 1, &v));
	cr_assert_eq(v, IO_GO_ON);
	cr_assert_eq(b.unclaimed, 1);
}

Test(bus, gives_an_access_to_the_port_it_starts_at)
{
	struct bus b = { 0 };
	struct probe first = probe_at("first", 0xcf8, 1), second = probe_at("second", 0xcf9, 1);
	enum io_action v;
	uint8_t data[4] = { 0 };

	cr_assert_eq(add(&b, &first), 0);
	cr_assert_eq(add(&b, &second), 0);
	cr_assert(bus_write(&b, 0xcf8, data, 4, &v));
	cr_assert_eq(first.size, 4);
	cr_assert_eq(second.size, 0);
	cr_assert_not(bus_write(&b, 0xcf7, data, 4, &v));
	cr_assert(bus_read(&b, 0xcf9, data, 4));
	cr_assert_eq(second.size, 4);
}

Test(bus, counts_accesses_by_device)
{
	struct bus b = { 0 };
	struct probe p = probe_at("p", 0x100, 2);
	enum io_action v;
	uint8_t data[4] = { 0 };

	cr_assert_eq(add(&b, &p), 0);
	for (int i = 0; i < 3; i++)
		bus_read(&b, 0x100, data, 1);
	for (int i = 0; i < 5; i++)
		bus_write(&b, 0x101, data, 1, &v);
	cr_assert_eq(b.devices[0].reads, 3);
	cr_assert_eq(b.devices[0].writes, 5);
	cr_assert_eq(b.unclaimed, 0);
}

Test(bus, refuses_overlap_by_a_single_port_and_takes_neighbours)
{
	static const struct {
		uint16_t base, len;
		bool fits;
	} rows[] = {
		{ 0xfe, 2, true },       { 0xfe, 3, false },    { 0x100, 8, false },
		{ 0x103, 1, false },     { 0x107, 1, false },   { 0x107, 2, false },
		{ 0x108, 1, true },      { 0xf0, 0x40, false }, { 0x100, 1, false },
		{ 0xff, 1, true },       { 0, 0x100, true },    { 0, 0xffff, false },
		{ 0x108, 0xfef8, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bus b = { 0 };
		struct probe here = probe_at("here", 0x100, 8);
		struct probe other = probe_at("other", rows[i].base, rows[i].len);

		cr_assert_eq(add(&b, &here), 0);
		cr_assert_eq(add(&b, &other) == 0, rows[i].fits, "row %zu", i);
		cr_assert_eq(b.count, rows[i].fits ? 2 : 1, "row %zu", i);
	}
}

Test(bus, names_both_devices_of_an_overlap)
{
	struct bus b = { 0 };
	struct probe here = probe_at("serial port", 0x3f8, 8);
	struct probe low = probe_at("exit port", 0x3f4, 5), high = probe_at("exit port", 0x3ff, 1);
	struct error err = { 0 };

	cr_assert_eq(add(&b, &here), 0);
	cr_assert_lt(bus_add(&b, &low.range, &low, &err), 0);
	cr_assert_str_eq(err.text,
	                 "ports 0x3f4-0x3f8 of the exit port overlap ports 0x3f8-0x3ff of "
	                 "the serial port");
	cr_assert_eq(err.kind, ERROR_CONFLICT);
	cr_assert_lt(bus_add(&b, &high.range, &high, &err), 0);
	cr_assert_str_eq(err.text,
	                 "ports 0x3ff-0x3ff of the exit port overlap ports 0x3f8-0x3ff of "
	                 "the serial port");
}

Test(bus, holds_a_device_up_to_the_last_port_and_no_further)
{
	struct bus b = { 0 };
	struct probe last = probe_at("last", 0xfffe, 2), past = probe_at("past", 0xfff0, 17);
	struct error err = { 0 };
	uint8_t data[4];

	cr_assert_eq(bus_add(&b, &past.range, &past, &err), -EINVAL);
	cr_assert_str_eq(err.text,
	                 "the past at port 0xfff0 has 17 ports and runs past port 0xffff");
	cr_assert_eq(add(&b, &last), 0);
	cr_assert(bus_read(&b, 0xffff, data, 4));
	cr_assert_eq(last.offset, 1);
	cr_assert_not(bus_read(&b, 0, data, 1));
}

Test(bus, refuses_a_device_without_ports)
{
	struct bus b = { 0 };
	struct probe none = probe_at("none", 0x80, 0);

	cr_assert_eq(add(&b, &none), -EINVAL);
	cr_assert_eq(b.count, 0);
}

Test(bus, keeps_as_many_devices_as_it_has_room_for_and_refuses_the_next)
{
	struct bus b = { 0 };
	struct probe p[BUS_MAX_DEVICES + 1];
	struct error err = { 0 };
	uint8_t data;

	/* 7 and 16 have no common divisor: each place once, in a mixed order */
	for (unsigned i = 0; i < BUS_MAX_DEVICES; i++) {
		p[i] = probe_at("one", (uint16_t)(i * 7 % BUS_MAX_DEVICES * 16), 4);
		cr_assert_eq(add(&b, &p[i]), 0);
	}
	p[BUS_MAX_DEVICES] = probe_at("one too many", 0x8000, 1);
	cr_assert_eq(bus_add(&b, &p[BUS_MAX_DEVICES].range, &p[BUS_MAX_DEVICES], &err), -EINVAL);
	cr_assert_not_null(strstr(err.text, "one too many"));
	for (unsigned port = 0; port < BUS_MAX_DEVICES * 16; port++)
		cr_assert_eq(bus_read(&b, (uint16_t)port, &data, 1), port % 16 < 4, "port %u",
		             port);
	for (unsigned i = 0; i < BUS_MAX_DEVICES; i++)
		cr_assert_eq(b.devices[i].reads, 4);
}

/* Ports end at 0xffff; addresses go further, and accesses may have 8 bytes. */
Test(bus, of_memory_holds_addresses_of_64_bits)
{
	struct bus b = { .kind = BUS_MMIO };
	struct probe low = probe_at("low", 0xfed00000, 0x1000), top = probe_at("top", 0, 0x1000);
	struct probe past = probe_at("past", 0, 0x1001), clash = probe_at("clash", 0xfed00fff, 1);
	struct error err = { 0 };
	uint8_t data[8] = { 0 };

	top.range.base = UINT64_MAX - 0xfff;
	past.range.base = UINT64_MAX - 0xfff;
	cr_assert_eq(add(&b, &low), 0);
	cr_assert_eq(bus_add(&b, &past.range, &past, &err), -EINVAL);
	cr_assert_str_eq(err.text, "the past at address 0xfffffffffffff000 has 4097 addresses and "
	                           "runs past address 0xffffffffffffffff");
	cr_assert_eq(add(&b, &top), 0);
	cr_assert_lt(bus_add(&b, &clash.range, &clash, &err), 0);
	cr_assert_str_eq(err.text, "addresses 0xfed00fff-0xfed00fff of the clash overlap addresses "
	                           "0xfed00000-0xfed00fff of the low");
	cr_assert(bus_read(&b, 0xfed00010, data, 8));
	cr_assert_eq(low.offset, 0x10);
	cr_assert_eq(data[7], 0x10);
	cr_assert(bus_read(&b, UINT64_MAX, data, 1));
	cr_assert_eq(top.offset, 0xfff);
	cr_assert_not(bus_read(&b, 0xfed01000, data, 8));
	cr_assert_eq(data[7], 0xff);
}
