/* SPDX-License-Identifier: MIT */
/* core/out/evidence.h: ID blocks and attestation reports as fields of a result. */
#ifndef CORE_OUT_EVIDENCE_H
#define CORE_OUT_EVIDENCE_H

#include <stdint.h>

struct tree;         /* core/out/tree.h */
struct snp_id_block; /* core/snp/abi.h */
struct snp_id_auth;
struct snp_report; /* core/snp/report.h */

/*
 * Each adds its fields to the map that the caller opened. Fields that this version of the structure
 * lacks have no key.
 */
void evidence_id_block(struct tree *t, const struct snp_id_block *b);
void evidence_id_auth(struct tree *t, const struct snp_id_auth *a);
void evidence_report(struct tree *t, const struct snp_report *r);
/* A map "policy": the number, and its bits by name. */
void evidence_policy(struct tree *t, uint64_t policy);

#endif
