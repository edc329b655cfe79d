/* SPDX-License-Identifier: MIT */
/* core/base/file.h: files read whole, into blobs, each with one owner. */
#ifndef CORE_BASE_FILE_H
#define CORE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "core/base/cleanup.h"

struct confine; /* core/base/confine.h */
struct error;   /* core/base/error.h */

/* Identifies a file and, by its times, the state of its content. */
struct file_state {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
	mode_t mode;
};

/* Bytes in page-aligned private memory; the rest of the last page is zero. */
struct blob {
	uint8_t *data;
	size_t size;
	struct file_state read_from; /* the file it was read from; zero if none */
};
#define BLOB_NONE ((struct blob){ 0 })

/*
 * Adds a fix for a file that could not be opened, if *err has none. `beside`: the file whose folder
 * its path is relative to; "": the current folder.
 */
int file_fix(const char *beside, struct error *err);

/* ERROR_FILE_PIN if the SHA-256 of a file is not the one that a manifest pins. */
int file_pin_check(const char *path, const uint8_t *pin, const uint8_t *hash, struct error *err);

/*
 * Reads a regular file whole, once, into memory that no other process can change. Fails, naming the
 * path, if it isn't a regular file (it is then never opened), is larger than `max` bytes, or
 * changes while it is read. An empty file gives size 0. The path is relative to the current folder,
 * which a fix says if there is no such file.
 */
int blob_read(const char *path, size_t max, struct blob *ret, struct error *err);

/*
 * The same for a file that a manifest names: only below the folder `in`, unless it is NULL.
 * `sha256`: 32 bytes for the file's hash, or NULL; a large file is hashed on another CPU while it
 * is read.
 */
int blob_read_in(const struct confine *in, const char *path, size_t max, struct blob *ret,
                 uint8_t *sha256, struct error *err);

/*
 * Opens a file after `check` has accepted its type, since opening a device or a FIFO can have side
 * effects. Opens the checked file through /proc/self/fd, so that it can't be replaced in between;
 * without /proc it opens the path again, and compares device and inode. Reads and writes of pipes
 * won't block, and the descriptor is closed on exec. Returns it, or a negative errno.
 */
int file_open_checked(const struct confine *in, const char *path, int flags,
                      int (*check)(const struct stat *st, const char *path, struct error *err),
                      struct stat *ret_st, struct error *err);

/* Whether the path still leads to that file, unchanged. The file is not opened. */
bool file_is_still(const struct confine *in, const char *path, const struct file_state *was);

/*
 * read(2) from standard input; negative with *err filled if it fails or a signal interrupts the
 * command (core/base/interrupt.h).
 */
ssize_t stdin_read(void *to, size_t size, struct error *err);
/* Reads standard input, of any file type, up to its end; at most `max` bytes. */
int blob_read_stdin(size_t max, struct blob *ret, struct error *err);

/*
 * Reopens a pipe or a terminal (`access`: O_RDONLY or O_WRONLY) so that reads and writes don't
 * block; returns the new descriptor, which the caller closes, or fd itself if it is something else
 * or can't be reopened. O_NONBLOCK on fd itself would affect every process that shares it, such as
 * the user's shell. The master of a pseudo-terminal isn't reopened: that would make another
 * terminal (pts(4)).
 */
int fd_nonblocking(int fd, int access);

/* Allocates `size` zero bytes. 0 or -ENOMEM. */
int blob_zero(size_t size, struct blob *ret, struct error *err);

void blob_fini(struct blob *b);
/* For secrets: keeps the bytes out of core dumps; wipes them before they are let go. */
void blob_hide(const struct blob *b);
void blob_wipe(struct blob *b);

static inline struct blob blob_steal(struct blob *b)
{
	struct blob taken = *b;

	*b = BLOB_NONE;
	return taken;
}

static inline void blob_cleanup(struct blob *b)
{
	blob_fini(b);
}
#define auto_blob        __attribute__((cleanup(blob_cleanup)))
#define auto_secret_blob __attribute__((cleanup(blob_wipe)))

#endif
