/* SPDX-License-Identifier: MIT */
/* core/base/text.c: the one decoder of UTF-8, and the one cleaner of foreign text. */
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

#define TEXT_FOLD_LEAST 20 /* columns; text is not wrapped narrower than this */

/*
 * Well-formed sequences (Unicode Standard, table 3-7). Bytes after the second are always 80..BF.
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

/* Spaces other than U+0020, and the default-ignorable characters of the Unicode Standard. */
static const struct hidden {
	uint32_t first, last;
	const char *name;
	/* text_clean() writes it as <U+...>, or two different texts could look alike */
	bool written_out;
} hidden[] = {
	{ 0xa0, 0xa0, "no-break space", false },
	{ 0xad, 0xad, "soft hyphen", true },
	{ 0x34f, 0x34f, "a joiner", false },
	{ 0x61c, 0x61c, "a mark of direction", true },
	{ 0x115f, 0x1160, "a filler", false },
	{ 0x1680, 0x1680, "a blank", false },
	{ 0x17b4, 0x17b5, "a vowel without a form", false },
	{ 0x180b, 0x180d, "a variation selector", false },
	{ 0x180e, 0x180e, "a variation selector", true },
	{ 0x180f, 0x180f, "a variation selector", false },
	{ 0x2000, 0x200a, "a blank of another width", false },
	{ 0x200b, 0x200b, "zero width space", true },
	{ 0x200c, 0x200d, "a joiner of zero width", true },
	{ 0x200e, 0x200f, "a mark of direction", true },
	{ 0x2028, 0x2029, "a separator of lines", false },
	{ 0x202a, 0x202e, "a change of direction", true },
	{ 0x202f, 0x202f, "narrow no-break space", false },
	{ 0x205f, 0x205f, "a blank of another width", false },
	{ 0x2060, 0x2065, "a joiner of zero width", true },
	{ 0x2066, 0x206f, "a change of direction", true },
	{ 0x3000, 0x3000, "ideographic space", false },
	{ 0x3164, 0x3164, "a filler", false },
	{ 0xfe00, 0xfe0f, "a variation selector", false },
	{ 0xfeff, 0xfeff, "byte order mark", true },
	{ 0xffa0, 0xffa0, "a filler", false },
	{ 0xfff0, 0xfff8, "a mark without a form", false },
	{ 0xfff9, 0xfffb, "a mark without a form", true },
	{ 0x1d173, 0x1d17a, "a mark without a form", false },
	{ 0xe0000, 0xe007f, "a tag", true },
	{ 0xe0080, 0xe0fff, "a tag", false },
};

static const struct hidden *hidden_find(uint32_t code)
{
	for (size_t i = 0; code >= hidden[0].first && i < ARRAY_SIZE(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return &hidden[i];
	return NULL;
}

const char *text_hidden_name(uint32_t code)
{
	const struct hidden *h = hidden_find(code);

	return h ? h->name : NULL;
}

/* White space as .NET defines it: GitHub's runner trims it before it looks for a command. */
static bool code_blank(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} blanks[] = {
		{ 0x09, 0x0d },     { 0x20, 0x20 },     { 0x85, 0x85 },     { 0xa0, 0xa0 },
		{ 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f },
		{ 0x205f, 0x205f }, { 0x3000, 0x3000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(blanks); i++)
		if (code >= blanks[i].first && code <= blanks[i].last)
			return true;
	return false;
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

/*
 * How to print one character: returns the size, and the bytes in *ret_put, which may be in `own`.
 */
static size_t char_shown(const struct text_char *c, const uint8_t *at, bool lines, char own[16],
                         const char **ret_put)
{
	const struct hidden *h = c->state == TEXT_WHOLE ? hidden_find(c->code) : NULL;

	*ret_put = (const char *)at;
	if (c->state == TEXT_WHOLE &&
	    (c->code == '\n' || c->code == '\t' || c->code == 0x2028 || c->code == 0x2029)) {
		*ret_put = lines ? *ret_put : " ";
		return lines ? c->size : 1;
	}
	if (h && h->written_out) {
		*ret_put = own;
		return (size_t)snprintf(own, 16, "<U+%04X>", (unsigned)c->code);
	}
	if (c->state == TEXT_WHOLE && !text_is_control(c->code) && c->code != 0xfffe &&
	    c->code != 0xffff)
		return c->size;
	*ret_put = TEXT_REPLACEMENT;
	return strlen(TEXT_REPLACEMENT);
}

/* text_clean(), and whether the text was cut. */
static size_t clean_cut(char *to, size_t cap, const uint8_t *at, size_t size, bool lines,
                        bool *ret_cut)
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

size_t text_clean(char *to, size_t cap, const void *from, size_t size, bool lines)
{
	bool cut;

	return cap ? clean_cut(to, cap, from, size, lines, &cut) : 0;
}

char *text_clean_copy(const char *from)
{
	size_t size = strlen(from), cap = TEXT_CAP(size);
	char *to = malloc(cap);

	if (to)
		text_clean(to, cap, from, size, false);
	return to;
}

void text_clean_ascii(char *text)
{
	for (; *text; text++)
		if (!text_is_ascii((uint8_t)*text))
			*text = '?';
}

size_t text_show(char *to, size_t cap, const char *from)
{
	bool cut;
	size_t n = clean_cut(to, cap, (const uint8_t *)from, strlen(from), false, &cut);

	if (!cut)
		return n;
	n = clean_cut(to, cap - strlen("..."), (const uint8_t *)from, strlen(from), false, &cut);
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

size_t text_columns(const char *at, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += (at[i] & 0xc0) != 0x80; /* not a continuation byte */
	return n;
}

size_t text_fold(char *to, size_t cap, const char *before, const char *text, unsigned width)
{
	size_t indent = strlen(before), column = indent, n;
	bool folds = width >= indent + TEXT_FOLD_LEAST;

	n = (size_t)snprintf(to, cap, "%s", before);
	while (*text && n < cap) {
		size_t size = strcspn(text + 1, " ") + 1; /* a word and the space before it */
		size_t columns = text_columns(text, size);

		if (folds && *text == ' ' && text[1] != ':' && column > indent &&
		    column + columns > width) { /* never begin a line with "::", a command */
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
	n = MIN(n, cap - 2);
	memcpy(to + n, "\n", 2);
	return n + 1;
}
