/* SPDX-License-Identifier: MIT */
/* tests/firmware/initrd_test.c: the unpacked size of an initrd, from its headers. */
#include "firmware/initrd.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

/* An initrd being made. */
struct making {
	uint8_t bytes[8192];
	size_t n;
};

static void put(struct making *m, const void *bytes, size_t n)
{
	cr_assert(m->n + n <= sizeof(m->bytes));
	memcpy(m->bytes + m->n, bytes, n);
	m->n += n;
}

static void put_le(struct making *m, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(m, &(uint8_t){ (uint8_t)(v >> (8 * i)) }, 1);
}

static void put_zeros(struct making *m, size_t n)
{
	put(m, (uint8_t[256]){ 0 }, n);
}

/* A file of a cpio archive with `size` bytes by its header, of which `there` bytes follow. */
static void put_file(struct making *m, const char *name, unsigned size, size_t there)
{
	char header[111];

	snprintf(header, sizeof(header),
	         "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1, 0100644, 0, 0, 1,
	         0, size, 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);
	put(m, header, 110);
	put(m, name, strlen(name) + 1);
	put_zeros(m, (4 - m->n % 4) % 4);
	put_zeros(m, there);
	put_zeros(m, (4 - m->n % 4) % 4);
}

static void put_gzip(struct making *m, uint32_t size)
{
	put(m, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	put_zeros(m, 100);
	put_le(m, size, 4);
}

static void expect(const struct making *m, uint64_t size)
{
	uint64_t is;
	uint8_t *exact = malloc(m->n); /* so that a sanitizer detects reads after its end */

	cr_assert_not_null(exact);
	memcpy(exact, m->bytes, m->n);
	is = initrd_unpacked(exact, m->n);
	cr_expect_eq(is, size, "%llu, not %llu", (unsigned long long)is, (unsigned long long)size);
	for (size_t n = 0; n < m->n; n++)
		initrd_unpacked(exact, n); /* cut anywhere */
	free(exact);
}

Test(initrd, plain_archives_are_summed_up)
{
	struct making m = { .n = 0 };

	put_file(&m, "a", 100, 100);
	put_file(&m, "dir/bc", 33, 33);
	put_file(&m, "TRAILER!!!", 0, 0);
	put_zeros(&m, 100);
	put_file(&m, "x", 7, 7);
	put_file(&m, "TRAILER!!!", 0, 0);
	expect(&m, 140);
}

Test(initrd, a_packed_archive_may_follow)
{
	struct making m = { .n = 0 };

	put_file(&m, "microcode", 64, 64);
	put_file(&m, "TRAILER!!!", 0, 0);
	put_zeros(&m, 200);
	put_gzip(&m, 208 * MIB);
	expect(&m, 208 * MIB + 64);
}

Test(initrd, gzip_of_more_than_it_can_say_counts_as_nothing)
{
	struct making m = { .n = 0 };

	put_gzip(&m, 10); /* ISIZE of 4 GiB and 10 bytes, which is below the packed size */
	expect(&m, 0);
}

Test(initrd, xz_says_it_in_its_index)
{
	struct making m = { .n = 0 };

	put(&m,
	    "\xfd"
	    "7zXZ\0\0\1",
	    8);
	put_zeros(&m, 200);
	put(&m, "\0\2", 2);                 /* the index: two records */
	put(&m, "\x40\x80\x80\x80\x30", 5); /* 64 packed bytes unpack to 96 MiB */
	put(&m, "\x50\x80\x80\x40", 4);     /* 1 MiB */
	put_zeros(&m, 1);
	put_le(&m, 0x12345678, 4); /* its CRC */
	put_le(&m, 0, 4);          /* CRC, backward size, flags, magic */
	put_le(&m, 16 / 4 - 1, 4);
	put(&m, "\0\1YZ", 4);
	put_zeros(&m, 8);
	expect(&m, 97 * MIB);
}

Test(initrd, zstd_says_it_where_its_frame_does)
{
	static const struct {
		uint8_t flags;
		size_t window, n;
		uint64_t field, size;
	} rows[] = {
		{ 0xe0, 0, 8, 300 * MIB, 300 * MIB },
		{ 0xa4, 0, 4, 300 * MIB, 300 * MIB },
		{ 0x80, 1, 4, 5 * MIB, 5 * MIB },
		{ 0x60, 0, 2, 1000, 1256 },
		{ 0x20, 0, 1, 9, 9 },
		{ 0x00, 1, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct making m = { .n = 0 };

		put(&m, "\x28\xb5\x2f\xfd", 4);
		put_le(&m, rows[i].flags, 1);
		put_zeros(&m, rows[i].window);
		put_le(&m, rows[i].field, rows[i].n);
		put_zeros(&m, 150);
		expect(&m, rows[i].size);
	}
}

Test(initrd, lz4_has_8_MiB_in_each_block_but_the_last)
{
	struct making m = { .n = 0 };

	put(&m, "\x02\x21\x4c\x18", 4);
	for (int i = 0; i < 3; i++) {
		put_le(&m, 60, 4);
		put_zeros(&m, 60);
	}
	expect(&m, 16 * MIB);
}

Test(initrd, what_is_no_archive_counts_as_nothing)
{
	struct making m = { .n = 0 };

	for (int i = 0; i < 200; i++)
		put(&m, "?", 1);
	expect(&m, 0);
	m.n = 0;
	for (int i = 0; i < 30; i++) /* each with a size of 4 GiB */
		put_file(&m, "a", UINT32_MAX, 0);
	expect(&m, UINT32_MAX);
	m.n = 0;
	put_file(&m, "a", 8, 8);
	memset(m.bytes + 54, 'z', 8); /* no number */
	expect(&m, 0);
}
