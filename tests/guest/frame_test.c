/* SPDX-License-Identifier: MIT */
/*
 * tests/guest/frame_test.c: frames against the values of others, and read back as frame.h tells
 * readers to.
 */
#include "guest/frame.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

/* The check value that every list of CRCs gives for CRC-32. */
Test(frame, has_the_crc_of_zlib)
{
	cr_expect_eq(frame_crc32((const uint8_t *)"123456789", 9), 0xcbf43926);
	cr_expect_eq(frame_crc32(NULL, 0), 0);
}

static size_t line_of(const char *bytes, size_t n, char text[FRAME_LINE + 2])
{
	size_t size = frame_line(&frame_report, (const uint8_t *)bytes, strlen(bytes), n, text);

	text[size] = 0;
	return size;
}

/* RFC 4648, section 10. */
Test(frame, has_base64_as_the_rfc_shows_it)
{
	static const char *const rows[][2] = { { "f", "Zg==" },         { "fo", "Zm8=" },
		                               { "foo", "Zm9v" },       { "foob", "Zm9vYg==" },
		                               { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	char text[FRAME_LINE + 2], want[FRAME_LINE + 2];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(want, sizeof(want), "snpvmm-report: 00 %s\n", rows[i][1]);
		line_of(rows[i][0], 1, text);
		cr_expect_str_eq(text, want);
	}
}

Test(frame, has_its_size_and_crc_at_both_ends)
{
	char text[FRAME_LINE + 2];

	cr_assert_gt(line_of("123456789", 0, text), 0);
	cr_expect_str_eq(text, "snpvmm-report: begin 9 bytes, crc32 0xcbf43926\n");
	cr_assert_gt(line_of("123456789", 2, text), 0);
	cr_expect_str_eq(text, "snpvmm-report: end 9 bytes, crc32 0xcbf43926\n");
	cr_expect_eq(line_of("123456789", 3, text), 0);
}

static unsigned value_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = strchr(digits, c);

	cr_assert(c && at, "'%c' is no digit of base64", c);
	return (unsigned)(at - digits);
}

static size_t base64_read(const char *text, uint8_t *to)
{
	size_t n = 0;

	for (; *text != '\n'; text += 4) {
		uint32_t group = value_of(text[0]) << 18 | value_of(text[1]) << 12;

		group |= text[2] == '=' ? 0 : value_of(text[2]) << 6;
		group |= text[3] == '=' ? 0 : value_of(text[3]);
		to[n++] = (uint8_t)(group >> 16);
		if (text[2] != '=')
			to[n++] = (uint8_t)(group >> 8);
		if (text[3] != '=')
			to[n++] = (uint8_t)group;
	}
	return n;
}

static void check_read_back(const struct frame *f, const uint8_t *bytes, size_t size)
{
	static uint8_t back[FRAME_CERTS_MAX + FRAME_BYTES];
	char text[FRAME_LINE + 2] = { 0 };
	size_t n = 0, at = 0;

	cr_assert_gt(frame_line(f, bytes, size, n++, text), 0);
	for (;;) {
		size_t length = frame_line(f, bytes, size, n++, text);
		char head[32];

		text[length] = 0;
		cr_assert(length > 0 && length <= FRAME_LINE + 1 && text[length - 1] == '\n');
		if (strstr(text, ": end "))
			break;
		snprintf(head, sizeof(head), "%s%0*zu ", f->mark, (int)f->digits, n - 2);
		cr_assert_eq(strncmp(text, head, strlen(head)), 0, "%s", text);
		at += base64_read(text + strlen(head), back + at);
	}
	cr_expect_eq(frame_line(f, bytes, size, n, text), 0);
	cr_assert_eq(at, size);
	cr_expect(!memcmp(back, bytes, size), "of %zu bytes", size);
}

Test(frame, is_read_back_whole_at_every_size)
{
	static uint8_t bytes[FRAME_CERTS_MAX];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 ^ i >> 5);
	for (size_t size = 0; size < 3 * FRAME_BYTES; size++) {
		check_read_back(&frame_report, bytes, size);
		check_read_back(&frame_certs, bytes, size);
	}
	check_read_back(&frame_report, bytes, 1184);
	check_read_back(&frame_report, bytes, FRAME_REPORT_MAX);
	check_read_back(&frame_certs, bytes, 4763);
	check_read_back(&frame_certs, bytes, FRAME_CERTS_MAX);
}
