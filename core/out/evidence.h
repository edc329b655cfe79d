/* SPDX-License-Identifier: MIT */
/* core/out/evidence.h: what vouches for a launch, described once, to any emitter. */
#ifndef CORE_OUT_EVIDENCE_H
#define CORE_OUT_EVIDENCE_H

struct emitter;      /* core/out/emit.h */
struct snp_id_block; /* core/snp/abi.h */
struct snp_id_auth;
struct snp_report; /* core/snp/report.h */

/* Each gives the fields of a map that the caller has opened. Fields that a version hasn't got have no key. */
void evidence_id_block(const struct emitter *e, const struct snp_id_block *b);
void evidence_id_auth(const struct emitter *e, const struct snp_id_auth *a);
void evidence_report(const struct emitter *e, const struct snp_report *r);

#endif
