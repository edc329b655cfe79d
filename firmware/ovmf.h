/* SPDX-License-Identifier: MIT */
/*
 * firmware/ovmf.h: what an OVMF-style image says about itself: AP start, hash area, launch
 * sections.
 */
#ifndef FIRMWARE_OVMF_H
#define FIRMWARE_OVMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan/region.h"

struct error; /* core/base/error.h */

/* Types of the sections of the SEV metadata (ASEV descriptor). */
enum ovmf_section_type {
	OVMF_SEC_MEM = 1,
	OVMF_SECRETS = 2,
	OVMF_CPUID = 3,
	OVMF_SVSM_CAA = 4,
	OVMF_KERNEL_HASHES = 0x10,
};

struct ovmf_section {
	uint32_t gpa, size, type; /* type: an enum ovmf_section_type, or an unknown number */
};

#define OVMF_MAX_SECTIONS 64
/* An image ends at 4 GiB and must stay above the local APIC's page; no real one is larger. */
#define OVMF_MAX_SIZE ((size_t)16 << 20)
#define RESET_VECTOR  0xfffffff0 /* a processor's first instruction: APM volume 2, 14.1.5 */

struct ovmf {
	uint64_t gpa; /* 4 GiB - size */
	uint64_t size;
	bool has_reset;               /* has a SEV-ES reset block */
	uint32_t reset_eip;           /* where APs start, from that block; 0 is not a valid start */
	bool has_hash_area;           /* false for an area at 0, as in OvmfPkgX64 builds */
	uint32_t hash_gpa, hash_size; /* within one page */
	bool is_svsm;                 /* an SVSM, which runs below a firmware and isn't one */
	uint32_t svsm_entry;          /* where an SVSM begins, from the image's start */
	bool is_tdx;                  /* built only for Intel TDX (IntelTdxX64) */
	bool has_metadata;
	/* In the image's order. Whole pages, which overlap neither each other nor the image. */
	struct ovmf_section sections[OVMF_MAX_SECTIONS];
	size_t n_sections;
};

/*
 * Reads the GUIDed footer table and the SEV metadata. bytes/size: the whole image; nothing is
 * allocated, the result holds no pointer into it. A missing reset block, hash area or metadata is
 * not an error, but shows in the flags. Errors don't name the file. *ret is written only on
 * success.
 */
int ovmf_parse(const uint8_t *bytes, size_t size, struct ovmf *ret, struct error *err);

/*
 * The same for an image that a launch begins with. A measured launch (SNP) needs SEV metadata and a
 * reset block, as with QEMU and sev-snp-measure. Other VMs need neither, and also take images
 * without a footer table that end in a reset vector (a BIOS, qboot); *ret_lack then says why SNP
 * can't launch the image, NULL if it can. Static. Errors name `path`.
 */
int ovmf_parse_for_launch(const char *path, const uint8_t *image, size_t size, bool measured,
                          struct ovmf *ret, const char **ret_lack, struct error *err);

/* Whether the file ends in a footer table or begins as a firmware volume. */
bool ovmf_probe(const uint8_t *bytes, size_t size);

/* One entry of the footer table. */
struct ovmf_entry {
	const uint8_t *guid; /* its 16 bytes, inside the image */
	const char *name;    /* static; NULL: unknown */
	size_t at, size;     /* offset and size of its data, which may be empty */
};

/* Iterates over the table, starting with the entry next to the footer. */
struct ovmf_table {
	const uint8_t *bytes;
	size_t size;      /* of the image */
	size_t end, left; /* where the next entry ends, and the bytes of the table before that */
};

/* For an image that ovmf_parse() accepted; on others the iteration ends at the first fault. */
struct ovmf_table ovmf_table_of(const uint8_t *bytes, size_t size);
bool ovmf_table_next(struct ovmf_table *t, struct ovmf_entry *ret);

/* The first section of a type; NULL: there is none. */
const struct ovmf_section *ovmf_section_find(const struct ovmf *o, enum ovmf_section_type type);
/* Why an SNP launch of the image is likely to fail; NULL: no reason is known. Static. */
const char *ovmf_snp_warning(const struct ovmf *o);
/* The kind of the section's pages, unless a profile or kernel hashes say otherwise. */
enum page_kind ovmf_section_kind(uint32_t type);
/* "sec mem", "secrets", ...; "section" for an unknown type. Static. */
const char *ovmf_section_name(uint32_t type);

#endif
