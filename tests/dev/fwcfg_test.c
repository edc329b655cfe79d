/* SPDX-License-Identifier: MIT */
/*
 * tests/dev/fwcfg_test.c: items read through the ports, and descriptors that no honest firmware
 * writes.
 */
#include "core/dev/fwcfg.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "tests/dev/ports.h"

/*
 * Two adjacent slots, each in an allocation of exactly its size, so that an overrun is detected.
 * The second has a private page in its middle.
 */
#define LOW       0x10000u
#define LOW_SIZE  0x4000u
#define HIGH      (LOW + LOW_SIZE)
#define HIGH_SIZE 0x3000u
#define PRIVATE   (HIGH + 0x1000u)
#define RAM_END   (HIGH + HIGH_SIZE)
#define MMIO      0xfee00000u

enum { READ = 0x02, SKIP = 0x04, SELECT = 0x08, WRITE = 0x10 };

struct fixture {
	struct bus bus;
	struct fwcfg f;
	uint8_t *low, *high;
	unsigned lookups;
};

static uint8_t *in_slot(uint8_t *slot, uint64_t offset, uint64_t cap, uint64_t size)
{
	return offset < cap && size <= cap - offset ? slot + offset : NULL;
}

static uint8_t *fixture_memory(void *self, uint64_t gpa, uint64_t size)
{
	struct fixture *d = self;

	d->lookups++;
	cr_assert_gt(size, 0);
	cr_assert_leq(gpa, UINT64_MAX - (size - 1), "a range that wraps");
	if (gpa < PRIVATE + 0x1000 && gpa + (size - 1) >= PRIVATE)
		return NULL;
	if (gpa >= HIGH)
		return in_slot(d->high, gpa - HIGH, HIGH_SIZE, size);
	return gpa >= LOW ? in_slot(d->low, gpa - LOW, LOW_SIZE, size) : NULL;
}

static void fixture_open(struct fixture *d)
{
	memset(d, 0, sizeof(*d));
	d->low = malloc(LOW_SIZE);
	d->high = malloc(HIGH_SIZE);
	memset(d->low, 0xaa, LOW_SIZE);
	memset(d->high, 0xaa, HIGH_SIZE);
	fwcfg_init(&d->f, fixture_memory, d);
	bus_put(&d->bus, &fwcfg_device, &d->f);
}

static void fixture_close(struct fixture *d)
{
	free(d->low);
	free(d->high);
}

/* A pointer to guest memory for the test, private or not. */
static uint8_t *ram(struct fixture *d, uint64_t gpa)
{
	return gpa < HIGH ? d->low + (gpa - LOW) : d->high + (gpa - HIGH);
}

static bool ram_is(struct fixture *d, uint64_t gpa, uint8_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (*ram(d, gpa + i) != value)
			return false;
	return true;
}

static uint64_t be(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void put_be(struct fixture *d, uint64_t gpa, uint64_t value, size_t size)
{
	for (size_t i = size; i > 0; i--, value >>= 8)
		*ram(d, gpa + i - 1) = (uint8_t)value;
}

static uint32_t control_at(struct fixture *d, uint64_t gpa)
{
	uint8_t bytes[4];

	for (size_t i = 0; i < 4; i++)
		bytes[i] = *ram(d, gpa + i);
	return (uint32_t)be(bytes, 4);
}

static void start(struct fixture *d, uint64_t gpa)
{
	put(&d->bus, 0x514, __builtin_bswap32((uint32_t)(gpa >> 32)), 4);
	put(&d->bus, 0x518, __builtin_bswap32((uint32_t)gpa), 4);
}

/* Writes a descriptor and starts it; returns its control word afterwards. */
static uint32_t dma_from(struct fixture *d, uint64_t at, uint32_t control, uint32_t length,
                         uint64_t address)
{
	put_be(d, at, control, 4);
	put_be(d, at + 4, length, 4);
	put_be(d, at + 8, address, 8);
	start(d, at);
	return control_at(d, at);
}

static uint32_t dma(struct fixture *d, uint32_t control, uint32_t length, uint64_t address)
{
	return dma_from(d, LOW, control, length, address);
}

static void add(struct fixture *d, uint16_t key, const void *bytes, size_t size)
{
	struct error err = { 0 };

	cr_assert_eq(fwcfg_add(&d->f, key, bytes, size, &err), 0, "%s", err.text);
}

static void add_file(struct fixture *d, const char *name, const void *bytes, size_t size)
{
	struct error err = { 0 };

	cr_assert_eq(fwcfg_add_file(&d->f, name, bytes, size, &err), 0, "%s", err.text);
}

Test(fwcfg, says_qemu_before_anything_is_selected)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(in(&d.bus, 0x511, 4), 'Q' | 'E' << 8 | 'M' << 16 | 'U' << 24);
	fixture_close(&d);
}

Test(fwcfg, offers_port_and_dma_interface)
{
	struct fixture d;

	fixture_open(&d);
	put(&d.bus, 0x510, 1, 2);
	cr_assert_eq(in(&d.bus, 0x511, 4), 3);
	fixture_close(&d);
}

Test(fwcfg, shows_its_signature_in_the_dma_register_at_every_width)
{
	static const char text[] = "QEMU CFG";
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(in(&d.bus, 0x514, 4), 'Q' | 'E' << 8 | 'M' << 16 | 'U' << 24);
	cr_assert_eq(in(&d.bus, 0x518, 4), ' ' | 'C' << 8 | 'F' << 16 | 'G' << 24);
	for (unsigned i = 0; i < 8; i++)
		cr_assert_eq(in(&d.bus, (uint16_t)(0x514 + i), 1), (uint8_t)text[i]);
	cr_assert_eq(in(&d.bus, 0x515, 2), 'E' | 'M' << 8);
	cr_assert_eq(in(&d.bus, 0x51a, 4), (0xffff0000 | 'F' | 'G' << 8));
	fixture_close(&d);
}

Test(fwcfg, steps_through_an_item_byte_by_byte_and_then_gives_zeros)
{
	struct fixture d;

	fixture_open(&d);
	add(&d, FWCFG_CMDLINE_DATA, "abc", 3);
	put(&d.bus, 0x510, FWCFG_CMDLINE_DATA, 2);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'a');
	cr_assert_eq(in(&d.bus, 0x511, 1), 'b');
	cr_assert_eq(in(&d.bus, 0x511, 1), 'c');
	for (int i = 0; i < 100; i++)
		cr_assert_eq(in(&d.bus, 0x511, 1), 0);
	cr_assert_eq(d.f.stats.port_bytes, 103);
	fixture_close(&d);
}

Test(fwcfg, gives_a_wide_read_of_the_data_port_as_many_bytes)
{
	struct fixture d;

	fixture_open(&d);
	add(&d, FWCFG_CMDLINE_DATA, "abcde", 5);
	put(&d.bus, 0x510, FWCFG_CMDLINE_DATA, 2);
	cr_assert_eq(in(&d.bus, 0x511, 2), 'a' | 'b' << 8);
	cr_assert_eq(in(&d.bus, 0x511, 4), 'c' | 'd' << 8 | 'e' << 16);
	fixture_close(&d);
}

Test(fwcfg, starts_over_when_an_item_is_selected_again)
{
	struct fixture d;

	fixture_open(&d);
	in(&d.bus, 0x511, 2);
	put(&d.bus, 0x510, 0, 2);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'Q');
	fixture_close(&d);
}

Test(fwcfg, reads_zeros_from_a_key_that_nobody_has)
{
	static const uint16_t keys[] = { 0x02, 0x1a, 0x20, 0x3fff, 0x8000, 0xffff };
	struct fixture d;

	fixture_open(&d);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		put(&d.bus, 0x510, keys[i], 2);
		cr_assert_eq(in(&d.bus, 0x511, 4), 0);
		cr_assert_eq(dma(&d, READ, 16, LOW + 0x100), 0);
		cr_assert(ram_is(&d, LOW + 0x100, 0, 16));
		memset(ram(&d, LOW + 0x100), 0xaa, 16);
		cr_assert_eq(dma(&d, SKIP, UINT32_MAX, 0), 0);
	}
	fixture_close(&d);
}

Test(fwcfg, ignores_the_bit_that_once_meant_writing)
{
	struct fixture d;

	fixture_open(&d);
	put(&d.bus, 0x510, 0x4001, 2);
	cr_assert_eq(in(&d.bus, 0x511, 1), 3);
	fixture_close(&d);
}

Test(fwcfg, takes_a_selector_of_two_bytes_alone)
{
	struct fixture d;

	fixture_open(&d);
	put(&d.bus, 0x510, 1, 1);
	put(&d.bus, 0x510, 1, 4);
	put(&d.bus, 0x511, 1, 1);
	put(&d.bus, 0x511, 1, 2);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'Q');
	fixture_close(&d);
}

Test(fwcfg, reads_ones_where_it_has_no_register_to_read)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(in(&d.bus, 0x510, 1), 0xff);
	cr_assert_eq(in(&d.bus, 0x510, 4), 0xffffffff);
	cr_assert_eq(in(&d.bus, 0x512, 2), 0xffff);
	cr_assert_eq(in(&d.bus, 0x513, 4), 0xffffffff);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'Q'); /* and none of that moved the cursor */
	fixture_close(&d);
}

Test(fwcfg, lists_its_files_in_the_order_of_adding)
{
	struct fixture d;
	uint8_t page[256];

	fixture_open(&d);
	add_file(&d, "etc/e820", "12345", 5);
	add(&d, FWCFG_CMDLINE_DATA, "x", 1);
	add_file(&d, "etc/acpi/rsdp", "123", 3);
	put(&d.bus, 0x510, 0x19, 2);
	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = (uint8_t)in(&d.bus, 0x511, 1);
	cr_assert_eq(be(page, 4), 2);
	cr_assert_eq(be(page + 4, 4), 5);
	cr_assert_eq(be(page + 8, 2), 0x20);
	cr_assert_eq(be(page + 10, 2), 0);
	cr_assert_str_eq((char *)page + 12, "etc/e820");
	cr_assert_eq(be(page + 68, 4), 3);
	cr_assert_eq(be(page + 72, 2), 0x21);
	cr_assert_str_eq((char *)page + 76, "etc/acpi/rsdp");
	for (size_t i = 4 + 2 * 64; i < sizeof(page); i++)
		cr_assert_eq(page[i], 0);
	put(&d.bus, 0x510, 0x21, 2);
	cr_assert_eq(in(&d.bus, 0x511, 4), '1' | '2' << 8 | '3' << 16);
	fixture_close(&d);
}

Test(fwcfg, has_a_directory_even_without_files)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(dma(&d, SELECT | READ | 0x19 << 16, 8, LOW + 0x100), 0);
	cr_assert(ram_is(&d, LOW + 0x100, 0, 8));
	fixture_close(&d);
}

Test(fwcfg, takes_a_name_of_55_characters_and_no_more)
{
	struct fixture d;
	struct error err = { 0 };
	char name[57];

	fixture_open(&d);
	memset(name, 'n', sizeof(name));
	name[56] = '\0';
	cr_assert_eq(fwcfg_add_file(&d.f, name, "", 0, &err), -EINVAL);
	cr_assert_eq(err.kind, ERROR_BAD_VALUE);
	cr_assert_not_null(strstr(err.text, "56 characters"));
	name[55] = '\0';
	add_file(&d, name, "", 0);
	cr_assert_eq(fwcfg_add_file(&d.f, "", "", 0, &err), -EINVAL);
	cr_assert_eq(d.f.files, 1);
	fixture_close(&d);
}

Test(fwcfg, refuses_a_name_or_a_key_that_is_taken)
{
	struct fixture d;
	struct error err = { 0 };

	fixture_open(&d);
	add_file(&d, "etc/e820", "", 0);
	cr_assert_eq(fwcfg_add_file(&d.f, "etc/e820", "", 0, &err), -EINVAL);
	cr_assert_str_eq(err.text, "fw_cfg already has a file 'etc/e820'");
	cr_assert_eq(fwcfg_add(&d.f, FWCFG_ID, "", 0, &err), -EINVAL);
	cr_assert_eq(fwcfg_add(&d.f, FWCFG_DIRECTORY, "", 0, &err), -EINVAL);
	cr_assert_eq(fwcfg_add(&d.f, FWCFG_SIGNATURE, "", 0, &err), -EINVAL);
	cr_assert_eq(fwcfg_add(&d.f, FWCFG_FILES + 1, "", 0, &err), -EINVAL);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'Q');
	fixture_close(&d);
}

Test(fwcfg, holds_as_many_items_as_it_has_room_for)
{
	struct fixture d;
	struct error err = { 0 };
	char name[16];

	fixture_open(&d);
	for (int i = 3; i < FWCFG_ITEMS; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		add_file(&d, name, "", 0);
	}
	cr_assert_eq(fwcfg_add_file(&d.f, "one more", "", 0, &err), -EINVAL);
	cr_assert_not_null(strstr(err.text, "'one more'"));
	cr_assert_eq(fwcfg_add(&d.f, FWCFG_BOOT_MENU, "", 0, &err), -EINVAL);
	cr_assert_eq(d.f.directory.count[3], FWCFG_ITEMS - 3);
	fixture_close(&d);
}

Test(fwcfg, refuses_an_item_of_4_gib)
{
	struct fixture d;
	struct error err = { 0 };

	fixture_open(&d);
	cr_assert_eq(fwcfg_add(&d.f, FWCFG_INITRD_DATA, "", (size_t)1 << 32, &err), -EINVAL);
	cr_assert_eq(err.kind, ERROR_BAD_VALUE);
	fixture_close(&d);
}

Test(fwcfg, dma_selects_and_reads_at_once)
{
	struct fixture d;

	fixture_open(&d);
	add(&d, FWCFG_CMDLINE_DATA, "root=/dev/vda", 13);
	cr_assert_eq(dma(&d, SELECT | READ | FWCFG_CMDLINE_DATA << 16, 13, LOW + 0x101), 0);
	cr_assert_arr_eq(ram(&d, LOW + 0x101), "root=/dev/vda", 13);
	cr_assert_eq(*ram(&d, LOW + 0x100), 0xaa);
	cr_assert_eq(*ram(&d, LOW + 0x10e), 0xaa);
	cr_assert_eq(d.f.stats.dma_bytes, 13);
	cr_assert_eq(d.f.stats.dma_count, 1);
	cr_assert_eq(d.f.stats.dma_refused, 0);
	fixture_close(&d);
}

Test(fwcfg, dma_goes_on_where_the_last_access_ended_on_either_way)
{
	struct fixture d;

	fixture_open(&d);
	add(&d, FWCFG_CMDLINE_DATA, "abcdefgh", 8);
	put(&d.bus, 0x510, FWCFG_CMDLINE_DATA, 2);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'a');
	cr_assert_eq(dma(&d, READ, 2, LOW + 0x100), 0);
	cr_assert_arr_eq(ram(&d, LOW + 0x100), "bc", 2);
	cr_assert_eq(dma(&d, SKIP, 2, 0), 0);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'f');
	cr_assert_eq(dma(&d, SKIP, UINT32_MAX, 0), 0);
	cr_assert_eq(in(&d.bus, 0x511, 1), 0);
	fixture_close(&d);
}

Test(fwcfg, dma_reads_zeros_past_the_end_of_an_item)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(dma(&d, SELECT | READ, 20, LOW + 0x100), 0);
	cr_assert_arr_eq(ram(&d, LOW + 0x100), "QEMU", 4);
	cr_assert(ram_is(&d, LOW + 0x104, 0, 16));
	cr_assert_eq(*ram(&d, LOW + 0x114), 0xaa);
	cr_assert_eq(dma(&d, READ, 4, LOW + 0x200), 0);
	cr_assert(ram_is(&d, LOW + 0x200, 0, 4));
	fixture_close(&d);
}

Test(fwcfg, dma_reads_before_it_skips_and_refuses_to_write)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(dma(&d, SELECT | READ | SKIP | WRITE, 2, LOW + 0x100), 0);
	cr_assert_arr_eq(ram(&d, LOW + 0x100), "QE", 2);
	cr_assert_eq(dma(&d, WRITE, 2, LOW + 0x100), 1);
	cr_assert_eq(dma(&d, WRITE, 0, 0), 1);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'M');
	cr_assert_eq(d.f.stats.dma_refused, 2);
	fixture_close(&d);
}

Test(fwcfg, dma_without_an_operation_only_selects)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(dma(&d, SELECT | 1 << 16, UINT32_MAX, MMIO), 0);
	cr_assert_eq(in(&d.bus, 0x511, 1), 3);
	cr_assert_eq(dma(&d, 0xffe0, UINT32_MAX, MMIO), 0); /* reserved bits */
	fixture_close(&d);
}

Test(fwcfg, dma_of_nothing_succeeds_wherever_it_points)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(dma(&d, READ, 0, MMIO), 0);
	cr_assert_eq(dma(&d, READ, 0, UINT64_MAX), 0);
	cr_assert_eq(in(&d.bus, 0x511, 1), 'Q');
	fixture_close(&d);
}

Test(fwcfg, dma_forgets_the_high_half_of_its_address_once_used)
{
	struct fixture d;

	fixture_open(&d);
	put_be(&d, LOW, SKIP, 4);
	put_be(&d, LOW + 4, 0, 4);
	put(&d.bus, 0x514, __builtin_bswap32(1), 4);
	put(&d.bus, 0x518, __builtin_bswap32(LOW), 4);
	cr_assert_eq(control_at(&d, LOW), SKIP);
	put(&d.bus, 0x518, __builtin_bswap32(LOW), 4);
	cr_assert_eq(control_at(&d, LOW), 0);
	fixture_close(&d);
}

Test(fwcfg, dma_address_is_taken_in_dwords_alone)
{
	struct fixture d;

	fixture_open(&d);
	put_be(&d, LOW, SKIP, 4);
	put_be(&d, LOW + 4, 0, 4);
	for (uint16_t port = 0x512; port < 0x51c; port++)
		for (size_t size = 1; size <= 4; size *= 2)
			if (size != 4 || (port != 0x514 && port != 0x518))
				put(&d.bus, port, __builtin_bswap32(LOW), size);
	cr_assert_eq(d.f.stats.dma_count, 0);
	cr_assert_eq(control_at(&d, LOW), SKIP);
	put(&d.bus, 0x518, __builtin_bswap32(LOW), 4); /* and its high half is still 0 */
	cr_assert_eq(control_at(&d, LOW), 0);
	fixture_close(&d);
}

Test(fwcfg, dma_crosses_from_one_slot_to_the_next)
{
	struct fixture d;
	uint8_t blob[0x1800];

	fixture_open(&d);
	for (size_t i = 0; i < sizeof(blob); i++)
		blob[i] = (uint8_t)(i * 7);
	add(&d, FWCFG_KERNEL_DATA, blob, sizeof(blob));
	cr_assert_eq(dma(&d, SELECT | READ | FWCFG_KERNEL_DATA << 16, sizeof(blob), HIGH - 0xfff),
	             0);
	cr_assert_arr_eq(ram(&d, HIGH - 0xfff), blob, 0xfff);
	cr_assert_arr_eq(ram(&d, HIGH), blob + 0xfff, sizeof(blob) - 0xfff);
	cr_assert_eq(*ram(&d, HIGH - 0x1000), 0xaa);
	cr_assert_eq(*ram(&d, HIGH + sizeof(blob) - 0xfff), 0xaa);
	fixture_close(&d);
}

/* From one slot into the next, across its private page, beyond the end of memory, and nowhere. */
Test(fwcfg, dma_sets_the_error_bit_for_memory_it_can_not_reach)
{
	static const struct {
		uint64_t address;
		uint32_t length;
	} rows[] = {
		{ MMIO, 1 },
		{ MMIO, 0xffffffff },
		{ 0, 4 },
		{ LOW - 1, 4 },
		{ PRIVATE, 1 },
		{ PRIVATE - 1, 2 },
		{ PRIVATE + 0xfff, 1 },
		{ HIGH - 0x10, 0x1800 },
		{ RAM_END, 1 },
		{ RAM_END - 1, 2 },
		{ RAM_END - 1, 0xffffffff },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, 2 },
		{ UINT64_MAX - 0xfff, 0x2000 },
		{ UINT64_MAX - 0xfffffffd, 0xffffffff },
		{ (uint64_t)1 << 52, 4 },
		{ LOW | (uint64_t)1 << 63, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture d;

		fixture_open(&d);
		cr_assert_eq(dma(&d, READ, rows[i].length, rows[i].address), 1, "row %zu", i);
		cr_assert_eq(d.f.stats.dma_refused, 1, "row %zu", i);
		cr_assert(ram_is(&d, PRIVATE, 0xaa, 0x1000), "row %zu", i);
		fixture_close(&d);
	}
}

Test(fwcfg, dma_is_refused_whole_where_its_range_wraps)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(dma(&d, READ, 0xffffffff, UINT64_MAX - 0x1000), 1);
	cr_assert_eq(d.f.stats.dma_bytes, 0);
	cr_assert_eq(d.lookups, 1); /* the descriptor's */
	cr_assert_eq(in(&d.bus, 0x511, 1), 'Q');
	fixture_close(&d);
}

Test(fwcfg, dma_reaches_the_last_byte_of_memory)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(dma(&d, READ, 1, RAM_END - 1), 0);
	cr_assert_eq(*ram(&d, RAM_END - 1), 'Q');
	fixture_close(&d);
}

/* Everything within reach is written, with no more than two lookups for each page. */
Test(fwcfg, dma_of_any_length_works_no_further_than_memory_goes)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(dma_from(&d, HIGH, SELECT | READ | 0x7777u << 16, 0xffffffff, LOW), 1);
	cr_assert(ram_is(&d, LOW, 0, LOW_SIZE));
	cr_assert(ram_is(&d, HIGH + 4, 0, 0xffc));
	cr_assert(ram_is(&d, PRIVATE, 0xaa, 0x1000));
	cr_assert_eq(d.f.stats.dma_bytes, PRIVATE - LOW);
	cr_assert_leq(d.lookups, 20);
	fixture_close(&d);
}

/* 4 GiB of memory: the same MiB again and again. */
static uint8_t endless[1 << 20];
static atomic_bool run_is_over;
static unsigned pieces;

static uint8_t *endless_at(void *self, uint64_t gpa, uint64_t size)
{
	(void)self;
	cr_assert_leq(size, sizeof(endless));
	if (gpa != 0 && ++pieces == 3)
		atomic_store(&run_is_over, true);
	return endless;
}

/* The end of a run waits for the transfer. */
Test(fwcfg, dma_of_4_gib_ends_with_the_run)
{
	static const uint8_t read_all[] = { 0x3f, 0xff, 0, READ | SELECT, 0xff, 0xff, 0xff, 0xff, 0,
		                            0,    0,    0, 0x10,          0,    0,    0 };
	struct fixture d;

	fixture_open(&d);
	d.f.at = endless_at;
	d.f.give_up = &run_is_over;
	memcpy(endless, read_all, sizeof(read_all));
	start(&d, 0);
	cr_expect_eq(pieces, 3);
	cr_expect_eq(d.f.stats.dma_refused, 1);
	cr_expect_eq(d.f.stats.dma_bytes, 3 * sizeof(endless));
	fixture_close(&d);
}

Test(fwcfg, descriptor_that_can_not_be_reached_is_counted_and_nothing_else)
{
	static const uint64_t addresses[] = { 0,       MMIO,          PRIVATE,    PRIVATE + 0xff0,
		                              RAM_END, RAM_END - 1,   UINT64_MAX, UINT64_MAX - 14,
		                              LOW - 1, PRIVATE - 0x3, LOW - 16,   RAM_END - 3 };
	struct fixture d;

	fixture_open(&d);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		start(&d, addresses[i]);
		cr_assert_eq(d.f.stats.dma_refused, i + 1, "row %zu", i);
	}
	cr_assert_eq(d.f.stats.dma_count, ARRAY_SIZE(addresses));
	cr_assert_eq(d.f.stats.dma_bytes, 0);
	cr_assert(ram_is(&d, LOW, 0xaa, LOW_SIZE));
	cr_assert(ram_is(&d, HIGH, 0xaa, HIGH_SIZE));
	fixture_close(&d);
}

Test(fwcfg, descriptor_cut_off_by_the_end_of_memory_is_refused_in_its_control_word)
{
	static const uint64_t addresses[] = { RAM_END - 15, RAM_END - 4, PRIVATE - 4 };

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct fixture d;

		fixture_open(&d);
		start(&d, addresses[i]);
		cr_assert_eq(control_at(&d, addresses[i]), 1, "row %zu", i);
		cr_assert_eq(d.f.stats.dma_refused, 1, "row %zu", i);
		fixture_close(&d);
	}
}

Test(fwcfg, descriptor_may_end_with_memory_and_stand_at_any_alignment)
{
	struct fixture d;

	fixture_open(&d);
	for (unsigned i = 0; i < 16; i++)
		cr_assert_eq(dma_from(&d, RAM_END - 16 - i, SELECT | READ, 1, LOW + i), 0);
	cr_assert(ram_is(&d, LOW, 'Q', 16));
	fixture_close(&d);
}

Test(fwcfg, descriptor_that_is_its_own_target_ends_once)
{
	struct fixture d;
	uint8_t again[16] = { 0, 0, 0, SELECT | READ, 0, 0, 0, 16, 0, 0, 0, 0, 0, 1, 0, 0 };

	fixture_open(&d);
	add(&d, FWCFG_SETUP_DATA, again, sizeof(again));
	cr_assert_eq(dma(&d, SELECT | READ | FWCFG_SETUP_DATA << 16, 16, LOW), 0);
	cr_assert_arr_eq(ram(&d, LOW + 4), again + 4, 12);
	cr_assert_eq(d.f.stats.dma_count, 1);
	fixture_close(&d);
}

Test(fwcfg, bears_any_width_at_any_offset)
{
	struct fixture d;

	fixture_open(&d);
	bus_hammer_all(&fwcfg_device, &d.f);
	fixture_close(&d);
}

Test(fwcfg, says_what_was_read_to_its_end)
{
	struct error err = { 0 };
	static struct fwcfg f;
	uint16_t key = 0;
	struct bus b = { 0 };

	fwcfg_init(&f, fixture_memory, NULL);
	bus_put(&b, &fwcfg_device, &f);
	cr_assert_eq(fwcfg_add(&f, FWCFG_INITRD_DATA, "ab", 2, &err), 0);
	cr_expect_not(fwcfg_read_whole(&f, &key), "nothing was read");
	put(&b, 0x510, FWCFG_INITRD_DATA, 2);
	in(&b, 0x511, 1);
	cr_expect_not(fwcfg_read_whole(&f, &key), "half of it was");
	in(&b, 0x511, 1);
	cr_expect(fwcfg_read_whole(&f, &key));
	cr_expect_eq(key, FWCFG_INITRD_DATA);
	put(&b, 0x510, 0x77, 2); /* no item */
	cr_expect_not(fwcfg_read_whole(&f, &key));
}
