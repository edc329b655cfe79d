/* SPDX-License-Identifier: MIT */
/* tests/dev/pci_host_test.c: configuration space through its two ports, next to the reset port. */
#include "core/dev/pci_host.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/dev/ports.h"
#include "tests/dev/ports.h"

struct fixture {
	struct bus bus;
	struct pci_host pci;
};

static void fixture_open(struct fixture *d)
{
	memset(d, 0, sizeof(*d));
	bus_put(&d->bus, &reset_port_device, NULL);
	bus_make(&d->bus, &pci_host_device, &d->pci, NULL);
}

#define HOST  0x80000000u
#define ISA   (0x80000000u | 1 << 11)
#define POWER (0x80000000u | 1 << 11 | 3 << 8)

static uint32_t get(struct fixture *d, uint32_t function, unsigned reg, size_t size)
{
	out(&d->bus, 0xcf8, function | (reg & ~3u), 4);
	return in(&d->bus, (uint16_t)(0xcfc + reg % 4), size);
}

static void set(struct fixture *d, uint32_t function, unsigned reg, uint32_t value, size_t size)
{
	out(&d->bus, 0xcf8, function | (reg & ~3u), 4);
	cr_assert_eq(out(&d->bus, (uint16_t)(0xcfc + reg % 4), value, size), IO_GO_ON);
}

Test(pci_host, latches_an_address_without_its_reserved_bits)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(in(&d.bus, 0xcf8, 4), 0);
	out(&d.bus, 0xcf8, 0x80000b40, 4);
	cr_assert_eq(in(&d.bus, 0xcf8, 4), 0x80000b40);
	out(&d.bus, 0xcf8, 0xffffffff, 4);
	cr_assert_eq(in(&d.bus, 0xcf8, 4), 0x80fffffc);
}

Test(pci_host, address_is_a_dword_and_nothing_narrower)
{
	struct fixture d;

	fixture_open(&d);
	out(&d.bus, 0xcf8, 0x80000b40, 4);
	out(&d.bus, 0xcf8, 0, 1);
	out(&d.bus, 0xcf8, 0, 2);
	nobody_at(&d.bus, 0xcfa, 2);
	nobody_at(&d.bus, 0xcfb, 1);
	cr_assert_eq(in(&d.bus, 0xcf8, 1), 0xff);
	cr_assert_eq(in(&d.bus, 0xcf8, 2), 0xffff);
	cr_assert_eq(in(&d.bus, 0xcf8, 4), 0x80000b40);
}

Test(pci_host, leaves_the_reset_port_to_the_reset_port)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(out(&d.bus, 0xcf8, 0x80000600, 4), IO_GO_ON);
	cr_assert_eq(out(&d.bus, 0xcf8, 0x0600, 2), IO_GO_ON);
	cr_assert_eq(out(&d.bus, 0xcf9, 0x06, 1), IO_RESET);
	cr_assert_eq(in(&d.bus, 0xcf9, 1), 0);
	cr_assert_eq(in(&d.bus, 0xcf8, 4), 0x80000600);
}

Test(pci_host, is_an_i440fx_at_every_width)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(get(&d, HOST, 0x00, 4), 0x12378086);
	cr_assert_eq(get(&d, HOST, 0x02, 2), 0x1237); /* OVMF's first access of all: 0xcfe, word */
	cr_assert_eq(get(&d, HOST, 0x00, 2), 0x8086);
	cr_assert_eq(get(&d, HOST, 0x01, 1), 0x80);
	cr_assert_eq(get(&d, HOST, 0x01, 2), 0x3780);
	cr_assert_eq(get(&d, HOST, 0x08, 4), 0x06000000);
	cr_assert_eq(get(&d, HOST, 0x0e, 1), 0x00);
	cr_assert_eq(get(&d, HOST, 0x40, 4), 0);
}

/* edk2's SioBusDxe looks for the class; Linux looks at function 3 because of the header type. */
Test(pci_host, has_an_isa_bridge_that_announces_further_functions)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(get(&d, ISA, 0x00, 4), 0x70008086);
	cr_assert_eq(get(&d, ISA, 0x08, 4), 0x06010000);
	cr_assert_eq(get(&d, ISA, 0x0e, 1), 0x80);
	cr_assert_eq(get(&d, ISA, 0x3d, 1), 0);
	cr_assert_eq(get(&d, ISA, 0x40, 4), 0);
}

/* OVMF routes PIRQ A to D. */
Test(pci_host, keeps_the_interrupt_routing_of_the_isa_bridge)
{
	static const uint8_t routing[] = { 0x0a, 0x0a, 0x0b, 0x0b };
	struct fixture d;

	fixture_open(&d);
	for (unsigned i = 0; i < ARRAY_SIZE(routing); i++)
		set(&d, ISA, 0x60 + i, routing[i], 1);
	cr_assert_eq(get(&d, ISA, 0x60, 4), 0x0b0b0a0a);
	cr_assert_eq(get(&d, POWER, 0x60, 4), 0);
	cr_assert_eq(get(&d, HOST, 0x60, 4), 0);
}

Test(pci_host, has_the_power_function_of_a_piix4)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(get(&d, POWER, 0x00, 4), 0x71138086);
	cr_assert_eq(get(&d, POWER, 0x08, 4), 0x06800003);
	cr_assert_eq(get(&d, POWER, 0x0e, 1), 0x80);
	cr_assert_eq(get(&d, POWER, 0x40, 4), 0x00000001);
	cr_assert_eq(get(&d, POWER, 0x80, 1), 0x00);
}

/* What OVMF's timer library does on an i440FX. */
Test(pci_host, keeps_the_base_and_the_switch_of_power_management)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, POWER, 0x40, 0xb001, 4);
	set(&d, POWER, 0x80, 0x01, 1);
	cr_assert_eq(get(&d, POWER, 0x40, 4), 0xb001);
	cr_assert_eq(get(&d, POWER, 0x80, 1), 0x01);
	cr_assert_eq(get(&d, HOST, 0x40, 4), 0);
}

Test(pci_host, stores_command_interrupt_line_and_what_lies_from_0x40_on)
{
	static const uint32_t functions[] = { HOST, ISA, POWER };

	for (size_t f = 0; f < ARRAY_SIZE(functions); f++) {
		struct fixture d;

		fixture_open(&d);
		for (unsigned reg = 0; reg < 256; reg++) {
			uint32_t before = get(&d, functions[f], reg, 1);
			bool stores = reg >= 0x40 || reg == 0x04 || reg == 0x05 || reg == 0x3c;

			set(&d, functions[f], reg, ~before, 1);
			cr_assert_eq(get(&d, functions[f], reg, 1),
			             stores ? ~before & 0xff : before, "0x%x", reg);
		}
	}
}

Test(pci_host, has_no_base_address_registers)
{
	struct fixture d;

	fixture_open(&d);
	for (unsigned reg = 0x10; reg < 0x3c; reg += 4) {
		set(&d, HOST, reg, 0xffffffff, 4);
		set(&d, ISA, reg, 0xffffffff, 4);
		set(&d, POWER, reg, 0xffffffff, 4);
		cr_assert_eq(get(&d, HOST, reg, 4), 0);
		cr_assert_eq(get(&d, ISA, reg, 4), 0);
		cr_assert_eq(get(&d, POWER, reg, 4), 0);
	}
}

Test(pci_host, stores_the_bytes_of_a_wide_write_that_can_be_stored)
{
	struct fixture d;

	fixture_open(&d);
	set(&d, POWER, 0x04, 0xffff0107, 4);
	cr_assert_eq(get(&d, POWER, 0x04, 4), 0x00000107);
	set(&d, POWER, 0x3c, 0xffffff0b, 4);
	cr_assert_eq(get(&d, POWER, 0x3c, 4), 0x0000000b);
	set(&d, POWER, 0x41, 0xb0, 1);
	cr_assert_eq(get(&d, POWER, 0x40, 2), 0xb001);
	set(&d, POWER, 0x62, 0x1234, 2);
	cr_assert_eq(get(&d, POWER, 0x60, 4), 0x12340000);
}

Test(pci_host, ends_an_access_at_its_last_port)
{
	struct fixture d;

	fixture_open(&d);
	out(&d.bus, 0xcf8, HOST | 0xfc, 4);
	cr_assert_eq(out(&d.bus, 0xcff, 0x11223344, 4), IO_GO_ON);
	cr_assert_eq(in(&d.bus, 0xcff, 4), 0xffffff44);
	cr_assert_eq(in(&d.bus, 0xcfe, 4), 0xffff4400);
	out(&d.bus, 0xcf8, HOST | 0x40, 4);
	out(&d.bus, 0xcfe, 0xaabbccdd, 4);
	cr_assert_eq(get(&d, HOST, 0x40, 4), 0xccdd0000);
	cr_assert_eq(get(&d, HOST, 0x44, 4), 0);
}

Test(pci_host, reads_ones_from_every_other_function_and_loses_writes_to_it)
{
	struct fixture d;
	unsigned present = 0;

	fixture_open(&d);
	for (uint32_t bdf = 0; bdf < 0x10000; bdf++) {
		uint32_t at = HOST | bdf << 8;

		if (at == HOST || at == ISA || at == POWER) {
			present++;
			continue;
		}
		set(&d, at, 0x40, 0, 4);
		cr_assert_eq(get(&d, at, 0x00, 4), 0xffffffff, "0x%x", at);
		cr_assert_eq(get(&d, at, 0x40, 4), 0xffffffff, "0x%x", at);
	}
	cr_assert_eq(present, 3);
	cr_assert_eq(get(&d, POWER, 0x40, 4), 1);
}

Test(pci_host, answers_only_while_the_address_is_enabled)
{
	struct fixture d;

	fixture_open(&d);
	out(&d.bus, 0xcf8, 0x40, 4);
	out(&d.bus, 0xcfc, 0x12345678, 4);
	cr_assert_eq(in(&d.bus, 0xcfc, 4), 0xffffffff);
	cr_assert_eq(get(&d, HOST, 0x40, 4), 0);
}

/* Every register of all functions and of one that doesn't exist, at every offset and width. */
Test(pci_host, bears_any_width_at_any_offset)
{
	static const uint32_t functions[] = { HOST, ISA, POWER, 0x80fff800, 0 };
	struct fixture d;
	struct bus wide[2];

	fixture_open(&d);
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++)
		wide[i] = bus_of(&pci_host_device, i, &d.pci);
	for (size_t f = 0; f < ARRAY_SIZE(functions); f++)
		for (uint32_t i = 0; i < 64 * 16 * 3; i++) {
			out(&d.bus, 0xcf8, functions[f] | (i / 48) << 2, 4);
			bus_hammer(&wide[i & 1], i % 16 > 8 ? i * 1009 : i % 16, 0xfe,
			           (size_t)1 << i % 3);
		}
}
