/* SPDX-License-Identifier: MIT */
/* config/nearest.c: how many letters differ between two words. */
#include "config/nearest.h"

#include <ctype.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/array.h"

/* Optimal string alignment of two short words, letters compared without case. */
static unsigned word_distance(const char *a, const char *b)
{
	enum { WORD_MAX = 48 };
	size_t na = strlen(a), nb = strlen(b);
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	if (na > WORD_MAX || nb > WORD_MAX)
		return UINT_MAX;
	for (size_t j = 0; j <= nb; j++)
		above[j] = before[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *spare = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			int x = tolower((uint8_t)a[i - 1]), y = tolower((uint8_t)b[j - 1]);

			row[j] = above[j - 1] + (x != y);
			row[j] = MIN(row[j], MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == tolower((uint8_t)b[j - 2]) &&
			    y == tolower((uint8_t)a[i - 2]))
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[nb];
}

void nearest_try_as(struct nearest *n, const char *candidate, const char *name)
{
	size_t longer = MAX(strlen(n->word), strlen(candidate));
	unsigned d = word_distance(n->word, candidate);

	/* A third of the letters wrong is still a slip; more is another word. */
	if (d > longer / 3 || (n->best && d >= n->distance))
		return;
	n->best = name;
	n->distance = d;
}

void nearest_try(struct nearest *n, const char *candidate)
{
	nearest_try_as(n, candidate, candidate);
}
