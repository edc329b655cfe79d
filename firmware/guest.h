/* SPDX-License-Identifier: MIT */
/*
 * firmware/guest.h: what our own guests have in common: regions, page tables, and a start in 64-bit
 * mode.
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

/* A region of a guest, in whole pages. The code's size is 0 here; it is that of the blob. */
struct guest_part {
	gpa_t gpa;
	uint64_t size;
	enum page_kind kind;
	const char *label;
};

/* The layout of a guest and the registers that depend on it. */
struct guest {
	const struct guest_part *parts; /* in launch order */
	size_t n_parts;
	gpa_t low; /* where guest_add()'s buffer `low` begins */
	gpa_t pml4, params, code, stack_top;
	const uint8_t *blob, *blob_end; /* the code */
	uint64_t cr4;
};

/* Makes an entry that leads to the table at `to`. Tables are private, whatever they map. */
void guest_link(uint8_t table[static PAGE_SIZE], unsigned index, gpa_t to, uint64_t c_mask);
/* Maps large pages of `size` bytes each, from `from` on, to themselves. bits: C-bit, GUEST_NX. */
void guest_identity(uint8_t table[static PAGE_SIZE], gpa_t from, uint64_t size, uint64_t bits);
/* Refuses a C-bit that would lie in the addresses that we map, or above an entry's address bits. */
int guest_c_bit_check(unsigned c_bit, struct error *err);

static inline uint64_t guest_part_size(const struct guest *g, const struct guest_part *part)
{
	return part->gpa == g->code ? (uint64_t)(g->blob_end - g->blob) : part->size;
}

/*
 * Adds the parts to a plan, which becomes the owner of `low`, even on failure: the bytes of all
 * parts but the code, in one buffer. Without `snp`, pages that its firmware fills are left out.
 */
int guest_add(struct plan *p, const struct guest *g, bool snp, struct blob low, struct error *err);
/* vCPU 0: 64-bit mode, paging on, no interrupts; parameters in RSI, signature in RDX. */
struct vcpu_state guest_state(const struct guest *g, uint32_t vcpu_sig);

#endif
