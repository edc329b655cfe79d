/* SPDX-License-Identifier: MIT */
/* tests/make/image.h: builds OVMF-style firmware images, each with one fault on demand. */
#ifndef TESTS_MAKE_IMAGE_H
#define TESTS_MAKE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/file.h"
#include "firmware/ovmf.h"

/* For image_default(): some patch its sections 0 and 1, some need its size of 64 KiB. */
enum image_fault {
	IMAGE_SOUND,
	IMAGE_NO_FOOTER,
	IMAGE_FOOTER_SHORT, /* its length is below 18 */
	IMAGE_FOOTER_PAST_START,
	IMAGE_FOOTER_LEFTOVER, /* bytes in the table that belong to no entry */
	IMAGE_ENTRY_SHORT,     /* its length is below 18 */
	IMAGE_ENTRY_PAST_TABLE,
	IMAGE_RESET_TWICE,
	IMAGE_HASH_AREA_TWICE,
	IMAGE_METADATA_TWICE,
	IMAGE_RESET_LENGTH, /* one byte too many, as in the next two */
	IMAGE_HASH_AREA_LENGTH,
	IMAGE_METADATA_LENGTH,
	IMAGE_HASH_AREA_ON_TWO_PAGES,
	IMAGE_METADATA_PAST_START,
	IMAGE_METADATA_PAST_END, /* its header begins in the last 16 bytes */
	IMAGE_METADATA_CUT,      /* its header is in the last 16 bytes, without sections */
	IMAGE_SIGNATURE,
	IMAGE_VERSION,
	IMAGE_LENGTH_DIFFERS,  /* from the count */
	IMAGE_COUNT_DIFFERS,   /* from the length */
	IMAGE_COUNT_TOO_LARGE, /* 65, with the length of 65 */
	IMAGE_COUNT_WRAPS,     /* 2^30 sections, whose length is 16 modulo 2^32 */
	IMAGE_SECTION_EMPTY,
	IMAGE_SECTION_UNALIGNED,
	IMAGE_SECTION_ODD_SIZE,
	IMAGE_SECTION_WRAPS,
	IMAGE_SECTION_HUGE,
	IMAGE_SECTIONS_OVERLAP,
	IMAGE_SECTION_IN_FIRMWARE,
	IMAGE_FAULTS
};

struct image_spec {
	size_t size;   /* at least 4096 */
	uint64_t seed; /* of the noise that stands for code */
	bool reset;
	uint32_t reset_eip;
	bool hash_area;
	uint32_t hash_gpa, hash_size;
	bool metadata;
	struct ovmf_section sections[OVMF_MAX_SECTIONS];
	size_t n_sections;
	enum image_fault fault;
};

/*
 * 64 KiB; AP start 0x80b004; hash area 0x810c00+0x400; AmdSev's sections: 0x800000+0x9000 and
 * 0x80a000+0x3000 sec mem, 0x80d000 secrets, 0x80e000 cpuid, 0x80f000 svsm caa, 0x810000 kernel
 * hashes, 0x811000+0xf000 sec mem. Between the entries are some that a parser has to skip.
 */
struct image_spec image_default(void);

/* The image, which the caller frees. Aborts if the spec doesn't fit or memory runs out. */
struct blob image_make(const struct image_spec *spec);

/*
 * The offset from the end at which the SEV metadata of these images begins. The footer table
 * follows.
 */
#define IMAGE_METADATA_AT 0x800

/* Fills with pseudorandom bytes, always the same for a seed. */
void image_noise(uint8_t *to, size_t size, uint64_t seed);

#endif
