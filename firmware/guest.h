/* SPDX-License-Identifier: MIT */
/*
 * firmware/guest.h: what the guests of our own have in common: page tables, 64-bit mode from the
 * start, parts.
 */
#ifndef FIRMWARE_GUEST_H
#define FIRMWARE_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/file.h"
#include "core/plan/region.h"
#include "core/plan/vcpu.h"

struct error; /* core/base/error.h */
struct plan;  /* core/plan/plan.h */

#define GUEST_TABLE_ENTRIES 512
#define GUEST_NX            (1ULL << 63) /* a page that is never code */

/* A part of a guest, of whole pages. The code (its size here is 0) is as large as its blob. */
struct guest_part {
	gpa_t gpa;
	uint64_t size;
	enum page_kind kind;
	bool snp_only;
	const char *label;
};

/* Where things lie in a guest, and how it begins. */
struct guest {
	const struct guest_part *parts; /* in launch order */
	size_t n_parts;
	gpa_t low; /* parts that carry bytes are pieces of one image, whose first byte lies here */
	gpa_t pml4, params, code, stack_top;
	const uint8_t *blob, *blob_end; /* the code */
	uint64_t cr4;
};

/*
 * An entry that leads to the table at `to`. Tables are private memory, whichever view they lead to.
 */
void guest_link(uint8_t table[static PAGE_SIZE], unsigned index, gpa_t to, uint64_t c_mask);
/*
 * Fills a table with large pages of `size` bytes each, from address 0 on; `bits`: C-bit, GUEST_NX.
 */
void guest_identity(uint8_t table[static PAGE_SIZE], uint64_t size, uint64_t bits);
/* The same from address `from` on. */
void guest_identity_from(uint8_t table[static PAGE_SIZE], uint64_t from, uint64_t size,
                         uint64_t bits);
/* Refuses a C-bit that no page table entry of ours can have there. */
int guest_c_bit_check(unsigned c_bit, struct error *err);

static inline uint64_t guest_part_size(const struct guest *g, const struct guest_part *part)
{
	return part->gpa == g->code ? (uint64_t)(g->blob_end - g->blob) : part->size;
}

/* Adds the parts to a plan, which becomes the owner of `low`, failure included. */
int guest_add(struct plan *p, const struct guest *g, bool snp, struct blob low, struct error *err);
/* How vCPU 0 begins: 64-bit mode, paging on, no interrupts; parameters in RSI, signature in RDX. */
struct vcpu_state guest_state(const struct guest *g, uint32_t vcpu_sig);

#endif
