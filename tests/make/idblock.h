/* SPDX-License-Identifier: MIT */
/* tests/make/idblock.h: makes and signs ID blocks for tests, with a key made on the spot. */
#ifndef TESTS_MAKE_IDBLOCK_H
#define TESTS_MAKE_IDBLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An ID block (96 bytes) for a digest and a policy, and its ID authentication (4096 bytes) signed
 * by a fresh P-384 key; with `author` that key is signed by another fresh one. Aborts on failure:
 * it's a test's helper.
 */
void idblock_make(const uint8_t digest[static 48], uint64_t policy, bool author,
                  uint8_t block[static 96], uint8_t auth[static 4096]);

#endif
