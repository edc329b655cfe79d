/* SPDX-License-Identifier: MIT */
/* tests/guest/certs_test.c: how long a host's certificate table is, whatever the host wrote. */
#include "guest/certs.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"

enum { CAP = 512 };

static void entry_put(uint8_t *table, size_t i, uint32_t offset, uint32_t length)
{
	le32 at = le32_of(offset), size = le32_of(length);

	table[i * CERTS_ENTRY] = (uint8_t)(i + 1);
	memcpy(table + i * CERTS_ENTRY + 16, &at, sizeof(at));
	memcpy(table + i * CERTS_ENTRY + 20, &size, sizeof(size));
}

Test(guest_certs, end_with_the_last_one)
{
	uint8_t table[CAP] = { 0 };

	cr_expect_eq(certs_size(table, CAP), (size_t)CERTS_ENTRY, "an empty table");
	entry_put(table, 0, 72, 100);
	entry_put(table, 1, 172, 10);
	cr_expect_eq(certs_size(table, CAP), 182u);
	entry_put(table, 1, 72, 10); /* one inside the other: the host's affair */
	cr_expect_eq(certs_size(table, CAP), 172u);
	entry_put(table, 1, 72, CAP - 72);
	cr_expect_eq(certs_size(table, CAP), (size_t)CAP);
}

Test(guest_certs, no_number_of_the_host_leads_outside)
{
	static const struct {
		uint32_t offset, length;
	} rows[] = {
		{ CAP + 1, 0 },          { CAP, 1 },
		{ 72, CAP - 71 },        { UINT32_MAX, 100 },
		{ 72, UINT32_MAX },      { UINT32_MAX, UINT32_MAX },
		{ UINT32_MAX - 71, 72 }, { 0x80000000, 0x80000000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t table[CAP] = { 0 };

		entry_put(table, 0, rows[i].offset, rows[i].length);
		cr_expect_eq(certs_size(table, CAP), 0u, "row %zu", i);
	}
}

Test(guest_certs, a_table_without_an_end_is_damaged)
{
	uint8_t table[CAP];

	memset(table, 0, sizeof(table));
	for (size_t i = 0; i < CAP / CERTS_ENTRY; i++)
		entry_put(table, i, 100, 1);
	cr_expect_eq(certs_size(table, CAP), 0u);
	memset(table, 0xff, sizeof(table));
	cr_expect_eq(certs_size(table, CAP), 0u);
	memset(table, 0, sizeof(table));
	for (size_t cap = 0; cap < CERTS_ENTRY; cap++)
		cr_expect_eq(certs_size(table, cap), 0u, "%zu", cap);
	entry_put(table, 0, 0, 1); /* nothing but entries */
	cr_expect_eq(certs_size(table, CAP), 0u);
}
