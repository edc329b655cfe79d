/* SPDX-License-Identifier: MIT */
/* firmware/ovmf.h: what an OVMF-style image says about itself: AP start, hash area, launch sections. */
#ifndef FIRMWARE_OVMF_H
#define FIRMWARE_OVMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error; /* core/base/error.h */

/* One section of the SEV metadata (ASEV descriptor), in the image's order. */
enum ovmf_section_type {
	OVMF_SEC_MEM = 1,
	OVMF_SECRETS = 2,
	OVMF_CPUID = 3,
	OVMF_SVSM_CAA = 4,
	OVMF_KERNEL_HASHES = 0x10,
};

struct ovmf_section {
	uint32_t gpa, size, type; /* type: an ovmf_section_type, or a number that we don't know */
};

#define OVMF_MAX_SECTIONS 64
#define OVMF_MAX_SIZE     ((size_t)16 << 20) /* below 4 GiB - the APIC page */

struct ovmf {
	uint64_t gpa; /* 4 GiB - size */
	uint64_t size;
	bool has_reset;               /* a reset block of 0 counts as none */
	uint32_t reset_eip;           /* AP start, SEV-ES reset block */
	bool has_hash_area;           /* base 0 says "no area", as plain OvmfPkgX64 builds do */
	uint32_t hash_gpa, hash_size; /* within one page */
	bool has_metadata;
	/* Disjoint, whole pages, clear of the image. */
	struct ovmf_section sections[OVMF_MAX_SECTIONS];
	size_t n_sections;
};

/*
 * Reads the GUIDed footer table and the SEV metadata. bytes/size: the whole image; nothing is allocated,
 * the result holds no pointer into it. A missing reset block, hash area or metadata is no failure: the
 * flags say it. The sentence of a failure doesn't name the file. *ret is touched only on success.
 */
int ovmf_parse(const uint8_t *bytes, size_t size, struct ovmf *ret, struct error *err);

/* "sec mem", "secrets", ...; "section" for a number that we don't know. Static. */
const char *ovmf_section_name(uint32_t type);

#endif
