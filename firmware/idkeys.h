/* SPDX-License-Identifier: MIT */
/* firmware/idkeys.h: the keys of snp.identity, and what they sign. */
#ifndef FIRMWARE_IDKEYS_H
#define FIRMWARE_IDKEYS_H

#include <sys/types.h>

#include "config/manifest.h"
#include "core/attest/identity.h"

struct error;     /* core/base/error.h */
struct findings;  /* core/base/findings.h */
struct plan;      /* core/plan/plan.h */
struct reference; /* core/attest/reference.h */

/*
 * Reads the keys that m names, and makes those that are ephemeral. Public keys are accepted: their
 * signature may come from elsewhere. False: an error was added. *ret is always written; the caller
 * calls identity_fini(). Without snp.identity there is nothing in it.
 */
bool idkeys_read(const struct manifest *m, struct identity *ret, struct findings *f);

/*
 * Whether others than the owner can read the file of a private key, from its mode; then *ret is a
 * warning. `name`: the key or option that names the file.
 */
bool idkeys_exposed(const char *name, const char *path, mode_t mode, struct error *ret);

/* An ID block and its authentication. */
struct idkeys_signed {
	uint8_t block[PLAN_ID_BLOCK], auth[PLAN_ID_AUTH];
};

/*
 * The ID block of snp.identity for this policy and digest, signed. `given`: signatures made
 * elsewhere; NULL: none. A key that has to sign must be a private one.
 */
int idkeys_make(const struct manifest *m, const struct identity *i, uint64_t policy,
                const uint8_t digest[static PLAN_DIGEST], const struct identity_signatures *given,
                struct idkeys_signed *ret, struct error *err);

/* The same for a launch: gives the block to the plan. 0 also if m has no snp.identity. */
int idkeys_sign(const struct manifest *m, const struct identity *i, const struct plan *p,
                const uint8_t digest[static PLAN_DIGEST], struct error *err);

/*
 * Adds to a launch's reference values what the ID block will say that snp.identity makes. Neither
 * an ephemeral key nor its digest is known yet. Does nothing if m has no snp.identity.
 */
void idkeys_reference(const struct manifest *m, const struct identity *i, struct reference *r);

#endif
