/* SPDX-License-Identifier: MIT */
/*
 * tests/dev/ports.h: for tests of devices: puts a device on a bus, and reads and writes its ports.
 */
#ifndef TESTS_DEV_PORTS_H
#define TESTS_DEV_PORTS_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/dev/bus.h"

/* All ranges of the device, whose state is `self`, on the bus of ports. An exit port is at 0xf4. */
static inline void bus_put(struct bus *b, const struct device *kind, void *self)
{
	for (size_t i = 0; i < DEVICE_RANGES && kind->ranges[i].name; i++) {
		struct device_range range = kind->ranges[i];
		struct error err = { 0 };

		if (range.place == AT_PCI_WINDOW)
			continue;
		if (range.place == AT_EXIT_PORT)
			range.base = 0xf4;
		cr_assert_eq(bus_add(b, &range, self, &err), 0, "%s", err.text);
	}
}

/* The same, after creating the state as a launch does. */
static inline void bus_make(struct bus *b, const struct device *kind, void *self,
                            const struct device_env *env)
{
	const struct device_env nothing = { 0 };
	struct error err = { 0 };

	memset(self, 0, kind->size);
	cr_assert_eq(kind->init(self, env ? env : &nothing, &err), 0, "%s", err.text);
	bus_put(b, kind, self);
}

static inline uint32_t value_of(const uint8_t *data)
{
	return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

/* Fails the test if no device has the port. */
static inline uint32_t in(struct bus *b, uint16_t port, size_t size)
{
	uint8_t data[4] = { 0 };

	cr_assert(bus_read(b, port, data, size), "port 0x%x", port);
	return value_of(data);
}

static inline enum io_action out(struct bus *b, uint16_t port, uint32_t value, size_t size)
{
	uint8_t data[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		            (uint8_t)(value >> 24) };
	enum io_action asked;

	cr_assert(bus_write(b, port, data, size, &asked), "port 0x%x", port);
	return asked;
}

/* A write without an effect on the run. */
static inline void put(struct bus *b, uint16_t port, uint32_t value, size_t size)
{
	cr_assert_eq(out(b, port, value, size), IO_GO_ON, "port 0x%x", port);
}

/* No device may have the port: it reads as ones, and a write changes nothing. */
static inline void nobody_at(struct bus *b, uint16_t port, size_t size)
{
	uint8_t data[4] = { 0 }, ones[4] = { 0xff, 0xff, 0xff, 0xff };
	enum io_action asked = IO_RESET;

	cr_assert_not(bus_write(b, port, data, size, &asked), "port 0x%x", port);
	cr_assert_eq(asked, IO_GO_ON);
	cr_assert_not(bus_read(b, port, data, size), "port 0x%x", port);
	cr_assert_arr_eq(data, ones, size);
}

/*
 * A bus on which one range of the device has every port, to test offsets that no real bus passes
 * on.
 */
static inline struct bus bus_of(const struct device *kind, size_t which, void *self)
{
	struct device_range range = kind->ranges[which];
	struct error err = { 0 };
	struct bus b = { 0 };

	range.base = 0;
	range.len = 0x10000;
	cr_assert_eq(bus_add(&b, &range, self, &err), 0, "%s", err.text);
	return b;
}

/* Any access must be memory-safe and fill every byte. */
static inline void bus_hammer(struct bus *b, unsigned offset, uint8_t written, size_t size)
{
	uint8_t *data = malloc(size); /* of exactly that size, for AddressSanitizer */
	uint8_t mark = (written & 0x7f) == 0x19 ? 0x98 : 0x99; /* a value that no device returns */
	enum io_action asked;

	memset(data, written, size);
	cr_assert(bus_write(b, offset & 0xffff, data, size, &asked));
	memset(data, mark, size);
	cr_assert(bus_read(b, offset & 0xffff, data, size));
	cr_assert_neq(data[size - 1], mark);
	free(data);
}

/* Every width at every offset within the device's first range, and at some far beyond it. */
static inline void bus_hammer_all(const struct device *kind, void *self)
{
	struct bus wide = bus_of(kind, 0, self);

	for (unsigned offset = 0; offset < 0x10000; offset += offset < 32 ? 1 : 997)
		for (size_t size = 1; size <= 4; size *= 2)
			bus_hammer(&wide, offset, (uint8_t)(0x77 * (offset + 1)), size);
}

#endif
