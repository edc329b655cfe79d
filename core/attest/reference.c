/* SPDX-License-Identifier: MIT */
/* core/attest/reference.c: what a report of a launch holds, from its plan and its ID block. */
#include "core/attest/reference.h"

#include <string.h>

#include "core/snp/abi.h"
#include "core/snp/idblock.h"

void reference_add_id_block(struct reference *r, const uint8_t block[static PLAN_ID_BLOCK],
                            const uint8_t *id_key, const uint8_t *author_key)
{
	const struct snp_id_block *b = (const void *)block;

	r->id_block = true;
	r->policy_known = true;
	r->policy = le64_get(b->policy);
	r->svn = le32_get(b->guest_svn);
	memcpy(r->family_id, b->family_id, sizeof(r->family_id));
	memcpy(r->image_id, b->image_id, sizeof(r->image_id));
	r->id_key_known = id_key;
	if (id_key)
		snp_id_key_digest(id_key, r->id_key_digest);
	r->author_key_known = author_key;
	if (author_key)
		snp_id_key_digest(author_key, r->author_key_digest);
}

struct reference reference_of(const struct plan *p, const uint8_t digest[static PLAN_DIGEST])
{
	const struct plan_settings *s = plan_settings(p);
	const struct snp_id_auth *auth = (const void *)s->id_auth;
	bool ours = s->flavour == VMSA_KVM;
	struct reference r = { .policy_known = ours,
		               .policy = s->policy,
		               .host_data_known = ours && !s->host_data_random,
		               .host_data_random = s->host_data_random };

	memcpy(r.measurement, digest, sizeof(r.measurement));
	memcpy(r.host_data, s->host_data, sizeof(r.host_data));
	if (s->id_block_given)
		reference_add_id_block(&r, s->id_block, auth->id_key,
		                       s->author_key ? auth->author_key : NULL);
	return r;
}
