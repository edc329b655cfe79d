/* SPDX-License-Identifier: MIT */
/*
 * tests/make/idblock.c: signs by libcrypto's ECDSA P-384. Layouts: SEV-SNP firmware ABI 8.18.3 and
 * chapter 10.
 */
#include "tests/make/idblock.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "tests/make/le.h"

enum {
	NUMBER = 72,
	ID_SIG = 0x40,
	ID_KEY = 0x240,
	KEY_SIG = 0x680,
	AUTHOR_KEY = 0x880,
	KEY_SIZE = 0x404
};

static void must(int good)
{
	if (!good)
		abort();
}

static void number_put(const BIGNUM *n, uint8_t *to)
{
	must(BN_bn2lebinpad(n, to, NUMBER) == NUMBER);
}

static void key_put(EVP_PKEY *key, uint8_t *to)
{
	BIGNUM *x = NULL, *y = NULL;

	must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x));
	must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y));
	to[0] = 2; /* curve P-384 */
	number_put(x, to + 4);
	number_put(y, to + 4 + NUMBER);
	BN_free(x);
	BN_free(y);
}

static void sign_put(EVP_PKEY *key, const uint8_t *data, size_t size, uint8_t *to)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t der[256];
	const uint8_t *at = der;
	size_t n = sizeof(der);
	ECDSA_SIG *sig;

	must(c && EVP_DigestSignInit(c, NULL, EVP_sha384(), NULL, key) > 0);
	must(EVP_DigestSign(c, der, &n, data, size) > 0);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
	must(sig != NULL);
	number_put(ECDSA_SIG_get0_r(sig), to);
	number_put(ECDSA_SIG_get0_s(sig), to + NUMBER);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(c);
}

void idblock_make(const uint8_t digest[static 48], uint64_t policy, bool author,
                  uint8_t block[static 96], uint8_t auth[static 4096])
{
	EVP_PKEY *id = EVP_EC_gen("P-384"), *author_key = author ? EVP_EC_gen("P-384") : NULL;

	must(id != NULL && (author_key != NULL) == author);
	memset(block, 0, 96);
	memset(auth, 0, 4096);
	memcpy(block, digest, 48);
	block[0x50] = 1;
	le_put(block + 0x58, policy, 8);
	auth[0] = 1;
	auth[4] = author ? 1 : 0;
	key_put(id, auth + ID_KEY);
	sign_put(id, block, 96, auth + ID_SIG);
	if (author_key) {
		key_put(author_key, auth + AUTHOR_KEY);
		sign_put(author_key, auth + ID_KEY, KEY_SIZE, auth + KEY_SIG);
	}
	EVP_PKEY_free(id);
	EVP_PKEY_free(author_key);
}
