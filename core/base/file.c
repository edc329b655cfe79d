/* SPDX-License-Identifier: MIT */
/* core/base/file.c: reads files whole, and notices if they change meanwhile. */
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/interrupt.h"
#include "core/base/sha2.h"
#include "core/base/thread.h"

#define HUGE_PAGE ((size_t)2 << 20)
#define PIECE     ((size_t)1 << 20) /* read or hashed between two checks for signals */

#define STDIN_MS 100 /* wake up for a signal that came just before poll(2) */

static size_t blob_mapped(size_t size)
{
	return (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

int blob_zero(size_t size, struct blob *ret, struct error *err)
{
	void *at;

	if (size == 0) {
		*ret = BLOB_NONE;
		return 0;
	}
	at = size > SIZE_MAX - PAGE_SIZE ? MAP_FAILED
	                                 : mmap(NULL, blob_mapped(size), PROT_READ | PROT_WRITE,
	                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return error_nomem(err, "memory for an image");
	if (size >= HUGE_PAGE) /* a page fault for each 4 KiB costs more than hashing it */
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

void blob_hide(const struct blob *b)
{
	if (b->data)
		madvise(b->data, blob_mapped(b->size), MADV_DONTDUMP);
}

void blob_wipe(struct blob *b)
{
	if (b->data)
		explicit_bzero(b->data, blob_mapped(b->size));
	blob_fini(b);
}

int file_fix(const char *beside, struct error *err)
{
	if (err->kind != ERROR_FILE || err->fix[0])
		return err->code;
	if (err->code == -EACCES || err->code == -EPERM)
		return error_fix(err, "let this user read the file and enter its folders, or run "
		                      "as one who may");
	if (err->code != -ENOENT && err->code != -ENOTDIR)
		return err->code;
	return error_fix(err, "see that the file is there: a path %s",
	                 beside[0]
	                         ? "in a manifest or of --set is relative to the manifest's folder"
	                         : "on the command line is relative to the current folder");
}

int file_pin_check(const char *path, const uint8_t *pin, const uint8_t *hash, struct error *err)
{
	char want[2 * SHA256_SIZE + 1], have[2 * SHA256_SIZE + 1];

	if (memcmp(hash, pin, SHA256_SIZE) == 0)
		return 0;
	error_set(err, ERROR_FILE_PIN, "'%s' is not the file that the manifest pins", path);
	error_why(err, "its SHA-256 is %s, the manifest says %s", hex_of(hash, SHA256_SIZE, have),
	          hex_of(pin, SHA256_SIZE, want));
	return error_fix(err, "restore the file, or change the pin if the change is intended");
}

static int file_changed(const char *path, struct error *err)
{
	error_set(err, ERROR_FILE_CHANGED, "'%s' changed while it was read", path);
	return error_fix(err, "write images to a new file and rename it into place");
}

int file_open_checked(const struct confine *in, const char *path, int flags,
                      int (*check)(const struct stat *st, const char *path, struct error *err),
                      struct stat *ret_st, struct error *err)
{
	auto_fd int found = confine_open(in, path, O_PATH | O_CLOEXEC, 0), fd = -1;
	struct stat now;
	char link[32];

	if (found == -EXDEV && in)
		return confine_refuse(in, path, err);
	if (found < 0 || fstat(found, ret_st) < 0)
		return error_sys(err, ERROR_FILE, found < 0 ? -found : errno, "cannot open '%s'",
		                 path);
	if (check(ret_st, path, err) < 0)
		return err->code;
	flags |= O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	fd = confine_open(NULL, link, flags, 0);
	if (fd == -ENOENT)
		fd = confine_open(in, path, flags, 0);
	if (fd < 0)
		return error_sys(err, ERROR_FILE, -fd, "cannot open '%s'", path);
	if (fstat(fd, &now) < 0 || now.st_dev != ret_st->st_dev || now.st_ino != ret_st->st_ino)
		return file_changed(path, err);
	return fd_steal(&fd);
}

static int regular_check(const struct stat *st, const char *path, struct error *err)
{
	if (S_ISREG(st->st_mode))
		return 0;
	error_set(err, ERROR_FILE, "'%s' is not a regular file", path);
	return error_why(err, "files are read whole and once; a %s has no fixed content",
	                 S_ISDIR(st->st_mode) ? "directory" : "pipe or device");
}

static struct file_state state_of(const struct stat *st)
{
	return (struct file_state){ st->st_dev,  st->st_ino,  st->st_size,
		                    st->st_mtim, st->st_ctim, st->st_mode };
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_state(const struct file_state *a, const struct file_state *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       same_time(&a->mtime, &b->mtime) && same_time(&a->ctime, &b->ctime);
}

bool file_is_still(const struct confine *in, const char *path, const struct file_state *was)
{
	auto_fd int fd = confine_open(in, path, O_PATH | O_CLOEXEC, 0);
	struct file_state now;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	now = state_of(&st);
	return same_state(&now, was);
}

/* Hashes a file while it is being read. */
struct follower {
	const uint8_t *bytes;
	struct sha256_state sha256;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t available; /* bytes read so far */
	bool complete;    /* no more will be read */
};

static void follower_main(void *self)
{
	struct follower *f = self;
	size_t done = 0, available;
	bool complete;

	do {
		pthread_mutex_lock(&f->lock);
		while (f->available == done && !f->complete)
			pthread_cond_wait(&f->changed, &f->lock);
		available = f->available;
		complete = f->complete;
		pthread_mutex_unlock(&f->lock);
		for (size_t n; done < available && !interrupt_signal(); done += n) {
			n = MIN(available - done, PIECE);
			sha256_more(&f->sha256, f->bytes + done, n);
		}
	} while (!complete && !interrupt_signal());
}

static void follower_update(struct follower *f, size_t available, bool complete)
{
	pthread_mutex_lock(&f->lock);
	f->available = available;
	f->complete = complete;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

/* Reads exactly to->size bytes; more or fewer means that the file changed. */
static int file_fill(int fd, const char *path, struct blob *to, struct follower *f,
                     struct error *err)
{
	size_t at = 0;
	uint8_t beyond;

	while (at < to->size) {
		ssize_t n = read(fd, to->data + at, MIN(to->size - at, PIECE));

		if (interrupt_check(err) < 0)
			return err->code;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, ERROR_FILE, errno, "cannot read '%s'", path);
		if (n == 0)
			return file_changed(path, err);
		at += (size_t)n;
		if (f)
			follower_update(f, at, false);
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
	follower_update(&f, f.available, true);
	if (!helper_finish(helper) && r == 0)
		follower_main(&f);
	sha256_end(&f.sha256, digest);
	return r == 0 ? interrupt_check(err) : r; /* after a signal, the hash is incomplete */
}

int blob_read_in(const struct confine *in, const char *path, size_t max, struct blob *ret,
                 uint8_t *sha256, struct error *err)
{
	auto_blob struct blob b = BLOB_NONE;
	struct stat st;
	auto_fd int fd = file_open_checked(in, path, O_RDONLY, regular_check, &st, err);
	struct file_state after;
	int r;

	if (fd < 0)
		return fd;
	if ((uint64_t)st.st_size > max)
		return error_set(err, ERROR_FILE_TOO_LARGE,
		                 "'%s' has %lld bytes; at most %zu are accepted here", path,
		                 (long long)st.st_size, max);
	r = blob_zero((size_t)st.st_size, &b, err);
	if (r == 0)
		r = sha256 ? file_fill_hashed(fd, path, &b, sha256, err)
		           : file_fill(fd, path, &b, NULL, err);
	if (r < 0)
		return r;
	b.read_from = state_of(&st);
	if (fstat(fd, &st) < 0)
		return file_changed(path, err);
	after = state_of(&st);
	if (!same_state(&b.read_from, &after))
		return file_changed(path, err);
	*ret = blob_steal(&b);
	return 0;
}

int blob_read(const char *path, size_t max, struct blob *ret, struct error *err)
{
	return blob_read_in(NULL, path, max, ret, NULL, err) < 0 ? file_fix("", err) : 0;
}

/* poll(2) returns after a signal; read(2) is restarted (SA_RESTART). */
ssize_t stdin_read(void *to, size_t size, struct error *err)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n;

	do {
		if (interrupt_check(err) < 0)
			return err->code;
		n = poll(&in, 1, STDIN_MS) > 0 ? read(STDIN_FILENO, to, size) : -1;
	} while (n < 0 && (!in.revents || errno == EINTR || errno == EAGAIN));
	return n < 0 ? error_sys(err, ERROR_FILE, errno, "cannot read standard input") : n;
}

int blob_read_stdin(size_t max, struct blob *ret, struct error *err)
{
	auto_buffer struct buffer all = { 0 };
	uint8_t piece[64 << 10];
	ssize_t n;
	int r;

	while ((n = stdin_read(piece, sizeof(piece), err)) > 0) {
		if ((size_t)n > max - all.size)
			return error_set(
				err, ERROR_FILE_TOO_LARGE,
				"standard input has more than the %zu bytes that are accepted here",
				max);
		buffer_add(&all, piece, (size_t)n);
		if (all.failed)
			return error_nomem(err, "standard input");
	}
	if (n < 0)
		return err->code;
	r = blob_zero(all.size, ret, err);
	if (r == 0 && all.size)
		memcpy(ret->data, all.data, all.size);
	return r;
}

int fd_nonblocking(int fd, int access)
{
	int flags = fcntl(fd, F_GETFL), reopened = -1;
	char path[32];
	struct stat st;
	unsigned pty;

	if (flags < 0 || flags & O_NONBLOCK ||
	    ((flags & O_ACCMODE) != access && (flags & O_ACCMODE) != O_RDWR))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)) ||
	    (isatty(fd) && ioctl(fd, TIOCGPTN, &pty) < 0))
		reopened = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return reopened >= 0 ? reopened : fd;
}
