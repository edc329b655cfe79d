/* SPDX-License-Identifier: MIT */
/*
 * core/attest/identity.h: makes ID blocks and ID authentications (SEV-SNP firmware ABI 8.18.3) for
 * a digest, and verifies them as the firmware does at LAUNCH_FINISH.
 */
#ifndef CORE_ATTEST_IDENTITY_H
#define CORE_ATTEST_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attest/p384.h"
#include "core/plan/plan.h"

struct error; /* core/base/error.h */

/* The keys that sign for a launch, and the owner's names for it. */
struct identity {
	struct p384 *id_key;
	struct p384 *author_key; /* signs the ID key; NULL: none */
	uint8_t family_id[16], image_id[16];
	uint32_t svn;
};
void identity_fini(struct identity *i); /* frees the keys */

static inline void identity_cleanup(struct identity *i)
{
	identity_fini(i);
}
#define auto_identity __attribute__((cleanup(identity_cleanup)))

/* The ID block, which the ID key signs. (The author key signs the public ID key.) */
void identity_block(const struct identity *i, const uint8_t digest[static PLAN_DIGEST],
                    uint64_t policy, uint8_t block[static PLAN_ID_BLOCK]);

/* Signatures that another tool made (p384_signature_read()); NULL: sign with the key. */
struct identity_signatures {
	const uint8_t *id, *author;
};

/* Makes the ID authentication of a block, and verifies it. */
int identity_authenticate(const struct identity *i, const uint8_t block[static PLAN_ID_BLOCK],
                          const struct identity_signatures *given,
                          uint8_t auth[static PLAN_ID_AUTH], struct error *err);

/*
 * Verifies structure (snp_id_check()) and signatures, as the firmware does: 0, or -EINVAL with
 * ERROR_BAD_ID_BLOCK. *author_key: whether there is an author key. Doesn't compare digest and
 * policy with a launch.
 */
int identity_verify(const uint8_t block[static PLAN_ID_BLOCK],
                    const uint8_t auth[static PLAN_ID_AUTH], bool *author_key, struct error *err);

#endif
