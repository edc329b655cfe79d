/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/igvm_plan_test.c: IGVM files as launch plans: the stored digests of each launcher,
 * parameters and registers, and what is refused.
 */
#include "firmware/igvm_plan.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/snp/digest.h"
#include "core/snp/vmsa.h"
#include "firmware/acpi.h"
#include "tests/firmware/assemble_priv.h"
#include "tests/make/idblock.h"
#include "tests/make/igvm.h"
#include "tests/make/vectors.h"

/* A manifest of one vCPU with the file, which is made and whose spec is freed. */
static struct fixture fixture_igvm(struct igvm_file *file)
{
	struct fixture f = fixture_empty();

	f.m.vcpus = 1;
	f.m.firmware = (struct manifest_file){ .path = (char *)"guest.igvm", .at = { 5, 13 } };
	f.images.firmware = igvm_make(file);
	return f;
}

static struct fixture fixture_plain(void)
{
	struct igvm_file file = igvm_file_default();

	return fixture_igvm(&file);
}

static void check_file_refused(struct igvm_file *file, enum reason kind, const char *says)
{
	auto_fixture struct fixture f = fixture_igvm(file);

	check_refused(&f, kind, says, 5);
	cr_expect_not_null(strstr(f.err.text, "firmware 'guest.igvm': "), "%s", f.err.text);
	cr_expect(f.err.fix[0], "'%s' without a fix", f.err.text);
}

/* A sound beginning: the platform and nothing else. */
static struct igvm_file begun(void)
{
	struct igvm_file f = { 0 };

	igvm_add_platform(&f, IGVM_SNP, IGVM_SEV_SNP, 0);
	return f;
}

/* --- digests --- */

static const struct {
	const char *key;
	enum manifest_profile profile;
} models[] = {
	{ "spec_file_order", PROFILE_IGVM },
	{ "igvmmeasure_default", PROFILE_IGVMMEASURE },
	{ "igvmmeasure_native_zero", PROFILE_IGVMMEASURE_ZERO },
	{ "qemu_kvm_1vcpu", PROFILE_QEMU },
	{ "cloud_hypervisor_kvm_1vcpu", PROFILE_CLOUD_HYPERVISOR },
};

Test(igvm_plan, each_launchers_digest_is_the_stored_one)
{
	char path[4096], hex[2 * SNP_DIGEST_SIZE + 1];
	json_error_t why;
	auto_json json_t *all =
		json_load_file(vectors_path("igvm.json", path, sizeof(path)), 0, &why);
	json_t *c;
	size_t i;

	cr_assert(all, "%s", why.text);
	json_array_foreach(json_object_get(all, "cases"), i, c)
	{
		json_t *expect = json_object_get(c, "expect");

		cr_assert_eq(json_object_size(expect), ARRAY_SIZE(models));
		for (size_t n = 0; n < ARRAY_SIZE(models); n++) {
			const char *want =
				json_string_value(json_object_get(expect, models[n].key));
			auto_fixture struct fixture f = fixture_empty();
			auto_digest struct snp_digest d = { 0 };

			vectors_path(json_string_value(json_object_get(c, "file")), path,
			             sizeof(path));
			cr_assert_eq(blob_read(path, 1 << 20, &f.images.firmware, &f.err), 0, "%s",
			             f.err.text);
			f.m.firmware.path = path;
			f.m.vcpus = 1;
			f.m.profile = models[n].profile;
			make(&f, &platform_snp);
			cr_assert_eq(snp_digest_of(f.plan, &d, &f.err), 0);
			cr_expect_str_eq(hex_of(d.value, sizeof(d.value), hex), want, "%s: %s",
			                 path, models[n].key);
		}
	}
	cr_expect_eq(i, 2);
}

#define PARAMETERS "unmeasured 803000+1000"
#define REST       "secrets 804000+1000, cpuid 805000+1000"

Test(igvm_plan, a_tidy_file_is_loaded_in_its_order)
{
	auto_fixture struct fixture f = fixture_plain();
	struct seen s = see(&f, &platform_snp);

	cr_expect_str_eq(s.order, PARAMETERS ", normal 800000+3000, " REST);
	cr_expect_eq(s.vcpus, 1);
	cr_expect_eq(s.bsp.rip, 0x800000);
	cr_expect_null(plan_settings(f.plan)->measure_only);
	f.m.profile = PROFILE_CLOUD_HYPERVISOR;
	s = see(&f, &platform_snp);
	cr_expect_str_eq(s.order, PARAMETERS ", normal 800000+2000, zero 802000+1000, " REST);
	cr_expect_null(plan_settings(f.plan)->measure_only);
	f.m.profile = PROFILE_IGVM;
	s = see(&f, &platform_snp);
	cr_expect_str_eq(s.order, PARAMETERS ", normal 800000+3000, " REST);
	cr_expect_eq(s.vcpus, 1, "its VMSA is as KVM would have it");
	cr_expect_null(plan_settings(f.plan)->measure_only);
}

/* The plan for platform kvm is the same; prepare.c refuses to launch it there. */
Test(igvm_plan, does_not_depend_on_the_platform)
{
	auto_fixture struct fixture f = fixture_plain();
	struct seen a = see(&f, &platform_snp), b = see(&f, &platform_kvm);

	cr_expect_str_eq(a.order, b.order);
}

/* QEMU keeps a run of pages back while it grows, and loads inserted areas at once. */
Test(igvm_plan, an_insert_overtakes_the_run_of_pages_before_it_in_qemu_alone)
{
	static const struct {
		enum manifest_profile profile;
		const char *order;
	} rows[] = {
		{ PROFILE_QEMU, "normal 1000+1000, unmeasured 9000+1000, unmeasured b000+2000, "
		                "normal 3000+2000, normal 6000+1000" },
		{ PROFILE_IGVM, "normal 1000+1000, normal 3000+2000, unmeasured 9000+1000, "
		                "unmeasured b000+2000, normal 6000+1000" },
		{ PROFILE_IGVMMEASURE, "normal 1000+1000, normal 3000+2000, unmeasured 9000+1000, "
		                       "unmeasured b000+1000, normal 6000+1000" },
		{ PROFILE_CLOUD_HYPERVISOR, "normal 1000+1000, normal 3000+2000, unmeasured "
		                            "9000+1000, unmeasured b000+2000, normal 6000+1000" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct igvm_file file = begun();
		uint8_t page[PAGE_SIZE] = { 1 };

		igvm_add_area(&file, 7, PAGE_SIZE, 0);
		igvm_add_area(&file, 8, 2 * PAGE_SIZE, 0);
		igvm_add_page(&file, 0x1000, page, 0, IGVM_NORMAL);
		igvm_add_page(&file, 0x3000, page, 0, IGVM_NORMAL);
		igvm_add_page(&file, 0x4000, page, 0, IGVM_NORMAL);
		igvm_add_insert(&file, 0x9000, IGVM_SNP, 7);
		igvm_add_insert(&file, 0xb000, IGVM_SNP, 8);
		igvm_add_page(&file, 0x6000, page, 0, IGVM_NORMAL);
		auto_fixture struct fixture f = fixture_igvm(&file);

		f.m.profile = rows[i].profile;
		cr_expect_str_eq(see(&f, &platform_snp).order, rows[i].order);
	}
}

Test(igvm_plan, inserts_before_all_pages_keep_their_order)
{
	struct igvm_file file = begun();

	for (uint32_t i = 0; i < 3; i++)
		igvm_add_area(&file, i, PAGE_SIZE, 0);
	for (uint32_t i = 0; i < 3; i++)
		igvm_add_insert(&file, 0x8000 - 0x2000 * i, IGVM_SNP, i);
	auto_fixture struct fixture f = fixture_igvm(&file);

	cr_expect_str_eq(see(&f, &platform_snp).order,
	                 "unmeasured 8000+1000, unmeasured 6000+1000, unmeasured 4000+1000");
}

Test(igvm_plan, what_is_for_other_platforms_is_passed_over)
{
	struct igvm_file file = { 0 };

	igvm_add_platform(&file, 4, IGVM_NATIVE, 0);
	igvm_add_platform(&file, 2, IGVM_VSM, 0x1000);
	igvm_add_platform(&file, IGVM_SNP, IGVM_SEV_SNP, 0);
	igvm_add_policy(&file, 4, 0x77);
	igvm_add(&file, IGVM_RELOCATABLE_REGION, &(le32[12]){ { { 6 } } }, 48);
	igvm_add_page_at(&file, 0x1000, 6, 0, IGVM_PAGE_2MIB | IGVM_PAGE_SHARED, 9);
	igvm_add_page_at(&file, 0x2000, 3, 0, 0, IGVM_NORMAL);
	igvm_add_required(&file, 0x40000000000, 4, 0x1000);
	auto_fixture struct fixture f = fixture_igvm(&file);

	cr_expect_str_eq(see(&f, &platform_snp).order, "normal 2000+1000");
	cr_expect_eq(plan_settings(f.plan)->policy, 0x30000);
}

Test(igvm_plan, pages_without_data_are_zeros_and_shared_data_is_copied)
{
	struct igvm_file file = begun();
	uint8_t page[PAGE_SIZE], zeros[PAGE_SIZE] = { 0 };
	uint32_t at;
	struct seen s;

	image_noise(page, sizeof(page), 1);
	igvm_add_data(&file, "odd", 3);
	at = igvm_add_data(&file, page, sizeof(page)); /* at no multiple of anything */
	igvm_add_page_at(&file, 0x1000, IGVM_SNP, at, 0, IGVM_NORMAL);
	igvm_add_page_at(&file, 0x2000, IGVM_SNP, 0, 0, IGVM_NORMAL);
	igvm_add_page_at(&file, 0x3000, IGVM_SNP, at, IGVM_PAGE_UNMEASURED, IGVM_NORMAL);
	igvm_add_page_at(&file, 0x4000, IGVM_SNP, 0, IGVM_PAGE_UNMEASURED, IGVM_NORMAL);
	auto_fixture struct fixture f = fixture_igvm(&file);

	s = see(&f, &platform_snp);
	cr_expect_str_eq(s.order, "normal 1000+2000, unmeasured 3000+2000");
	for (gpa_t gpa = 0x1000; gpa <= 0x3000; gpa += 0x2000) {
		cr_expect_arr_eq(bytes_at(&s, gpa, PAGE_SIZE), page, PAGE_SIZE);
		cr_expect_arr_eq(bytes_at(&s, gpa + PAGE_SIZE, PAGE_SIZE), zeros, PAGE_SIZE);
	}
}

Test(igvm_plan, pages_below_4_gib_get_memory_of_their_own)
{
	struct igvm_file file = begun();
	const struct ram *ram;

	igvm_add_required(&file, 0xfffff000, IGVM_SNP, 0x1000);
	igvm_add_page(&file, 0xffffe000, NULL, 0, IGVM_NORMAL);
	igvm_add_page(&file, 0xffc00000, NULL, 0, IGVM_NORMAL);
	igvm_add_page(&file, 0xffc01000, NULL, 0, IGVM_NORMAL);
	igvm_add_page(&file, 0x1000, NULL, 0, IGVM_NORMAL);
	auto_fixture struct fixture f = fixture_igvm(&file);

	make(&f, &platform_snp);
	cr_assert_eq(plan_ram(f.plan, &ram), 3);
	cr_expect_eq(ram[1].gpa, 0xffc00000);
	cr_expect_eq(ram[1].size, 0x2000);
	cr_expect_eq(ram[2].gpa, 0xffffe000);
	cr_expect_eq(ram[2].size, 0x2000);
}

Test(igvm_plan, memory_that_the_guest_lacks_is_told)
{
	static const uint64_t nowhere[] = { 512 * MIB,  3 * GIB - PAGE_SIZE,
		                            0xfec00000, 0xfee00000,
		                            4 * GIB,    ((uint64_t)1 << 52) - PAGE_SIZE };

	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++) {
		struct igvm_file page = begun(), required = begun();

		igvm_add_page(&page, nowhere[i], NULL, 0, IGVM_NORMAL);
		check_file_refused(&page, ERROR_MEMORY_TOO_SMALL, "which the guest doesn't have");
		igvm_add_required(&required, nowhere[i], IGVM_SNP, PAGE_SIZE);
		check_file_refused(&required, ERROR_MEMORY_TOO_SMALL,
		                   "which the guest doesn't have");
	}
	struct igvm_file across = begun();

	igvm_add_required(&across, 0xfebff000, IGVM_SNP, 2 * PAGE_SIZE);
	check_file_refused(&across, ERROR_MEMORY_TOO_SMALL, "0xfebff000..0xfec01000");
}

static void check_layout_refused(struct igvm_file *file, enum reason kind, const char *says)
{
	auto_fixture struct fixture f = fixture_igvm(file);

	check_refused(&f, kind, says, 5);
}

Test(igvm_plan, pages_that_overlap_and_a_second_secrets_page_are_refused)
{
	struct igvm_file twice = begun(), area = begun(), secrets = begun();

	igvm_add_page(&twice, 0x1000, NULL, 0, IGVM_NORMAL);
	igvm_add_page(&twice, 0x1000, NULL, 0, IGVM_NORMAL);
	check_layout_refused(&twice, ERROR_BAD_LAYOUT, "overlap");
	igvm_add_area(&area, 0, 2 * PAGE_SIZE, 0);
	igvm_add_insert(&area, 0x1000, IGVM_SNP, 0);
	igvm_add_page(&area, 0x2000, NULL, 0, IGVM_NORMAL);
	check_layout_refused(&area, ERROR_BAD_LAYOUT, "overlap");
	igvm_add_page(&secrets, 0x1000, NULL, 0, IGVM_SECRETS);
	igvm_add_page(&secrets, 0x2000, NULL, 0, IGVM_SECRETS);
	check_layout_refused(&secrets, ERROR_BAD_LAYOUT, "two secrets regions");
}

/* --- parameters --- */

Test(igvm_plan, parameters_say_what_the_guest_has)
{
	struct igvm_file file = begun();
	uint8_t initial[2 * PAGE_SIZE];
	const uint8_t *at;
	unsigned sum = 0;
	struct seen s;

	memset(initial, 0xee, sizeof(initial));
	igvm_add_area(&file, 5, sizeof(initial), igvm_add_data(&file, initial, sizeof(initial)));
	igvm_add_area(&file, 6, PAGE_SIZE, 0);
	igvm_add_parameter(&file, IGVM_VP_COUNT, 5, 0x10);
	igvm_add_parameter(&file, IGVM_MEMORY_MAP, 6, 0);
	igvm_add_parameter(&file, IGVM_MMIO_RANGES, 6, 0x100);
	igvm_add_parameter(&file, IGVM_COMMAND_LINE, 5, 0x100);
	igvm_add_parameter(&file, IGVM_MADT, 6, 0x400);
	igvm_add_parameter(&file, IGVM_ENVIRONMENT_INFO, 6, 0x200);
	igvm_add_parameter(&file, IGVM_SRAT, 6, 0x300);
	igvm_add_insert(&file, 0x10000, IGVM_SNP, 5);
	igvm_add_insert(&file, 0x20000, IGVM_SNP, 6);
	auto_fixture struct fixture f = fixture_igvm(&file);

	f.m.vcpus = 3;
	f.m.memory = 5 * GIB;
	f.m.cmdline = (char *)"loglevel=8 x";
	f.m.locations[KEY_BOOT_CMDLINE].line = 3;
	s = see(&f, &platform_snp);
	cr_expect_str_eq(s.order, "unmeasured 10000+2000, unmeasured 20000+1000");
	cr_expect_eq(qword_at(&s, 0x10000), 0xeeeeeeeeeeeeeeee, "what the file has there");
	cr_expect_eq(qword_at(&s, 0x10010), 0xeeeeeeee00000003);
	cr_expect_str_eq((const char *)bytes_at(&s, 0x10100, 32), "loglevel=8 x");
	cr_expect_eq(qword_at(&s, 0x20000), 0);
	cr_expect_eq(qword_at(&s, 0x20008), 3 * GIB / PAGE_SIZE);
	cr_expect_eq(qword_at(&s, 0x20010), 0, "RAM");
	cr_expect_eq(qword_at(&s, 0x20018), 4 * GIB / PAGE_SIZE);
	cr_expect_eq(qword_at(&s, 0x20020), 2 * GIB / PAGE_SIZE);
	cr_expect_eq(qword_at(&s, 0x20038), 0, "the entry that ends the map");
	cr_expect_eq(qword_at(&s, 0x20100), 3 * GIB / PAGE_SIZE);
	cr_expect_eq(qword_at(&s, 0x20108), GIB / PAGE_SIZE);
	cr_expect_eq(qword_at(&s, 0x20200), 0, "memory starts private");
	at = bytes_at(&s, 0x20400, 128);
	cr_expect_arr_eq(at, "APIC", 4);
	for (size_t i = 0; i < le_get(at + 4, 4); i++)
		sum += at[i];
	cr_expect_eq(sum & 0xff, 0, "the MADT's checksum");
}

Test(igvm_plan, a_command_line_that_is_only_a_default_is_not_passed_on)
{
	struct igvm_file file = begun();
	struct seen s;

	igvm_add_area(&file, 0, PAGE_SIZE, 0);
	igvm_add_parameter(&file, IGVM_COMMAND_LINE, 0, 0);
	igvm_add_insert(&file, 0, IGVM_SNP, 0);
	auto_fixture struct fixture f = fixture_igvm(&file);

	s = see(&f, &platform_snp);
	cr_expect_eq(qword_at(&s, 0), 0);
}

static void check_parameter(uint32_t type, uint32_t area, uint32_t offset, const char *says)
{
	struct igvm_file file = begun();

	igvm_add_area(&file, 1, PAGE_SIZE, 0);
	igvm_add_parameter(&file, type, area, offset);
	check_file_refused(&file, ERROR_BAD_FIRMWARE, says);
}

Test(igvm_plan, parameters_that_do_not_fit_are_told)
{
	check_parameter(IGVM_VP_COUNT, 1, 4093, "(VP count) does not fit into its area");
	check_parameter(IGVM_VP_COUNT, 1, 4096, "does not fit");
	check_parameter(IGVM_VP_COUNT, 1, UINT32_MAX, "does not fit");
	check_parameter(IGVM_MEMORY_MAP, 1, 4096 - 23, "(memory map) does not fit");
	check_parameter(IGVM_MADT, 1, 4095, "(MADT) does not fit");
	check_parameter(IGVM_MMIO_RANGES, 1, 4096 - 31, "(MMIO ranges) does not fit");
	check_parameter(IGVM_ENVIRONMENT_INFO, 1, 4096 - 3, "(environment info) does not fit");
	check_parameter(IGVM_COMMAND_LINE, 1, 4096, "(command line) does not fit");
	check_parameter(IGVM_SRAT, 2, 0, "(SRAT) is for an area that does not exist");
}

Test(igvm_plan, areas_that_contradict_each_other_are_told)
{
	struct igvm_file twice = begun(), none = begun(), again = begun(), late = begun();
	struct igvm_file large = begun(), many = begun(), tree = begun();

	igvm_add_area(&twice, 1, PAGE_SIZE, 0);
	igvm_add_area(&twice, 1, PAGE_SIZE, 0);
	check_file_refused(&twice, ERROR_BAD_FIRMWARE, "has the index of another area");
	igvm_add_insert(&none, 0x1000, IGVM_SNP, 1);
	check_file_refused(&none, ERROR_BAD_FIRMWARE, "inserts an area that does not exist");
	igvm_add_area(&again, 1, PAGE_SIZE, 0);
	igvm_add_insert(&again, 0x1000, IGVM_SNP, 1);
	igvm_add_insert(&again, 0x2000, IGVM_SNP, 1);
	check_file_refused(&again, ERROR_BAD_FIRMWARE, "inserts an area again");
	igvm_add_area(&late, 1, PAGE_SIZE, 0);
	igvm_add_insert(&late, 0x1000, IGVM_SNP, 1);
	igvm_add_parameter(&late, IGVM_VP_COUNT, 1, 0);
	check_file_refused(&late, ERROR_BAD_FIRMWARE, "for an area that was inserted before");
	igvm_add_area(&large, 1, (uint64_t)1 << 40, 0);
	check_file_refused(&large, ERROR_BAD_FIRMWARE, "is one too many, or too large");
	for (uint32_t i = 0; i < 257; i++)
		igvm_add_area(&many, i, PAGE_SIZE, 0);
	check_file_refused(&many, ERROR_BAD_FIRMWARE, "is one too many, or too large");
	igvm_add_area(&tree, 1, PAGE_SIZE, 0);
	igvm_add_parameter(&tree, IGVM_DEVICE_TREE, 1, 0);
	igvm_add_insert(&tree, 0x1000, IGVM_SNP, 1);
	check_file_refused(&tree, ERROR_UNSUPPORTED, "inserts a device tree");
}

/* An area that only another platform inserts may ask for anything. */
Test(igvm_plan, an_area_that_is_not_inserted_may_lack_a_device_tree)
{
	struct igvm_file file = begun();

	igvm_add_area(&file, 1, PAGE_SIZE, 0);
	igvm_add_parameter(&file, IGVM_DEVICE_TREE, 1, 0);
	igvm_add_insert(&file, 0x1000, 2, 1);
	auto_fixture struct fixture f = fixture_igvm(&file);

	make(&f, &platform_snp);
}

/* --- what is refused by name --- */

Test(igvm_plan, what_kvm_lacks_is_refused_by_name)
{
	struct igvm_file none = { 0 }, two = begun(), vtom = { 0 }, region = begun();
	struct igvm_file table = begun(), large = begun(), shared = begun(), flags = begun();
	struct igvm_file kind = begun(), vbs = begun();
	const le32 mask[12] = { { { IGVM_SNP } } };

	igvm_add_platform(&none, 1, IGVM_NATIVE, 0);
	check_file_refused(&none, ERROR_UNSUPPORTED, "the file has no SNP platform");
	igvm_add_platform(&two, 2, IGVM_SEV_SNP, 0);
	check_file_refused(&two, ERROR_BAD_FIRMWARE, "the file has two SNP platforms");
	igvm_add_platform(&vtom, 1, IGVM_SEV_SNP, 0x400000000000);
	check_file_refused(&vtom, ERROR_UNSUPPORTED, "at 0x400000000000 (vTOM)");
	igvm_add(&region, IGVM_RELOCATABLE_REGION, mask, sizeof(mask));
	check_file_refused(&region, ERROR_UNSUPPORTED, "header 1 (relocatable region) allows");
	igvm_add(&table, IGVM_PAGE_TABLE_RELOCATION, mask, 32);
	check_file_refused(&table, ERROR_UNSUPPORTED, "(page table relocation) allows");
	igvm_add(&vbs, IGVM_VBS_MEASUREMENT, mask, 32);
	check_file_refused(&vbs, ERROR_UNSUPPORTED, "(VBS measurement) is for the SNP platform");
	igvm_add_page(&large, 0x200000, NULL, IGVM_PAGE_2MIB, IGVM_NORMAL);
	check_file_refused(&large, ERROR_UNSUPPORTED, "is a page of 2 MiB");
	igvm_add_page(&shared, 0x1000, NULL, IGVM_PAGE_SHARED, IGVM_NORMAL);
	check_file_refused(&shared, ERROR_UNSUPPORTED, "is a shared page");
	igvm_add_page(&flags, 0x1000, NULL, 8, IGVM_NORMAL);
	check_file_refused(&flags, ERROR_BAD_FIRMWARE, "has unknown flags");
	igvm_add_page(&kind, 0x1000, NULL, 0, IGVM_PAGE_KINDS);
	check_file_refused(&kind, ERROR_BAD_FIRMWARE, "has an unknown kind of page");
}

Test(igvm_plan, shared_pages_are_measured_by_the_specification_as_nothing)
{
	struct igvm_file file = begun();

	igvm_add_page(&file, 0x1000, NULL, IGVM_PAGE_SHARED, IGVM_NORMAL);
	igvm_add_page(&file, 0x2000, NULL, 0, IGVM_NORMAL);
	auto_fixture struct fixture f = fixture_igvm(&file);

	f.m.profile = PROFILE_IGVM;
	cr_expect_str_eq(see(&f, &platform_snp).order, "normal 2000+1000");
	cr_expect_not_null(plan_settings(f.plan)->measure_only);
}

/* --- registers --- */

static void check_vmsa(const struct snp_vmsa *v, const char *says)
{
	struct igvm_file file = begun();

	igvm_add_vp(&file, SNP_VMSA_GPA, 0, v);
	check_file_refused(&file, ERROR_UNSUPPORTED, says);
}

Test(igvm_plan, a_field_that_kvm_builds_otherwise_is_refused_by_its_name)
{
	static const struct {
		unsigned at;
		uint64_t value;
		unsigned width;
		const char *says;
	} rows[] = {
		{ 0xca, 2, 1, "have vmpl 0x2 (VMSA offset 0xca), and KVM has 0x0 there" },
		{ 0xcb, 3, 1, "have cpl 0x3" },
		{ 0xd0, 0, 8, "have efer 0x0 (VMSA offset 0xd0), and KVM has 0x1000 there" },
		{ 0x140, 1, 8, "have xss 0x1" },
		{ 0x148, 0x20, 8, "have cr4 0x20 (VMSA offset 0x148), and KVM has 0x60 there" },
		{ 0x158, 0x60000010, 8, "have cr0 0x60000010" },
		{ 0x160, 0x401, 8, "have dr7 0x401" },
		{ 0x168, (uint64_t)1 << 32, 8, "have dr6 0x100000000" },
		{ 0x170, 0, 8, "have rflags 0x0" },
		{ 0x200, 1, 8, "have star 0x1" },
		{ 0x268, 0x0207040600070406, 8, "have g_pat 0x207040600070406" },
		{ 0x268, 0x0807040600070406, 8, "have g_pat" },
		{ 0x3b0, 0, 8, "have sev_features 0x0" },
		{ 0x3c8, 1, 8, "have virtual_tom 0x1" },
		{ 0x3e8, 6, 8, "have xcr0 0x6" },
		{ 0x408, 0x11f80, 4, "have mxcsr 0x11f80" },
		{ 0x12, 0x1c9b, 2, "have cs.attrib 0x1c9b" },
		{ 0x60, 1, 2, "have gdtr.selector 0x1" },
		{ 0x5f8, 1, 1, "" },
		{ 0xfff, 7, 1, "have a reserved byte 0x7 (VMSA offset 0xfff)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct snp_vmsa v = igvm_vmsa();

		le_put((uint8_t *)&v + rows[i].at, rows[i].value, rows[i].width);
		check_vmsa(&v, rows[i].says);
	}
}

/* Coconut's files have debug registers of 0, which KVM can set: they are measured so. */
Test(igvm_plan, registers_that_kvm_can_set_are_taken)
{
	struct igvm_file file = begun();
	struct snp_vmsa v = igvm_vmsa(), built;
	struct seen s;

	v.dr6 = v.dr7 = le64_of(0);
	v.rax = le64_of(5);
	v.r8_15[7] = le64_of(15);
	v.g_pat = le64_of(0x0606060606060606);
	v.xcr0 = le64_of(7);
	v.mxcsr = le32_of(0);
	v.fcw = le16_of(0x40);
	v.sev_features = le64_of(0x21);
	igvm_add_vp(&file, SNP_VMSA_GPA, 0, &v);
	auto_fixture struct fixture f = fixture_igvm(&file);

	s = see(&f, &platform_snp);
	cr_expect_eq(plan_settings(f.plan)->sev_features, 0x21);
	snp_vmsa_of(&s.bsp, 0x21, VMSA_KVM, &built);
	cr_expect_arr_eq(&built, &v, sizeof(v));
}

Test(igvm_plan, a_vcpu_without_registers_starts_like_after_reset)
{
	struct igvm_file file = begun();
	struct snp_vmsa v = igvm_vmsa();
	struct seen s;

	igvm_add_vp(&file, SNP_VMSA_GPA, 1, &v);
	auto_fixture struct fixture f = fixture_igvm(&file);

	f.m.vcpus = 2;
	s = see(&f, &platform_snp);
	cr_expect_eq(s.bsp.cs.base, 0xffff0000);
	cr_expect_eq(s.bsp.rip, 0xfff0);
	cr_expect_eq(s.bsp.rdx, 0x800f12);
	cr_expect_eq(s.ap.rip, 0x800000);
	f.m.vcpus = 1;
	check_refused(&f, ERROR_CONFLICT, "registers for vCPU 1, and there are 1 vCPUs", 5);
	cr_expect_str_eq(f.err.fix, "write vcpus: 2");
	f.m.profile = PROFILE_IGVM; /* which measures what is in the file */
	s = see(&f, &platform_snp);
	cr_expect_str_eq(s.order, "vmsa fffffffff000+1000");
	cr_expect_eq(s.vcpus, 0);
	cr_expect_not_null(plan_settings(f.plan)->measure_only);
}

Test(igvm_plan, registers_in_odd_places_are_told)
{
	struct igvm_file elsewhere = begun(), twice = begun(), features = begun();
	struct snp_vmsa v = igvm_vmsa();

	igvm_add_vp(&elsewhere, 0x800000, 0, &v);
	check_file_refused(&elsewhere, ERROR_BAD_FIRMWARE, "(VP context) is not at 0xfffffffff000");
	igvm_add_vp(&twice, SNP_VMSA_GPA, 0, &v);
	igvm_add_vp(&twice, SNP_VMSA_GPA, 0, &v);
	check_file_refused(&twice, ERROR_BAD_FIRMWARE, "is for a vCPU that has registers already");
	igvm_add_vp(&features, SNP_VMSA_GPA, 0, &v);
	v.sev_features = le64_of(0x21);
	igvm_add_vp(&features, SNP_VMSA_GPA, 1, &v);
	auto_fixture struct fixture f = fixture_igvm(&features);

	f.m.vcpus = 2;
	check_refused(&f, ERROR_BAD_FIRMWARE, "has other SEV_FEATURES than another vCPU", 5);
}

/* As Hyper-V has it: among the pages, at its own address, any content. */
Test(igvm_plan, the_specification_measures_registers_where_they_are)
{
	struct igvm_file file = begun();
	struct snp_vmsa v = igvm_vmsa(), hashed;
	struct seen s;

	memset(&v, 0xa5, sizeof(v));
	hashed = v;
	memset((uint8_t *)&hashed + 0x2f0, 0, 16); /* the TSC's scale and offset */
	igvm_add_page(&file, 0x1000, NULL, 0, IGVM_NORMAL);
	igvm_add_vp(&file, 0x2000, 3, &v);
	igvm_add_page(&file, 0x3000, NULL, 0, IGVM_NORMAL);
	auto_fixture struct fixture f = fixture_igvm(&file);

	f.m.profile = PROFILE_IGVM;
	s = see(&f, &platform_snp);
	cr_expect_str_eq(s.order, "normal 1000+1000, vmsa 2000+1000, normal 3000+1000");
	cr_expect_arr_eq(bytes_at(&s, 0x2000, PAGE_SIZE), &hashed, PAGE_SIZE);
	cr_expect(strstr(plan_settings(f.plan)->measure_only, "VMSAs"));
}

/* --- policy, features, ID block, and other keys of the manifest --- */

Test(igvm_plan, the_policy_is_the_files_unless_the_manifest_says_otherwise)
{
	struct igvm_file file = begun(), none = begun(), two = begun(), bad = begun();

	igvm_add_policy(&file, IGVM_SNP, 0xb0000);
	auto_fixture struct fixture f = fixture_igvm(&file);

	make(&f, &platform_snp);
	cr_expect_eq(plan_settings(f.plan)->policy, 0xb0000);
	cr_expect_eq(igvm_policy(&f.m, &f.images.firmware), 0xb0000);
	f.m.locations[KEY_SNP_POLICY].line = 9;
	check_refused(&f, ERROR_CONFLICT,
	              "snp.policy is 0x30000, and the IGVM file is made for "
	              "0xb0000",
	              9);
	cr_expect_eq(igvm_policy(&f.m, &f.images.firmware), 0x30000);
	f.m.policy = 0xb0000;
	make(&f, &platform_snp);

	igvm_add_policy(&none, IGVM_SNP, 0);
	auto_fixture struct fixture g = fixture_igvm(&none);

	g.m.policy = 0x70000;
	g.m.locations[KEY_SNP_POLICY].line = 9;
	make(&g, &platform_snp);
	cr_expect_eq(plan_settings(g.plan)->policy, 0x70000);
	igvm_add_policy(&two, IGVM_SNP, 0x30000);
	igvm_add_policy(&two, IGVM_SNP, 0xb0000);
	check_file_refused(&two, ERROR_BAD_FIRMWARE, "is another policy for the same platform");
	igvm_add_policy(&bad, IGVM_SNP, 1);
	check_file_refused(&bad, ERROR_BAD_POLICY, "");
}

Test(igvm_plan, features_of_the_manifest_and_of_the_file_must_agree)
{
	auto_fixture struct fixture f = fixture_plain();

	f.m.guest_features = 0x21;
	make(&f, &platform_snp);
	cr_expect_eq(plan_settings(f.plan)->sev_features, 1);
	f.m.locations[KEY_SNP_GUEST_FEATURES].by = "snp.guest_features";
	f.m.locations[KEY_SNP_GUEST_FEATURES].line = 0;
	f.plan = NULL;
	cr_assert_lt(assemble(&f.m, &f.images, &platform_snp, &f.plan, &f.err), 0);
	cr_expect_eq(f.err.kind, ERROR_CONFLICT);
	cr_expect(strstr(f.err.text, "snp.guest_features is 0x21, and the IGVM file is made for "
	                             "0x1"),
	          "%s", f.err.text);
}

/* The body of SNP_ID_BLOCK for an ID block and its authentication. */
static struct igvm_id_block body_of(const uint8_t *block, const uint8_t *auth, bool author)
{
	const struct snp_id_block *b = (const void *)block;
	const struct snp_id_auth *a = (const void *)auth;
	struct igvm_id_block body = { .mask = le32_of(IGVM_SNP), .author_key_enabled = author };

	memcpy(body.digest, b->digest, 48);
	memcpy(body.family_id, b->family_id, 16);
	memcpy(body.image_id, b->image_id, 16);
	body.version = b->version;
	body.svn = b->guest_svn;
	body.id_algorithm = a->id_key_algorithm;
	body.author_algorithm = a->author_key_algorithm;
	memcpy(body.id_r, a->id_block_signature, 144);
	memcpy(&body.id_key.curve, a->id_key, 4);
	memcpy(body.id_key.x, a->id_key + 4, 144);
	memcpy(body.author_r, a->id_key_signature, 144);
	memcpy(&body.author_key.curve, a->author_key, 4);
	memcpy(body.author_key.x, a->author_key + 4, 144);
	return body;
}

Test(igvm_plan, the_files_id_block_is_used_unless_the_manifest_has_one)
{
	for (int author = 0; author < 2; author++) {
		struct igvm_file file = igvm_file_default(), twice = igvm_file_default();
		struct igvm_file bad = igvm_file_default();
		uint8_t digest[48] = { 7 }, block[96], auth[4096];
		struct igvm_id_block body;

		idblock_make(digest, 0x30000, author, block, auth);
		body = body_of(block, auth, author);
		igvm_add(&file, IGVM_SNP_ID_BLOCK, &body, sizeof(body));
		igvm_add(&twice, IGVM_SNP_ID_BLOCK, &body, sizeof(body));
		igvm_add(&twice, IGVM_SNP_ID_BLOCK, &body, sizeof(body));
		auto_fixture struct fixture f = fixture_igvm(&file);

		make(&f, &platform_snp);
		cr_expect(plan_settings(f.plan)->id_block_given);
		cr_expect_eq(plan_settings(f.plan)->author_key, author);
		cr_expect_arr_eq(plan_settings(f.plan)->id_block, block, sizeof(block));
		cr_expect_arr_eq(plan_settings(f.plan)->id_auth, auth, sizeof(auth));
		f.m.identity_given = true;
		make(&f, &platform_snp);
		cr_expect_not(plan_settings(f.plan)->id_block_given);
		check_file_refused(&twice, ERROR_BAD_FIRMWARE, "is a second one");
		body.svn = le32_of(99); /* after it was signed */
		igvm_add(&bad, IGVM_SNP_ID_BLOCK, &body, sizeof(body));
		check_file_refused(&bad, ERROR_BAD_ID_BLOCK, "the ID block in the file: ");
	}
}

Test(igvm_plan, keys_that_mean_nothing_to_such_a_file_are_refused)
{
	auto_fixture struct fixture f = fixture_plain(), raw = fixture_default();

	f.m.locations[KEY_MEASURE_PROFILE].line = 8;
	raw.m.locations[KEY_MEASURE_PROFILE].line = 8;
	for (enum manifest_profile p = 0; p < PROFILES; p++) {
		f.m.profile = raw.m.profile = p;
		if (igvm_profile(p))
			make(&f, &platform_snp);
		else
			check_refused(&f, ERROR_CONFLICT,
			              p == PROFILE_SVSM ? "and nothing else"
			                                : "doesn't load IGVM files",
			              8);
		if (p == PROFILE_SVSM)
			check_refused(&raw, ERROR_MISSING_KEY, "without 'measure.svsm'", 8);
		else if (p == PROFILE_QEMU || !igvm_profile(p))
			make(&raw, &platform_snp);
		else
			check_refused(&raw, ERROR_CONFLICT, "is for IGVM files", 8);
	}
	f.m.profile = PROFILE_QEMU;
	f.m.ovmf_hash_given = true;
	check_refused(&f, ERROR_CONFLICT, "measure.ovmf_hash", 5);
	f.m.ovmf_hash_given = false;
	give_kernel(&f, true);
	check_refused(&f, ERROR_CONFLICT, "no other is added", 6);
}

/* Which a firmware in the file reads from fw_cfg. */
Test(igvm_plan, a_kernel_is_handed_to_the_firmware_in_the_file)
{
	struct bzimage_spec spec = bzimage_default();
	auto_fixture struct fixture f = fixture_plain();
	const struct fw_item *items;
	size_t before;

	make(&f, &platform_snp);
	before = plan_items(f.plan, &items);
	cr_expect_gt(before, 0);
	give_bzimage(&f, &spec);
	f.m.kernel_hashes = false;
	make(&f, &platform_snp);
	cr_expect_gt(plan_items(f.plan, &items), before);
}

Test(igvm_plan, thousands_of_pages_are_taken_or_refused_in_no_time)
{
	struct igvm_file apart = begun(), joined = begun();
	size_t n = IGVM_DATA_AT / 32 - 8;

	for (size_t i = 0; i < n; i++) {
		igvm_add_page(&joined, i * PAGE_SIZE, NULL, 0, IGVM_NORMAL);
		igvm_add_page(&apart, 2 * i * PAGE_SIZE, NULL, 0, IGVM_NORMAL);
	}
	auto_fixture struct fixture f = fixture_igvm(&joined), g = fixture_igvm(&apart);

	make(&f, &platform_snp);
	make(&g, &platform_snp);
	f.m.memory = MIB;
	check_refused(&f, ERROR_MEMORY_TOO_SMALL, "which the guest doesn't have", 5);
}
