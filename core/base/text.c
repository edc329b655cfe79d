/* SPDX-License-Identifier: MIT */
/* core/base/text.c: decodes UTF-8 strictly, and writes what is fit to be read. */
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

#define TEXT_FOLD_LEAST 20 /* columns below which a folded text can't be read */

/*
 * Well-formed sequences, table 3-7 of the Unicode Standard; what follows the second byte is always
 * 80..BF.
 */
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

struct code_range {
	uint32_t first, last;
};

static bool code_among(uint32_t code, const struct code_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/* Controls, and what XML has no place for. */
static bool code_unfit(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff;
}

/*
 * What nobody sees, and what changes the order in which the rest is seen: a text could look like
 * another.
 */
static bool code_hidden(uint32_t code)
{
	static const struct code_range hidden[] = {
		{ 0xad, 0xad },     { 0x61c, 0x61c },   { 0x180e, 0x180e },
		{ 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	return code >= hidden[0].first && code_among(code, hidden, ARRAY_SIZE(hidden));
}

static bool code_parts_lines(uint32_t code)
{
	return code == '\n' || code == '\t' || code == 0x2028 || code == 0x2029;
}

/* What GitHub's runner takes away before it looks for a command: .NET's white space. */
static bool code_blank(uint32_t code)
{
	static const struct code_range blanks[] = {
		{ 0x09, 0x0d },     { 0x20, 0x20 },     { 0x85, 0x85 },     { 0xa0, 0xa0 },
		{ 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f },
		{ 0x205f, 0x205f }, { 0x3000, 0x3000 },
	};

	return code_among(code, blanks, ARRAY_SIZE(blanks));
}

bool text_is_utf8(const void *from, size_t size)
{
	const uint8_t *at = from;
	struct text_char c = { .state = TEXT_WHOLE };

	for (; size && c.state == TEXT_WHOLE; at += c.size, size -= c.size)
		c = text_decode(at, size);
	return c.state == TEXT_WHOLE;
}

bool text_commands(struct text_command *s, uint32_t code)
{
	bool letter = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
	bool again = code == ':' && s->line == LINE_COLON, opens = code == '[' && s->hashes == 2;

	if (code == '\n' || code == '\r')
		s->line = LINE_BLANK;
	else if (s->line == LINE_BLANK && !code_blank(code))
		s->line = code == ':' ? LINE_COLON : LINE_OTHER;
	else if (s->line == LINE_COLON)
		s->line = LINE_OTHER;
	if (code == '#')
		s->hashes = s->letters || s->hashes == 0 ? 1 : 2;
	else if (!letter || s->hashes < 2)
		s->hashes = 0;
	s->letters = letter && s->hashes == 2;
	return again || opens;
}

/* A character as it may be shown; the bytes, in *ret_put or `own`. */
static size_t char_shown(const struct text_char *c, const uint8_t *at, bool lines, char own[16],
                         const char **ret_put)
{
	*ret_put = (const char *)at;
	if (c->state == TEXT_WHOLE && code_parts_lines(c->code)) {
		*ret_put = lines ? *ret_put : " ";
		return lines ? c->size : 1;
	}
	if (c->state == TEXT_WHOLE && code_hidden(c->code)) {
		*ret_put = own;
		return (size_t)snprintf(own, 16, "<U+%04X>", (unsigned)c->code);
	}
	if (c->state == TEXT_WHOLE && !code_unfit(c->code))
		return c->size;
	*ret_put = TEXT_REPLACEMENT;
	return strlen(TEXT_REPLACEMENT);
}

/* As text_clean(); *ret_cut: not all of it fits. */
static size_t clean(char *to, size_t cap, const uint8_t *at, size_t size, bool lines, bool *ret_cut)
{
	struct text_command command = { 0 };
	struct text_char c;
	size_t length = 0;

	for (*ret_cut = false; size && !*ret_cut; at += c.size, size -= c.size) {
		const char *put;
		char own[16];
		size_t put_size;
		bool broken;

		c = text_decode(at, size);
		if (size > 1 && at[0] == '\r' && at[1] == '\n')
			continue;
		put_size = char_shown(&c, at, lines, own, &put);
		broken =
			text_commands(&command, put == (const char *)at ? c.code : (uint8_t)put[0]);
		*ret_cut = put_size + broken >= cap - length;
		if (*ret_cut)
			break;
		if (broken)
			to[length++] = ' ';
		memcpy(to + length, put, put_size);
		length += put_size;
	}
	to[length] = '\0';
	return length;
}

size_t text_clean(char *to, size_t cap, const void *from, size_t size, int lines)
{
	bool cut;

	return cap ? clean(to, cap, from, size, lines, &cut) : 0;
}

char *text_clean_copy(const char *from)
{
	size_t size = strlen(from), cap = TEXT_CAP(size);
	char *to = malloc(cap);

	if (to)
		text_clean(to, cap, from, size, false);
	return to;
}

size_t text_show(char *to, size_t cap, const char *from)
{
	bool cut;
	size_t n = clean(to, cap, (const uint8_t *)from, strlen(from), false, &cut);

	if (!cut)
		return n;
	n = clean(to, cap - strlen("..."), (const uint8_t *)from, strlen(from), false, &cut);
	memcpy(to + n, "...", sizeof("..."));
	return n + strlen("...");
}

size_t text_show_format(char *to, size_t cap, const char *format, va_list args)
{
	char raw[4096];

	if (vsnprintf(raw, sizeof(raw), format, args) < 0)
		raw[0] = '\0';
	return text_show(to, cap, raw);
}

/* A character takes one column; its further bytes, none. */
static size_t columns_of(const char *at, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += (at[i] & 0xc0) != 0x80;
	return n;
}

size_t text_fold(char *to, size_t cap, const char *before, const char *text, unsigned width)
{
	size_t indent = strlen(before), column = indent, n;
	bool folds = width >= indent + TEXT_FOLD_LEAST;

	n = (size_t)snprintf(to, cap, "%s", before);
	while (*text && n < cap) {
		size_t size = strcspn(text + 1, " ") + 1; /* a word, with a space before it */
		size_t columns = columns_of(text, size);

		if (folds && *text == ' ' && text[1] != ':' && column > indent &&
		    column + columns > width) { /* a line that begins with "::" is a command */
			n += (size_t)snprintf(to + n, cap - n, "\n%*s%.*s", (int)indent, "",
			                      (int)size - 1, text + 1);
			column = indent + columns - 1;
		} else {
			n += (size_t)snprintf(to + n, cap - n, "%.*s", (int)size, text);
			column += columns;
		}
		text += size;
	}
	if (cap < 2)
		return 0;
	n = MIN_OF(n, cap - 2);
	memcpy(to + n, "\n", 2);
	return n + 1;
}
