/* SPDX-License-Identifier: MIT */
/* guest/frame.c: base64 in numbered lines between a begin and an end; see frame.h. */
#include "guest/frame.h"

struct line {
	char *to;
	size_t size;
};

static void line_add(struct line *l, const char *text)
{
	while (*text)
		l->to[l->size++] = *text++;
}

/* With at least so many digits. */
static void line_add_decimal(struct line *l, size_t n, size_t digits)
{
	if (n >= 10 || digits > 1)
		line_add_decimal(l, n / 10, digits - (digits > 1));
	l->to[l->size++] = (char)('0' + n % 10);
}

static void line_add_base64(struct line *l, const uint8_t *bytes, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t at = 0; at < size; at += 3) {
		size_t left = size - at;
		uint32_t group = (uint32_t)bytes[at] << 16;

		group |= left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0;
		group |= left > 2 ? bytes[at + 2] : 0;
		for (size_t i = 0; i < 4; i++)
			l->to[l->size++] = i > left ? '=' : digits[group >> (18 - 6 * i) & 63];
	}
}

uint32_t frame_crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

const struct frame frame_report = { "snpvmm-report: ", 2 };
const struct frame frame_certs = { "snpvmm-certs: ", 3 };

size_t frame_line(const struct frame *f, const uint8_t *bytes, size_t size, size_t n,
                  char to[FRAME_LINE + 1])
{
	size_t last = (size + FRAME_BYTES - 1) / FRAME_BYTES + 1;
	struct line l = { .to = to };

	if (n > last)
		return 0;
	line_add(&l, f->mark);
	if (n == 0 || n == last) {
		line_add(&l, n == 0 ? "begin " : "end ");
		line_add_decimal(&l, size, 1);
		line_add(&l, " bytes, crc32 0x");
		for (int shift = 28; shift >= 0; shift -= 4)
			l.to[l.size++] = "0123456789abcdef"[frame_crc32(bytes, size) >> shift & 15];
	} else {
		size_t at = (n - 1) * FRAME_BYTES;
		size_t left = size - at;

		line_add_decimal(&l, n - 1, f->digits);
		line_add(&l, " ");
		line_add_base64(&l, bytes + at, left < FRAME_BYTES ? left : FRAME_BYTES);
	}
	line_add(&l, "\n");
	return l.size;
}
