/* SPDX-License-Identifier: MIT */
/* guest/arg.c: parses numbers and hex bytes. */
#include "guest/arg.h"

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

bool arg_number(const char *text, uint64_t max, uint64_t *ret)
{
	unsigned base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	const char *at = base == 16 ? text + 2 : text;
	uint64_t value = 0;

	if (!*at)
		return false;
	for (; *at; at++) {
		unsigned digit = digit_of(*at);

		if (digit >= base || digit > max || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return true;
}

bool arg_hex(const char *text, uint8_t *to, size_t cap, size_t *ret_size)
{
	size_t size = 0;

	for (; *text; text += 2) {
		unsigned high = digit_of(text[0]);
		unsigned low = digit_of(text[1]); /* the terminating NUL isn't a digit */

		if (high > 15 || low > 15 || size == cap)
			return false;
		to[size++] = (uint8_t)(high << 4 | low);
	}
	*ret_size = size;
	return true;
}
