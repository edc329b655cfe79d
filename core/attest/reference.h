/* SPDX-License-Identifier: MIT */
/*
 * core/attest/reference.h: the fields of a launch's attestation report that are known before the
 * launch.
 */
#ifndef CORE_ATTEST_REFERENCE_H
#define CORE_ATTEST_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan/plan.h"

struct reference {
	uint8_t measurement[PLAN_DIGEST];
	/* From the manifest, and whether it decides them: with ec2 and gce, the cloud does. */
	uint64_t policy;
	uint8_t host_data[32];
	bool policy_known, host_data_known;
	bool host_data_random; /* each launch has another host_data */
	/* The rest comes from the ID block; without one, it is zero in a report. */
	bool id_block, id_key_known, author_key_known;
	uint8_t family_id[16], image_id[16];
	uint32_t svn;
	/* SHA-384 of the keys in the firmware's format */
	uint8_t id_key_digest[PLAN_DIGEST], author_key_digest[PLAN_DIGEST];
};

/* The fields for a sealed plan and its digest. An ID block fixes the policy in a cloud, too. */
struct reference reference_of(const struct plan *p, const uint8_t digest[static PLAN_DIGEST]);

/* Adds the fields of an ID block, signed or not. NULL: there is no such key, or it is unknown. */
void reference_add_id_block(struct reference *r, const uint8_t block[static PLAN_ID_BLOCK],
                            const uint8_t *id_key, const uint8_t *author_key);

#endif
