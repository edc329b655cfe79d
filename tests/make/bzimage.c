/* SPDX-License-Identifier: MIT */
/* tests/make/bzimage.c: writes a setup header field by field, then patches the fault in. */
#include "tests/make/bzimage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "tests/make/image.h"
#include "tests/make/le.h"

#define SECTOR     512
#define RELEASE_AT 0x300 /* after the header, inside the setup part */

/* What a fault writes, and where. The image's size depends only on the spec. */
static const struct patch {
	size_t at;
	unsigned width;
	uint64_t value;
} patches[BZIMAGE_FAULTS][2] = {
	[BZIMAGE_NO_MAGIC] = { { 0x202, 4, 0 } },
	[BZIMAGE_NO_BOOT_FLAG] = { { 0x1fe, 2, 0x1234 } },
	[BZIMAGE_OLD] = { { 0x206, 2, 0x20b } },
	[BZIMAGE_HEADER_SHORT] = { { 0x201, 1, 0x65 } },
	[BZIMAGE_HEADER_LONG] = { { 0x201, 1, 0x8f } },
	[BZIMAGE_SETUP_PAST_END] = { { 0x1f1, 1, 18 } },
	[BZIMAGE_CUT] = { { 0x1f4, 4, 0x201 } },
	[BZIMAGE_NO_ENTRY] = { { 0x1f1, 1, 17 }, { 0x1f4, 4, 0x20 } },
	[BZIMAGE_LOADED_LOW] = { { 0x211, 1, 0 } },
	[BZIMAGE_32_BIT] = { { 0x236, 2, 0x7e } },
	[BZIMAGE_INIT_SIZE_0] = { { 0x260, 4, 0 } },
	[BZIMAGE_INIT_SIZE_SMALL] = { { 0x260, 4, 0x1fff } },
	[BZIMAGE_INIT_SIZE_LARGE] = { { 0x260, 4, 0x40000001 } },
	[BZIMAGE_ALIGNMENT_0] = { { 0x230, 4, 0 } },
	[BZIMAGE_ALIGNMENT_ODD] = { { 0x230, 4, 0x300000 } },
	[BZIMAGE_ALIGNMENT_LARGE] = { { 0x230, 4, 0x80000000 } },
	[BZIMAGE_FIXED_AT_0] = { { 0x234, 1, 0 }, { 0x258, 8, 0 } },
	[BZIMAGE_FIXED_ODD] = { { 0x234, 1, 0 }, { 0x258, 8, 0x1000800 } },
	[BZIMAGE_FIXED_HIGH] = { { 0x234, 1, 0 }, { 0x258, 8, 0xc0000000 } },
};

struct bzimage_spec bzimage_default(void)
{
	return (struct bzimage_spec){
		.setup_sects = 2,
		.payload_size = 0x2000,
		.seed = 1,
		.release = "6.12.0-made (nobody@nowhere) #1 SMP",
		.pref_address = 0x1000000,
		.init_size = 0x400000,
		.kernel_alignment = 0x200000,
		.initrd_addr_max = 0x7fffffff,
		.cmdline_size = 2047,
	};
}

static void header_put(const struct bzimage_spec *s, uint8_t *to)
{
	const struct patch rows[] = {
		{ 0x1f1, 1, s->setup_sects },
		{ 0x1f4, 4, s->payload_size / 16 },
		{ 0x1fa, 2, 0xffff }, /* vid_mode */
		{ 0x1fe, 2, 0xaa55 },
		{ 0x200, 2, 0x6aeb },
		{ 0x202, 4, 0x53726448 },
		{ 0x206, 2, 0x20f },
		{ 0x20e, 2, s->release ? RELEASE_AT - 0x200 : 0 },
		{ 0x211, 1, 1 },
		{ 0x214, 4, 0x100000 }, /* code32_start */
		{ 0x22c, 4, s->initrd_addr_max },
		{ 0x230, 4, s->kernel_alignment },
		{ 0x234, 1, !s->fixed },
		{ 0x235, 1, 21 }, /* min_alignment */
		{ 0x236, 2, 0x7f },
		{ 0x238, 4, s->cmdline_size },
		{ 0x248, 4, 0x200 }, /* payload_offset, payload_length */
		{ 0x24c, 4, 0x1000 },
		{ 0x258, 8, s->pref_address },
		{ 0x260, 4, s->init_size },
		{ 0x264, 4, 0x190 },  /* handover_offset */
		{ 0x268, 4, 0x1f00 }, /* kernel_info_offset */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		le_put(to + rows[i].at, rows[i].value, rows[i].width);
	for (size_t i = 0; i < ARRAY_SIZE(patches[0]); i++) {
		const struct patch *p = &patches[s->fault][i];

		le_put(to + p->at, p->value, p->width);
	}
}

/* d5d1de3c-105c-44f9-9ea9-bcef98120031, as words */
static const uint32_t guid[] = { 0xd5d1de3c, 0x44f9105c, 0xefbca99e, 0x31001298 };

struct blob bzimage_make(const struct bzimage_spec *spec)
{
	size_t setup = SECTOR * ((spec->setup_sects ? spec->setup_sects : 4) + (size_t)1);
	struct blob b = BLOB_NONE;
	struct error err = { 0 };

	if (setup > 0x100 * SECTOR || blob_zero(setup + spec->payload_size, &b, &err) < 0 ||
	    (spec->release && RELEASE_AT + strlen(spec->release) >= setup)) {
		fprintf(stderr, "bzimage_make: cannot make this image\n");
		abort();
	}
	memcpy(b.data, "MZ", 2); /* kernels are EFI programs, too */
	header_put(spec, b.data);
	if (spec->release)
		memcpy(b.data + RELEASE_AT, spec->release, strlen(spec->release));
	image_noise(b.data + setup, spec->payload_size, spec->seed);
	for (size_t i = 0; spec->accepts && i < ARRAY_SIZE(guid); i++)
		le_put(b.data + setup + 0x1200 + 7 * i, guid[i], 4);
	return b;
}
