/* SPDX-License-Identifier: MIT */
/* core/snp/idblock.c: reads ID blocks and ID authentications. */
#include "core/snp/idblock.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/snp/abi.h"
#include "core/snp/policy.h"

enum { ALGORITHM_P384 = SNP_ID_ALGORITHM_P384, CURVE_P384 = 2 };

/* A little-endian number of 384 bits, in a field with room for any curve. */
enum { NUMBER_CAP = 72, NUMBER_SIZE = 48, KEY_X = 4, KEY_Y = KEY_X + NUMBER_CAP };

static int key_check(const char *name, le32 algorithm, const uint8_t key[static SNP_ID_KEY_SIZE],
                     struct error *err)
{
	uint32_t curve = snp_id_key_curve(key);

	if (le32_get(algorithm) != ALGORITHM_P384)
		error_set(err, ERROR_BAD_ID_BLOCK, "snp.id_auth: %s key algorithm is %u, not 1",
		          name, le32_get(algorithm));
	else if (curve != CURVE_P384)
		error_set(err, ERROR_BAD_ID_BLOCK, "snp.id_auth: %s key is on curve %u, not 2",
		          name, curve);
	else
		return 0;
	error_why(err,
	          "the firmware only knows ECDSA on P-384 with SHA-384 (algorithm 1, curve 2)");
	return error_fix(err, "make the block with a P-384 key, numbers in little-endian order");
}

/*
 * A zero number was never filled in; one of more than 384 bits has the wrong byte order.
 */
static int number_check(const char *what, const uint8_t number[static NUMBER_CAP],
                        struct error *err)
{
	bool none = bytes_zero(number, NUMBER_CAP);

	if (!none && bytes_zero(number + NUMBER_SIZE, NUMBER_CAP - NUMBER_SIZE))
		return 0;
	error_set(err, ERROR_BAD_ID_BLOCK,
	          none ? "snp.id_auth: the %s is missing"
	               : "snp.id_auth: the %s is not a number of 384 bits",
	          what);
	error_why(err, "the firmware reads R, S and coordinates as little-endian numbers in 72 "
	               "bytes each");
	return error_fix(err, none ? "sign the block, and give the signed one"
	                           : "reverse the bytes of each number: OpenSSL writes them "
	                             "big-endian");
}

static int numbers_check(const char *const what[static 4], const uint8_t *key,
                         const uint8_t *signature, struct error *err)
{
	int r = number_check(what[0], key + KEY_X, err);

	if (r == 0)
		r = number_check(what[1], key + KEY_Y, err);
	if (r == 0)
		r = number_check(what[2], signature, err);
	return r == 0 ? number_check(what[3], signature + NUMBER_CAP, err) : r;
}

int snp_id_check(const uint8_t block[static PLAN_ID_BLOCK], const uint8_t auth[static PLAN_ID_AUTH],
                 bool *author_key, struct error *err)
{
	static const char *const id_words[] = { "ID key's X", "ID key's Y",
		                                "ID block signature's R",
		                                "ID block signature's S" };
	static const char *const author_words[] = { "author key's X", "author key's Y",
		                                    "ID key signature's R",
		                                    "ID key signature's S" };
	const struct snp_id_auth *a = (const void *)auth;
	bool author = snp_id_key_present(a->author_key);
	int r;

	if (bytes_zero(block, PLAN_ID_BLOCK)) {
		error_set(err, ERROR_BAD_ID_BLOCK, "snp.id_block is all zeros");
		return error_fix(err, "give the 96 bytes that the guest's owner signed");
	}
	r = key_check("ID", a->id_key_algorithm, a->id_key, err);
	if (r == 0 && author)
		r = key_check("author", a->author_key_algorithm, a->author_key, err);
	if (r == 0)
		r = numbers_check(id_words, a->id_key, a->id_block_signature, err);
	if (r == 0 && author)
		r = numbers_check(author_words, a->author_key, a->id_key_signature, err);
	if (r == 0)
		*author_key = author;
	return r;
}

void snp_id_compare(const uint8_t block[static PLAN_ID_BLOCK], const uint8_t digest[static 48],
                    uint64_t policy, bool *digest_differs, bool *policy_differs)
{
	const struct snp_id_block *b = (const void *)block;

	*digest_differs = memcmp(b->digest, digest, sizeof(b->digest)) != 0;
	*policy_differs = le64_get(b->policy) != policy;
}

uint64_t snp_id_policy(const uint8_t block[static PLAN_ID_BLOCK])
{
	return le64_get(((const struct snp_id_block *)(const void *)block)->policy);
}

uint32_t snp_id_version(const uint8_t block[static PLAN_ID_BLOCK])
{
	return le32_get(((const struct snp_id_block *)(const void *)block)->version);
}

/*
 * Either mark is enough, a known version or a plausible policy: the firmware ignores the version.
 */
const struct snp_id_block *snp_id_block_find(const uint8_t *bytes, size_t size)
{
	const struct snp_id_block *b = (const void *)bytes;

	if (size != sizeof(*b))
		return NULL;
	if (le32_get(b->version) != SNP_ID_BLOCK_VERSION && !snp_policy_known(le64_get(b->policy)))
		return NULL;
	return b;
}

const struct snp_id_auth *snp_id_auth_find(const uint8_t *bytes, size_t size)
{
	const struct snp_id_auth *a = (const void *)bytes;

	if (size != sizeof(*a))
		return NULL;
	if (le32_get(a->id_key_algorithm) != ALGORITHM_P384 &&
	    snp_id_key_curve(a->id_key) != CURVE_P384)
		return NULL;
	return a;
}

bool snp_id_key_present(const uint8_t key[static SNP_ID_KEY_SIZE])
{
	return !bytes_zero(key, SNP_ID_KEY_SIZE);
}

uint32_t snp_id_key_curve(const uint8_t key[static SNP_ID_KEY_SIZE])
{
	struct reader r = reader_over(key, SNP_ID_KEY_SIZE, 0, 4);

	return reader_le32(&r);
}

void snp_id_key_digest(const uint8_t key[static SNP_ID_KEY_SIZE], uint8_t digest[static 48])
{
	sha384(key, SNP_ID_KEY_SIZE, digest);
}

const char *snp_algorithm_name(uint32_t algorithm)
{
	return algorithm == ALGORITHM_P384 ? "ECDSA P-384 with SHA-384" : NULL;
}

const char *snp_curve_name(uint32_t curve)
{
	return curve == CURVE_P384 ? "P-384" : NULL;
}
