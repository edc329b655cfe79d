/* SPDX-License-Identifier: MIT */
/*
 * core/dev/overlay.h: what a guest writes to a disk whose image must stay as it is: a sparse file
 * that nobody else sees, and which blocks of the disk are in it.
 */
#ifndef CORE_DEV_OVERLAY_H
#define CORE_DEV_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>

struct error; /* core/base/error.h */

#define OVERLAY_BLOCK ((uint64_t)4096)

struct overlay {
	int fd;
	uint64_t size;     /* of the disk in bytes */
	uint64_t *present; /* a bit for each block */
	uint64_t count;    /* of blocks that are present */
	uint64_t max;      /* of them */
};

/*
 * Makes an empty one: a file without a name in $TMPDIR, or else /var/tmp or /tmp. It may grow up to
 * half of the space that is free there now, so that no guest fills the host's disk.
 */
int overlay_open(struct overlay *o, uint64_t size, struct error *err);
void overlay_close(struct overlay *o);

/*
 * How many of the `len` bytes at `offset`, from the first on, are alike: all in the overlay, or
 * none.
 */
uint64_t overlay_run(const struct overlay *o, uint64_t offset, uint64_t len, bool *ret_present);

/*
 * Before `len` bytes are written to fd at `offset`: copies the rest of blocks that these cover in
 * part from the image. 0 or a negative errno; -ENOSPC if the overlay is full.
 */
int overlay_fill(struct overlay *o, int image, uint64_t offset, uint64_t len);
/* After they were written. */
void overlay_mark(struct overlay *o, uint64_t offset, uint64_t len);

#endif
