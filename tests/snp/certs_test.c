/* SPDX-License-Identifier: MIT */
/* tests/snp/certs_test.c: certificate tables, sound and not. */
#include "core/snp/certs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"

enum { ENTRY = 24, TABLE = 4 * ENTRY, SIZE = TABLE + 300 };

/* Three entries, each with 100 bytes: an ARK, an ASK, and one that nobody knows. */
static void table_make(uint8_t to[static SIZE])
{
	static const uint8_t guids[3][16] = {
		{ 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01,
		  0x4c, 0xd0, 0xae },
		{ 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3,
		  0x27, 0xc7, 0x82 },
		{ 1 },
	};

	memset(to, 0, SIZE);
	memset(to + TABLE, 0x30, SIZE - TABLE);
	for (uint32_t i = 0; i < 3; i++) {
		le32 offset = le32_of(TABLE + 100 * i), size = le32_of(100);

		memcpy(to + i * ENTRY, guids[i], 16);
		memcpy(to + i * ENTRY + 16, &offset, 4);
		memcpy(to + i * ENTRY + 20, &size, 4);
	}
}

static void number_set(uint8_t *table, size_t entry, size_t at, uint32_t value)
{
	le32 v = le32_of(value);

	memcpy(table + entry * ENTRY + at, &v, 4);
}

/* Why a table is refused. */
static const char *refusal(const uint8_t *table, size_t size)
{
	static struct error err;
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t n = 77;

	cr_expect_eq(snp_certs_parse(table, size, certs, &n, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_BAD_CERTIFICATE);
	cr_expect_eq(n, 77u);
	return err.text;
}

static bool reads(const uint8_t *table, size_t size)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t n = 0;

	return snp_certs_read(table, size, certs, &n) && n > 0;
}

Test(certs, of_a_table_are_read)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	uint8_t table[SIZE];
	size_t n;

	table_make(table);
	cr_assert(snp_certs_read(table, SIZE, certs, &n));
	cr_assert_eq(n, 3);
	cr_expect_str_eq(certs[0].name, "ARK");
	cr_expect_str_eq(certs[1].name, "ASK");
	cr_expect_null(certs[2].name);
	cr_expect_eq(certs[2].offset, TABLE + 200);
	cr_expect_eq(certs[2].size, 100);
}

Test(certs, a_table_may_have_zeros_behind_it)
{
	uint8_t table[SIZE + 64] = { 0 };

	table_make(table);
	cr_expect(reads(table, sizeof(table)));
}

Test(certs, a_table_that_is_cut_is_none)
{
	uint8_t table[SIZE];

	table_make(table);
	for (size_t size = 0; size < SIZE; size++)
		cr_expect_not(reads(table, size), "%zu bytes", size);
}

Test(certs, no_number_of_an_entry_leads_outside)
{
	static const struct {
		const char *what;
		uint32_t offset, size;
	} rows[] = {
		{ "empty", TABLE, 0 },
		{ "inside of the entries", TABLE - 1, 100 },
		{ "at the begin", 0, 100 },
		{ "one byte too long", TABLE + 200, 101 },
		{ "outside", SIZE, 1 },
		{ "far outside", UINT32_MAX, 1 },
		{ "a size that wraps", TABLE + 200, UINT32_MAX },
		{ "a sum that wraps", UINT32_MAX - 10, 100 },
		{ "over another", TABLE + 150, 100 },
		{ "upon another", TABLE, 100 },
		{ "around another", TABLE + 99, 201 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t table[SIZE];

		table_make(table);
		number_set(table, 2, 16, rows[i].offset);
		number_set(table, 2, 20, rows[i].size);
		cr_expect_not(reads(table, SIZE), "%s", rows[i].what);
	}
}

Test(certs, a_GUID_is_neither_there_twice_nor_zero)
{
	uint8_t table[SIZE];

	table_make(table);
	memcpy(table + 2 * ENTRY, table, 16);
	cr_expect_not(reads(table, SIZE));
	table_make(table);
	memset(table + ENTRY, 0, 16);
	cr_expect_not(reads(table, SIZE));
}

Test(certs, a_table_ends)
{
	uint8_t table[SIZE];
	uint8_t many[(SNP_CERTS_MAX + 2) * ENTRY + SNP_CERTS_MAX + 1] = { 0 };

	table_make(table);
	memset(table + 3 * ENTRY, 1, ENTRY); /* no entry of zeros */
	cr_expect_not(reads(table, SIZE));
	for (uint32_t i = 0; i < SNP_CERTS_MAX + 1; i++) {
		many[i * ENTRY] = (uint8_t)(i + 1);
		number_set(many, i, 16, (SNP_CERTS_MAX + 2) * ENTRY + i);
		number_set(many, i, 20, 1);
	}
	cr_expect_not(reads(many, sizeof(many)));
	memset(many + SNP_CERTS_MAX * ENTRY, 0, ENTRY);
	cr_expect(reads(many, sizeof(many)));
}

Test(certs, each_defect_of_a_table_has_its_words)
{
	static const struct {
		uint32_t offset, size;
		const char *text;
	} rows[] = {
		{ TABLE + 200, 0, "entry 2 of the table has length 0" },
		{ TABLE - 1, 100, "entry 2 of the table begins inside the list of entries" },
		{ TABLE + 200, 101, "entry 2 of the table reaches beyond the end of the file" },
		{ UINT32_MAX, 100, "entry 2 of the table reaches beyond the end of the file" },
		{ TABLE + 150, 100, "entry 2 of the table overlaps entry 1" },
	};
	uint8_t table[SIZE], none[ENTRY] = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		table_make(table);
		number_set(table, 2, 16, rows[i].offset);
		number_set(table, 2, 20, rows[i].size);
		cr_expect_str_eq(refusal(table, SIZE), rows[i].text);
	}
	table_make(table);
	cr_expect_str_eq(refusal(table, TABLE - 1),
	                 "the file ends before the table's last entry, which is all zeros");
	memcpy(table + 2 * ENTRY, table, 16);
	cr_expect_str_eq(refusal(table, SIZE),
	                 "entry 2 of the table has the GUID of entry 0 again: "
	                 "ARK");
	memset(table + ENTRY, 0, 16);
	cr_expect_str_eq(refusal(table, SIZE), "entry 1 of the table has a GUID of zeros, but an "
	                                       "offset or a length");
	cr_expect_str_eq(refusal(none, sizeof(none)), "the table has no entry");
}

Test(certs, what_is_written_is_read_again)
{
	const struct snp_cert_content list[] = {
		{ "ARK", (const uint8_t *)"root", 4 },
		{ "ASK", (const uint8_t *)"second", 6 },
		{ "VLEK", (const uint8_t *)"v", 1 },
	};
	struct snp_cert certs[SNP_CERTS_MAX];
	auto_buffer struct buffer b = { 0 };
	uint32_t offset = TABLE;
	size_t n = 0;

	snp_certs_write(list, 3, &b);
	cr_assert_not(b.failed);
	cr_assert_eq(b.size, TABLE + 11u);
	cr_assert(snp_certs_read(b.data, b.size, certs, &n));
	cr_assert_eq(n, 3u);
	for (size_t i = 0; i < n; i++) {
		cr_expect_str_eq(certs[i].name, list[i].name);
		cr_expect_eq(certs[i].offset, offset);
		cr_assert_eq(certs[i].size, list[i].size);
		cr_expect_eq(memcmp(b.data + certs[i].offset, list[i].bytes, list[i].size), 0);
		offset += certs[i].size;
	}
	cr_expect(snp_certs_begin(b.data, b.size));
	cr_expect_not(snp_certs_begin(b.data, ENTRY - 1));
	cr_expect_not(snp_certs_begin(b.data + 1, b.size - 1));
}
