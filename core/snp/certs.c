/* SPDX-License-Identifier: MIT */
/* core/snp/certs.c: reads certificate tables. */
#include "core/snp/certs.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"

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

static bool entries_collide(const struct snp_cert *a, const struct snp_cert *b)
{
	return memcmp(a->guid, b->guid, GUID_SIZE) == 0 ||
	       (a->offset < b->offset ? b->offset - a->offset < a->size
	                              : a->offset - b->offset < b->size);
}

bool snp_certs_read(const uint8_t *bytes, size_t size, struct snp_cert ret[static SNP_CERTS_MAX],
                    size_t *ret_count)
{
	struct reader r = reader_over(bytes, size, 0, size);
	size_t n = 0;

	for (;; n++) {
		struct snp_cert c = { .guid = reader_take(&r, GUID_SIZE) };

		c.offset = reader_le32(&r);
		c.size = reader_le32(&r);
		if (r.bad)
			return false;
		if (bytes_zero(c.guid, ENTRY_SIZE))
			break;
		if (n == SNP_CERTS_MAX || c.size == 0 || c.offset > size ||
		    c.size > size - c.offset || bytes_zero(c.guid, GUID_SIZE))
			return false;
		for (size_t i = 0; i < ARRAY_SIZE(guids); i++)
			if (memcmp(c.guid, guids[i].guid, GUID_SIZE) == 0)
				c.name = guids[i].name;
		ret[n] = c;
	}
	for (size_t i = 0; i < n; i++) {
		if (ret[i].offset < (n + 1) * ENTRY_SIZE)
			return false;
		for (size_t j = 0; j < i; j++)
			if (entries_collide(&ret[i], &ret[j]))
				return false;
	}
	*ret_count = n;
	return n > 0;
}
