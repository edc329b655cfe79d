/* SPDX-License-Identifier: MIT */
/* core/dev/disk.h: the image behind a virtio-blk device: a file or block device, locked. */
#ifndef CORE_DEV_DISK_H
#define CORE_DEV_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "core/dev/overlay.h"

struct confine; /* core/base/confine.h */
struct error;   /* core/base/error.h */

#define DISKS_MAX   16
#define DISK_SECTOR ((uint64_t)512)
#define DISK_SERIAL 20                   /* bytes of a serial number */
#define DISK_LIMIT  ((uint64_t)16 << 40) /* bytes of an image */

/* What becomes of the guest's writes: kept for this run, refused, or written to the image. */
enum disk_mode { DISK_SCRATCH, DISK_RO, DISK_RW };

/* As a manifest spells them, by enum disk_mode; ended by NULL. */
extern const char *const disk_modes[];

struct disk_stats {
	uint64_t reads, writes, flushes; /* requests */
	uint64_t read_bytes, written_bytes;
	uint64_t errors; /* requests that failed, for whatever reason */
	uint64_t exits;  /* notifications of requests that took an exit to us */
};

struct disk {
	char name[32]; /* "disk0", for messages */
	char serial[DISK_SERIAL + 1];
	const char *path; /* borrowed */
	enum disk_mode mode;
	bool look;     /* open it only to be read, whatever its mode */
	int fd;        /* -1: not open */
	uint64_t size; /* when it was opened */
	dev_t dev;
	ino_t ino;
	struct overlay overlay; /* of a DISK_SCRATCH that disk_begin() was called for */
	struct disk_stats stats;
	bool reported; /* a failure of the host was reported */
	bool driver;   /* a driver in the guest has used it */
};

/*
 * Opens the image of d->path in d->mode, unless it is something else than a regular file or a block
 * device, or its size is not one of a disk.
 */
int disk_open(struct disk *d, const struct confine *in, struct error *err);
/* SHA-256 of the whole image, which is read for it. */
int disk_hash(const struct disk *d, uint8_t ret[32], struct error *err);
/* Locks the image, and makes what a guest needs beside it. */
int disk_begin(struct disk *d, struct error *err);
/* Fine for a disk that isn't open, too. */
void disk_close(struct disk *d);

/*
 * Reads or writes the next `len` bytes of `iov`, which is spent, at `offset`. They must be inside
 * the disk. 0, or a negative errno: -EIO if the image has become shorter, -ECANCELED if *give_up is
 * set meanwhile.
 */
int disk_move(struct disk *d, bool write, struct iovec *iov, uint64_t len, uint64_t offset,
              const atomic_bool *give_up);
/* Writes what the host's caches have to the image. 0, or a negative errno. */
int disk_flush(struct disk *d);

/* Bytes of the disk that the guest of a DISK_SCRATCH changed. */
uint64_t disk_dirty(const struct disk *d);

#endif
