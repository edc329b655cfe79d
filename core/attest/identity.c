/* SPDX-License-Identifier: MIT */
/* core/attest/identity.c: makes and verifies ID blocks. */
#include "core/attest/identity.h"

#include <assert.h>
#include <string.h>

#include "core/base/error.h"
#include "core/snp/abi.h"
#include "core/snp/idblock.h"

static_assert(P384_PUBLIC_SIZE == SNP_ID_KEY_SIZE, "a public key is what ID_AUTH holds");
static_assert(P384_SIGNATURE_SIZE == sizeof(((struct snp_id_auth *)0)->id_block_signature),
              "a signature is what ID_AUTH holds");

void identity_fini(struct identity *i)
{
	p384_free(i->id_key);
	p384_free(i->author_key);
	*i = (struct identity){ 0 };
}

void identity_block(const struct identity *i, const uint8_t digest[static PLAN_DIGEST],
                    uint64_t policy, uint8_t block[static PLAN_ID_BLOCK])
{
	struct snp_id_block b = {
		.version = le32_of(SNP_ID_BLOCK_VERSION),
		.guest_svn = le32_of(i->svn),
		.policy = le64_of(policy),
	};

	memcpy(b.digest, digest, sizeof(b.digest));
	memcpy(b.family_id, i->family_id, sizeof(b.family_id));
	memcpy(b.image_id, i->image_id, sizeof(b.image_id));
	memcpy(block, &b, sizeof(b));
}

/* `given`: a signature that another tool made; NULL: sign with the key. */
static int sign(const struct p384 *key, const uint8_t public[static P384_PUBLIC_SIZE],
                const char *what, const void *data, size_t size, const uint8_t *given,
                uint8_t to[static P384_SIGNATURE_SIZE], struct error *err)
{
	if (!given)
		return p384_sign(key, data, size, to, err);
	memcpy(to, given, P384_SIGNATURE_SIZE);
	if (p384_verify(public, data, size, to))
		return 0;
	error_set(err, ERROR_BAD_ID_BLOCK, "%s", what);
	error_why(err,
	          "it was made with another key, of another digest, or of a hash of the bytes");
	return error_fix(err,
	                 "sign what 'snpvmm idblock --print-tbs' prints, by ECDSA with SHA-384");
}

int identity_authenticate(const struct identity *i, const uint8_t block[static PLAN_ID_BLOCK],
                          const struct identity_signatures *given,
                          uint8_t auth[static PLAN_ID_AUTH], struct error *err)
{
	struct snp_id_auth a = { .id_key_algorithm = le32_of(SNP_ID_ALGORITHM_P384) };
	bool author_key;
	int r;

	p384_public(i->id_key, a.id_key);
	r = sign(i->id_key, a.id_key, "the ID signature is not the ID key's over the ID block",
	         block, PLAN_ID_BLOCK, given ? given->id : NULL, a.id_block_signature, err);
	if (r == 0 && i->author_key) {
		a.author_key_algorithm = le32_of(SNP_ID_ALGORITHM_P384);
		p384_public(i->author_key, a.author_key);
		r = sign(i->author_key, a.author_key,
		         "the author signature is not the author key's over the ID key", a.id_key,
		         sizeof(a.id_key), given ? given->author : NULL, a.id_key_signature, err);
	}
	/* Verify it now: the firmware only would when a launch finishes, and without saying why. */
	if (r == 0)
		r = identity_verify(block, (const uint8_t *)&a, &author_key, err);
	if (r == 0)
		memcpy(auth, &a, sizeof(a));
	return r;
}

static int refuse_signature(const char *what, const char *by, struct error *err)
{
	error_set(err, ERROR_BAD_ID_BLOCK, "snp.id_auth: the %s", what);
	error_why(err,
	          "it was made with another key, for other bytes, or the %s key is not a point of "
	          "P-384: the firmware would answer BAD_SIGNATURE",
	          by);
	return error_fix(err, "give the block and the authentication that were made together");
}

int identity_verify(const uint8_t block[static PLAN_ID_BLOCK],
                    const uint8_t auth[static PLAN_ID_AUTH], bool *author_key, struct error *err)
{
	const struct snp_id_auth *a = (const void *)auth;
	bool author;
	int r = snp_id_check(block, auth, &author, err);

	if (r < 0)
		return r;
	if (!p384_verify(a->id_key, block, PLAN_ID_BLOCK, a->id_block_signature))
		return refuse_signature("ID block signature is not the ID key's over snp.id_block",
		                        "ID", err);
	if (author &&
	    !p384_verify(a->author_key, a->id_key, sizeof(a->id_key), a->id_key_signature))
		return refuse_signature("ID key signature is not the author key's over the ID key",
		                        "author", err);
	*author_key = author;
	return 0;
}
