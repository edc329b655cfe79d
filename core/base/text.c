/* SPDX-License-Identifier: MIT */
/* core/base/text.c: decodes UTF-8 strictly, and writes what is fit to be read. */
#include "core/base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

#define TEXT_FOLD_LEAST 20 /* columns below which a folded text can't be read */

/* Well-formed sequences, table 3-7 of the Unicode Standard; what follows the second byte is always 80..BF. */
static const struct lead {
	uint8_t first, last; /* of the first byte */
	uint8_t low, high;   /* of the second */
	uint8_t size;
} leads[] = {
	{ 0x00, 0x7f, 0x80, 0xbf, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* The bytes of the character at `at`, or of the maximal subpart of one if that is all there is. At least 1. */
static size_t char_take(const uint8_t *at, size_t left, bool *whole)
{
	const struct lead *l = leads;
	size_t n = 1;

	*whole = false;
	while (l < leads + ARRAY_SIZE(leads) && (at[0] < l->first || at[0] > l->last))
		l++;
	if (l == leads + ARRAY_SIZE(leads))
		return 1;
	while (n < l->size && n < left && at[n] >= (n == 1 ? l->low : 0x80) &&
	       at[n] <= (n == 1 ? l->high : 0xbf))
		n++;
	*whole = n == l->size;
	return n;
}

/* Of a whole character: controls, and what XML has no place for. */
static bool char_unfit(const uint8_t *at, size_t size)
{
	return (size == 1 && (at[0] < 0x20 || at[0] == 0x7f)) ||
	       (size == 2 && at[0] == 0xc2 && at[1] < 0xa0) ||
	       (size == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe);
}

static bool char_parts_lines(const uint8_t *at, size_t size)
{
	return (size == 1 && (at[0] == '\n' || at[0] == '\t')) ||
	       (size == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] | 1) == 0xa9);
}

bool text_is_utf8(const void *from, size_t size)
{
	const uint8_t *at = from;
	bool whole = true;

	for (size_t n; size && whole; at += n, size -= n)
		n = char_take(at, size, &whole);
	return whole;
}

size_t text_clean(char *to, size_t room, const void *from, size_t size, int lines)
{
	const uint8_t *at = from;
	size_t length = 0, n;

	if (room == 0)
		return 0;
	for (; size; at += n, size -= n) {
		const char *put = (const char *)at;
		size_t put_size;
		bool whole;

		put_size = n = char_take(at, size, &whole);
		if (size > 1 && at[0] == '\r' && at[1] == '\n')
			put_size = 0;
		else if (whole && char_parts_lines(at, n)) {
			put = lines ? put : " ";
			put_size = lines ? n : 1;
		} else if (!whole || char_unfit(at, n)) {
			put = REPLACEMENT;
			put_size = 3;
		}
		if (put_size >= room - length)
			break;
		memcpy(to + length, put, put_size);
		length += put_size;
	}
	to[length] = '\0';
	return length;
}

/* A character takes one column; its further bytes, none. */
static size_t columns_of(const char *at, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += (at[i] & 0xc0) != 0x80;
	return n;
}

size_t text_fold(char *to, size_t room, const char *before, const char *text, unsigned width)
{
	size_t indent = strlen(before), column = indent, n;
	bool folds = width >= indent + TEXT_FOLD_LEAST;

	n = (size_t)snprintf(to, room, "%s", before);
	while (*text && n < room) {
		size_t size = strcspn(text + 1, " ") + 1; /* a word, with a space before it */
		size_t columns = columns_of(text, size);

		if (folds && *text == ' ' && column > indent && column + columns > width) {
			n += (size_t)snprintf(to + n, room - n, "\n%*s%.*s", (int)indent, "",
			                      (int)size - 1, text + 1);
			column = indent + columns - 1;
		} else {
			n += (size_t)snprintf(to + n, room - n, "%.*s", (int)size, text);
			column += columns;
		}
		text += size;
	}
	if (room < 2)
		return 0;
	n = MIN_OF(n, room - 2);
	memcpy(to + n, "\n", 2);
	return n + 1;
}
