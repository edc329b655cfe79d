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
	bool has_reset;               /* there is a SEV-ES reset block */
	uint32_t reset_eip;           /* its address: where APs start; 0 is no place to start */
	bool has_hash_area;           /* base 0 says "no area", as plain OvmfPkgX64 builds do */
	uint32_t hash_gpa, hash_size; /* within one page */
	bool is_svsm;                 /* an SVSM, which runs below a firmware and is none */
	bool is_tdx;                  /* built for Intel TDX alone (IntelTdxX64) */
	bool has_metadata;
	/* Disjoint, whole pages, clear of the image. */
	struct ovmf_section sections[OVMF_MAX_SECTIONS];
	size_t n_sections;
};

/*
 * Reads the GUIDed footer table and the SEV metadata. bytes/size: the whole image; nothing is
 * allocated, the result holds no pointer into it. A missing reset block, hash area or metadata is
 * no failure: the flags say it. The sentence of a failure doesn't name the file. *ret is touched
 * only on success.
 */
int ovmf_parse(const uint8_t *bytes, size_t size, struct ovmf *ret, struct error *err);

/*
 * The same for an image that a launch begins with. An SNP launch needs SEV metadata and a reset
 * block, as QEMU and sev-snp-measure do. A `plain` VM needs neither, and takes any other image that
 * ends in a reset vector as well (a BIOS, qboot): *ret_lack says then in a sentence why SNP could
 * not launch it; NULL: it could. Static. The sentence of a failure names `path`.
 */
int ovmf_parse_for_launch(const char *path, const uint8_t *image, size_t size, bool plain,
                          struct ovmf *ret, const char **ret_lack, struct error *err);

/*
 * Whether it ends in a footer table or begins as a firmware volume, so that ovmf_parse() is the one
 * to ask.
 */
bool ovmf_probe(const uint8_t *bytes, size_t size);

/* One entry of the footer table. */
struct ovmf_entry {
	const uint8_t *guid; /* its 16 bytes, inside the image */
	const char *name;    /* static; NULL: not one that we know */
	size_t at, size;     /* of its data, which may be empty */
};

/* A walk through the table, nearest to the footer first. */
struct ovmf_table {
	const uint8_t *bytes;
	size_t size;      /* of the image */
	size_t end, left; /* where the next entry ends, and the table's bytes up to there */
};

/* Of an image that ovmf_parse() took; of others the walk ends where they go wrong. */
struct ovmf_table ovmf_table_of(const uint8_t *bytes, size_t size);
bool ovmf_table_next(struct ovmf_table *t, struct ovmf_entry *ret);

/* What the pages of a section are launched as, unless a profile or kernel hashes say otherwise. */
enum page_kind ovmf_section_kind(uint32_t type);
/* "sec mem", "secrets", ...; "section" for a number that we don't know. Static. */
const char *ovmf_section_name(uint32_t type);

#endif
