/* SPDX-License-Identifier: MIT */
/* guest/certs.c: finds the end of a certificate table. */
#include "guest/certs.h"

#include <stdbool.h>

static bool entry_zero(const uint8_t *entry)
{
	for (size_t i = 0; i < CERTS_ENTRY; i++)
		if (entry[i])
			return false;
	return true;
}

static uint32_t number_at(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

size_t certs_size(const uint8_t *table, size_t cap)
{
	size_t size = 0;

	for (size_t at = 0; at + CERTS_ENTRY <= cap; at += CERTS_ENTRY) {
		uint32_t offset = number_at(table + at + 16), length = number_at(table + at + 20);

		if (entry_zero(table + at))
			return size > at + CERTS_ENTRY ? size : at ? 0 : CERTS_ENTRY;
		if (offset > cap || length > cap - offset)
			return 0;
		if (size < (size_t)offset + length)
			size = (size_t)offset + length;
	}
	return 0;
}
