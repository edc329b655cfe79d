/* SPDX-License-Identifier: MIT */
/* tests/make/igvm.h: builds IGVM files, header by header, sound or not. */
#ifndef TESTS_MAKE_IGVM_H
#define TESTS_MAKE_IGVM_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/snp/abi.h"
#include "firmware/igvm.h"

#define IGVM_SNP 1 /* the mask of the SNP platform in these files */

/* Where the data of all files begins: headers have that much room. */
#define IGVM_DATA_AT ((uint32_t)128 << 10)

/* Zero-initialise. Each function adds a header; igvm_make() makes the file of them. */
struct igvm_file {
	struct buffer headers, data;
	uint32_t version;         /* 0: 1 */
	uint32_t arch, page_size; /* of version 2; page_size 0: 4096 */
	uint32_t wrong_checksum;  /* XORed to the right one */
};

void igvm_add(struct igvm_file *f, uint32_t type, const void *body, uint32_t size);
/* Adds data; returns its offset in the file. */
uint32_t igvm_add_data(struct igvm_file *f, const void *bytes, size_t size);

void igvm_add_platform(struct igvm_file *f, uint32_t mask, uint8_t type, uint64_t vtom);
void igvm_add_policy(struct igvm_file *f, uint32_t mask, uint64_t policy);
void igvm_add_area(struct igvm_file *f, uint32_t area, uint64_t bytes, uint32_t file_offset);
/* VP_COUNT and the like. */
void igvm_add_parameter(struct igvm_file *f, uint32_t type, uint32_t area, uint32_t offset);
void igvm_add_insert(struct igvm_file *f, uint64_t gpa, uint32_t mask, uint32_t area);
void igvm_add_required(struct igvm_file *f, uint64_t gpa, uint32_t mask, uint32_t bytes);
void igvm_add_page_at(struct igvm_file *f, uint64_t gpa, uint32_t mask, uint32_t file_offset,
                      uint32_t flags, uint16_t kind);
/* `bytes`: a page; NULL: none. */
void igvm_add_page(struct igvm_file *f, uint64_t gpa, const uint8_t *bytes, uint32_t flags,
                   uint16_t kind);
void igvm_add_vp(struct igvm_file *f, uint64_t gpa, uint16_t vp, const struct snp_vmsa *vmsa);

/* A flat 32-bit state at RIP 0x800000 that KVM can build. */
struct snp_vmsa igvm_vmsa(void);

/*
 * Platform SNP, policy 0x30000, a parameter area with VP count and memory map at 0x803000, two
 * pages of noise at 0x800000, an empty one, secrets and CPUID, and VP 0.
 */
struct igvm_file igvm_file_default(void);

/* Frees what was added. The caller frees the file. Aborts if memory runs out. */
struct blob igvm_make(struct igvm_file *f);

/* After a change of the headers. */
void igvm_seal(struct blob *file);

#endif
