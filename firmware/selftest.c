/* SPDX-License-Identifier: MIT */
/* firmware/selftest.c: page tables, parameters and initial registers of `builtin:selftest`. */
#include "firmware/selftest.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "firmware/guest.h"
#include "firmware/guest/entry.h"

#define LEAF_SIZE (2ULL << 20)
#define CR4_PAE   0x20
#define COM1      0x3f8

/* Tables and parameters are one buffer, which covers guest memory from LOW to LOW_END. */
#define LOW     SELFTEST_PML4
#define LOW_END (SELFTEST_PD_SHARED + PAGE_SIZE)

static_assert(GUEST_ALIAS_SHIFT == 39, "the alias is entry 1 of the PML4");
static_assert(SELFTEST_PML4 + 2 * PAGE_SIZE == SELFTEST_PDPT_SHARED,
              "the upper tables are adjacent");
static_assert(SELFTEST_PD + PAGE_SIZE == SELFTEST_PD_SHARED, "the page directories are adjacent");
static_assert(SELFTEST_STACK + PAGE_SIZE == SELFTEST_STACK_TOP, "the stack is one page");
static_assert(SELFTEST_TEST < SELFTEST_MEMORY, "all pages are inside SELFTEST_MEMORY");
static_assert(sizeof(struct selftest_params) <= PAGE_SIZE, "the parameters are one page");

/* Upper levels: PML4 entry 0 maps private memory, entry 1 the same memory, shared, at 2^39. */
static const struct link {
	gpa_t table;
	unsigned index;
	gpa_t to;
} links[] = {
	{ SELFTEST_PML4, 0, SELFTEST_PDPT },
	{ SELFTEST_PML4, 1, SELFTEST_PDPT_SHARED },
	{ SELFTEST_PDPT, 0, SELFTEST_PD },
	{ SELFTEST_PDPT_SHARED, 0, SELFTEST_PD_SHARED },
};

/* The regions, in launch order. */
static const struct guest_part parts[] = {
	{ SELFTEST_PML4, 3 * PAGE_SIZE, PAGE_DATA, "selftest page tables" },
	{ SELFTEST_PD, 2 * PAGE_SIZE, PAGE_DATA, "selftest page directories" },
	{ SELFTEST_PARAMS, PAGE_SIZE, PAGE_DATA, "selftest parameters" },
	{ SELFTEST_CODE, 0, PAGE_DATA, "selftest code" },
	{ SELFTEST_STACK, PAGE_SIZE, PAGE_ZERO, "selftest stack" },
	{ SELFTEST_SECRETS, PAGE_SIZE, PAGE_SECRETS, "selftest secrets" },
	{ SELFTEST_CPUID, PAGE_SIZE, PAGE_CPUID, "selftest cpuid" },
};

int selftest_plan(struct plan *p, const struct selftest_config *c, struct vcpu_state *bsp,
                  struct error *err)
{
	const struct guest g = {
		.parts = parts,
		.n_parts = ARRAY_SIZE(parts),
		.low = LOW,
		.pml4 = SELFTEST_PML4,
		.params = SELFTEST_PARAMS,
		.code = SELFTEST_CODE,
		.stack_top = SELFTEST_STACK_TOP,
		.blob = selftest_blob,
		.blob_end = selftest_blob_end,
		.cr4 = CR4_PAE,
	};
	const struct selftest_params params = {
		.magic = le64_of(SELFTEST_MAGIC),
		.flags = le64_of(c->c_bit ? SELFTEST_FLAG_SNP : 0),
		.c_bit = le32_of(c->c_bit),
		.vcpu_sig = le32_of(c->vcpu_sig),
		.exit_port = le16_of(c->exit_port),
		.serial_port = le16_of(COM1),
	};
	uint64_t c_mask;
	auto_blob struct blob low = BLOB_NONE;
	int r = c->c_bit ? guest_c_bit_check(c->c_bit, err) : 0;

	if (r == 0)
		r = blob_zero(LOW_END - LOW, &low, err);
	if (r < 0)
		return r;
	c_mask = c->c_bit ? 1ULL << c->c_bit : 0;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		guest_link(low.data + (links[i].table - LOW), links[i].index, links[i].to, c_mask);
	guest_identity(low.data + (SELFTEST_PD - LOW), 0, LEAF_SIZE, c_mask);
	/* Shared memory never holds code. */
	guest_identity(low.data + (SELFTEST_PD_SHARED - LOW), 0, LEAF_SIZE, GUEST_NX);
	memcpy(low.data + (SELFTEST_PARAMS - LOW), &params, sizeof(params));
	r = guest_add(p, &g, c->c_bit != 0, blob_steal(&low), err);
	if (r == 0)
		*bsp = guest_state(&g, c->vcpu_sig);
	return r;
}
