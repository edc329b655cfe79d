/* SPDX-License-Identifier: MIT */
/* firmware/fv_priv.h: what the reader of firmware volumes needs of its helpers. */
#ifndef FIRMWARE_FV_PRIV_H
#define FIRMWARE_FV_PRIV_H

#include "firmware/fv.h"

struct blob; /* core/base/file.h */

#define GUID_SIZE 16

/* GUIDs that the reader knows; firmware/fv_names.c has their bytes. */
enum fv_known {
	FV_UNKNOWN,
	FV_FFS1,
	FV_FFS2,
	FV_FFS3,
	FV_VARIABLES,
	FV_LZMA,
	FV_LZMA_X86,
	FV_TIANO,
	FV_BROTLI,
	FV_CRC32,
	FV_RSA_SIGNED,
	FV_OTHER, /* known by name alone */
};

/* What a GUID is; *ret_name (or NULL) gets its name, NULL if it is unknown. Static. */
enum fv_known fv_guid_known(const uint8_t guid[static GUID_SIZE], const char **ret_name);

/*
 * Decompresses edk2's form of LZMA (LzmaDecompress.h: the .lzma format with the size in it): at
 * most *left bytes, which then are fewer by what came out, whether the end was reached or not.
 * NULL, or why not: static.
 */
const char *fv_unlzma(const uint8_t *bytes, size_t size, size_t *left, struct blob *ret);

#endif
