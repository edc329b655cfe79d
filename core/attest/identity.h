/* SPDX-License-Identifier: MIT */
/*
 * core/attest/identity.h: ID blocks and ID authentications (SEV-SNP firmware ABI 8.18.3): made for
 * a digest, signed, and verified as the firmware does it at LAUNCH_FINISH.
 */
#ifndef CORE_ATTEST_IDENTITY_H
#define CORE_ATTEST_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attest/p384.h"
#include "core/plan/plan.h"

struct error; /* core/base/error.h */

/* Who vouches for a launch, and how the owner calls it. */
struct identity {
	struct p384 *id_key;
	struct p384 *author_key; /* vouches for the ID key; NULL: nobody does */
	uint8_t family_id[16], image_id[16];
	uint32_t svn;
};
void identity_fini(struct identity *i); /* frees the keys */

static inline void identity_cleanup(struct identity *i)
{
	identity_fini(i);
}
#define auto_identity __attribute__((cleanup(identity_cleanup)))

/* The ID block: what the ID key signs. The author key signs the ID key's public form. */
void identity_block(const struct identity *i, const uint8_t digest[static PLAN_DIGEST],
                    uint64_t policy, uint8_t block[static PLAN_ID_BLOCK]);

/* Signatures that were made elsewhere (p384_signature_read()); NULL: the key itself signs. */
struct identity_signatures {
	const uint8_t *id, *author;
};

/* The ID authentication of a block. It is verified before it is given back. */
int identity_authenticate(const struct identity *i, const uint8_t block[static PLAN_ID_BLOCK],
                          const struct identity_signatures *given,
                          uint8_t auth[static PLAN_ID_AUTH], struct error *err);

/*
 * Structure (snp_id_check()) and signatures, as the firmware looks at them: 0, or -EINVAL with
 * ERROR_BAD_ID_BLOCK. *author_key says whether there is an author key. Digest and policy of the
 * launch are not looked at.
 */
int identity_verify(const uint8_t block[static PLAN_ID_BLOCK],
                    const uint8_t auth[static PLAN_ID_AUTH], bool *author_key, struct error *err);

#endif
