/* SPDX-License-Identifier: MIT */
/* config/write.h: writes a manifest as YAML, with the defaults filled in. */
#ifndef CONFIG_WRITE_H
#define CONFIG_WRITE_H

#include <stdint.h>
#include <stdio.h>

#include "config/keys.h"

struct error;            /* core/base/error.h */
struct manifest;         /* config/manifest.h */
struct manifest_setting; /* config/manifest.h */

/*
 * The SHA-256 of each key's files, 32 bytes each, one after the other. NULL: not known; then only
 * hashes that the manifest pins are written.
 */
struct manifest_hashes {
	const uint8_t *of[KEYS];
};

/*
 * Writes each key that has a value, for this run of the matrix. Paths are absolute, files are
 * pinned by `h`, and bytes are written out. Loading it gives the same manifest, except for places
 * and for paths that are not UTF-8, in which U+FFFD stands for other bytes. `to` is flushed.
 */
int manifest_write(const struct manifest *m, const struct manifest_hashes *h, FILE *to,
                   struct error *err);

/*
 * The value of one key as manifest_write() writes it, without the key and on one line; *ret stays
 * as it is if the key has none. 0, or -ENOMEM. The caller frees it.
 */
int manifest_value(const struct manifest *m, enum key_id id, char **ret, struct error *err);

/* The manifest that the settings alone make up: their keys only, with paths as given. */
void settings_write(const struct manifest_setting *set, size_t n, FILE *to);

#endif
