/* SPDX-License-Identifier: MIT */
/* core/base/bytes.c: the reader, the buffer, hex and base64. */
#include "core/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"

struct reader reader_over(const uint8_t *bytes, size_t size, size_t from, size_t n)
{
	if (from > size || n > size - from)
		return (struct reader){ .bad = true };
	return (struct reader){ .at = bytes + from, .end = bytes + from + n };
}

const uint8_t *reader_take(struct reader *r, size_t n)
{
	const uint8_t *at = r->at;

	r->bad |= n > reader_left(r);
	if (r->bad)
		return NULL;
	r->at += n;
	return at;
}

uint64_t le_get(const uint8_t *at, size_t size)
{
	uint64_t v = 0;

	while (size-- > 0)
		v = v << 8 | at[size];
	return v;
}

static uint64_t reader_uint(struct reader *r, size_t n)
{
	const uint8_t *at = reader_take(r, n);

	return at ? le_get(at, n) : 0;
}

uint16_t reader_le16(struct reader *r)
{
	return (uint16_t)reader_uint(r, 2);
}

uint32_t reader_le32(struct reader *r)
{
	return (uint32_t)reader_uint(r, 4);
}

uint64_t reader_le64(struct reader *r)
{
	return reader_uint(r, 8);
}

void buffer_add(struct buffer *b, const void *data, size_t size)
{
	size_t cap = b->cap ? b->cap : 256;
	uint8_t *grown;

	while (!b->failed && cap - b->size < size)
		b->failed = __builtin_mul_overflow(cap, (size_t)2, &cap);
	if (b->failed)
		return;
	if (cap != b->cap) {
		grown = realloc(b->data, cap);
		b->failed = !grown;
		if (!grown)
			return;
		b->data = grown;
		b->cap = cap;
	}
	if (size)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

void buffer_fini(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}

bool bytes_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

char *hex_of(const uint8_t *bytes, size_t size, char *to)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	to[2 * size] = '\0';
	return to;
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_parse(const char *text, size_t length, uint8_t *to, size_t size)
{
	if (length != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

char *guid_of(const uint8_t guid[static 16], char to[static GUID_TEXT])
{
	const uint8_t *g = guid;

	snprintf(to, GUID_TEXT,
	         "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[3], g[2],
	         g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
	         g[15]);
	return to;
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

long base64_parse(const char *text, size_t length, uint8_t *to, size_t cap)
{
	size_t pad = 0, n = 0;

	if (length % 4)
		return -1;
	while (pad < 2 && pad < length && text[length - 1 - pad] == '=')
		pad++;
	if (length / 4 * 3 - pad > cap)
		return -1;
	for (size_t i = 0; i < length; i += 4) {
		uint32_t group = 0;
		size_t digits = i + 4 == length ? 4 - pad : 4;

		for (size_t j = 0; j < 4; j++) {
			int d = j < digits ? base64_digit(text[i + j]) : 0;

			if (d < 0)
				return -1;
			group = group << 6 | (uint32_t)d;
		}
		for (size_t j = 0; j + 1 < digits; j++)
			to[n++] = (uint8_t)(group >> (16 - 8 * j));
	}
	return (long)n;
}

char *base64_of(const uint8_t *bytes, size_t size, char *to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	char *at = to;

	for (size_t i = 0; i < size; i += 3) {
		uint32_t group = (uint32_t)bytes[i] << 16;

		if (i + 1 < size)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < size)
			group |= bytes[i + 2];
		*at++ = digits[group >> 18];
		*at++ = digits[group >> 12 & 63];
		*at++ = i + 1 < size ? digits[group >> 6 & 63] : '=';
		*at++ = i + 2 < size ? digits[group & 63] : '=';
	}
	*at = '\0';
	return to;
}

long bytes_of_text(const uint8_t *text, size_t length, uint8_t *to, size_t cap,
                   const char **ret_form)
{
	auto_free char *digits = malloc(length + 1);
	size_t n = 0, skip;

	if (!digits)
		return -1;
	for (size_t i = 0; i < length; i++)
		if (!memchr(" \t\r\n", text[i], 4))
			digits[n++] = (char)text[i];
	skip = n > 2 && digits[0] == '0' && (digits[1] | 0x20) == 'x' ? 2 : 0;
	*ret_form = "hex";
	if (n > skip && n % 2 == 0 && (n - skip) / 2 <= cap &&
	    hex_parse(digits + skip, n - skip, to, (n - skip) / 2))
		return (long)((n - skip) / 2);
	*ret_form = "base64";
	return n > 0 ? base64_parse(digits, n, to, cap) : -1;
}
