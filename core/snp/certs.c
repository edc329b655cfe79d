/* SPDX-License-Identifier: MIT */
/* core/snp/certs.c: reads and writes certificate tables. */
#include "core/snp/certs.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"

#define GUID_SIZE  16
#define ENTRY_SIZE 24

static const struct {
	const char *name;
	uint8_t guid[GUID_SIZE];
} guids[] = {
	{ "VCEK", /* 63da758d-e664-4564-adc5-f4b93be8accd */
	  { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8,
	    0xac, 0xcd } },
	{ "VLEK", /* a8074bc2-a25a-483e-aae6-39c045a0b8a1 */
	  { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0,
	    0xb8, 0xa1 } },
	{ "ASK", /* 4ab7b379-bbac-4fe4-a02f-05aef327c782; ASVK too */
	  { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27,
	    0xc7, 0x82 } },
	{ "ARK", /* c0b406a4-a803-4952-9743-3fb6014cd0ae */
	  { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c,
	    0xd0, 0xae } },
	{ "CRL", /* 92f81bc3-5811-4d3d-97ff-d19f88dc67ea */
	  { 0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc,
	    0x67, 0xea } },
};

static int entry_refuse(struct error *err, size_t i, const char *text)
{
	error_set(err, ERROR_BAD_CERTIFICATE, "entry %zu of the table %s", i, text);
	return error_why(err, "readers differ on what such a table holds, or read past its end");
}

/* Entry i, whose numbers may be anything, also against those before it; `header` ends them all. */
static int entry_check(const struct snp_cert *all, size_t i, size_t header, size_t size,
                       struct error *err)
{
	const struct snp_cert *c = &all[i];
	char guid[2 * GUID_SIZE + 1], text[96];

	if (bytes_zero(c->guid, GUID_SIZE))
		return entry_refuse(err, i, "has a GUID of zeros, but an offset or a length");
	if (c->size == 0)
		return entry_refuse(err, i, "has length 0");
	if (c->offset < header)
		return entry_refuse(err, i, "begins inside the list of entries");
	if (c->offset > size || c->size > size - c->offset)
		return entry_refuse(err, i, "reaches beyond the end of the file");
	for (size_t j = 0; j < i; j++) {
		const struct snp_cert *b = &all[j];

		if (memcmp(b->guid, c->guid, GUID_SIZE) == 0) {
			snprintf(text, sizeof(text), "has the GUID of entry %zu again: %s", j,
			         c->name ? c->name : hex_of(c->guid, GUID_SIZE, guid));
			return entry_refuse(err, i, text);
		}
		if (b->offset < c->offset ? c->offset - b->offset < b->size
		                          : b->offset - c->offset < c->size) {
			snprintf(text, sizeof(text), "overlaps entry %zu", j);
			return entry_refuse(err, i, text);
		}
	}
	return 0;
}

/* The number of entries, or a negative errno. */
static int entries_take(struct reader *r, struct snp_cert ret[static SNP_CERTS_MAX],
                        struct error *err)
{
	for (int n = 0; n <= SNP_CERTS_MAX; n++) {
		struct snp_cert c = { .guid = reader_take(r, GUID_SIZE) };

		c.offset = reader_le32(r);
		c.size = reader_le32(r);
		if (r->bad)
			return error_set(err, ERROR_BAD_CERTIFICATE,
			                 "the file ends before the table's last entry, which is "
			                 "all zeros");
		if (bytes_zero(c.guid, ENTRY_SIZE))
			return n;
		for (size_t i = 0; i < ARRAY_SIZE(guids); i++)
			if (memcmp(c.guid, guids[i].guid, GUID_SIZE) == 0)
				c.name = guids[i].name;
		if (n < SNP_CERTS_MAX)
			ret[n] = c;
	}
	return error_set(err, ERROR_BAD_CERTIFICATE, "the table has more than %d entries",
	                 SNP_CERTS_MAX);
}

int snp_certs_parse(const uint8_t *bytes, size_t size, struct snp_cert ret[static SNP_CERTS_MAX],
                    size_t *ret_count, struct error *err)
{
	struct reader r = reader_over(bytes, size, 0, size);
	int n = entries_take(&r, ret, err), e = n < 0 ? n : 0;

	if (n == 0)
		return error_set(err, ERROR_BAD_CERTIFICATE, "the table has no entry");
	for (int i = 0; i < n && e == 0; i++)
		e = entry_check(ret, (size_t)i, ((size_t)n + 1) * ENTRY_SIZE, size, err);
	if (e == 0)
		*ret_count = (size_t)n;
	return e;
}

bool snp_certs_read(const uint8_t *bytes, size_t size, struct snp_cert ret[static SNP_CERTS_MAX],
                    size_t *ret_count)
{
	struct error unwanted;

	return snp_certs_parse(bytes, size, ret, ret_count, &unwanted) == 0;
}

bool snp_certs_begin(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; size >= ENTRY_SIZE && i < ARRAY_SIZE(guids); i++)
		if (memcmp(bytes, guids[i].guid, GUID_SIZE) == 0)
			return true;
	return false;
}

void snp_certs_write(const struct snp_cert_content *list, size_t n, struct buffer *to)
{
	static const uint8_t last[ENTRY_SIZE];
	uint32_t offset = (uint32_t)((n + 1) * ENTRY_SIZE);

	assert(n <= SNP_CERTS_MAX);
	for (size_t i = 0; i < n; i++) {
		le32 at = le32_of(offset), size = le32_of((uint32_t)list[i].size);
		size_t g = 0;

		while (g < ARRAY_SIZE(guids) && strcmp(guids[g].name, list[i].name) != 0)
			g++;
		assert(g < ARRAY_SIZE(guids));
		buffer_add(to, guids[g].guid, GUID_SIZE);
		buffer_add(to, &at, sizeof(at));
		buffer_add(to, &size, sizeof(size));
		offset += (uint32_t)list[i].size;
	}
	buffer_add(to, last, sizeof(last));
	for (size_t i = 0; i < n; i++)
		buffer_add(to, list[i].bytes, list[i].size);
}
