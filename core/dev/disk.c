/* SPDX-License-Identifier: MIT */
/* core/dev/disk.c: opens, checks and locks images, and moves bytes between them and a guest. */
#include "core/dev/disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/log.h"
#include "core/base/sha2.h"
#include "core/dev/virtqueue.h"

#define PIECE ((uint64_t)1 << 20) /* moved or hashed between two looks for the end */

static_assert(VIRTQUEUE_MAX <= IOV_MAX, "a request is moved by one call");

const char *const disk_modes[] = {
	[DISK_SCRATCH] = "scratch", [DISK_RO] = "ro", [DISK_RW] = "rw", NULL
};

static int type_check(const struct stat *st, const char *path, struct error *err)
{
	if (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode))
		return 0;
	error_set(err, ERROR_FILE, "'%s' is no disk image", path);
	return error_why(err, "an image is a regular file or a block device, and this is a %s",
	                 S_ISDIR(st->st_mode) ? "directory" : "pipe or another device");
}

static int size_check(const struct disk *d, struct error *err)
{
	uint64_t rest = d->size % DISK_SECTOR;

	if (d->size > 0 && d->size <= DISK_LIMIT && rest == 0)
		return 0;
	if (d->size == 0)
		return error_set(err, ERROR_FILE, "'%s' is empty", d->path);
	if (d->size > DISK_LIMIT)
		return error_set(err, ERROR_FILE, "'%s' has more than 16 TiB", d->path);
	error_set(err, ERROR_FILE, "'%s' has %llu bytes, which are not whole sectors of 512",
	          d->path, (unsigned long long)d->size);
	error_why(err, "it may be incomplete, compressed, or no raw image");
	return error_fix(err, "if it is raw, make it longer: truncate -s +%llu '%s'",
	                 (unsigned long long)(DISK_SECTOR - rest), d->path);
}

/*
 * Locks the whole file, for all who lock images by OFD locks as well: other runs of ours, QEMU,
 * Cloud Hypervisor. Such a lock doesn't say who holds it.
 */
static int disk_lock(const struct disk *d, struct error *err)
{
	bool rw = d->mode == DISK_RW;
	struct flock lock = { .l_type = rw ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };
	unsigned waited_ms = 0;
	bool taken;

	do {
		if (fcntl(d->fd, F_OFD_SETLK, &lock) == 0)
			return 0;
		taken = errno == EAGAIN || errno == EACCES;
	} while (taken && lock_wait(&waited_ms));
	if (taken) {
		error_set(err, ERROR_HOST_BUSY, "the disk '%s' is in use", d->path);
		error_why(err, rw ? "another program has it open, and 'mode: rw' is for one alone"
		                  : "another program writes to it");
		return error_fix(err, "wait until that ends, or use a copy");
	}
	if (rw) {
		error_sys(err, ERROR_FILE, errno, "cannot lock the disk '%s'", d->path);
		error_why(err, "two guests that write to one disk destroy what is on it");
		return error_fix(err, "use a file system that has locks, or 'mode: scratch'");
	}
	log_notice("'%s' can't be locked: %s; nothing must write to it while the guest runs",
	           d->path, strerror(errno));
	return 0;
}

/* Who only looks at an image must not open it for writing. Returns fd, or closes it and fails. */
static int writable_check(const struct disk *d, int fd, struct error *err)
{
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || d->mode != DISK_RW || !d->look ||
	    faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
		return fd;
	r = error_sys(err, ERROR_FILE, errno, "cannot open '%s'", d->path);
	close(fd);
	return r;
}

int disk_open(struct disk *d, const struct confine *in, struct error *err)
{
	bool rw = d->mode == DISK_RW;
	unsigned waited_ms = 0;
	struct stat st;
	off_t end;
	int r = 0;

	/* O_EXCL: a block device that is mounted is refused, and one that another run writes to */
	do
		d->fd = file_open_checked(in, d->path, rw && !d->look ? O_RDWR | O_EXCL : O_RDONLY,
		                          type_check, &st, err);
	while (d->fd == -EBUSY && lock_wait(&waited_ms));
	d->fd = writable_check(d, d->fd, err);
	if (d->fd == -EBUSY) {
		error_set(err, ERROR_HOST_BUSY, "the disk '%s' is in use", d->path);
		error_why(err,
		          "it is mounted, part of another device, or another program has it for "
		          "itself alone");
	} else if (rw && (d->fd == -EACCES || d->fd == -EPERM || d->fd == -EROFS)) {
		error_fix(err, "'mode: rw' needs permission to write to the image; 'mode: scratch' "
		               "doesn't, as it leaves the image as it is");
	}
	if (d->fd < 0) {
		r = d->fd;
		d->fd = -1;
		return r;
	}
	d->dev = st.st_dev;
	d->ino = st.st_ino;
	d->size = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode)) {
		d->dev = st.st_rdev; /* however many names it has */
		d->ino = 0;
		end = lseek(d->fd, 0, SEEK_END); /* Landlock allows it, unlike BLKGETSIZE64 */
		d->size = (uint64_t)end;
		if (end < 0)
			r = error_sys(err, ERROR_FILE, errno, "cannot tell the size of '%s'",
			              d->path);
	}
	if (r == 0)
		r = size_check(d, err);
	if (r < 0)
		disk_close(d);
	return r;
}

int disk_hash(const struct disk *d, uint8_t ret[32], struct error *err)
{
	auto_blob struct blob piece = BLOB_NONE;
	struct sha256_state sha256;
	int r = blob_zero(PIECE, &piece, err);

	sha256_begin(&sha256);
	for (uint64_t at = 0; r == 0 && at < d->size;) {
		ssize_t n = pread(d->fd, piece.data, MIN(PIECE, d->size - at), (off_t)at);

		r = interrupt_check(err);
		if (r < 0 || (n < 0 && errno == EINTR))
			continue;
		if (n < 0)
			return error_sys(err, ERROR_FILE, errno, "cannot read '%s'", d->path);
		if (n == 0)
			return error_set(err, ERROR_FILE_CHANGED,
			                 "'%s' was truncated while it was read", d->path);
		sha256_more(&sha256, piece.data, (size_t)n);
		at += (uint64_t)n;
	}
	if (r == 0)
		sha256_end(&sha256, ret);
	return r;
}

int disk_begin(struct disk *d, struct error *err)
{
	int r = disk_lock(d, err);

	return r == 0 && d->mode == DISK_SCRATCH ? overlay_open(&d->overlay, d->size, err) : r;
}

void disk_close(struct disk *d)
{
	if (d->fd >= 0)
		close(d->fd);
	if (d->overlay.present)
		overlay_close(&d->overlay);
	d->fd = -1;
}

uint64_t disk_dirty(const struct disk *d)
{
	return d->overlay.count * OVERLAY_BLOCK;
}

/* Skips the first n bytes of a list. */
static void iov_skip(struct iovec **iov, uint64_t n)
{
	for (uint64_t part; n > 0; n -= part) {
		part = MIN(n, (*iov)->iov_len);
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + part;
		(*iov)->iov_len -= part;
		*iov += (*iov)->iov_len == 0;
	}
}

/* Copies the entries for the first n bytes; returns how many. */
static int iov_first(const struct iovec *iov, uint64_t n, struct iovec *to)
{
	int count = 0;

	for (; n > 0; n -= to[count++].iov_len)
		to[count] = (struct iovec){ iov[count].iov_base, MIN(n, iov[count].iov_len) };
	return count;
}

/* Moves all `len` bytes of a list that is spent. */
static int bytes_move(int fd, bool write, struct iovec *iov, uint64_t len, uint64_t offset)
{
	struct iovec part[VIRTQUEUE_MAX];

	while (len > 0) {
		int count = iov_first(iov, len, part);
		ssize_t n = write ? pwritev(fd, part, count, (off_t)offset)
		                  : preadv(fd, part, count, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		iov_skip(&iov, (uint64_t)n);
		offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

int disk_move(struct disk *d, bool write, struct iovec *iov, uint64_t len, uint64_t offset,
              const atomic_bool *give_up)
{
	bool scratch = d->mode == DISK_SCRATCH, present = write;
	struct iovec part[VIRTQUEUE_MAX];

	for (uint64_t n; len > 0; len -= n, offset += n) {
		int r = 0;

		if (give_up && atomic_load(give_up))
			return -ECANCELED;
		n = MIN(len, PIECE);
		if (scratch && write)
			r = overlay_fill(&d->overlay, d->fd, offset, n);
		else if (scratch)
			n = overlay_run(&d->overlay, offset, n, &present);
		iov_first(iov, n, part);
		if (r == 0)
			r = bytes_move(scratch && present ? d->overlay.fd : d->fd, write, part, n,
			               offset);
		if (r < 0)
			return r;
		if (scratch && write)
			overlay_mark(&d->overlay, offset, n);
		iov_skip(&iov, n);
	}
	return 0;
}

int disk_flush(struct disk *d)
{
	return d->mode == DISK_RW && fdatasync(d->fd) < 0 ? -errno : 0;
}
