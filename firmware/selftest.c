/* SPDX-License-Identifier: MIT */
/* firmware/selftest.c: page tables, parameters and initial registers of `builtin:selftest`. */
#include "firmware/selftest.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"

/* Page table entries (APM volume 2, 5.4.1). Accessed and dirty are set so that no walk has to write. */
#define PTE_TABLE 0x23ULL /* present, writable, accessed */
#define PTE_LEAF  0xe3ULL /* the same, dirty, large page */
#define PTE_NX    (1ULL << 63)
#define PTE_COUNT 512
#define LEAF_SIZE (2ULL << 20)
#define C_BIT_FIRST                                                                                \
	32 /* lower ones would be part of addresses that we use; 51 is the last address bit */
#define C_BIT_LAST 51

#define COM1 0x3f8

/* Tables and parameters are made in one piece, which covers guest memory from LOW to LOW_END. */
#define LOW     SELFTEST_PML4
#define LOW_END (SELFTEST_PD_SHARED + PAGE_SIZE)

static_assert(SELFTEST_ALIAS_SHIFT == 39, "the alias is entry 1 of the PML4");
static_assert(SELFTEST_PML4 + 2 * PAGE_SIZE == SELFTEST_PDPT_SHARED,
              "the upper tables are adjacent");
static_assert(SELFTEST_PD + PAGE_SIZE == SELFTEST_PD_SHARED, "the page directories are adjacent");
static_assert(SELFTEST_STACK + PAGE_SIZE == SELFTEST_STACK_TOP, "the stack is one page");
static_assert(SELFTEST_TEST < SELFTEST_MEMORY, "all pages are inside SELFTEST_MEMORY");
static_assert(sizeof(struct selftest_params) <= PAGE_SIZE, "the parameters are one page");

/* Upper levels: PML4 entry 0 leads to the private view, entry 1 to the same memory at 2^39. */
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

/* In launch order. The code is as large as the blob. */
static const struct part {
	gpa_t gpa;
	uint64_t size;
	enum page_kind kind;
	bool snp_only;
	const char *label;
} parts[] = {
	{ SELFTEST_PML4, 3 * PAGE_SIZE, PAGE_DATA, false, "selftest page tables" },
	{ SELFTEST_PD, 2 * PAGE_SIZE, PAGE_DATA, false, "selftest page directories" },
	{ SELFTEST_PARAMS, PAGE_SIZE, PAGE_DATA, false, "selftest parameters" },
	{ SELFTEST_CODE, 0, PAGE_DATA, false, "selftest code" },
	{ SELFTEST_STACK, PAGE_SIZE, PAGE_ZERO, false, "selftest stack" },
	{ SELFTEST_SECRETS, PAGE_SIZE, PAGE_SECRETS, true, "selftest secrets" },
	{ SELFTEST_CPUID, PAGE_SIZE, PAGE_CPUID, true, "selftest cpuid" },
};

/* 64-bit mode with paging on; KVM_SET_SREGS accepts it as it stands. */
static const struct vcpu_state first_state = {
	.cs = { SELFTEST_CS, 0xa9b, 0xffffffff, 0 },
	.ds = { SELFTEST_DS, 0xc93, 0xffffffff, 0 },
	.es = { SELFTEST_DS, 0xc93, 0xffffffff, 0 },
	.fs = { SELFTEST_DS, 0xc93, 0xffffffff, 0 },
	.gs = { SELFTEST_DS, 0xc93, 0xffffffff, 0 },
	.ss = { SELFTEST_DS, 0xc93, 0xffffffff, 0 },
	.gdt = { 0, 0, 8 * SELFTEST_GDT_ENTRIES - 1, SELFTEST_CODE + SELFTEST_GDT_OFFSET },
	.idt = { 0, 0, 0, 0 }, /* any exception ends the guest */
	.ldt = { 0, 0x82, 0xffff, 0 },
	.tr = { 0, 0x8b, SELFTEST_TSS_SIZE - 1, SELFTEST_CODE + SELFTEST_TSS_OFFSET },
	.cr0 = 0x80010033,    /* PG WP NE ET MP PE */
	.cr3 = SELFTEST_PML4, /* no C-bit: under SNP page walks are private anyway */
	.cr4 = 0x20,          /* PAE */
	.efer = 0xd00,        /* NXE LMA LME */
	.rip = SELFTEST_CODE,
	.rsp = SELFTEST_STACK_TOP,
	.rflags = 2,
	.rsi = SELFTEST_PARAMS,
};

static void entry_set(uint8_t *low, gpa_t table, unsigned index, uint64_t value)
{
	le64 entry = le64_of(value);

	memcpy(low + (table - LOW) + index * sizeof(entry), &entry, sizeof(entry));
}

/* Tables are private memory, whichever view they lead to; shared memory is never code. */
static void tables_fill(uint8_t *low, uint64_t c_mask)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		entry_set(low, links[i].table, links[i].index, links[i].to | PTE_TABLE | c_mask);
	for (unsigned i = 0; i < PTE_COUNT; i++) {
		entry_set(low, SELFTEST_PD, i, i * LEAF_SIZE | PTE_LEAF | c_mask);
		entry_set(low, SELFTEST_PD_SHARED, i, i * LEAF_SIZE | PTE_LEAF | PTE_NX);
	}
}

static void params_fill(uint8_t *low, const struct selftest_config *c)
{
	struct selftest_params params = {
		.magic = le64_of(SELFTEST_MAGIC),
		.flags = le64_of(c->snp ? SELFTEST_FLAG_SNP : 0),
		.c_bit = le32_of(c->snp ? c->c_bit : 0),
		.vcpu_sig = le32_of(c->vcpu_sig),
		.exit_port = le16_of(c->exit_port),
		.serial_port = le16_of(COM1),
	};

	memcpy(low + (SELFTEST_PARAMS - LOW), &params, sizeof(params));
}

static int config_check(const struct selftest_config *c, struct error *err)
{
	if (c->exit_port == 0) {
		error_set(err, ERROR_CONFLICT, "builtin:selftest without an exit port");
		error_why(err, "the exit port is how it says whether it passed");
		return error_fix(err, "leave out 'exit_port: false'");
	}
	if (c->snp && (c->c_bit < C_BIT_FIRST || c->c_bit > C_BIT_LAST))
		return error_set(err, ERROR_BAD_VALUE, "C-bit %u: only %d to %d are possible",
		                 c->c_bit, C_BIT_FIRST, C_BIT_LAST);
	return 0;
}

static int part_add(struct plan *p, const struct part *part, const uint8_t *low, struct error *err)
{
	struct region r = { part->gpa, part->size, part->kind, NULL, part->label };

	if (part->gpa == SELFTEST_CODE) {
		r.size = (uint64_t)(selftest_blob_end - selftest_blob);
		r.bytes = selftest_blob;
	} else if (region_kind(part->kind)->carries) {
		r.bytes = low + (part->gpa - LOW);
	}
	return plan_add(p, &r, err);
}

int selftest_plan(struct plan *p, const struct selftest_config *c, struct vcpu_state *bsp,
                  struct error *err)
{
	auto_blob struct blob low = BLOB_NONE;
	const uint8_t *bytes;
	int r = config_check(c, err);

	if (r < 0)
		return r;
	r = blob_zero(LOW_END - LOW, &low, err);
	if (r < 0)
		return r;
	bytes = low.data;
	tables_fill(low.data, c->snp ? 1ULL << c->c_bit : 0);
	params_fill(low.data, c);
	r = plan_adopt(p, blob_steal(&low), err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
		if (c->snp || !parts[i].snp_only)
			r = part_add(p, &parts[i], bytes, err);
	if (r < 0)
		return r;
	*bsp = first_state;
	bsp->rdx = c->vcpu_sig;
	return 0;
}
