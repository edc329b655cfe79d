/* SPDX-License-Identifier: MIT */
/* tests/firmware/assemble_test.c: which regions a plan has, in which order, and what is refused. */
#include "firmware/assemble.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/hashes.h"
#include "tests/firmware/assemble_priv.h"

/* The regions of image_default() under profile qemu. Only the kind of the hashes' page varies. */
#define DEFAULT_ORDER(hashes)                                                                      \
	"normal ffff0000+10000, zero 800000+9000, zero 80a000+3000, secrets 80d000+1000, "         \
	"cpuid 80e000+1000, zero 80f000+1000, " hashes " 810000+1000, zero 811000+f000"

static void check_order(struct fixture *f, const char *want)
{
	struct seen s = see(f, &platform_snp);

	cr_expect_str_eq(s.order, want);
}

Test(assemble, puts_the_firmware_first_and_the_sections_in_the_images_order)
{
	auto_fixture struct fixture f = fixture_default();
	struct seen s = see(&f, &platform_snp);

	cr_expect_str_eq(s.order, DEFAULT_ORDER("zero"));
	cr_expect_eq(s.regions[0].bytes, f.images.firmware.data, "the plan borrows the image");
	cr_expect_str_eq(s.regions[0].label, "firmware");
	cr_expect_str_eq(s.regions[3].label, "secrets");
}

Test(assemble, does_not_sort_sections)
{
	struct image_spec spec = image_default();
	struct ovmf_section first = spec.sections[0];

	spec.sections[0] = spec.sections[6];
	spec.sections[6] = first;
	auto_fixture struct fixture f = fixture_of(&spec);

	check_order(&f, "normal ffff0000+10000, zero 811000+f000, zero 80a000+3000, "
	                "secrets 80d000+1000, cpuid 80e000+1000, zero 80f000+1000, "
	                "zero 810000+1000, zero 800000+9000");
}

Test(assemble, takes_a_section_of_a_number_that_it_does_not_know_as_zero_pages)
{
	struct image_spec spec = image_default();

	spec.sections[4].type = 0x77;
	auto_fixture struct fixture f = fixture_of(&spec);

	check_order(&f, DEFAULT_ORDER("zero"));
}

Test(assemble, puts_cpuid_last_for_ec2)
{
	auto_fixture struct fixture f = fixture_default();

	f.m.profile = PROFILE_EC2;
	check_order(&f, "normal ffff0000+10000, zero 800000+9000, zero 80a000+3000, "
	                "secrets 80d000+1000, zero 80f000+1000, zero 810000+1000, "
	                "zero 811000+f000, cpuid 80e000+1000");
}

Test(assemble, leaves_memory_unmeasured_for_gce_and_loads_zeros)
{
	auto_fixture struct fixture f = fixture_default();
	static const uint8_t zeros[0xf000];
	struct seen s;

	f.m.profile = PROFILE_GCE;
	s = see(&f, &platform_snp);
	cr_expect_str_eq(s.order,
	                 "normal ffff0000+10000, unmeasured 800000+9000, unmeasured 80a000+3000, "
	                 "secrets 80d000+1000, cpuid 80e000+1000, zero 80f000+1000, "
	                 "zero 810000+1000, unmeasured 811000+f000");
	cr_expect_arr_eq(s.regions[1].bytes, zeros, 0x9000);
	cr_expect_arr_eq(s.regions[7].bytes, zeros, 0xf000);
}

Test(assemble, measures_the_page_of_hashes_when_there_is_a_kernel)
{
	auto_fixture struct fixture f = fixture_default();
	struct kernel_hashes hashes;
	uint8_t page[4096];
	struct seen s;

	give_kernel(&f, true);
	s = see(&f, &platform_snp);
	cr_expect_str_eq(s.order, DEFAULT_ORDER("normal"));
	kernel_hashes_of(&hashes, f.images.kernel_sha256, f.images.initrd_sha256, "quiet");
	cr_assert_eq(kernel_hashes_page(&hashes, 0x810c00, 0x400, 0x810000, page, &f.err), 0);
	cr_expect_arr_eq(s.regions[6].bytes, page, sizeof(page));
}

/* The image sets the section's size, so the region needs as many bytes. */
Test(assemble, fills_a_section_of_hashes_that_is_larger_than_a_page_with_zeros)
{
	static const uint8_t zeros[0x2000];
	struct image_spec spec = image_default();
	auto_digest struct snp_digest d = { 0 };
	struct seen s;

	spec.sections[5].size += sizeof(zeros);
	spec.sections[6].gpa += sizeof(zeros);
	auto_fixture struct fixture f = fixture_of(&spec);

	give_kernel(&f, true);
	s = see(&f, &platform_snp);
	cr_assert_eq(s.regions[6].size, PAGE_SIZE + sizeof(zeros));
	cr_assert_eq(snp_digest_of(f.plan, &d, &f.err), 0);
	cr_expect_arr_eq(s.regions[6].bytes + PAGE_SIZE, zeros, sizeof(zeros));
}

Test(assemble, leaves_the_page_of_hashes_zero_when_they_are_not_wanted)
{
	auto_fixture struct fixture f = fixture_default();

	give_kernel(&f, false);
	check_order(&f, DEFAULT_ORDER("zero"));
}

Test(assemble, refuses_a_kernel_without_a_page_or_a_place_for_its_hashes)
{
	struct image_spec no_section = image_default(), no_area = image_default();

	no_section.sections[5].type = OVMF_SEC_MEM;
	no_area.hash_area = false;
	auto_fixture struct fixture f = fixture_of(&no_section);
	auto_fixture struct fixture g = fixture_of(&no_area);

	make(&f, &platform_snp);
	plan_free(f.plan);
	give_kernel(&f, true);
	give_kernel(&g, true);
	check_refused(&f, ERROR_NO_HASH_PAGE, "firmware 'fw.fd' has no page", 5);
	cr_expect(strstr(f.err.fix, "kernel_hashes: false"));
	check_refused(&g, ERROR_NO_HASH_PAGE, "firmware 'fw.fd' has no page", 5);
	f.m.kernel_hashes = g.m.kernel_hashes = false;
	make(&f, &platform_snp);
	make(&g, &platform_snp);
}

Test(assemble, refuses_hashes_that_would_lie_outside_their_page)
{
	struct image_spec spec = image_default();

	spec.hash_gpa = 0x80fc00;
	auto_fixture struct fixture f = fixture_of(&spec);

	give_kernel(&f, true);
	check_refused(&f, ERROR_BAD_FIRMWARE, "lies outside its page", 5);
}

Test(assemble, refuses_an_image_without_metadata)
{
	struct image_spec spec = image_default();

	spec.metadata = false;
	auto_fixture struct fixture f = fixture_of(&spec);

	check_refused(&f, ERROR_BAD_FIRMWARE, "firmware 'fw.fd' has no SEV metadata", 5);
	cr_expect_str_not_empty(f.err.why);
	cr_expect_str_not_empty(f.err.fix);
}

Test(assemble, refuses_an_image_without_a_reset_block_even_for_one_vcpu)
{
	struct image_spec none = image_default(), zero = image_default();

	none.reset = false;
	zero.reset_eip = 0;
	auto_fixture struct fixture f = fixture_of(&none);
	auto_fixture struct fixture g = fixture_of(&zero);

	f.m.vcpus = 1;
	check_refused(&f, ERROR_BAD_FIRMWARE, "has no SEV-ES reset block", 5);
	check_refused(&g, ERROR_BAD_FIRMWARE, "has a SEV-ES reset block with address 0", 5);
}

Test(assemble, names_the_file_before_what_is_wrong_in_it)
{
	struct image_spec spec = image_default();

	spec.fault = IMAGE_SIGNATURE;
	auto_fixture struct fixture f = fixture_of(&spec);

	check_refused(&f, ERROR_BAD_FIRMWARE, "firmware 'fw.fd': ", 5);
	cr_expect_eq(f.err.column, 13);
	blob_fini(&f.images.firmware);
	check_refused(&f, ERROR_BAD_FIRMWARE, "firmware 'fw.fd': ", 5);
}

/* The last section ends at 0x820000. */
Test(assemble, refuses_memory_that_does_not_hold_all_sections)
{
	auto_fixture struct fixture f = fixture_default();

	f.m.memory = 0x81f000;
	check_refused(&f, ERROR_MEMORY_TOO_SMALL, "lies outside the guest's memory", 5);
	cr_expect(strstr(f.err.fix, "memory"));
	f.m.memory = 64 * 1024;
	check_refused(&f, ERROR_MEMORY_TOO_SMALL, "0x800000..0x809000", 5);
	f.m.memory = 0x820000;
	make(&f, &platform_snp);
}

static void check_memory(uint64_t memory, const struct ram *want, size_t n)
{
	auto_fixture struct fixture f = fixture_default();
	const struct ram *ram;

	f.m.memory = memory;
	make(&f, &platform_snp);
	cr_assert_eq(plan_ram(f.plan, &ram), n);
	for (size_t i = 0; i < n; i++) {
		cr_expect_eq(ram[i].gpa, want[i].gpa);
		cr_expect_eq(ram[i].size, want[i].size);
	}
}

Test(assemble, splits_memory_at_three_gib)
{
	const struct ram firmware = { 0xffff0000, 0x10000 };
	const struct ram below[] = { { 0, 512 * MIB }, firmware };
	const struct ram exact[] = { { 0, 3 * GIB }, firmware };
	const struct ram page[] = { { 0, 3 * GIB }, { 4 * GIB, PAGE_SIZE }, firmware };
	const struct ram large[] = { { 0, 3 * GIB }, { 4 * GIB, 61 * GIB }, firmware };

	check_memory(512 * MIB, below, 2);
	check_memory(3 * GIB, exact, 2);
	check_memory(3 * GIB + PAGE_SIZE, page, 3);
	check_memory(64 * GIB, large, 3);
}

Test(assemble, refuses_a_section_in_the_hole_below_four_gib)
{
	struct image_spec spec = image_default();

	spec.sections[6].gpa = 0xc0000000;
	auto_fixture struct fixture f = fixture_of(&spec);

	f.m.memory = 8 * GIB;
	check_refused(&f, ERROR_MEMORY_TOO_SMALL, "0xc0000000..0xc000f000", 5);
}

/* A vCPU after reset, by profile. */
Test(assemble, starts_vcpus_as_the_profile_has_it)
{
	static const struct {
		enum manifest_profile profile;
		enum vmsa_flavour flavour;
		uint16_t bsp_cs, ap_cs, ss, tr;
		uint64_t rdx;
	} rows[] = {
		{ PROFILE_QEMU, VMSA_KVM, 0x9b, 0x9b, 0x93, 0x8b, 0x800f12 },
		{ PROFILE_EC2, VMSA_EC2, 0x9a, 0x9b, 0x92, 0x83, 0x600 },
		{ PROFILE_GCE, VMSA_GCE, 0x9b, 0x9b, 0x93, 0x8b, 0x600 },
	};
	auto_fixture struct fixture f = fixture_default();

	f.m.vcpus = 3;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seen s;

		f.m.profile = rows[i].profile;
		s = see(&f, &platform_snp);
		cr_expect_eq(plan_settings(f.plan)->flavour, rows[i].flavour);
		cr_expect_eq(s.vcpus, 3);
		cr_expect_eq(s.bsp.cs.attrib, rows[i].bsp_cs);
		cr_expect_eq(s.ap.cs.attrib, rows[i].ap_cs);
		cr_expect_eq(s.bsp.ss.attrib, rows[i].ss);
		cr_expect_eq(s.ap.tr.attrib, rows[i].tr);
		cr_expect_eq(s.bsp.rdx, rows[i].rdx);
		cr_expect_eq(s.ap.rdx, rows[i].rdx);
		cr_expect_eq(s.bsp.cs.base + s.bsp.rip, 0xfffffff0);
		cr_expect_eq(s.ap.cs.base, 0x800000);
		cr_expect_eq(s.ap.rip, 0xb004);
	}
}
