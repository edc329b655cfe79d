/* SPDX-License-Identifier: MIT */
/* core/snp/idblock.c: reads ID block and ID authentication; signs nothing. */
#include "core/snp/idblock.h"

#include <string.h>

#include "core/base/error.h"
#include "core/snp/abi.h"

enum { ALGORITHM_P384 = 1, CURVE_P384 = 2 };

static bool all_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

static int key_check(const char *name, le32 algorithm, const uint8_t key[0x404], struct error *err)
{
	struct reader r = reader_over(key, 0x404, 0, 4);
	uint32_t curve = reader_le32(&r);

	if (le32_get(algorithm) != ALGORITHM_P384)
		error_set(err, ERROR_BAD_ID_BLOCK, "snp.id_auth: %s key algorithm is %u, not 1",
		          name, le32_get(algorithm));
	else if (curve != CURVE_P384)
		error_set(err, ERROR_BAD_ID_BLOCK, "snp.id_auth: %s key is on curve %u, not 2",
		          name, curve);
	else
		return 0;
	error_why(err,
	          "the firmware knows ECDSA on P-384 with SHA-384 alone (algorithm 1, curve 2)");
	return error_fix(err, "make the block with a P-384 key, numbers in little-endian order");
}

int snp_id_check(const uint8_t block[static PLAN_ID_BLOCK], const uint8_t auth[static PLAN_ID_AUTH],
                 bool *author_key, struct error *err)
{
	const struct snp_id_auth *a = (const void *)auth;
	bool author = !all_zero(a->author_key, sizeof(a->author_key));
	int r;

	if (all_zero(block, PLAN_ID_BLOCK)) {
		error_set(err, ERROR_BAD_ID_BLOCK, "snp.id_block is all zeros");
		return error_fix(err, "give the 96 bytes that the guest's owner signed");
	}
	r = key_check("ID", a->id_key_algorithm, a->id_key, err);
	if (r == 0 && author)
		r = key_check("author", a->author_key_algorithm, a->author_key, err);
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
