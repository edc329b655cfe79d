/* SPDX-License-Identifier: MIT */
/*
 * tests/make/image.c: writes an image's tables from the end downwards, then patches the fault into
 * it.
 */
#include "tests/make/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "tests/make/le.h"

#define FOOTER_AT 0x30 /* from the end: the footer GUID */
#define HEAD_SIZE 16   /* of the SEV metadata */

/* What a fault can patch. image.at[] has the offsets. */
enum place {
	AT_NOWHERE,
	AT_FOOTER_GUID,
	AT_FOOTER_LENGTH,
	AT_ENTRY_LENGTH, /* of the entry nearest the footer */
	AT_HASH_AREA,
	AT_METADATA_OFFSET,
	AT_SIGNATURE,
	AT_LENGTH,
	AT_VERSION,
	AT_COUNT,
	AT_SECTION_0_GPA,
	AT_SECTION_0_SIZE,
	AT_SECTION_1_GPA,
	AT_LAST_BYTES, /* the 16 of the reset vector */
	PLACES
};

struct image {
	const struct image_spec *spec;
	struct blob b;
	size_t top; /* where the next entry ends */
	size_t at[PLACES];
};

static const struct patch {
	enum place place;
	uint32_t value;
	unsigned width; /* in bytes */
} patches[IMAGE_FAULTS][2] = {
	[IMAGE_NO_FOOTER] = { { AT_FOOTER_GUID, 0, 4 } },
	[IMAGE_FOOTER_SHORT] = { { AT_FOOTER_LENGTH, 17, 2 } },
	[IMAGE_FOOTER_PAST_START] = { { AT_FOOTER_LENGTH, 0xffff, 2 } },
	[IMAGE_ENTRY_SHORT] = { { AT_ENTRY_LENGTH, 17, 2 } },
	[IMAGE_ENTRY_PAST_TABLE] = { { AT_ENTRY_LENGTH, 0x1000, 2 } },
	[IMAGE_HASH_AREA_ON_TWO_PAGES] = { { AT_HASH_AREA, 0x810c01, 4 } },
	[IMAGE_METADATA_PAST_START] = { { AT_METADATA_OFFSET, 0x10010, 4 } },
	[IMAGE_METADATA_PAST_END] = { { AT_METADATA_OFFSET, 15, 4 } },
	[IMAGE_METADATA_CUT] = { { AT_METADATA_OFFSET, 16, 4 }, { AT_LAST_BYTES, 0, 0 } },
	[IMAGE_SIGNATURE] = { { AT_SIGNATURE, 0x56455342, 4 } },
	[IMAGE_VERSION] = { { AT_VERSION, 2, 4 } },
	[IMAGE_LENGTH_DIFFERS] = { { AT_LENGTH, 99, 4 } },
	[IMAGE_COUNT_DIFFERS] = { { AT_COUNT, 6, 4 } },
	[IMAGE_COUNT_TOO_LARGE] = { { AT_COUNT, 65, 4 }, { AT_LENGTH, HEAD_SIZE + 12 * 65, 4 } },
	[IMAGE_COUNT_WRAPS] = { { AT_COUNT, 1u << 30, 4 }, { AT_LENGTH, HEAD_SIZE, 4 } },
	[IMAGE_SECTION_EMPTY] = { { AT_SECTION_0_SIZE, 0, 4 } },
	[IMAGE_SECTION_UNALIGNED] = { { AT_SECTION_0_GPA, 0x7ff800, 4 } },
	[IMAGE_SECTION_ODD_SIZE] = { { AT_SECTION_0_SIZE, 0x8fff, 4 } },
	[IMAGE_SECTION_WRAPS] = { { AT_SECTION_0_GPA, 0xfffff000, 4 } },
	[IMAGE_SECTION_HUGE] = { { AT_SECTION_0_GPA, 0x1000000, 4 },
	                         { AT_SECTION_0_SIZE, 0x10001000, 4 } },
	[IMAGE_SECTIONS_OVERLAP] = { { AT_SECTION_1_GPA, 0x808000, 4 } },
	[IMAGE_SECTION_IN_FIRMWARE] = { { AT_SECTION_0_GPA, 0xfffe8000, 4 } },
};

void image_noise(uint8_t *to, size_t size, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15 + 1;

	for (size_t i = 0; i < size; i++) { /* xorshift64; any varied sequence will do */
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		to[i] = (uint8_t)(x >> 32);
	}
}

/* Writes an entry (data, u16 length, GUID) below those written before. */
static void entry_put(struct image *m, const char guid[static 16], const void *data, size_t size)
{
	uint8_t *end = m->b.data + m->top;

	memcpy(end - 16, guid, 16);
	le_put(end - 18, (uint32_t)size + 18, 2);
	memcpy(end - 18 - size, data, size);
	m->top -= 18 + size;
}

/* Writes an entry that the parser uses, twice or a byte too long if that is the fault. */
static void entry_faulty(struct image *m, const char guid[static 16], const uint8_t *data,
                         size_t size, enum image_fault twice, enum image_fault too_long)
{
	uint8_t cap[16] = { 0 };

	memcpy(cap, data, size);
	entry_put(m, guid, cap, size + (m->spec->fault == too_long));
	if (m->spec->fault == twice)
		entry_put(m, guid, cap, size);
}

static void reset_put(struct image *m)
{
	uint8_t data[4];

	le_put(data, m->spec->reset_eip, 4);
	entry_faulty(m, "\xde\x71\xf7\x00\x7e\x1a\xcb\x4f\x89\x0e\x68\xc7\x7e\x2f\xb4\x4e", data,
	             sizeof(data), IMAGE_RESET_TWICE, IMAGE_RESET_LENGTH);
}

static void hash_area_put(struct image *m)
{
	uint8_t data[8];

	le_put(data, m->spec->hash_gpa, 4);
	le_put(data + 4, m->spec->hash_size, 4);
	m->at[AT_HASH_AREA] = m->top - 18 - sizeof(data);
	entry_faulty(m, "\x1f\x37\x55\x72\x3b\x3a\x04\x4b\x92\x7b\x1d\xa6\xef\xa8\xd4\x54", data,
	             sizeof(data), IMAGE_HASH_AREA_TWICE, IMAGE_HASH_AREA_LENGTH);
}

static void metadata_put(struct image *m)
{
	size_t n = m->spec->n_sections, at = m->b.size - IMAGE_METADATA_AT;
	uint8_t data[4], *to = m->b.data + at;

	le_put(data, IMAGE_METADATA_AT, 4);
	m->at[AT_METADATA_OFFSET] = m->top - 18 - sizeof(data);
	entry_faulty(m, "\x66\x65\x88\xdc\x4a\x98\x98\x47\xa7\x5e\x55\x85\xa7\xbf\x67\xcc", data,
	             sizeof(data), IMAGE_METADATA_TWICE, IMAGE_METADATA_LENGTH);
	memcpy(to, "ASEV", 4);
	le_put(to + 4, (uint32_t)(HEAD_SIZE + 12 * n), 4);
	le_put(to + 8, 1, 4);
	le_put(to + 12, (uint32_t)n, 4);
	for (size_t i = 0; i < n; i++) {
		le_put(to + HEAD_SIZE + 12 * i, m->spec->sections[i].gpa, 4);
		le_put(to + HEAD_SIZE + 12 * i + 4, m->spec->sections[i].size, 4);
		le_put(to + HEAD_SIZE + 12 * i + 8, m->spec->sections[i].type, 4);
	}
	m->at[AT_SIGNATURE] = at;
	m->at[AT_LENGTH] = at + 4;
	m->at[AT_VERSION] = at + 8;
	m->at[AT_COUNT] = at + 12;
	m->at[AT_SECTION_0_GPA] = at + HEAD_SIZE;
	m->at[AT_SECTION_0_SIZE] = at + HEAD_SIZE + 4;
	m->at[AT_SECTION_1_GPA] = at + HEAD_SIZE + 12;
}

/*
 * Writes reset vector, signature and footer; then the entries, nearest first, in the order of
 * Debian's build.
 */
static void tail_put(struct image *m)
{
	size_t end = m->b.size;

	memset(m->b.data + end - 0x20, 0, 12);
	memcpy(m->b.data + end - 0x14, "VTF", 4);
	memcpy(m->b.data + end - FOOTER_AT,
	       "\xde\x82\xb5\x96\xb2\x1f\xf7\x45\xba\xea\xa3\x66\xc5\x5a\x08\x2d", 16);
	m->top = end - FOOTER_AT - 2;
	m->at[AT_FOOTER_GUID] = end - FOOTER_AT;
	m->at[AT_FOOTER_LENGTH] = m->top;
	m->at[AT_ENTRY_LENGTH] = m->top - 18;
	m->at[AT_LAST_BYTES] = end - 16;
	if (m->spec->reset)
		reset_put(m);
	/* A secret area, and an unknown entry of odd size. */
	entry_put(m, "\x61\xb3\x2e\x4c\x9b\x7d\xc3\x4c\x80\x81\x12\x7c\x90\xd3\xd2\x94",
	          "\x00\x00\x81\x00\x00\x0c\x00", 8);
	entry_put(m, "GUID of nobody's", "odd", 3);
	if (m->spec->hash_area)
		hash_area_put(m);
	if (m->spec->metadata)
		metadata_put(m);
	/* An entry without data, of 18 bytes. */
	entry_put(m, "GUID of nothing.", "", 0);
	end = m->at[AT_FOOTER_LENGTH];
	le_put(m->b.data + end,
	       (uint32_t)(end - m->top + 18) + 5 * (m->spec->fault == IMAGE_FOOTER_LEFTOVER), 2);
}

static void unfit(void)
{
	fprintf(stderr, "image_make: cannot make this image\n");
	abort();
}

static void fault_put(struct image *m)
{
	const struct patch *rows = patches[m->spec->fault];

	for (size_t i = 0; i < ARRAY_SIZE(patches[0]) && rows[i].place != AT_NOWHERE; i++) {
		uint8_t *to = m->b.data + m->at[rows[i].place];

		if (to == m->b.data) /* the image doesn't have that */
			unfit();
		if (rows[i].place == AT_LAST_BYTES) /* a copy of the metadata's header */
			memcpy(to, m->b.data + m->at[AT_SIGNATURE], HEAD_SIZE);
		else
			le_put(to, rows[i].value, rows[i].width);
	}
}

struct image_spec image_default(void)
{
	return (struct image_spec){
		.size = 0x10000,
		.seed = 1,
		.reset = true,
		.reset_eip = 0x80b004,
		.hash_area = true,
		.hash_gpa = 0x810c00,
		.hash_size = 0x400,
		.metadata = true,
		.sections = {
			{ 0x800000, 0x9000, OVMF_SEC_MEM },
			{ 0x80a000, 0x3000, OVMF_SEC_MEM },
			{ 0x80d000, 0x1000, OVMF_SECRETS },
			{ 0x80e000, 0x1000, OVMF_CPUID },
			{ 0x80f000, 0x1000, OVMF_SVSM_CAA },
			{ 0x810000, 0x1000, OVMF_KERNEL_HASHES },
			{ 0x811000, 0xf000, OVMF_SEC_MEM },
		},
		.n_sections = 7,
	};
}

struct blob image_make(const struct image_spec *spec)
{
	struct image m = { .spec = spec };
	struct error err = { 0 };

	if (spec->size < 0x1000 || spec->n_sections > OVMF_MAX_SECTIONS ||
	    blob_zero(spec->size, &m.b, &err) < 0)
		unfit();
	/*
	 * A firmware volume begins with 16 zero bytes. Noise there could look like another file's
	 * magic.
	 */
	image_noise(m.b.data + 16, spec->size - 16, spec->seed);
	tail_put(&m);
	fault_put(&m);
	return m.b;
}
