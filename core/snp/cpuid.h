/* SPDX-License-Identifier: MIT */
/* core/snp/cpuid.h: a guest's CPUID, and the page in which an SNP guest finds it. */
#ifndef CORE_SNP_CPUID_H
#define CORE_SNP_CPUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/snp/abi.h"

struct error; /* core/base/error.h */

enum cpuid_reg { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX, CPUID_REGS };

struct cpuid_leaf {
	uint32_t function, index;
	bool indexed; /* the leaf depends on ECX */
	uint32_t reg[CPUID_REGS];
};

#define CPUID_MAX_LEAVES 256
struct cpuid_table {
	struct cpuid_leaf leaves[CPUID_MAX_LEAVES];
	size_t count;
};

/* The leaf, or NULL. */
struct cpuid_leaf *cpuid_find(struct cpuid_table *t, uint32_t function, uint32_t index);
/* The leaf, which is added with zeros if it is missing; NULL: the table is full. */
struct cpuid_leaf *cpuid_add(struct cpuid_table *t, uint32_t function, uint32_t index,
                             bool indexed);

/*
 * Removes what KVM offers but SNP firmware refuses, and fills in leaf 0x8000001F.
 */
int snp_cpuid_filter(struct cpuid_table *t, unsigned c_bit, struct error *err);

/*
 * The page for LAUNCH_UPDATE. Leaves that are all zero are left out: guests read absent leaves as
 * zeros.
 */
int snp_cpuid_page(const struct cpuid_table *t, struct snp_cpuid_page *ret, struct error *err);

/*
 * How the page that the firmware wrote back differs from the one it was sent, as text: "0x7.0 EDX
 * bits 26,27; ...". Returns the number of registers that differ.
 */
size_t snp_cpuid_diff(const struct snp_cpuid_page *sent, const struct snp_cpuid_page *back,
                      char *text, size_t size);

/* Copies the firmware's values to the table, so that KVM's CPUID agrees with the page. */
void snp_cpuid_adopt(struct cpuid_table *t, const struct snp_cpuid_page *back);

#endif
