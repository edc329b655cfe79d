/* SPDX-License-Identifier: MIT */
/* core/plan/region.h: a range of guest pages of one kind. */
#ifndef CORE_PLAN_REGION_H
#define CORE_PLAN_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/bytes.h"

typedef uint64_t gpa_t;

/* The SNP firmware's numbers for them are in struct region_kind. */
enum page_kind {
	PAGE_DATA,
	PAGE_ZERO,
	PAGE_UNMEASURED,
	PAGE_SECRETS,
	PAGE_CPUID,
	PAGE_VMSA, /* of a launcher that is not KVM, so only to be measured: see plan_settings */
	PAGE_KINDS
};

struct region {
	gpa_t gpa;
	uint64_t size; /* whole 4 KiB pages */
	enum page_kind kind;
	/* `size` bytes, page-aligned, outliving the plan; NULL if the kind carries none */
	const uint8_t *bytes;
	const char *label; /* "ovmf code", for listings and errors; static */
};

/* What all regions of a kind have in common. */
struct region_kind {
	const char *name; /* in listings and results */
	uint8_t snp;      /* PAGE_TYPE, SEV-SNP firmware ABI 8.17 */
	bool carries;     /* a region has bytes */
	bool hashed;      /* and they enter PAGE_INFO.CONTENTS */
	bool snp_fills;   /* the SNP firmware fills it in; no other platform has such a page */
};

const struct region_kind *region_kind(enum page_kind kind);

static inline gpa_t region_end(const struct region *r)
{
	return r->gpa + r->size;
}

#endif
