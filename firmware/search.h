/* SPDX-License-Identifier: MIT */
/*
 * firmware/search.h: finds out which settings give a launch digest, by building and measuring the
 * plans of other settings as every launch does.
 */
#ifndef FIRMWARE_SEARCH_H
#define FIRMWARE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan/plan.h"

struct error;        /* core/base/error.h */
struct explanations; /* core/out/explanation.h */
struct variations;   /* firmware/variation.h */

/* How far a search goes. */
struct search_limits {
	uint64_t budget_ms;    /* of CPU time; the manifest as it stands is always tried */
	unsigned most_changes; /* besides the number of vCPUs; 0: no limit */
};

/*
 * Searches for `want` among the launches that the variations make up, by rising number of changes,
 * and fills *ret, which the caller frees with explanations_fini(): all explanations of the smallest
 * number of changes. 0, found or not; or a negative errno.
 */
int search(const struct variations *v, const uint8_t want[static PLAN_DIGEST],
           const struct search_limits *limits, struct explanations *ret, struct error *err);

#endif
