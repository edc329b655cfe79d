/* SPDX-License-Identifier: MIT */
/*
 * tests/make/volume.h: builds firmware volumes from the inside out: sections into a file, files
 * into a volume, a volume into a section.
 */
#ifndef TESTS_MAKE_VOLUME_H
#define TESTS_MAKE_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"

/* Each appends to `to`, aligned as it has to be, and aborts if memory runs out. */

/* `head` follows the section's size and type, and belongs to its kind. */
void section_put(struct buffer *to, uint8_t type, const void *head, size_t head_size,
                 const void *content, size_t size);
/* A name or (type 0x14) a version, in UCS-2. */
void section_text_put(struct buffer *to, uint8_t type, const char *text);
/* GUIDed, with the attribute PROCESSING_REQUIRED if it is `encoded`. */
void section_guided_put(struct buffer *to, const char guid[static 16], bool encoded,
                        const struct buffer *content);
/* The content as edk2's LzmaCompress has it: .lzma with the size in its header. */
void section_lzma_put(struct buffer *to, const struct buffer *content);

#define VOLUME_FILE_VALID 0x07 /* state: header and data are written and valid */

void file_put(struct buffer *to, const char guid[static 16], uint8_t type, uint8_t state,
              const void *content, size_t size);

/* What makes a module: an image of noise, and a name and version unless they are NULL. */
void module_put(struct buffer *to, const char guid[static 16], const char *name,
                const char *version, uint64_t seed);

#define VOLUME_HEAD 96 /* where files begin */

/* FFS2, its name's GUID in an extended header; `free` is the erased space behind the files. */
void volume_put(struct buffer *to, const char name[static 16], const struct buffer *files,
                size_t free);

/* What the drivers of an image are. */
struct volumes_recipe {
	uint64_t seed_a, seed_b; /* of the first driver and of one without a name; 0: none */
	size_t free;             /* erased space in DXEFV */
	const char *first;       /* name of the first driver; NULL: FirstDxe */
};

#define VOLUMES_SIZE    0x8000
#define VOLUMES_MAIN_AT 0x1000
#define VOLUMES_SEC_AT  0x6000

/*
 * The volumes of an image like OVMF: one with a compressed one of drivers, and one with SecMain.
 * The driver of SMBIOS tables has build strings.
 */
struct buffer volumes_make(const struct volumes_recipe *how);

/* A PE32+ image, or a TE image, of two sections, whose debug directory names `path`. */
void pe_put(struct buffer *to, bool te, const char *path);

extern const char guid_dxefv[], guid_secfv[], guid_compact[], guid_sec[], guid_pad[];

#endif
