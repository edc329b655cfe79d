/* SPDX-License-Identifier: MIT */
/* tests/base/bytes_test.c: little-endian fields, the sticky reader, the buffer, hex and base64. */
#include "core/base/bytes.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

static const uint8_t nine[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

Test(bytes, little_endian_fields_have_the_lowest_byte_first)
{
	le16 a = le16_of(0x1234);
	le32 b = le32_of(0x89abcdef);
	le64 c = le64_of(0x0123456789abcdef);

	cr_expect_arr_eq(a.b, "\x34\x12", 2);
	cr_expect_arr_eq(b.b, "\xef\xcd\xab\x89", 4);
	cr_expect_arr_eq(c.b, "\xef\xcd\xab\x89\x67\x45\x23\x01", 8);
	cr_expect_eq(_Alignof(le64), 1);
}

Test(bytes, little_endian_fields_give_back_what_was_put_in)
{
	static const uint64_t values[] = { 0,         1,          0x80,
		                           0xff80,    0x80000000, 0x8000000000000000,
		                           UINT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		cr_expect_eq(le16_get(le16_of((uint16_t)values[i])), (uint16_t)values[i]);
		cr_expect_eq(le32_get(le32_of((uint32_t)values[i])), (uint32_t)values[i]);
		cr_expect_eq(le64_get(le64_of(values[i])), values[i]);
	}
}

Test(reader, gives_numbers_in_order_and_counts_what_is_left)
{
	struct reader r = reader_over(nine, sizeof(nine), 0, sizeof(nine));

	cr_expect_eq(reader_le16(&r), 0x0201);
	cr_expect_eq(reader_left(&r), 7);
	cr_expect_eq(reader_le32(&r), 0x06050403);
	cr_expect_eq(reader_take(&r, 3), nine + 6);
	cr_expect_eq(reader_left(&r), 0);
	cr_expect_not(r.bad);
	r = reader_over(nine, sizeof(nine), 1, 8);
	cr_expect_eq(reader_le64(&r), 0x0908070605040302);
	cr_expect_not(r.bad);
}

/* For each length and each width: the last byte may be read, the one behind it may not. */
Test(reader, stops_at_every_boundary_and_stays_bad)
{
	for (size_t length = 0; length <= 8; length++)
		for (size_t n = 0; n <= 9; n++) {
			struct reader r = reader_over(nine, sizeof(nine), 0, length);
			const uint8_t *at = reader_take(&r, n);

			cr_expect_eq(r.bad, n > length, "%zu of %zu", n, length);
			cr_expect_eq(at, n > length ? NULL : nine, "%zu of %zu", n, length);
			cr_expect_eq(reader_left(&r), n > length ? 0 : length - n);
		}
}

static uint64_t read16(struct reader *r)
{
	return reader_le16(r);
}

static uint64_t read32(struct reader *r)
{
	return reader_le32(r);
}

Test(reader, yields_zero_for_a_number_that_is_cut)
{
	static const struct {
		uint64_t (*read)(struct reader *);
		size_t width;
	} rows[] = { { read16, 2 }, { read32, 4 }, { reader_le64, 8 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t length = 0; length < rows[i].width; length++) {
			struct reader r = reader_over(nine, sizeof(nine), 0, length);

			cr_expect_eq(rows[i].read(&r), 0);
			cr_expect(r.bad);
		}
}

Test(reader, gives_nothing_after_a_bad_read_though_bytes_are_there)
{
	struct reader r = reader_over(nine, sizeof(nine), 0, 4);

	cr_expect_null(reader_take(&r, 5));
	cr_expect_null(reader_take(&r, 1));
	cr_expect_null(reader_take(&r, 0));
	cr_expect_eq(reader_le16(&r), 0);
	cr_expect_eq(reader_left(&r), 0);
	cr_expect(r.bad);
}

Test(reader, a_length_near_the_largest_number_does_not_wrap)
{
	struct reader r = reader_over(nine, sizeof(nine), 4, 5);

	cr_expect_null(reader_take(&r, SIZE_MAX));
	cr_expect(r.bad);
	r = reader_over(nine, sizeof(nine), 4, 5);
	cr_expect_null(reader_take(&r, SIZE_MAX - 3));
	cr_expect(r.bad);
}

Test(reader, over_takes_what_lies_inside_and_nothing_else)
{
	static const struct {
		size_t from, n;
		bool bad;
	} rows[] = {
		{ 0, 9, false },           { 9, 0, false },       { 8, 1, false },
		{ 0, 10, true },           { 8, 2, true },        { 9, 1, true },
		{ 10, 0, true },           { 1, SIZE_MAX, true }, /* the sum is 0 */
		{ SIZE_MAX, 1, true },                            /* likewise */
		{ SIZE_MAX, 10, true },                           /* the sum is 9 */
		{ 5, SIZE_MAX - 1, true },                        /* the sum is 3 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reader r = reader_over(nine, sizeof(nine), rows[i].from, rows[i].n);

		cr_expect_eq(r.bad, rows[i].bad, "row %zu", i);
		cr_expect_eq(reader_left(&r), rows[i].bad ? 0 : rows[i].n, "row %zu", i);
		if (!r.bad)
			cr_expect_eq(r.at, nine + rows[i].from, "row %zu", i);
	}
}

Test(reader, over_nothing_at_all_is_empty_and_not_bad)
{
	struct reader r = reader_over(NULL, 0, 0, 0);

	cr_expect_not(r.bad);
	cr_expect_eq(reader_left(&r), 0);
	cr_expect_eq(reader_le32(&r), 0);
	cr_expect(r.bad);
}

Test(buffer, keeps_everything_across_many_growths)
{
	auto_buffer struct buffer b = { 0 };

	for (unsigned i = 0; i < 100000; i++) {
		uint8_t pair[2] = { (uint8_t)i, (uint8_t)(i >> 8) };

		buffer_add(&b, pair, sizeof(pair));
	}
	cr_assert_not(b.failed);
	cr_assert_eq(b.size, 200000);
	cr_expect_geq(b.cap, b.size);
	for (unsigned i = 0; i < 100000; i++)
		cr_assert_eq(b.data[2 * i] | b.data[2 * i + 1] << 8, i & 0xffff);
}

Test(buffer, takes_a_piece_larger_than_all_its_room_and_pieces_of_nothing)
{
	auto_buffer struct buffer b = { 0 };
	uint8_t piece[3000];

	memset(piece, 0x5a, sizeof(piece));
	buffer_add(&b, NULL, 0);
	buffer_add(&b, "x", 1);
	buffer_add(&b, piece, sizeof(piece));
	buffer_add(&b, NULL, 0);
	cr_assert_eq(b.size, 3001);
	cr_expect_eq(b.data[0], 'x');
	cr_expect_arr_eq(b.data + 1, piece, sizeof(piece));
}

Test(buffer, a_size_beyond_all_memory_fails_and_the_failure_stays)
{
	auto_buffer struct buffer b = { 0 };

	buffer_add(&b, "abc", 3);
	buffer_add(&b, nine, SIZE_MAX);
	cr_expect(b.failed);
	cr_expect_eq(b.size, 3);
	buffer_add(&b, "d", 1);
	cr_expect(b.failed);
	cr_expect_eq(b.size, 3);
	cr_expect_arr_eq(b.data, "abc", 3);
}

Test(buffer, is_empty_and_usable_after_fini)
{
	struct buffer b = { 0 };

	buffer_add(&b, nine, sizeof(nine));
	buffer_fini(&b);
	cr_expect_null(b.data);
	cr_expect_eq(b.size, 0);
	buffer_add(&b, "z", 1);
	cr_expect_eq(b.size, 1);
	buffer_fini(&b);
	buffer_fini(&b);
}

Test(hex, writes_lower_case_and_a_nul)
{
	char text[9] = "........";

	cr_expect_str_eq(hex_of((const uint8_t *)"\x00\x9a\xff\x10", 4, text), "009aff10");
	cr_expect_str_eq(hex_of(nine, 0, text), "");
}

Test(hex, reads_either_case)
{
	uint8_t bytes[4];

	cr_assert(hex_parse("00aBcDeF", 8, bytes, 4));
	cr_expect_arr_eq(bytes, "\x00\xab\xcd\xef", 4);
	cr_expect(hex_parse("", 0, bytes, 0));
}

Test(hex, refuses_other_lengths_and_other_characters)
{
	static const char *const wrong[] = {
		"",         "0011223",  "001122334", "0x112233", "0011223g", "00 12233",
		"0011223/", "0011223:", "0011223@",  "0011223G", "0011223`", "\xff\xff\xff\xff"
	};
	uint8_t bytes[4];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_expect_not(hex_parse(wrong[i], strlen(wrong[i]), bytes, 4), "'%s'", wrong[i]);
	cr_expect_not(hex_parse("0011\0002", 8, bytes, 4), "a NUL inside");
}

/* RFC 4648, section 10. */
static const struct {
	const char *text, *bytes;
} rfc4648[] = {
	{ "", "" },
	{ "Zg==", "f" },
	{ "Zm8=", "fo" },
	{ "Zm9v", "foo" },
	{ "Zm9vYg==", "foob" },
	{ "Zm9vYmE=", "fooba" },
	{ "Zm9vYmFy", "foobar" },
};

Test(base64, reads_the_vectors_of_rfc_4648)
{
	for (size_t i = 0; i < ARRAY_SIZE(rfc4648); i++) {
		size_t want = strlen(rfc4648[i].bytes);
		uint8_t bytes[8] = { 0 };

		cr_expect_eq(base64_parse(rfc4648[i].text, strlen(rfc4648[i].text), bytes, 8),
		             (long)want, "%s", rfc4648[i].text);
		cr_expect_arr_eq(bytes, rfc4648[i].bytes, want);
	}
}

Test(base64, writes_the_vectors_of_rfc_4648)
{
	for (size_t i = 0; i < ARRAY_SIZE(rfc4648); i++) {
		size_t size = strlen(rfc4648[i].bytes);
		char text[BASE64_SIZE(8)];

		cr_expect_str_eq(base64_of((const uint8_t *)rfc4648[i].bytes, size, text),
		                 rfc4648[i].text);
		cr_expect_eq(strlen(text) + 1, BASE64_SIZE(size));
	}
}

Test(base64, reads_what_it_writes)
{
	uint8_t bytes[256], back[256];
	char text[BASE64_SIZE(256)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		base64_of(bytes, n, text);
		cr_assert_eq(base64_parse(text, strlen(text), back, sizeof(back)), (long)n);
		cr_expect_arr_eq(back, bytes, n);
	}
}

Test(base64, knows_all_sixty_four_digits)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t bytes[48];

	cr_assert_eq(base64_parse(digits, 64, bytes, sizeof(bytes)), 48);
	for (unsigned i = 0; i < 64; i++) {
		unsigned at = i * 6,
			 two = (unsigned)(bytes[at / 8] << 8 | (at < 376 ? bytes[at / 8 + 1] : 0));

		cr_expect_eq(two >> (10 - at % 8) & 63, i, "digit %u", i);
	}
}

Test(base64, refuses_bad_padding_and_foreign_characters)
{
	static const char *const wrong[] = {
		"Z",    "Zg",   "Zg=",      "Zg===",    "=",        "====",       "A===",
		"Z=g=", "=Zg=", "Zg==Zm9v", "Zm8=Zm9v", "Zm9v====", "Zm9 ",       "Zm9\n",
		"Zm9-", "Zm9_", "Zm9*",     "Zm9v\n",   " Zm9v",    "\xc3\xa9Zm",
	};
	uint8_t bytes[16];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_expect_eq(base64_parse(wrong[i], strlen(wrong[i]), bytes, sizeof(bytes)), -1,
		             "'%s'", wrong[i]);
	cr_expect_eq(base64_parse("Zm\0v", 4, bytes, sizeof(bytes)), -1, "a NUL inside");
}

Test(base64, writes_no_more_than_its_room)
{
	for (size_t i = 0; i < ARRAY_SIZE(rfc4648); i++) {
		size_t want = strlen(rfc4648[i].bytes), length = strlen(rfc4648[i].text);
		uint8_t bytes[8];

		for (size_t cap = 0; cap < 7; cap++) {
			memset(bytes, 0xa5, sizeof(bytes));
			cr_expect_eq(base64_parse(rfc4648[i].text, length, bytes, cap),
			             want <= cap ? (long)want : -1);
			for (size_t j = cap; j < sizeof(bytes); j++)
				cr_expect_eq(bytes[j], 0xa5);
		}
	}
}

Test(bytes, reads_bytes_that_stand_as_text)
{
	static const struct {
		const char *text, *form;
		long count;
	} rows[] = {
		{ "00ff\n", "hex", 2 },
		{ "0x00FF", "hex", 2 },
		{ " 0 0\r\nff\t", "hex", 2 },
		{ "AP8=\n", "base64", 2 },
		{ "A\nP\n8=", "base64", 2 },
		{ "AP8", "base64", -1 },
		{ "", "", -1 },
		{ "\n", "", -1 },
		{ "00fg", "base64", 3 },
		{ "00f", "base64", -1 },
		{ "AP8=AP8=", "base64", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *form = NULL;
		uint8_t to[8];
		long n = bytes_of_text((const uint8_t *)rows[i].text, strlen(rows[i].text), to,
		                       sizeof(to), &form);

		cr_expect_eq(n, rows[i].count, "'%s': %ld", rows[i].text, n);
		cr_expect(n < 0 || strcmp(form, rows[i].form) == 0, "'%s': %s", rows[i].text, form);
		cr_expect(n != 2 || (to[0] == 0 && to[1] == 0xff), "'%s'", rows[i].text);
	}
	cr_expect_eq(bytes_of_text((const uint8_t *)"00ff", 4, (uint8_t[1]){ 0 }, 1,
	                           &(const char *){ NULL }),
	             -1, "no room");
}
