/* SPDX-License-Identifier: MIT */
/* tests/make/bzimage.h: builds small bzImages, each with one fault on demand. */
#ifndef TESTS_MAKE_BZIMAGE_H
#define TESTS_MAKE_BZIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/file.h"

enum bzimage_fault {
	BZIMAGE_SOUND,
	BZIMAGE_NO_MAGIC,
	BZIMAGE_NO_BOOT_FLAG,
	BZIMAGE_OLD,          /* protocol 2.11 */
	BZIMAGE_HEADER_SHORT, /* ends a byte before protocol 2.12's */
	BZIMAGE_HEADER_LONG,  /* one byte longer than boot_params allows */
	BZIMAGE_SETUP_PAST_END,
	BZIMAGE_CUT,      /* syssize says 16 bytes more than there are */
	BZIMAGE_NO_ENTRY, /* 512 bytes after the setup part */
	BZIMAGE_LOADED_LOW,
	BZIMAGE_32_BIT,
	BZIMAGE_INIT_SIZE_0,
	BZIMAGE_INIT_SIZE_SMALL, /* a byte less than the payload */
	BZIMAGE_INIT_SIZE_LARGE, /* a byte more than 1 GiB */
	BZIMAGE_ALIGNMENT_0,
	BZIMAGE_ALIGNMENT_ODD,
	BZIMAGE_ALIGNMENT_LARGE,
	BZIMAGE_FIXED_AT_0, /* not relocatable, in this and the next two */
	BZIMAGE_FIXED_ODD,
	BZIMAGE_FIXED_HIGH,
	BZIMAGE_FAULTS
};

struct bzimage_spec {
	unsigned setup_sects; /* 0: as 4 */
	size_t payload_size;  /* bytes after the setup part */
	uint64_t seed;        /* of the payload's bytes */
	const char *release;  /* the whole kernel_version; NULL: none */
	uint64_t pref_address;
	uint32_t init_size, kernel_alignment, initrd_addr_max, cmdline_size;
	bool fixed;   /* not relocatable */
	bool accepts; /* memory itself: the words of the table's GUID are behind the packed kernel */
	enum bzimage_fault fault;
};

/*
 * Protocol 2.15, 2 setup sectors, 8 KiB of payload, pref_address 16 MiB, init_size 4 MiB, alignment
 * 2 MiB, release "6.12.0-made".
 */
struct bzimage_spec bzimage_default(void);

/* The image, which the caller frees. Aborts if the spec doesn't fit or memory runs out. */
struct blob bzimage_make(const struct bzimage_spec *spec);

#endif
