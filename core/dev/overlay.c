/* SPDX-License-Identifier: MIT */
/* core/dev/overlay.c: the file, the bits, and copies of blocks that are written in part. */
#include "core/dev/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

/* A file in a folder, without a name; some file systems can't make one, so it loses its name. */
static int file_unnamed(const char *folder)
{
	auto_free char *name = NULL;
	int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd < 0 ? -errno : fd;
	if (asprintf(&name, "%s/snpvmm-scratch-XXXXXX", folder) < 0)
		return -ENOMEM;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

int overlay_open(struct overlay *o, uint64_t size, struct error *err)
{
	const char *given = getenv("TMPDIR"), *folders[] = { "/var/tmp", "/tmp" };
	uint64_t blocks = size / OVERLAY_BLOCK + (size % OVERLAY_BLOCK > 0);
	struct statvfs fs;
	int fd = -ENOENT;

	if (given && given[0])
		folders[0] = folders[1] = given;
	for (size_t i = 0; fd < 0 && i < ARRAY_SIZE(folders); i++)
		fd = file_unnamed(folders[i]);
	*o = (struct overlay){ .fd = fd, .size = size, .max = blocks };
	if (fd < 0) {
		error_sys(err, ERROR_OUTPUT, -fd,
		          "cannot create a file in '%s' for what the guest writes to a disk",
		          folders[0]);
		return error_fix(err, "name a folder in TMPDIR, or use 'mode: ro'");
	}
	if (fstatvfs(fd, &fs) == 0 && fs.f_blocks > 0)
		o->max = MIN(blocks, (uint64_t)fs.f_bavail * fs.f_frsize / 2 / OVERLAY_BLOCK);
	o->present = calloc(blocks / 64 + 1, sizeof(*o->present));
	if (o->present)
		return 0;
	overlay_close(o);
	return error_nomem(err, "the map of a disk's blocks");
}

void overlay_close(struct overlay *o)
{
	if (o->fd >= 0)
		close(o->fd);
	free(o->present);
	*o = (struct overlay){ .fd = -1 };
}

static bool is_present(const struct overlay *o, uint64_t block)
{
	return o->present[block / 64] >> (block % 64) & 1;
}

uint64_t overlay_run(const struct overlay *o, uint64_t offset, uint64_t len, bool *ret_present)
{
	uint64_t end = offset + len, at = offset - offset % OVERLAY_BLOCK;

	*ret_present = is_present(o, at / OVERLAY_BLOCK);
	do
		at += OVERLAY_BLOCK;
	while (at < end && is_present(o, at / OVERLAY_BLOCK) == *ret_present);
	return MIN(at, end) - offset;
}

static int block_copy(const struct overlay *o, int image, uint64_t block)
{
	uint64_t at = block * OVERLAY_BLOCK, size = MIN(OVERLAY_BLOCK, o->size - at);
	uint8_t bytes[OVERLAY_BLOCK];

	for (uint64_t done = 0; done < size;) {
		ssize_t n = pread(image, bytes + done, MIN(size - done, sizeof(bytes)),
		                  (off_t)(at + done));

		if (n == 0) /* the image has become shorter */
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (uint64_t)n : 0;
	}
	for (uint64_t done = 0; done < size;) {
		ssize_t n = pwrite(o->fd, bytes + done, size - done, (off_t)(at + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (uint64_t)n : 0;
	}
	return 0;
}

int overlay_fill(struct overlay *o, int image, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len, first = offset / OVERLAY_BLOCK;
	uint64_t last = (end - 1) / OVERLAY_BLOCK, new = 0;
	int r = 0;

	for (uint64_t b = first; b <= last; b++)
		new += !is_present(o, b);
	if (new > o->max - o->count)
		return -ENOSPC;
	if (offset % OVERLAY_BLOCK && !is_present(o, first))
		r = block_copy(o, image, first);
	/* if the only block is written in part at both ends, it is here already */
	if (r == 0 && end % OVERLAY_BLOCK && end < o->size && !is_present(o, last) &&
	    !(last == first && offset % OVERLAY_BLOCK))
		r = block_copy(o, image, last);
	return r;
}

void overlay_mark(struct overlay *o, uint64_t offset, uint64_t len)
{
	for (uint64_t b = offset / OVERLAY_BLOCK; b <= (offset + len - 1) / OVERLAY_BLOCK; b++) {
		o->count += !is_present(o, b);
		o->present[b / 64] |= (uint64_t)1 << (b % 64);
	}
}
