/* SPDX-License-Identifier: MIT */
/* firmware/images.h: the files that a manifest names, each read whole and once. */
#ifndef FIRMWARE_IMAGES_H
#define FIRMWARE_IMAGES_H

#include <stdbool.h>

#include "config/manifest.h"
#include "core/attest/identity.h"
#include "core/base/file.h"

struct error;    /* core/base/error.h */
struct findings; /* core/base/findings.h */

#define IMAGES_KERNEL_MAX ((size_t)512 << 20) /* no real kernel is larger */

/* An image that isn't named is empty. Plans borrow these bytes, so the images outlive them. */
struct images {
	struct blob firmware, kernel, initrd, certs, svsm, vars;
	/* named, and read whole */
	bool firmware_read, kernel_read, initrd_read, certs_read, svsm_read, vars_read;
	/* Zero if not hashed. An image that isn't named has the hash of no bytes. */
	uint8_t firmware_sha256[32], kernel_sha256[32], initrd_sha256[32], certs_sha256[32];
	uint8_t svsm_sha256[32], vars_sha256[32];
	bool firmware_hashed, kernel_hashed, initrd_hashed, certs_hashed, svsm_hashed;
	bool vars_hashed;
	/* Of each file in a list of boot.initrd, if all hashes were asked for. */
	uint8_t initrd_parts[MANIFEST_INITRDS][32];
	/* Of the part of the kernel that direct boot loads, which follows its setup code. */
	bool payload_hashed;
	bool kernel_accepts; /* with payload_hashed: linux_accepts_memory() */
	uint8_t payload_sha256[32];
	struct identity identity; /* the keys of snp.identity; read again for each run */
};

/*
 * Reads the files that m names and compares them with the manifest's sha256 pins. *ret is written
 * only on success.
 */
int images_load(const struct manifest *m, struct images *ret, struct error *err);
/*
 * The same, but goes on to the next file after one that can't be read. `hashed`: hash all files.
 * *ret is { 0 } at first, or has the images of an earlier run of the same matrix; images whose
 * files are unchanged are kept.
 */
void images_read(const struct manifest *m, bool hashed, struct images *ret, struct findings *f);
/* The hashes of the initrd's files, 32 bytes each, one after the other. */
const uint8_t *images_initrd_hashes(const struct manifest *m, const struct images *i);
void images_fini(struct images *i);

static inline void images_cleanup(struct images *i)
{
	images_fini(i);
}
#define auto_images __attribute__((cleanup(images_cleanup)))

#endif
