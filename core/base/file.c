/* SPDX-License-Identifier: MIT */
/* core/base/file.c: reads files whole, and notices when they move under it. */
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/base/thread.h"

#define PAGE      ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)
#define PIECE     ((size_t)1 << 20) /* what is read before it is handed on to be hashed */

static size_t blob_mapped(size_t size)
{
	return (size + PAGE - 1) & ~(PAGE - 1);
}

int blob_zero(size_t size, struct blob *ret, struct error *err)
{
	void *at;

	if (size == 0) {
		*ret = BLOB_NONE;
		return 0;
	}
	at = size > SIZE_MAX - PAGE ? MAP_FAILED
	                            : mmap(NULL, blob_mapped(size), PROT_READ | PROT_WRITE,
	                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return error_nomem(err, "memory for an image");
	if (size >= HUGE_PAGE) /* a page fault for each 4 KiB costs more than hashing them */
		madvise(at, blob_mapped(size), MADV_HUGEPAGE);
	*ret = (struct blob){ .data = at, .size = size };
	return 0;
}

void blob_fini(struct blob *b)
{
	if (b->data)
		munmap(b->data, blob_mapped(b->size));
	*b = BLOB_NONE;
}

static int file_open(const char *path, size_t max, struct stat *st, struct error *err)
{
	/* O_NONBLOCK: a FIFO without a writer must not hang us; regular files ignore it. */
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, st) < 0)
		return error_sys(err, ERROR_FILE, errno, "cannot open '%s'", path);
	if (!S_ISREG(st->st_mode)) {
		error_set(err, ERROR_FILE, "'%s' is not a regular file", path);
		return error_why(err, "images are read whole and once; a %s has no fixed content",
		                 S_ISDIR(st->st_mode) ? "directory" : "pipe or device");
	}
	if ((uint64_t)st->st_size > max)
		return error_set(err, ERROR_FILE_TOO_LARGE,
		                 "'%s' has %lld bytes; at most %zu are accepted here", path,
		                 (long long)st->st_size, max);
	return fd_steal(&fd);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int file_changed(const char *path, struct error *err)
{
	error_set(err, ERROR_FILE_CHANGED, "'%s' changed while it was read", path);
	return error_fix(err, "write images to a new file and rename it into place");
}

/* Hashes what is there of a file, as it comes. */
struct follower {
	const uint8_t *bytes;
	struct sha256_state sha256;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t there; /* bytes that may be hashed */
	bool complete;
};

static void follower_main(void *self)
{
	struct follower *f = self;
	size_t done = 0, there;
	bool complete;

	do {
		pthread_mutex_lock(&f->lock);
		while (f->there == done && !f->complete)
			pthread_cond_wait(&f->changed, &f->lock);
		there = f->there;
		complete = f->complete;
		pthread_mutex_unlock(&f->lock);
		if (there > done)
			sha256_more(&f->sha256, f->bytes + done, there - done);
		done = there;
	} while (!complete);
}

static void follower_tell(struct follower *f, size_t there, bool complete)
{
	pthread_mutex_lock(&f->lock);
	f->there = there;
	f->complete = complete;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

/* Reads exactly to->size bytes and sees that the file then ends. */
static int file_fill(int fd, const char *path, struct blob *to, struct follower *f,
                     struct error *err)
{
	size_t at = 0;
	uint8_t beyond;

	while (at < to->size) {
		ssize_t n = read(fd, to->data + at, MIN_OF(to->size - at, f ? PIECE : SIZE_MAX));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, ERROR_FILE, errno, "cannot read '%s'", path);
		if (n == 0)
			return file_changed(path, err);
		at += (size_t)n;
		if (f)
			follower_tell(f, at, false);
	}
	return read(fd, &beyond, 1) > 0 ? file_changed(path, err) : 0;
}

static int file_fill_hashed(int fd, const char *path, struct blob *to, uint8_t digest[static 32],
                            struct error *err)
{
	struct follower f = { .bytes = to->data,
		              .lock = PTHREAD_MUTEX_INITIALIZER,
		              .changed = PTHREAD_COND_INITIALIZER };
	struct helper *helper;
	int r;

	sha256_begin(&f.sha256);
	helper = to->size > PIECE ? helper_start(follower_main, &f) : NULL;
	r = file_fill(fd, path, to, &f, err);
	follower_tell(&f, f.there, true);
	if (!helper_finish(helper) && r == 0)
		follower_main(&f);
	sha256_end(&f.sha256, digest);
	return r;
}

static int file_read(const char *path, size_t max, struct blob *ret, uint8_t *digest,
                     struct error *err)
{
	auto_blob struct blob b = BLOB_NONE;
	struct stat before, after;
	auto_fd int fd = file_open(path, max, &before, err);
	int r = fd < 0 ? fd : blob_zero((size_t)before.st_size, &b, err);

	if (r == 0)
		r = digest ? file_fill_hashed(fd, path, &b, digest, err)
		           : file_fill(fd, path, &b, NULL, err);
	if (r < 0)
		return r;
	if (fstat(fd, &after) < 0 || !same_file(&before, &after))
		return file_changed(path, err);
	*ret = blob_steal(&b);
	return 0;
}

int blob_read(const char *path, size_t max, struct blob *ret, struct error *err)
{
	return file_read(path, max, ret, NULL, err);
}

int blob_read_hashed(const char *path, size_t max, struct blob *ret, uint8_t sha256[static 32],
                     struct error *err)
{
	return file_read(path, max, ret, sha256, err);
}

void fd_cleanup(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void free_cleanup(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}
