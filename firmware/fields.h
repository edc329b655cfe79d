/* SPDX-License-Identifier: MIT */
/*
 * firmware/fields.h: what is in the measured pages of a launch, by name, and which setting usually
 * decides it.
 */
#ifndef FIRMWARE_FIELDS_H
#define FIRMWARE_FIELDS_H

#include <stdint.h>

struct saved_values; /* core/out/saved.h */
struct region;       /* core/plan/region.h */
struct snp_vmsa;     /* core/snp/abi.h */

/* Adds the fields of a region that has bytes; its label says which fields these are. */
void fields_of_region(const struct region *r, struct saved_values *to);
/* Adds the fields that are not zero. */
void fields_of_vmsa(const struct snp_vmsa *v, struct saved_values *to);

/* What usually decides a field, or for NULL the region's content. NULL: unknown. Static. */
struct fields_cause {
	const char *key, *text;
};
struct fields_cause fields_cause_of(const char *label, const char *field);

#endif
