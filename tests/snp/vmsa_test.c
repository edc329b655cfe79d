/* SPDX-License-Identifier: MIT */
/* tests/snp/vmsa_test.c: register state against the VMSAs that other tools and KVM's rules give. */
#include "core/snp/vmsa.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/make/vectors.h"

/* A vCPU out of reset as QEMU has it; the vectors differ in where it begins, RDX and attributes. */
static struct vcpu_state reset_state(uint32_t eip, uint32_t rdx)
{
	const struct segment data = { .attrib = 0x93, .limit = 0xffff };

	return (struct vcpu_state){
		.cs = { 0xf000, 0x9b, 0xffff, eip & 0xffff0000 },
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.ss = data,
		.gdt = { .limit = 0xffff },
		.idt = { .limit = 0xffff },
		.ldt = { .attrib = 0x82, .limit = 0xffff },
		.tr = { .attrib = 0x8b, .limit = 0xffff },
		.cr0 = 0x10,
		.rip = eip & 0xffff,
		.rflags = 2,
		.rdx = rdx,
	};
}

/* What a launcher like EC2's hands to KVM. */
static struct vcpu_state ec2_state(uint32_t eip, bool bsp)
{
	struct vcpu_state s = reset_state(eip, 0x600);

	s.cs.attrib = bsp ? 0x9a : 0x9b;
	s.ss.attrib = 0x92;
	s.tr.attrib = 0x83;
	return s;
}

static uint64_t qword_at(const struct snp_vmsa *v, size_t offset)
{
	le64 q;

	memcpy(&q, (const uint8_t *)v + offset, sizeof(q));
	return le64_get(q);
}

/* `map` lists every qword that isn't zero. */
static void check_qwords(const struct snp_vmsa *v, const json_t *map)
{
	size_t listed = 0;

	cr_assert(json_is_object(map));
	for (size_t offset = 0; offset < sizeof(*v); offset += 8) {
		const char *text;
		char key[16];

		snprintf(key, sizeof(key), "0x%zx", offset);
		text = json_string_value(json_object_get(map, key));
		listed += text != NULL;
		cr_expect_eq(qword_at(v, offset), text ? strtoull(text, NULL, 16) : 0,
		             "qword at 0x%zx is 0x%llx, not %s", offset,
		             (unsigned long long)qword_at(v, offset), text ? text : "zero");
	}
	cr_expect_eq(listed, json_object_size(map),
	             "an offset of the vector that was not compared");
}

/* One vector: first vCPU and, where the case has more, the others. */
static void check_vector(const char *id, struct vcpu_state bsp, struct vcpu_state ap,
                         enum vmsa_flavour flavour)
{
	auto_json json_t *all = vectors_load();
	json_t *c = vectors_case(all, id), *want = json_object_get(c, "expect");
	uint64_t features = vectors_number(c, "guest_features");
	struct snp_vmsa v;

	snp_vmsa_of(&bsp, features, flavour, &v);
	check_qwords(&v, json_object_get(want, "vmsa_bsp_nonzero_qwords"));
	if (!json_object_get(want, "vmsa_ap_nonzero_qwords"))
		return;
	snp_vmsa_of(&ap, features, flavour, &v);
	check_qwords(&v, json_object_get(want, "vmsa_ap_nonzero_qwords"));
}

/* The qwords come from sev-snp-measure 0.0.13. */
Test(vmsa, of_kvm_is_the_one_that_sev_snp_measure_has_for_qemu)
{
	check_vector("pub-001", reset_state(0xfffffff0, 0x800f12), (struct vcpu_state){ 0 },
	             VMSA_KVM);
	check_vector("pub-002", reset_state(0xfffffff0, 0x800f12),
	             reset_state(0xfffff3c8, 0x800f12), VMSA_KVM);
	check_vector("pub-022", reset_state(0xfffffff0, 0x800f12), reset_state(0x91234, 0x800f12),
	             VMSA_KVM);
}

Test(vmsa, of_ec2_is_the_one_that_sev_snp_measure_has)
{
	check_vector("pub-033", ec2_state(0xfffffff0, true), ec2_state(0x80b004, false), VMSA_EC2);
}

Test(vmsa, of_gce_is_the_one_that_sev_snp_measure_has)
{
	check_vector("pub-034", reset_state(0xfffffff0, 0x600), reset_state(0x80b004, 0x600),
	             VMSA_GCE);
}

/* Without the vectors: PAT and FPU are the host's, all else is the state's. */
Test(vmsa, flavours_differ_in_pat_and_fpu_alone)
{
	static const struct {
		enum vmsa_flavour flavour;
		uint64_t pat, mxcsr, fcw;
	} rows[] = {
		{ VMSA_KVM, 0x0007040600070406, 0x1f80, 0x37f },
		{ VMSA_EC2, 0x0007040600070406, 0, 0 },
		{ VMSA_GCE, 0x0000000000070106, 0, 0 },
	};
	struct vcpu_state s = reset_state(0xfffffff0, 1);
	struct snp_vmsa kvm, v;

	snp_vmsa_of(&s, 1, VMSA_KVM, &kvm);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snp_vmsa_of(&s, 1, rows[i].flavour, &v);
		cr_expect_eq(qword_at(&v, 0x268), rows[i].pat);
		cr_expect_eq(qword_at(&v, 0x408), rows[i].mxcsr);
		cr_expect_eq(qword_at(&v, 0x410), rows[i].fcw);
		v.g_pat = kvm.g_pat;
		v.mxcsr = kvm.mxcsr;
		v.fcw = kvm.fcw;
		cr_expect_arr_eq(&v, &kvm, sizeof(v));
	}
}

/*
 * Every register has a value of its own; each must come to lie at its place (APM volume 2, table
 * B-4).
 */
Test(vmsa, a_long_mode_state_lies_where_the_manual_says)
{
	const struct vcpu_state s = {
		.es = { 0x10, 0xc93, 1, 2 },
		.cs = { 0x08, 0xa9b, 3, 4 },
		.ss = { 0x10, 0xc93, 5, 6 },
		.ds = { 0x10, 0xc93, 7, 8 },
		.fs = { 0x10, 0xc93, 9, 0xa },
		.gs = { 0x10, 0xc93, 0xb, 0xffffffff81000000 },
		.gdt = { 0, 0, 0x27, 0xc },
		.ldt = { 0x20, 0x82, 0xd, 0xe },
		.idt = { 0, 0, 0xfff, 0xf },
		.tr = { 0x18, 0x8b, 0x67, 0x11 },
		.cr0 = 0x80010033,
		.cr3 = 0x8000000001000,
		.cr4 = 0x20,
		.efer = 0xd00,
		.rip = 0x12,
		.rsp = 0x13,
		.rflags = 0x202,
		.rdx = 0x14,
		.rsi = 0x15,
	};
	static const struct {
		size_t offset;
		uint64_t value;
	} rows[] = {
		{ 0x00, 0x000000010c930010 },
		{ 0x08, 2 },
		{ 0x10, 0x000000030a9b0008 },
		{ 0x18, 4 },
		{ 0x20, 0x000000050c930010 },
		{ 0x28, 6 },
		{ 0x30, 0x000000070c930010 },
		{ 0x38, 8 },
		{ 0x40, 0x000000090c930010 },
		{ 0x48, 0xa },
		{ 0x50, 0x0000000b0c930010 },
		{ 0x58, 0xffffffff81000000 },
		{ 0x60, 0x0000002700000000 },
		{ 0x68, 0xc },
		{ 0x70, 0x0000000d00820020 },
		{ 0x78, 0xe },
		{ 0x80, 0x00000fff00000000 },
		{ 0x88, 0xf },
		{ 0x90, 0x00000067008b0018 },
		{ 0x98, 0x11 },
		{ 0xd0, 0x1d00 }, /* SVME or-ed */
		{ 0x148, 0x60 },  /* MCE or-ed */
		{ 0x150, 0x8000000001000 },
		{ 0x158, 0x80010033 },
		{ 0x160, 0x400 },
		{ 0x168, 0xffff0ff0 },
		{ 0x170, 0x202 },
		{ 0x178, 0x12 },
		{ 0x1d8, 0x13 },
		{ 0x268, 0x0007040600070406 },
		{ 0x310, 0x14 },
		{ 0x330, 0x15 },
		{ 0x3b0, 0x201 },
		{ 0x3e8, 1 },
		{ 0x408, 0x1f80 },
		{ 0x410, 0x37f },
	};
	struct snp_vmsa v;
	size_t n = 0;

	snp_vmsa_of(&s, 0x201, VMSA_KVM, &v);
	for (size_t offset = 0; offset < sizeof(v); offset += 8) {
		bool listed = n < ARRAY_SIZE(rows) && rows[n].offset == offset;

		cr_expect_eq(qword_at(&v, offset), listed ? rows[n].value : 0,
		             "qword at 0x%zx is 0x%llx", offset,
		             (unsigned long long)qword_at(&v, offset));
		n += listed;
	}
	cr_expect_eq(n, ARRAY_SIZE(rows));
}

Test(vmsa, loses_the_cache_bits_of_cr0_as_kvm_drops_them)
{
	struct vcpu_state s = { .cr0 = 0xe0000011 };
	struct snp_vmsa v;

	snp_vmsa_of(&s, 1, VMSA_KVM, &v);
	cr_expect_eq(le64_get(v.cr0), 0x80000011);
}

Test(vmsa, has_the_privilege_level_of_its_stack_segment)
{
	for (unsigned dpl = 0; dpl < 4; dpl++) {
		struct vcpu_state s = { .cs.attrib = 0x9b | (3 - dpl) << 5,
			                .ss.attrib = (uint16_t)(0xc93 | dpl << 5) };
		struct snp_vmsa v;

		snp_vmsa_of(&s, 1, VMSA_KVM, &v);
		cr_expect_eq(v.cpl, dpl);
	}
}

Test(vmsa, has_no_selector_or_attributes_for_the_descriptor_tables)
{
	struct vcpu_state s = { .gdt = { 1, 2, 3, 4 }, .idt = { 5, 6, 7, 8 } };
	struct snp_vmsa v;

	snp_vmsa_of(&s, 1, VMSA_KVM, &v);
	cr_expect_eq(qword_at(&v, 0x60), (uint64_t)3 << 32);
	cr_expect_eq(qword_at(&v, 0x80), (uint64_t)7 << 32);
}

Test(vmsa, always_has_the_reserved_bit_of_rflags)
{
	struct vcpu_state s = { .rflags = 0 };
	struct snp_vmsa v;

	memset(&v, 0xa5, sizeof(v)); /* nothing of it may shine through */
	snp_vmsa_of(&s, 1, VMSA_KVM, &v);
	cr_expect_eq(le64_get(v.rflags), 2);
	cr_expect_eq(qword_at(&v, 0x2f0), 0, "GUEST_TSC_SCALE is hashed as zero");
	cr_expect_eq(qword_at(&v, 0xff8), 0);
}

/* What an IGVM file has and KVM can set comes back whole; what KVM sets itself does, too. */
Test(vmsa, a_state_that_is_read_from_a_page_gives_that_page)
{
	const struct vcpu_state states[] = { reset_state(0xfffffff0, 0x800f12),
		                             reset_state(0x80b004, 0x600) };
	struct snp_vmsa page = { 0 }, again;
	struct vcpu_state s;

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		for (enum vmsa_flavour f = 0; f < VMSA_FLAVOURS; f++) {
			snp_vmsa_of(&states[i], 0x21, f, &page);
			snp_vcpu_of(&page, &s);
			cr_expect_eq(s.efer, states[i].efer);
			cr_expect_eq(s.rip, states[i].rip);
			snp_vmsa_of(&s, 0x21, VMSA_KVM, &again);
			cr_expect_arr_eq(&again, &page, sizeof(page));
		}
	snp_vcpu_of(&page, &s);
	s.rax = 1, s.rbx = 2, s.rcx = 3, s.rdx = 4, s.rsi = 5, s.rdi = 6, s.rbp = 7, s.rsp = 8;
	for (size_t i = 0; i < ARRAY_SIZE(s.r8_15); i++)
		s.r8_15[i] = 0x10 + i;
	s.more = (struct vcpu_more){ true, 0, 0, 0x70106, 7, 0x1fa0, 0x27f };
	snp_vmsa_of(&s, 1, VMSA_KVM, &page);
	cr_expect_eq(qword_at(&page, 0x160), 0);
	cr_expect_eq(qword_at(&page, 0x1f8), 1);
	cr_expect_eq(qword_at(&page, 0x318), 2);
	cr_expect_eq(qword_at(&page, 0x378), 0x17);
	cr_expect_eq(qword_at(&page, 0x3e8), 7);
	snp_vcpu_of(&page, &s);
	snp_vmsa_of(&s, 1, VMSA_KVM, &again);
	cr_expect_arr_eq(&again, &page, sizeof(page));
}
