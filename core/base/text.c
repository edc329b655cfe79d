/* SPDX-License-Identifier: MIT */
/* core/base/text.c: decodes UTF-8 strictly, and writes what is fit to be read. */
#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

#include "core/base/array.h"

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

struct text_char text_decode(const void *from, size_t left)
{
	const uint8_t *at = from;
	const struct lead *l = leads;
	struct text_char c = { .size = 1, .state = TEXT_BAD };

	while (l < leads + ARRAY_SIZE(leads) && (at[0] < l->first || at[0] > l->last))
		l++;
	if (l == leads + ARRAY_SIZE(leads))
		return c;
	c.code = l->size == 1 ? at[0] : at[0] & (0x7fu >> l->size);
	for (; c.size < l->size && c.size < left; c.size++) {
		uint8_t low = c.size == 1 ? l->low : 0x80, high = c.size == 1 ? l->high : 0xbf;

		if (at[c.size] < low || at[c.size] > high)
			return c;
		c.code = c.code << 6 | (at[c.size] & 0x3f);
	}
	c.state = c.size == l->size ? TEXT_WHOLE : TEXT_CUT;
	return c;
}

/* Controls, and what XML has no place for. */
static bool code_unfit(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff;
}

static bool code_parts_lines(uint32_t code)
{
	return code == '\n' || code == '\t' || code == 0x2028 || code == 0x2029;
}

bool text_is_utf8(const void *from, size_t size)
{
	const uint8_t *at = from;
	struct text_char c = { .state = TEXT_WHOLE };

	for (; size && c.state == TEXT_WHOLE; at += c.size, size -= c.size)
		c = text_decode(at, size);
	return c.state == TEXT_WHOLE;
}

size_t text_clean(char *to, size_t room, const void *from, size_t size, int lines)
{
	const uint8_t *at = from;
	struct text_char c;
	size_t length = 0;

	if (room == 0)
		return 0;
	for (; size; at += c.size, size -= c.size) {
		const char *put = (const char *)at;
		size_t put_size;

		c = text_decode(at, size);
		put_size = c.size;
		if (size > 1 && at[0] == '\r' && at[1] == '\n')
			put_size = 0;
		else if (c.state == TEXT_WHOLE && code_parts_lines(c.code)) {
			put = lines ? put : " ";
			put_size = lines ? c.size : 1;
		} else if (c.state != TEXT_WHOLE || code_unfit(c.code)) {
			put = TEXT_REPLACEMENT;
			put_size = strlen(TEXT_REPLACEMENT);
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
