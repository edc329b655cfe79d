/* SPDX-License-Identifier: MIT */
/* core/snp/cpuid.c: which of the host's CPUID an SNP guest gets. */
#include "core/snp/cpuid.h"

#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"

#define BITS(high, low) ((uint32_t)((((uint64_t)1 << ((high) - (low) + 1)) - 1) << (low)))

/*
 * Bits that the firmware refuses because it cannot vouch for them. Source: QEMU's
 * target/i386/sev.c, and trial.
 */
static const struct cpuid_mask {
	uint32_t function, index;
	enum cpuid_reg reg;
	uint32_t clear;
} masks[] = {
	{ 0x1, 0, CPUID_ECX, BITS(24, 24) }, /* TSC deadline timer: emulated by KVM */
	{ 0x7, 0, CPUID_EBX, BITS(1, 1) },   /* TSC_ADJUST: emulated by KVM */
	{ 0x7, 0, CPUID_ECX, BITS(16, 16) }, /* LA57: entered through memory below 640 KiB */
	{ 0x7, 0, CPUID_EDX, BITS(31, 26) }, /* Intel's names for speculation controls */
	/* KVM's features except its clock: they need pages that the guest must share. */
	{ 0x40000001, 0, CPUID_EAX, ~(BITS(24, 24) | BITS(3, 3) | BITS(1, 0)) },
	{ 0x80000008, 0, CPUID_EBX, BITS(26, 24) }, /* SSBD, VIRT_SSBD, SSB_NO */
	{ 0x80000021, 0, CPUID_EAX, BITS(28, 27) }, /* SBPB, IBPB_BRTYPE: synthesised by Linux */
	/* TSA_SQ_NO, TSA_L1_NO and, from 7.3 on, bit 7: synthesised by Linux (tsa_init()) */
	{ 0x80000021, 0, CPUID_ECX, BITS(7, 7) | BITS(2, 1) },
};

struct cpuid_leaf *cpuid_find(struct cpuid_table *t, uint32_t function, uint32_t index)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->leaves[i].function == function &&
		    (!t->leaves[i].indexed || t->leaves[i].index == index))
			return &t->leaves[i];
	return NULL;
}

struct cpuid_leaf *cpuid_add(struct cpuid_table *t, uint32_t function, uint32_t index, bool indexed)
{
	struct cpuid_leaf *leaf = cpuid_find(t, function, index);

	if (leaf || t->count == CPUID_MAX_LEAVES)
		return leaf;
	leaf = &t->leaves[t->count++];
	*leaf = (struct cpuid_leaf){ .function = function, .index = index, .indexed = indexed };
	return leaf;
}

int snp_cpuid_filter(struct cpuid_table *t, unsigned c_bit, struct error *err)
{
	struct cpuid_leaf *leaf;

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		leaf = cpuid_find(t, masks[i].function, masks[i].index);
		if (leaf)
			leaf->reg[masks[i].reg] &= ~masks[i].clear;
	}
	leaf = cpuid_add(t, 0x8000001f, 0, false);
	if (!leaf)
		return error_set(err, ERROR_INTERNAL, "more than %d CPUID leaves",
		                 CPUID_MAX_LEAVES);
	/* SEV, SEV-ES, SEV-SNP; one physical address bit less, as in QEMU: APM volume 3, E.4.17. */
	memcpy(leaf->reg, (uint32_t[CPUID_REGS]){ 0x1a, c_bit | 1 << 6, 0, 0 }, sizeof(leaf->reg));
	return 0;
}

/*
 * Whether EBX is the size of the XSAVE area, which depends on XCR0: the page has it for x87 only,
 * and the guest adds the rest.
 */
static bool page_sets_ebx(const struct cpuid_leaf *leaf)
{
	return leaf->function == 0xd && leaf->index <= 1;
}

int snp_cpuid_page(const struct cpuid_table *t, struct snp_cpuid_page *ret, struct error *err)
{
	uint32_t n = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < t->count; i++) {
		const struct cpuid_leaf *leaf = &t->leaves[i];
		struct snp_cpuid_entry *e = &ret->entries[n];

		if (!(leaf->reg[0] | leaf->reg[1] | leaf->reg[2] | leaf->reg[3]))
			continue;
		if (n == SNP_CPUID_ENTRIES)
			return error_set(err, ERROR_HOST_UNSUPPORTED,
			                 "this host has more than %d CPUID leaves for the guest",
			                 SNP_CPUID_ENTRIES);
		n++;
		*e = (struct snp_cpuid_entry){
			.eax_in = le32_of(leaf->function),
			.ecx_in = le32_of(leaf->indexed ? leaf->index : 0),
			.eax = le32_of(leaf->reg[CPUID_EAX]),
			.ebx = le32_of(leaf->reg[CPUID_EBX]),
			.ecx = le32_of(leaf->reg[CPUID_ECX]),
			.edx = le32_of(leaf->reg[CPUID_EDX]),
		};
		if (page_sets_ebx(leaf)) {
			e->xcr0_in = le64_of(1);
			e->ebx = le32_of(0x240);
		}
	}
	ret->count = le32_of(n);
	return 0;
}

static le32 entry_reg(const struct snp_cpuid_entry *e, enum cpuid_reg reg)
{
	const le32 regs[] = { e->eax, e->ebx, e->ecx, e->edx };

	return regs[reg];
}

/* Adds "0x7.0 EDX bits 26,27" to a text that may already be full. */
static void diff_add(char *text, size_t size, const struct snp_cpuid_entry *e, enum cpuid_reg reg,
                     uint32_t changed)
{
	static const char *const names[] = { "EAX", "EBX", "ECX", "EDX" };
	size_t n = strlen(text);

	n += (size_t)snprintf(text + n, size - n, "%s0x%x.%u %s bit%s", n ? "; " : "",
	                      le32_get(e->eax_in), le32_get(e->ecx_in), names[reg],
	                      changed & (changed - 1) ? "s" : "");
	for (unsigned bit = 0, first = 1; bit < 32 && n < size; bit++)
		if (changed >> bit & 1) {
			n += (size_t)snprintf(text + n, size - n, "%s%u", first ? " " : ",", bit);
			first = 0;
		}
}

size_t snp_cpuid_diff(const struct snp_cpuid_page *sent, const struct snp_cpuid_page *back,
                      char *text, size_t size)
{
	uint32_t count = MIN(le32_get(sent->count), (uint32_t)SNP_CPUID_ENTRIES);
	size_t differing = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < count; i++)
		for (int reg = 0; reg < CPUID_REGS; reg++) {
			uint32_t changed = le32_get(entry_reg(&sent->entries[i], reg)) ^
			                   le32_get(entry_reg(&back->entries[i], reg));

			if (!changed)
				continue;
			differing++;
			diff_add(text, size, &sent->entries[i], reg, changed);
		}
	return differing;
}

void snp_cpuid_adopt(struct cpuid_table *t, const struct snp_cpuid_page *back)
{
	uint32_t count = MIN(le32_get(back->count), (uint32_t)SNP_CPUID_ENTRIES);

	for (uint32_t i = 0; i < count; i++) {
		const struct snp_cpuid_entry *e = &back->entries[i];
		struct cpuid_leaf *leaf = cpuid_find(t, le32_get(e->eax_in), le32_get(e->ecx_in));

		for (int reg = 0; leaf && reg < CPUID_REGS; reg++)
			if (!page_sets_ebx(leaf) || reg != CPUID_EBX)
				leaf->reg[reg] = le32_get(entry_reg(e, reg));
	}
}
