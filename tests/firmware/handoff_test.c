/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/handoff_test.c: the contents of fw_cfg byte by byte, and how a firmware's refusal
 * of a file is explained.
 */
#include "firmware/handoff.h"

#include "core/dev/fwcfg.h"
#include "core/vm/outcome.h"
#include "core/vm/platforms.h"
#include "firmware/acpi.h"
#include "tests/firmware/assemble_priv.h"
#include "tests/make/bzimage.h"
#include "tests/make/le.h"
#include "tests/dev/ports.h"

static const struct fw_item *item_find(const struct fixture *f, uint16_t key, const char *name)
{
	const struct fw_item *items;
	size_t n = plan_items(f->plan, &items);

	for (size_t i = 0; i < n; i++)
		if (name ? items[i].name && !strcmp(items[i].name, name)
		         : !items[i].name && items[i].key == key)
			return &items[i];
	return NULL;
}

static uint64_t number_at(const struct fw_item *i, size_t at, size_t size)
{
	const uint8_t *bytes = i->bytes;

	cr_assert_leq(at + size, i->size);
	return le_get(bytes + at, size);
}

static void check_number(const struct fixture *f, uint16_t key, size_t size, uint64_t want)
{
	const struct fw_item *i = item_find(f, key, NULL);

	cr_assert_not_null(i, "key 0x%x", key);
	cr_expect_eq(i->size, size, "key 0x%x", key);
	cr_expect_eq(number_at(i, 0, size), want, "key 0x%x", key);
}

static void check_bytes(const struct fixture *f, uint16_t key, const void *want, size_t size)
{
	const struct fw_item *i = item_find(f, key, NULL);

	cr_assert_not_null(i, "key 0x%x", key);
	cr_assert_eq(i->size, size, "key 0x%x", key);
	cr_expect_arr_eq((const uint8_t *)i->bytes, (const uint8_t *)want, size);
}

static void give_files(struct fixture *f, size_t initrd)
{
	struct bzimage_spec spec = bzimage_default();

	give_bzimage(f, &spec);
	if (initrd == 0)
		return;
	give_initrd(f, initrd);
	image_noise(f->images.initrd.data, initrd, 9);
}

Test(handoff, the_memory_map_comes_first_and_has_what_lies_below_the_hole)
{
	auto_fixture struct fixture f = fixture_default();
	const struct fw_item *items;

	make(&f, &platform_snp);
	cr_assert_gt(plan_items(f.plan, &items), 0u);
	cr_assert_str_eq(items[0].name, "etc/e820");
	cr_assert_eq(items[0].size, 20u);
	cr_expect_eq(number_at(&items[0], 0, 8), 0u);
	cr_expect_eq(number_at(&items[0], 8, 8), 512 * MIB);
	cr_expect_eq(number_at(&items[0], 16, 4), 1u, "usable");
}

Test(handoff, memory_above_the_hole_is_a_second_entry)
{
	auto_fixture struct fixture f = fixture_default();
	const struct fw_item *e820;
	const struct ram *ram;

	f.m.memory = 5 * GIB;
	make(&f, &platform_snp);
	e820 = item_find(&f, 0, "etc/e820");
	cr_assert_eq(e820->size, 40u);
	cr_expect_eq(number_at(e820, 20, 8), 4 * GIB);
	cr_expect_eq(number_at(e820, 8, 8) + number_at(e820, 28, 8), 5 * GIB);
	cr_assert_gt(plan_ram(f.plan, &ram), 1u);
	cr_expect_eq(number_at(e820, 8, 8), ram[0].size);
	cr_expect_eq(number_at(e820, 28, 8), ram[1].size);
}

Test(handoff, counts_the_vcpus_and_asks_for_no_menu)
{
	auto_fixture struct fixture f = fixture_default();

	f.m.vcpus = 255;
	make(&f, &platform_snp);
	check_number(&f, FWCFG_BOOT_CPUS, 2, 255);
	check_number(&f, FWCFG_MAX_CPUS, 2, 255);
	check_number(&f, FWCFG_BOOT_MENU, 2, 0);
	cr_expect_null(item_find(&f, FWCFG_KERNEL_SIZE, NULL), "there is no kernel");
	cr_expect_null(item_find(&f, FWCFG_CMDLINE_DATA, NULL), "nor its command line");
}

/* After the loader's commands the tables are those of direct boot. */
Test(handoff, the_acpi_tables_are_those_of_direct_boot)
{
	auto_fixture struct fixture f = fixture_default();
	const struct fw_item *tables, *rsdp, *loader;
	uint8_t page[PAGE_SIZE];
	struct acpi_tables t = { 0 };

	make(&f, &platform_snp);
	tables = item_find(&f, 0, "etc/acpi/tables");
	rsdp = item_find(&f, 0, "etc/acpi/rsdp");
	loader = item_find(&f, 0, "etc/table-loader");
	cr_assert(tables && rsdp && loader);
	cr_expect_eq(loader->size, ACPI_COMMANDS * ACPI_LOADER_ROW);
	cr_assert_leq(tables->size, sizeof(t.tables));
	cr_assert_eq(rsdp->size, ACPI_RSDP_SIZE);
	cr_assert_eq(acpi_tables_make(&(struct acpi_config){ .vcpus = 2 }, &t, &f.err), 0);
	cr_assert_eq(t.size, tables->size);
	cr_expect_arr_eq((const uint8_t *)tables->bytes, t.tables, t.size);
	cr_expect_arr_eq((const uint8_t *)rsdp->bytes, t.rsdp, sizeof(t.rsdp));
	cr_assert_eq(acpi_relocate(&t, 0x5000 + ACPI_TABLES_AT, 0x5000, &f.err), 0);
	cr_assert_eq(acpi_page(&(struct acpi_config){ .vcpus = 2 }, 0x5000, page, &f.err), 0);
	cr_expect_arr_eq(page + ACPI_TABLES_AT, t.tables, t.size);
}

/*
 * The firmware hashes setup part and rest together, so nothing may be added, left out or patched.
 */
Test(handoff, the_kernel_is_the_file_as_it_is_cut_behind_its_setup_part)
{
	auto_fixture struct fixture f = fixture_default();
	const struct blob *k = &f.images.kernel;
	size_t setup = 3 * 512; /* the boot sector and two sectors of setup */

	give_files(&f, 5001);
	make(&f, &platform_snp);
	check_number(&f, FWCFG_SETUP_SIZE, 4, setup);
	check_bytes(&f, FWCFG_SETUP_DATA, k->data, setup);
	check_number(&f, FWCFG_KERNEL_SIZE, 4, k->size - setup);
	check_bytes(&f, FWCFG_KERNEL_DATA, k->data + setup, k->size - setup);
	check_number(&f, FWCFG_INITRD_SIZE, 4, 5001);
	check_bytes(&f, FWCFG_INITRD_DATA, f.images.initrd.data, 5001);
	check_number(&f, FWCFG_CMDLINE_SIZE, 4, sizeof("quiet"));
	check_bytes(&f, FWCFG_CMDLINE_DATA, "quiet", sizeof("quiet"));
	cr_expect_null(plan_settings(f.plan)->measure_only);
}

Test(handoff, without_an_initrd_its_size_is_zero)
{
	auto_fixture struct fixture f = fixture_default();

	give_files(&f, 0);
	make(&f, &platform_snp);
	check_number(&f, FWCFG_INITRD_SIZE, 4, 0);
	cr_expect_null(item_find(&f, FWCFG_INITRD_DATA, NULL));
}

Test(handoff, the_longest_command_line_has_room)
{
	auto_fixture struct fixture f = fixture_default();
	static char longest[64 * 1024];

	memset(longest, 'x', sizeof(longest) - 1);
	f.m.cmdline = longest;
	give_files(&f, 0);
	make(&f, &platform_snp);
	check_bytes(&f, FWCFG_CMDLINE_DATA, longest, sizeof(longest));
}

Test(handoff, a_kernel_that_is_none_is_left_out_and_the_plan_only_measured)
{
	auto_fixture struct fixture f = fixture_default();

	give_kernel(&f, false);
	make(&f, &platform_snp);
	cr_expect_null(item_find(&f, FWCFG_KERNEL_DATA, NULL));
	cr_expect_not_null(item_find(&f, 0, "etc/e820"));
	cr_assert_not_null(plan_settings(f.plan)->measure_only);
}

/* QEMU's rule: byte 0x1f1 has the sectors of the setup part, as in a bzImage, 0 stands for 4. */
Test(handoff, an_efi_program_is_cut_as_qemu_cuts_it)
{
	static const struct {
		size_t size;
		uint8_t sectors;
		size_t setup; /* 0: the file is too short */
	} rows[] = {
		{ 5000, 0, 2560 },     { 5000, 1, 1024 }, { 5000, 8, 4608 }, { 5000, 9, 0 },
		{ 2560, 0, 2560 },     { 2559, 0, 0 },    { 1024, 1, 1024 }, { 0x1f1, 0, 0 },
		{ 70000, 127, 65536 }, { 70000, 255, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_fixture struct fixture f = fixture_default();
		struct blob *k = &f.images.kernel;
		size_t setup = rows[i].setup;

		give_kernel(&f, false);
		blob_fini(k);
		cr_assert_eq(blob_zero(rows[i].size, k, &f.err), 0);
		image_noise(k->data, rows[i].size, 4);
		memcpy(k->data, "MZ", 2);
		k->data[0x1f1] = rows[i].sectors;
		make(&f, &platform_snp);
		if (!setup) {
			cr_expect_null(item_find(&f, FWCFG_KERNEL_DATA, NULL), "row %zu", i);
			cr_expect_str_eq(plan_settings(f.plan)->measure_only,
			                 rows[i].size > 0x1f1
			                         ? "boot.kernel is an EFI program that is too "
			                           "short for QEMU"
			                         : "boot.kernel is not a bzImage or an EFI program "
			                           "that a firmware could boot");
			continue;
		}
		cr_expect_null(plan_settings(f.plan)->measure_only, "row %zu", i);
		check_bytes(&f, FWCFG_SETUP_DATA, k->data, setup);
		check_number(&f, FWCFG_KERNEL_SIZE, 4, k->size - setup);
		if (k->size > setup)
			check_bytes(&f, FWCFG_KERNEL_DATA, k->data + setup, k->size - setup);
	}
}

Test(handoff, an_efi_program_with_an_initrd_is_only_measured)
{
	auto_fixture struct fixture f = fixture_default();

	give_kernel(&f, false);
	memcpy(f.images.kernel.data, "MZ", 2);
	give_initrd(&f, 10);
	make(&f, &platform_snp);
	cr_expect_null(item_find(&f, FWCFG_KERNEL_DATA, NULL));
	cr_assert_str_eq(plan_settings(f.plan)->measure_only,
	                 "boot.kernel is an EFI program, which QEMU starts without an initrd");
}

Test(handoff, every_item_fits_into_fw_cfg)
{
	auto_fixture struct fixture f = fixture_default();
	const struct fw_item *items;
	static struct fwcfg fw;
	size_t n;

	give_files(&f, 4096);
	make(&f, &platform_snp);
	n = plan_items(f.plan, &items);
	fwcfg_init(&fw, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		cr_expect_eq(items[i].name ? fwcfg_add_file(&fw, items[i].name, items[i].bytes,
		                                            items[i].size, &f.err)
		                           : fwcfg_add(&fw, items[i].key, items[i].bytes,
		                                       items[i].size, &f.err),
		             0, "%s", f.err.text);
	cr_expect_eq(fw.files, 4u, "firmware walks the directory: it is to be short");
}

/* --- a firmware that stops --- */

static uint8_t words[] = "some bytes";

static uint64_t quiet_ms = 20000; /* without an exit of the guest */

/*
 * The explanation of a run that ended as `kind` after the firmware had read `size` bytes of `key`.
 */
static struct outcome ended(const struct manifest *m, enum reason kind, uint16_t key, size_t size)
{
	struct outcome o;
	struct error err = { 0 };
	static struct fwcfg fw;
	struct bus b = { 0 };
	uint16_t last;

	fwcfg_init(&fw, NULL, NULL);
	cr_assert_eq(fwcfg_add(&fw, key, words, sizeof(words), &err), 0, "%s", err.text);
	bus_put(&b, &fwcfg_device, &fw);
	put(&b, FWCFG_PORT, key, 2);
	for (size_t i = 0; i < size; i++)
		in(&b, FWCFG_PORT + 1, 1);
	outcome_set(&o, kind, 7, "it ended");
	handoff_explain(m, fwcfg_read_whole(&fw, &last) ? last : -1, quiet_ms, &o);
	cr_expect_eq(o.kind, kind);
	cr_expect_eq(o.code, 7u);
	return o;
}

Test(handoff, a_time_that_runs_out_behind_a_hashed_file_names_it)
{
	static const struct {
		uint16_t key;
		const char *name;
	} rows[] = { { FWCFG_KERNEL_DATA, "the kernel" },
		     { FWCFG_INITRD_DATA, "the initrd" },
		     { FWCFG_CMDLINE_DATA, "the command line" } };
	auto_fixture struct fixture f = fixture_default();

	f.m.kernel_hashes = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outcome o =
			ended(&f.m, i % 2 ? RUN_SILENT : RUN_TIMED_OUT, rows[i].key, sizeof(words));

		cr_expect(strstr(o.detail, "it ended; the firmware stopped after reading "), "%s",
		          o.detail);
		cr_expect(strstr(o.detail, rows[i].name), "%s", o.detail);
	}
}

Test(handoff, a_firmware_that_is_merely_slow_is_not_accused)
{
	auto_fixture struct fixture f = fixture_default();

	f.m.kernel_hashes = true;
	quiet_ms = 3000; /* it is busy, with this file or something later */
	cr_expect_str_eq(ended(&f.m, RUN_TIMED_OUT, FWCFG_KERNEL_DATA, sizeof(words)).detail,
	                 "it ended");
	cr_expect_str_eq(ended(&f.m, RUN_SILENT, FWCFG_KERNEL_DATA, sizeof(words)).detail,
	                 "it ended");
	cr_expect(strstr(ended(&f.m, GUEST_HALTED, FWCFG_KERNEL_DATA, sizeof(words)).detail,
	                 "; the firmware stopped after reading the kernel"),
	          "it is halted, however short the time");
}

Test(handoff, nothing_is_said_where_nothing_is_known)
{
	auto_fixture struct fixture f = fixture_default();

	f.m.kernel_hashes = true;
	cr_expect_str_eq(ended(&f.m, RUN_TIMED_OUT, FWCFG_INITRD_DATA, 3).detail, "it ended",
	                 "half of it was read");
	cr_expect_str_eq(ended(&f.m, RUN_TIMED_OUT, FWCFG_BOOT_MENU, sizeof(words)).detail,
	                 "it ended", "the last file is not hashed");
	cr_expect_str_eq(ended(&f.m, GUEST_EXITED, FWCFG_INITRD_DATA, sizeof(words)).detail,
	                 "it ended");
	f.m.kernel_hashes = false;
	cr_expect_str_eq(ended(&f.m, RUN_TIMED_OUT, FWCFG_INITRD_DATA, sizeof(words)).detail,
	                 "it ended");
}
