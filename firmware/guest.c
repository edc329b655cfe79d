/* SPDX-License-Identifier: MIT */
/* firmware/guest.c: page tables, regions and first registers of our own guests. */
#include "firmware/guest.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "firmware/guest/entry.h"

/* Page table entries (APM volume 2, 5.4.1). With accessed and dirty set, no page walk writes. */
#define PTE_TABLE 0x23ULL /* present, writable, accessed */
#define PTE_LEAF  0xe3ULL /* the same, dirty, large page */

/* Lower bits are part of the addresses that we use; 51 is the last address bit. */
#define C_BIT_FIRST 32
#define C_BIT_LAST  51

static void entry_set(uint8_t *table, unsigned index, uint64_t value)
{
	le64 entry = le64_of(value);

	memcpy(table + index * sizeof(entry), &entry, sizeof(entry));
}

void guest_link(uint8_t table[static PAGE_SIZE], unsigned index, gpa_t to, uint64_t c_mask)
{
	entry_set(table, index, to | PTE_TABLE | c_mask);
}

void guest_identity(uint8_t table[static PAGE_SIZE], gpa_t from, uint64_t size, uint64_t bits)
{
	for (unsigned i = 0; i < GUEST_TABLE_ENTRIES; i++)
		entry_set(table, i, (from + i * size) | PTE_LEAF | bits);
}

int guest_c_bit_check(unsigned c_bit, struct error *err)
{
	if (c_bit >= C_BIT_FIRST && c_bit <= C_BIT_LAST)
		return 0;
	return error_set(err, ERROR_BAD_VALUE, "C-bit %u: only %d to %d are possible", c_bit,
	                 C_BIT_FIRST, C_BIT_LAST);
}

int guest_add(struct plan *p, const struct guest *g, bool snp, struct blob low, struct error *err)
{
	const uint8_t *bytes = low.data;
	int r = plan_adopt(p, low, err);

	for (size_t i = 0; r == 0 && i < g->n_parts; i++) {
		const struct guest_part *part = &g->parts[i];
		struct region region = { part->gpa, guest_part_size(g, part), part->kind, NULL,
			                 part->label };

		if (region_kind(part->kind)->snp_fills && !snp)
			continue;
		if (part->gpa == g->code)
			region.bytes = g->blob;
		else if (region_kind(part->kind)->carries)
			region.bytes = bytes + (part->gpa - g->low);
		r = plan_add(p, &region, err);
	}
	return r;
}

struct vcpu_state guest_state(const struct guest *g, uint32_t vcpu_sig)
{
	const struct segment data = { GUEST_DS, 0xc93, 0xffffffff, 0 };

	return (struct vcpu_state){
		.cs = { GUEST_CS, 0xa9b, 0xffffffff, 0 },
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.ss = data,
		.gdt = { 0, 0, 8 * GUEST_GDT_ENTRIES - 1, g->code + GUEST_GDT_OFFSET },
		.idt = { 0, 0, 0, 0 }, /* any exception ends the guest */
		.ldt = { 0, 0x82, 0xffff, 0 },
		.tr = { 0, 0x8b, GUEST_TSS_SIZE - 1, g->code + GUEST_TSS_OFFSET },
		.cr0 = 0x80010033, /* PG WP NE ET MP PE */
		.cr3 = g->pml4,    /* no C-bit: under SNP page walks are private anyway */
		.cr4 = g->cr4,
		.efer = 0xd00, /* NXE LMA LME */
		.rip = g->code,
		.rsp = g->stack_top,
		.rflags = 2,
		.rsi = g->params,
		.rdx = vcpu_sig,
	};
}
