/* SPDX-License-Identifier: MIT */
/* firmware/stage0/sha256.h: SHA-256 (FIPS 180-4), with and without the SHA extensions. */
#ifndef FIRMWARE_STAGE0_SHA256_H
#define FIRMWARE_STAGE0_SHA256_H

#include <stdint.h>

/* Updates the state with `count` blocks of 64 bytes. */
typedef void stage0_sha256_blocks(uint32_t state[8], const uint8_t *data, uint64_t count);

stage0_sha256_blocks stage0_sha256_plain; /* any processor */
stage0_sha256_blocks stage0_sha256_ni;    /* needs the SHA extensions and SSE4.1, CR4.OSFXSR set */

/* Copies from -> to; the digest is that of the copy. */
void stage0_sha256_copy(stage0_sha256_blocks *blocks, uint8_t *to, const uint8_t *from,
                        uint64_t size, uint8_t digest[32]);

extern const uint32_t stage0_sha256_k[64]; /* 4.2.2: the round constants */

#endif
