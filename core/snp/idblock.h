/* SPDX-License-Identifier: MIT */
/* core/snp/idblock.h: an ID block held against the launch it is meant for, before the firmware does. */
#ifndef CORE_SNP_IDBLOCK_H
#define CORE_SNP_IDBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan/plan.h"

struct error; /* core/base/error.h */

/*
 * Structure alone: algorithms and curves that firmware refuses with INVALID_PARAM or BAD_SIGNATURE
 * (SEV-SNP firmware ABI 8.16). 0, or -EINVAL naming the field. *author_key says whether the block carries an
 * author key, i.e. whether any of its bytes is set.
 */
int snp_id_check(const uint8_t block[static PLAN_ID_BLOCK], const uint8_t auth[static PLAN_ID_AUTH],
                 bool *author_key, struct error *err);

/*
 * What of the block disagrees with the launch: *digest_differs, *policy_differs. The firmware is the judge;
 * this is for the sentence that explains its verdict.
 */
void snp_id_compare(const uint8_t block[static PLAN_ID_BLOCK], const uint8_t digest[static 48],
                    uint64_t policy, bool *digest_differs, bool *policy_differs);

#endif
