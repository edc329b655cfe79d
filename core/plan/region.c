/* SPDX-License-Identifier: MIT */
/* core/plan/region.c: the table of page kinds. */
#include "core/plan/region.h"

#include <assert.h>

#include "core/base/array.h"

static const struct region_kind kinds[] = {
	[PAGE_DATA] = { "normal", 1, true, true, false },
	[PAGE_ZERO] = { "zero", 3, false, false, false },
	[PAGE_UNMEASURED] = { "unmeasured", 4, true, false, false },
	[PAGE_SECRETS] = { "secrets", 5, false, false, true },
	/* the platform writes the host's CPUID there, and the firmware corrects it */
	[PAGE_CPUID] = { "cpuid", 6, false, false, true },
	[PAGE_VMSA] = { "vmsa", 2, true, true, false },
};
static_assert(ARRAY_SIZE(kinds) == PAGE_KINDS, "a page kind without a row");

const struct region_kind *region_kind(enum page_kind kind)
{
	return &kinds[kind];
}
