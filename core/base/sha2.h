/* SPDX-License-Identifier: MIT */
/* core/base/sha2.h: SHA-256 and SHA-384, by libcrypto (FIPS 180-4). */
#ifndef CORE_BASE_SHA2_H
#define CORE_BASE_SHA2_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA384_SIZE 48

/* Thread-safe; need no setup and cannot fail. */
void sha256(const void *data, size_t size, uint8_t digest[static SHA256_SIZE]);
void sha384(const void *data, size_t size, uint8_t digest[static SHA384_SIZE]);

/* SHA-256 of bytes that come piece by piece. */
struct sha256_state {
	uint64_t opaque[16];
};
void sha256_begin(struct sha256_state *s);
void sha256_more(struct sha256_state *s, const void *data, size_t size);
void sha256_end(struct sha256_state *s, uint8_t digest[static SHA256_SIZE]);

#endif
