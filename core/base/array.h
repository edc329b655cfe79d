/* SPDX-License-Identifier: MIT */
/* core/base/array.h: what C lacks for arrays and numbers. */
#ifndef CORE_BASE_ARRAY_H
#define CORE_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/*
 * Makes room for one more element in a list of n, which nothing else may grow. The list may be NULL
 * if n is 0. False: out of memory, and the list is unchanged.
 */
#define ARRAY_GROW(list, n) array_grow(&(list), n, sizeof(*(list)))

static inline bool array_grow(void *list, size_t n, size_t size)
{
	void *grown;

	if (n & (n - 1)) /* not a power of two, so it isn't full */
		return true;
	memcpy(&grown, list, sizeof(grown)); /* whatever it points to */
	grown = reallocarray(grown, n ? 2 * n : 1, size);
	if (grown)
		memcpy(list, &grown, sizeof(grown));
	return grown;
}

#endif
