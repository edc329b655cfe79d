/* SPDX-License-Identifier: MIT */
/* firmware/initrd.c: walks cpio archives, and reads the sizes in gzip, xz, zstd and lz4 files. */
#include "firmware/initrd.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"

/* The part of an initrd that isn't read yet. */
struct rest {
	const uint8_t *at;
	size_t left;
};

/* Larger than any guest's memory. Sizes are capped to it so that sums can't overflow. */
#define UNPACKED_MAX ((uint64_t)1 << 40)

static void rest_skip(struct rest *r, uint64_t n)
{
	n = MIN(n, (uint64_t)r->left);
	r->at += n;
	r->left -= (size_t)n;
}

/* A number of cpio: eight hexadecimal digits. Anything else counts as 0. */
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

	rest_skip(r, (CPIO_HEADER + name + 3) & ~(uint64_t)3);
	rest_skip(r, (size + 3) & ~(uint64_t)3);
	return size;
}

/*
 * RFC 1952, 2.3.1: ISIZE ends the member, which is assumed to be the last one. If it is below half
 * of the packed size, it isn't that member's size.
 */
static uint64_t gzip_size(struct rest *r)
{
	uint64_t size = r->left >= 18 ? le_get(r->at + r->left - 4, 4) : 0;

	if (size < r->left / 2)
		size = 0;
	rest_skip(r, r->left);
	return size;
}

/* The xz file format, 1.2: an unsigned integer of seven bits per byte. */
static bool xz_number(struct rest *r, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; r->left > 0 && shift < 63; shift += 7) {
		uint8_t c = r->at[0];

		rest_skip(r, 1);
		*ret |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
	}
	return false;
}

/*
 * 2.1.2, 4: the footer leads to the index, which has the size of each block. The stream is assumed
 * to be the last one.
 */
static uint64_t xz_size(struct rest *r)
{
	uint64_t sum = 0, records, packed, unpacked, back;
	struct rest index = *r;

	rest_skip(r, r->left);
	while (index.left > 4 && le_get(index.at + index.left - 4, 4) == 0)
		index.left -= 4; /* stream padding */
	if (index.left < 12 + 12 || memcmp(index.at + index.left - 2, "YZ", 2) != 0)
		return 0;
	back = 4 * (le_get(index.at + index.left - 8, 4) + 1) + 12;
	if (back > index.left)
		return 0;
	rest_skip(&index, index.left - back);
	rest_skip(&index, 1);
	if (!xz_number(&index, &records))
		return 0;
	while (records-- > 0 && xz_number(&index, &packed) && xz_number(&index, &unpacked))
		sum = MIN(sum + MIN(unpacked, UNPACKED_MAX), UNPACKED_MAX);
	return sum;
}

/* RFC 8878, 3.1.1.1: Frame_Content_Size, which a frame may lack. */
static uint64_t zstd_size(struct rest *r)
{
	static const uint8_t dictionary[] = { 0, 1, 2, 4 }, content[] = { 0, 2, 4, 8 };
	uint8_t flags = r->left > 4 ? r->at[4] : 0;
	bool single = flags & 0x20;
	size_t at = 5U + (single ? 0 : 1) + dictionary[flags & 3], n = content[flags >> 6];
	uint64_t size = 0;

	if (single && n == 0)
		n = 1;
	if (n > 0 && at + n <= r->left)
		size = le_get(r->at + at, n) + (n == 2 ? 256 : 0);
	rest_skip(r, r->left);
	return size;
}

/* lz4 legacy frames, the only ones that Linux reads: each block except the last holds 8 MiB. */
static uint64_t lz4_size(struct rest *r)
{
	uint64_t full = 0, size;

	for (rest_skip(r, 4); r->left >= 4; full += (uint64_t)8 << 20) {
		size = le_get(r->at, 4);
		rest_skip(r, 4);
		if (size == 0 || size >= r->left)
			break;
		rest_skip(r, size);
	}
	rest_skip(r, r->left);
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
			rest_skip(&r, 1);
			continue;
		}
		while (i < ARRAY_SIZE(rows) && memcmp(r.at, rows[i].magic, rows[i].n) != 0)
			i++;
		if (i == ARRAY_SIZE(rows))
			break;
		one = rows[i].size(&r);
		sum += MIN(one, UNPACKED_MAX);
	}
	return sum;
}
