/* SPDX-License-Identifier: MIT */
/*
 * core/base/sha2.c: SHA-2 from libcrypto. The low-level calls are used because they neither allocate nor
 * look an algorithm up: a launch digest takes thousands of hashes of 112 bytes, and EVP's bookkeeping
 * would cost more than the hashing. OpenSSL 3 keeps them, marked deprecated in favour of EVP.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/base/sha2.h"

#include <openssl/sha.h>

void sha256(const void *data, size_t size, uint8_t digest[static SHA256_SIZE])
{
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, data, size);
	SHA256_Final(digest, &c);
}

void sha384(const void *data, size_t size, uint8_t digest[static SHA384_SIZE])
{
	SHA512_CTX c;

	SHA384_Init(&c);
	SHA384_Update(&c, data, size);
	SHA384_Final(digest, &c);
}
