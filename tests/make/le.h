/* SPDX-License-Identifier: MIT */
/* tests/make/le.h: writes and reads little-endian integers of any width. */
#ifndef TESTS_MAKE_LE_H
#define TESTS_MAKE_LE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h" /* le_get() */

static inline void le_put(uint8_t *to, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		to[i] = i < 8 ? (uint8_t)(value >> (8 * i)) : 0;
}

#endif
