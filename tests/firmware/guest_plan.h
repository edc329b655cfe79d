/* SPDX-License-Identifier: MIT */
/* tests/firmware/guest_plan.h: reads the plan of one of our own guests as a CPU would. */
#ifndef TESTS_FIRMWARE_GUEST_PLAN_H
#define TESTS_FIRMWARE_GUEST_PLAN_H

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "firmware/guest/entry.h"
#include "tests/firmware/seen.h"

#define ADDRESS_BITS 0x000ffffffffff000ULL
#define PTE_NX       (1ULL << 63)
#define FIRST_CODE   (GUEST_TSS_OFFSET + GUEST_TSS_SIZE)
#define VIEW_SHARED  (1ULL << GUEST_ALIAS_SHIFT)

/* Seals and replays the plan, with vCPUs that begin as *bsp. The caller frees the result's plan. */
static inline struct seen seen_seal(struct plan *p, const struct vcpu_state *bsp)
{
	struct error err = { 0 };
	const struct plan *sealed;

	cr_assert_eq(plan_set_vcpus(p, 1, bsp, bsp, &err), 0, "%s", err.text);
	sealed = plan_seal(p, &err);
	cr_assert_not_null(sealed, "%s", err.text);
	return seen_of(sealed);
}

/*
 * Walks the page tables to a leaf that maps 1 << leaf_shift bytes. Of the bits c_any, entries above
 * the leaf must have exactly c_mask. Returns the leaf, with NX if an entry above it has NX.
 */
static inline uint64_t walk(const struct seen *s, uint64_t va, int leaf_shift, uint64_t c_mask,
                            uint64_t c_any)
{
	uint64_t entry = s->bsp.cr3, nx = 0;

	for (int shift = 39; shift >= leaf_shift; shift -= 9) {
		gpa_t table = entry & ADDRESS_BITS & ~c_mask;

		entry = qword_at(s, table + (va >> shift & 511) * 8);
		nx |= entry & PTE_NX;
		cr_assert_eq(entry & 3, 3u, "va %#llx: not present or not writable",
		             (unsigned long long)va);
		if (shift > leaf_shift)
			cr_assert_eq(entry & c_any, c_mask, "va %#llx: C-bit of a table",
			             (unsigned long long)va);
		cr_assert_eq(!!(entry & 0x80), shift == leaf_shift, "va %#llx: page size",
		             (unsigned long long)va);
	}
	return entry | nx;
}

/*
 * From `va` on, `size` bytes from `gpa` on are mapped: private (with the C-bit, for code and data)
 * or shared (without it, and with NX).
 */
static inline void check_view(const struct seen *s, uint64_t va, gpa_t gpa, uint64_t size,
                              bool private, int leaf_shift, uint64_t c_mask, uint64_t c_any)
{
	for (uint64_t at = 0; at < size; at += 1ULL << leaf_shift) {
		uint64_t leaf = walk(s, va + at, leaf_shift, c_mask, c_any);

		cr_assert_eq(leaf & ADDRESS_BITS, (gpa + at) | (private ? c_mask : 0));
		cr_assert_eq(leaf & PTE_NX, private ? 0u : PTE_NX);
	}
}

/* Up to `end`, memory is mapped at its own address, and shared at VIEW_SHARED. */
static inline void check_views(const struct seen *s, uint64_t end, int leaf_shift, uint64_t c_mask,
                               uint64_t c_any)
{
	check_view(s, 0, 0, end, true, leaf_shift, c_mask, c_any);
	check_view(s, VIEW_SHARED, 0, end, false, leaf_shift, c_mask, c_any);
}

/* What a CPU loads from a descriptor (APM volume 2, 4.8), as a struct segment. */
static inline struct segment descriptor(const uint8_t *code, uint16_t selector)
{
	const uint8_t *d = code + GUEST_GDT_OFFSET + selector;
	uint32_t limit = d[0] | (uint32_t)d[1] << 8 | (d[6] & 0xfU) << 16;

	return (struct segment){
		.selector = selector,
		.attrib = (uint16_t)(d[5] | (d[6] & 0xf0) << 4),
		.limit = d[6] & 0x80 ? limit << 12 | 0xfff : limit,
		.base = d[2] | (uint32_t)d[3] << 8 | (uint32_t)d[4] << 16 | (uint32_t)d[7] << 24,
	};
}

static inline void check_segment(const struct segment *s, const uint8_t *code, uint16_t selector)
{
	struct segment d = descriptor(code, selector);

	cr_assert_eq(s->selector, selector);
	cr_assert_eq(s->attrib, d.attrib, "%#x, not %#x", s->attrib, d.attrib);
	cr_assert_eq(s->limit, d.limit, "%#x, not %#x", s->limit, d.limit);
	cr_assert_eq(s->base, d.base);
}

static inline void check_segments(const struct seen *s, const uint8_t *code)
{
	check_segment(&s->bsp.cs, code, GUEST_CS);
	check_segment(&s->bsp.ds, code, GUEST_DS);
	check_segment(&s->bsp.es, code, GUEST_DS);
	check_segment(&s->bsp.fs, code, GUEST_DS);
	check_segment(&s->bsp.gs, code, GUEST_DS);
	check_segment(&s->bsp.ss, code, GUEST_DS);
	cr_assert_eq(s->bsp.cs.attrib, 0xa9b); /* 64-bit code */
	cr_assert_eq(s->bsp.ss.attrib, 0xc93);
}

static inline void check_gdtr_and_tr(const struct seen *s, const uint8_t *code)
{
	const uint8_t *tss = bytes_at(s, s->bsp.tr.base, s->bsp.tr.limit + 1);
	const uint8_t *gdt = bytes_at(s, s->bsp.gdt.base, s->bsp.gdt.limit + 1);

	cr_assert_eq(gdt, code + GUEST_GDT_OFFSET);
	cr_assert_eq(s->bsp.gdt.limit, 31u);
	cr_assert_eq(s->bsp.tr.limit, 0x67u);
	cr_assert_eq(s->bsp.tr.attrib, 0x8b); /* busy 64-bit TSS */
	cr_assert_eq(tss[0x66] | tss[0x67] << 8, 0x68, "an I/O permission map inside the TSS");
}

/* 64-bit mode with paging. CR4 depends on the guest. */
static inline void check_long_mode(const struct seen *s)
{
	cr_assert_eq(s->bsp.cr0, 0x80010033u);
	cr_assert_eq(s->bsp.cr3, 0x2000u);
	cr_assert_eq(s->bsp.efer, 0xd00u, "KVM adds SVME, nobody else");
	cr_assert_eq(s->bsp.rflags, 2u);
	cr_assert_eq(s->bsp.idt.limit, 0u);
	cr_assert_eq(s->bsp.ldt.attrib, 0x82);
}

/* The target of a jump at the code's first byte. */
static inline size_t first_jump(const uint8_t *code)
{
	if (code[0] == 0xe9)
		return 5u + code[1] + ((size_t)code[2] << 8);
	return code[0] == 0xeb ? 2u + code[1] : 0;
}

#endif
