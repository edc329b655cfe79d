/* SPDX-License-Identifier: MIT */
/* firmware/save.h: what launch.json says of a manifest's launch. */
#ifndef FIRMWARE_SAVE_H
#define FIRMWARE_SAVE_H

#include <stddef.h>
#include <stdint.h>

struct error;      /* core/base/error.h */
struct images;     /* firmware/images.h */
struct manifest;   /* config/manifest.h */
struct plan;       /* core/plan/plan.h */
struct saved;      /* core/out/saved.h */
struct snp_digest; /* core/snp/digest.h */

/*
 * d: the digest of plan p, with its ledger and all pages. Files are known by their hashes, where
 * `images` has them. *ret borrows the plan's bytes, and nothing else; it is written only on
 * success.
 */
int save_launch(const struct manifest *m, const struct images *images, const struct plan *p,
                const struct snp_digest *d, struct saved *ret, struct error *err);

/*
 * The same for a firmware image alone, which has pages and no digest. *ret borrows the bytes.
 * ERROR_BAD_FIRMWARE for an image that no launch could have.
 */
int save_image(const char *path, const uint8_t *image, size_t size, struct saved *ret,
               struct error *err);

#endif
