/* SPDX-License-Identifier: MIT */
/*
 * firmware/pe.h: a module of a UEFI firmware: a PE32+ image, or a TE image, which is one with a
 * terse header (PI specification, volume 1, 15).
 */
#ifndef FIRMWARE_PE_H
#define FIRMWARE_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pe {
	const uint8_t *bytes;
	size_t size; /* of what there is to read */
	bool loaded; /* laid out as in memory, where an RVA is an offset */
	bool is_te;
	uint32_t stripped;   /* TE: how much shorter its header is than that of the PE; else 0 */
	uint32_t entry;      /* RVA */
	uint32_t image_size; /* in memory; TE: unknown, 0 */
	uint32_t headers;    /* their size in the file */
	size_t base_at;      /* offset of the image base in the headers */
	unsigned base_size;  /* 4 or 8 bytes */
	uint32_t debug_rva, debug_size;
	size_t sections_at; /* of the table, 40 bytes each */
	unsigned n_sections;
};

/* False: neither a PE nor a TE image. Its tables may still be wrong; their readers check. */
bool pe_read(const uint8_t *bytes, size_t size, bool loaded, struct pe *ret);

/* Where an RVA is in the bytes; SIZE_MAX: nowhere. */
size_t pe_offset(const struct pe *p, uint32_t rva);

/* The RVA of an offset in the bytes; of one in no section, the offset where a PE image has it. */
uint32_t pe_rva(const struct pe *p, size_t offset);
/* The RVA of the section that holds the entry point, else of the first. */
uint32_t pe_code(const struct pe *p);

/*
 * The last part of the path of its debug file, without what follows the dot: "SecMain". Clean; ""
 * without one.
 */
void pe_name(const struct pe *p, char *to, size_t cap);

#endif
