/* SPDX-License-Identifier: MIT */
/*
 * tests/dev/storm_test.c: all devices on one bus, and a guest that accesses every port at every
 * width.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/dev/acpi_pm.h"
#include "core/dev/cmos.h"
#include "core/dev/debug.h"
#include "core/dev/fwcfg.h"
#include "core/dev/pci_host.h"
#include "core/dev/ports.h"
#include "core/dev/serial.h"
#include "core/dev/sink.h"
#include "core/plan/plan.h"
#include "tests/dev/ports.h"

#define RAM     0x10000u
#define PRIVATE 0x8000u /* from here on guest memory is private */
#define STORM   400000

struct fixture {
	struct bus bus;
	struct sink out;
	struct serial serial;
	struct debug_port debug;
	struct fwcfg fwcfg;
	struct pci_host pci;
	struct acpi_pm pm;
	struct cmos cmos;
	uint8_t *ram;
	uint64_t seed;
};

static uint8_t *fixture_memory(void *self, uint64_t gpa, uint64_t size)
{
	struct fixture *d = self;

	return gpa < PRIVATE && size <= PRIVATE - gpa ? d->ram + gpa : NULL;
}

static void fixture_open(struct fixture *d)
{
	static const struct fw_item item = { .name = "etc/e820", .bytes = "entry", .size = 5 };
	const struct device_env env = { .console = &d->out,
		                        .debug = &d->out,
		                        .memory = fixture_memory,
		                        .memory_self = d,
		                        .items = &item,
		                        .n_items = 1 };
	const struct {
		const struct device *kind;
		void *state;
	} made[] = { { &serial_device, &d->serial },  { &debug_port_device, &d->debug },
		     { &fwcfg_device, &d->fwcfg },    { &pci_host_device, &d->pci },
		     { &acpi_pm_device, &d->pm },     { &cmos_device, &d->cmos },
		     { &exit_port_device, NULL },     { &reset_port_device, NULL },
		     { &keyboard_port_device, NULL }, { &a20_port_device, NULL } };

	memset(d, 0, sizeof(*d));
	d->seed = 1;
	d->ram = malloc(RAM);
	memset(d->ram, 0xaa, RAM);
	sink_init(&d->out, -1);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		if (made[i].state)
			bus_make(&d->bus, made[i].kind, made[i].state, &env);
		else
			bus_put(&d->bus, made[i].kind, NULL);
}

static void fixture_close(struct fixture *d)
{
	sink_fini(&d->out);
	free(d->ram);
}

static uint32_t next(struct fixture *d)
{
	d->seed = d->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(d->seed >> 33);
}

/* Mostly a port of a device or one next to it, sometimes any port. */
static uint16_t next_port(struct fixture *d)
{
	const struct device_range *at = &d->bus.devices[next(d) % d->bus.count].range;

	if (next(d) % 16 == 0)
		return (uint16_t)next(d);
	return (uint16_t)(at->base - 2 + next(d) % (at->len + 4u));
}

/* In half of the cases a value that has a meaning for a device. */
static uint32_t next_value(struct fixture *d)
{
	static const uint32_t told[] = { 0, 0xffffffff, 0x80000000, 0x80000b40, 0x19, 0x20, 0x06 };

	switch (next(d) % 3) {
	case 0:
		return told[next(d) % ARRAY_SIZE(told)];
	case 1: /* a descriptor's address */
		return __builtin_bswap32(next(d) % RAM);
	default:
		return next(d) << 1 ^ next(d);
	}
}

static void descriptor_put(struct fixture *d, uint32_t control, uint32_t length, uint64_t address)
{
	uint8_t *at = d->ram + next(d) % (PRIVATE - 16);

	for (int i = 0; i < 4; i++) {
		at[i] = (uint8_t)(control >> (24 - 8 * i));
		at[4 + i] = (uint8_t)(length >> (24 - 8 * i));
		at[12 + i] = (uint8_t)(address >> (24 - 8 * i));
		at[8 + i] = (uint8_t)(address >> (56 - 8 * i));
	}
	if (next(d) % 2) {
		uint32_t gpa = __builtin_bswap32((uint32_t)(at - d->ram));
		enum io_action v;

		bus_write(&d->bus, 0x518, (uint8_t *)&gpa, 4, &v);
	}
}

static void access_one(struct fixture *d)
{
	size_t size = (size_t)1 << next(d) % 3;
	uint16_t port = next_port(d);
	uint32_t value = next_value(d);
	uint8_t *data = malloc(size); /* of exactly that size, for AddressSanitizer */
	enum io_action v = IO_GO_ON;

	memcpy(data, &value, size);
	if (next(d) % 2)
		bus_write(&d->bus, port, data, size, &v);
	else
		bus_read(&d->bus, port, data, size);
	cr_assert(v >= IO_GO_ON && v <= IO_POWER_OFF);
	free(data);
}

static bool private_untouched(const struct fixture *d)
{
	for (size_t i = PRIVATE; i < RAM; i++)
		if (d->ram[i] != 0xaa)
			return false;
	return true;
}

Test(storm, every_device_stands_a_guest_that_hammers_every_port)
{
	struct fixture d;
	uint64_t served = 0;

	fixture_open(&d);
	for (int i = 0; i < STORM; i++)
		access_one(&d);
	for (size_t i = 0; i < d.bus.count; i++) {
		cr_assert_gt(d.bus.devices[i].reads, 0, "%s", d.bus.devices[i].range.name);
		cr_assert_gt(d.bus.devices[i].writes, 0, "%s", d.bus.devices[i].range.name);
		served += d.bus.devices[i].reads + d.bus.devices[i].writes;
	}
	cr_assert_eq(served + d.bus.unclaimed, STORM);
	cr_assert_gt(d.fwcfg.stats.dma_count, 0);
	cr_assert(private_untouched(&d));
	fixture_close(&d);
}

Test(storm, dma_keeps_to_shared_memory_whatever_its_descriptors_say)
{
	static const uint32_t lengths[] = { 0, 1, 16, 0x1000, 0x7fff, 0x10000, 0xffffffff };
	static const uint64_t addresses[] = {
		0, PRIVATE - 1, PRIVATE, RAM, 0xfee00000, UINT64_MAX
	};
	struct fixture d;

	fixture_open(&d);
	for (int i = 0; i < STORM / 8; i++) {
		uint32_t control = (next(&d) & 0x3f) << 16 | (next(&d) & 0x1f);
		uint64_t address = addresses[next(&d) % ARRAY_SIZE(addresses)];

		if (next(&d) % 2)
			address = next(&d) % RAM;
		descriptor_put(&d, control, lengths[next(&d) % ARRAY_SIZE(lengths)], address);
	}
	cr_assert_gt(d.fwcfg.stats.dma_bytes, 0);
	cr_assert_gt(d.fwcfg.stats.dma_refused, 0);
	cr_assert_lt(d.fwcfg.stats.dma_refused, d.fwcfg.stats.dma_count);
	cr_assert(private_untouched(&d));
	fixture_close(&d);
}
