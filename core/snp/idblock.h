/* SPDX-License-Identifier: MIT */
/*
 * core/snp/idblock.h: checks an ID block before the firmware does, and compares it with the launch.
 */
#ifndef CORE_SNP_IDBLOCK_H
#define CORE_SNP_IDBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan/plan.h"

struct error;        /* core/base/error.h */
struct snp_id_block; /* core/snp/abi.h */
struct snp_id_auth;

#define SNP_ID_ALGORITHM_P384 1
#define SNP_ID_KEY_SIZE       0x404 /* curve, Qx, Qy, zeros: SEV-SNP firmware ABI chapter 10 */

/*
 * Checks only the structure: algorithms, curves and numbers that firmware refuses with
 * INVALID_PARAM or BAD_SIGNATURE (SEV-SNP firmware ABI 8.16). Doesn't verify signatures. 0, or
 * -EINVAL with *err naming the field. *author_key: whether there is an author key, that is, whether
 * any of its bytes is set.
 */
int snp_id_check(const uint8_t block[static PLAN_ID_BLOCK], const uint8_t auth[static PLAN_ID_AUTH],
                 bool *author_key, struct error *err);

/*
 * How the block differs from the launch, to explain why the firmware refused it.
 */
void snp_id_compare(const uint8_t block[static PLAN_ID_BLOCK], const uint8_t digest[static 48],
                    uint64_t policy, bool *digest_differs, bool *policy_differs);

/* Fields of a block, unchecked. */
#define SNP_ID_BLOCK_VERSION 1
uint64_t snp_id_policy(const uint8_t block[static PLAN_ID_BLOCK]);
uint32_t snp_id_version(const uint8_t block[static PLAN_ID_BLOCK]);

/* The bytes as such a structure, if they look like one; else NULL. */
const struct snp_id_block *snp_id_block_find(const uint8_t *bytes, size_t size);
const struct snp_id_auth *snp_id_auth_find(const uint8_t *bytes, size_t size);

/* Whether any byte of a key is set. */
bool snp_id_key_present(const uint8_t key[static SNP_ID_KEY_SIZE]);
uint32_t snp_id_key_curve(const uint8_t key[static SNP_ID_KEY_SIZE]);
/* SHA-384 of the whole key, as reports have it in ID_KEY_DIGEST and AUTHOR_KEY_DIGEST. */
void snp_id_key_digest(const uint8_t key[static SNP_ID_KEY_SIZE], uint8_t digest[static 48]);

/*
 * Names for the numbers in keys and reports, SEV-SNP firmware ABI chapter 10; NULL: unknown.
 */
const char *snp_algorithm_name(uint32_t algorithm);
const char *snp_curve_name(uint32_t curve);

#endif
