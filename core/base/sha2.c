/* SPDX-License-Identifier: MIT */
/*
 * core/base/sha2.c: SHA-2 by libcrypto's low-level calls, which neither allocate nor look up an
 * algorithm: a launch digest takes thousands of hashes of 112 bytes, and EVP's bookkeeping would
 * cost more than the hashing. OpenSSL 3 has them, deprecated in favour of EVP.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/base/sha2.h"

#include <assert.h>
#include <openssl/sha.h>

static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256_state), "sha256_state is too small");
static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256_state), "sha256_state's alignment");

void sha256_begin(struct sha256_state *s)
{
	SHA256_Init((SHA256_CTX *)s);
}

void sha256_more(struct sha256_state *s, const void *data, size_t size)
{
	SHA256_Update((SHA256_CTX *)s, data, size);
}

void sha256_end(struct sha256_state *s, uint8_t digest[static SHA256_SIZE])
{
	SHA256_Final(digest, (SHA256_CTX *)s);
}

void sha256(const void *data, size_t size, uint8_t digest[static SHA256_SIZE])
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_more(&s, data, size);
	sha256_end(&s, digest);
}

void sha384(const void *data, size_t size, uint8_t digest[static SHA384_SIZE])
{
	SHA512_CTX c;

	SHA384_Init(&c);
	SHA384_Update(&c, data, size);
	SHA384_Final(digest, &c);
}
