/* SPDX-License-Identifier: MIT */
/* firmware/initrd.c: walks cpio archives, and reads the sizes that gzip, xz, zstd and lz4 keep. */
#include "firmware/initrd.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"

/* The rest of an initrd. */
struct rest {
	const uint8_t *at;
	size_t left;
};

/* Of a size that nobody has; sums of such ones don't overflow. */
#define UNPACKED_MAX ((uint64_t)1 << 40)

static bool begins(const struct rest *r, const char *magic, size_t n)
{
	return r->left >= n && memcmp(r->at, magic, n) == 0;
}

static void skip(struct rest *r, uint64_t n)
{
	n = MIN_OF(n, (uint64_t)r->left);
	r->at += n;
	r->left -= (size_t)n;
}

/* `n` bytes at `at`, the first the lowest. */
static uint64_t le(const uint8_t *at, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | at[n];
	return v;
}

/* Eight hexadecimal digits, which is how cpio writes numbers; others count as 0. */
static uint64_t cpio_number(const uint8_t *at)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++) {
		int digit = hex_digit((char)at[i]);

		if (digit < 0)
			return 0;
		v = v << 4 | (unsigned)digit;
	}
	return v;
}

/* newc, linux: Documentation/driver-api/early-userspace/buffer-format.rst. */
enum { CPIO_HEADER = 110, CPIO_FILE_SIZE = 54, CPIO_NAME_SIZE = 94 };

static uint64_t cpio_entry(struct rest *r)
{
	uint64_t name = cpio_number(r->at + CPIO_NAME_SIZE);
	uint64_t size = cpio_number(r->at + CPIO_FILE_SIZE);

	skip(r, (CPIO_HEADER + name + 3) & ~(uint64_t)3);
	skip(r, (size + 3) & ~(uint64_t)3);
	return size;
}

/*
 * RFC 1952, 2.3.1: ISIZE ends the member, which is taken to be the last one. Text doesn't grow when
 * it is packed.
 */
static uint64_t gzip_size(struct rest *r)
{
	uint64_t size = r->left >= 18 ? le(r->at + r->left - 4, 4) : 0;

	if (size < r->left / 2)
		size = 0;
	skip(r, r->left);
	return size;
}

/* The xz file format, 1.2: an unsigned integer of seven bits a byte. */
static bool xz_number(struct rest *r, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; r->left > 0 && shift < 63; shift += 7) {
		uint8_t c = r->at[0];

		skip(r, 1);
		*ret |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
	}
	return false;
}

/*
 * 2.1.2, 4: the footer says where the index is, and that what is in each block. The stream is taken
 * to be the last.
 */
static uint64_t xz_size(struct rest *r)
{
	uint64_t sum = 0, records, packed, unpacked, back;
	struct rest index = *r;

	skip(r, r->left);
	while (index.left > 4 && le(index.at + index.left - 4, 4) == 0)
		index.left -= 4; /* stream padding */
	if (index.left < 12 + 12 || memcmp(index.at + index.left - 2, "YZ", 2) != 0)
		return 0;
	back = 4 * (le(index.at + index.left - 8, 4) + 1) + 12;
	if (back > index.left)
		return 0;
	skip(&index, index.left - back);
	skip(&index, 1);
	if (!xz_number(&index, &records))
		return 0;
	while (records-- > 0 && xz_number(&index, &packed) && xz_number(&index, &unpacked))
		sum = MIN_OF(sum + MIN_OF(unpacked, UNPACKED_MAX), UNPACKED_MAX);
	return sum;
}

/* RFC 8878, 3.1.1.1: Frame_Content_Size, where the frame has it. */
static uint64_t zstd_content(const struct rest *r)
{
	static const uint8_t dictionary[] = { 0, 1, 2, 4 }, content[] = { 0, 2, 4, 8 };
	uint8_t flags = r->left > 4 ? r->at[4] : 0;
	bool single = flags & 0x20;
	size_t at = 5U + (single ? 0 : 1) + dictionary[flags & 3], n = content[flags >> 6];

	if (single && n == 0)
		n = 1;
	if (n == 0 || at + n > r->left)
		return 0;
	return le(r->at + at, n) + (n == 2 ? 256 : 0);
}

static uint64_t zstd_size(struct rest *r)
{
	uint64_t size = zstd_content(r);

	skip(r, r->left);
	return size;
}

/* lz4 legacy frames, the only ones that Linux takes: each block but the last holds 8 MiB. */
static uint64_t lz4_size(struct rest *r)
{
	uint64_t full = 0, size;

	for (skip(r, 4); r->left >= 4; full += (uint64_t)8 << 20) {
		size = le(r->at, 4);
		skip(r, 4);
		if (size == 0 || size >= r->left)
			break;
		skip(r, size);
	}
	skip(r, r->left);
	return full;
}

uint64_t initrd_unpacked(const uint8_t *bytes, size_t size)
{
	static const struct {
		const char *magic;
		size_t n;
		uint64_t (*size)(struct rest *r);
	} rows[] = {
		{ "070701", 6, cpio_entry },
		{ "070702", 6, cpio_entry },
		{ "\x1f\x8b\x08", 3, gzip_size },
		{ "\xfd"
		  "7zXZ\0",
		  6, xz_size },
		{ "\x28\xb5\x2f\xfd", 4, zstd_size },
		{ "\x02\x21\x4c\x18", 4, lz4_size },
	};
	struct rest r = { bytes, size };
	uint64_t sum = 0;

	while (r.left >= CPIO_HEADER && sum < UNPACKED_MAX) {
		size_t i = 0;
		uint64_t one;

		if (r.at[0] == 0) { /* padding */
			skip(&r, 1);
			continue;
		}
		while (i < ARRAY_SIZE(rows) && !begins(&r, rows[i].magic, rows[i].n))
			i++;
		if (i == ARRAY_SIZE(rows))
			break;
		one = rows[i].size(&r);
		sum += MIN_OF(one, UNPACKED_MAX);
	}
	return sum;
}
