/* SPDX-License-Identifier: MIT */
/* tests/make/idblock.h: makes and signs ID blocks, with new keys. */
#ifndef TESTS_MAKE_IDBLOCK_H
#define TESTS_MAKE_IDBLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes an ID block (96 bytes) for a digest and a policy, and an ID authentication (4096 bytes)
 * signed by a new P-384 key. `author`: another new key signs that key. Aborts on failure.
 */
void idblock_make(const uint8_t digest[static 48], uint64_t policy, bool author,
                  uint8_t block[static 96], uint8_t auth[static 4096]);

#endif
