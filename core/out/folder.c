/* SPDX-License-Identifier: MIT */
/*
 * core/out/folder.c: writes a file under its dotted name, then renames it. All paths are relative
 * to the open folder, and no symbolic link is followed.
 */
#include "core/out/folder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/interrupt.h"

enum { FOLDER_NAME = 256 }; /* size of a file name with its dot and NUL */

/* Adds how to fix the errno of a failed system call. */
static void folder_advise(struct error *err)
{
	static const struct {
		int errnum;
		const char *fix;
	} rows[] = {
		{ ENOSPC, "make room on its file system, or name a folder on another one" },
		{ EDQUOT, "make room in your quota, or name a folder on another file system" },
		{ EROFS, "name a folder on a file system that isn't read-only" },
		{ EACCES, "name a folder that you may read and write" },
		{ EPERM, "name a folder that you may read and write" },
		{ ENOTDIR, "name a folder, or a path where one can be made" },
		{ ENOENT, "name a folder where files can be made, and leave it there meanwhile" },
		{ EFBIG, "raise the limit on the size of files (ulimit -f)" },
		{ EISDIR, "name another folder, or remove the folder that has the file's name" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows) && !err->fix[0]; i++)
		if (-err->code == rows[i].errnum)
			error_fix(err, "%s", rows[i].fix);
}

/* "cannot VERB 'PATH[/NAME]': ..." */
static int folder_failed(const char *path, const char *name, const char *verb, int errnum,
                         struct error *err)
{
	error_sys(err, ERROR_OUTPUT, errnum, "cannot %s '%s%s%s'", verb, path, name ? "/" : "",
	          name ? name : "");
	folder_advise(err);
	return err->code;
}

/* Makes the folder and its parents, unless they exist. */
static int folder_make(const char *path, struct error *err)
{
	char part[sizeof(((struct folder *)0)->path)];

	snprintf(part, sizeof(part), "%s", path);
	for (char *at = part + 1;; at++) {
		char here = *at;

		if (here != '/' && here != '\0')
			continue;
		*at = '\0';
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return folder_failed(part, NULL, "make the folder", errno, err);
		*at = here;
		if (here == '\0')
			return 0;
	}
}

/* The name of a file while it is written: ".NAME". */
static int folder_dotted(const char *name, char to[static FOLDER_NAME])
{
	return snprintf(to, FOLDER_NAME, ".%s", name) < FOLDER_NAME ? 0 : ENAMETOOLONG;
}

/* Allocates disk space, by writing zeros if the file system has no fallocate(2). */
static int reserve_space(int fd, size_t size)
{
	static const char zeros[4096];

	while (size > 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EOPNOTSUPP && errno != ENOSYS)
			return -errno;
		for (size_t done = 0; done < size; done += sizeof(zeros))
			if (write(fd, zeros, sizeof(zeros)) != sizeof(zeros))
				return errno ? -errno : -ENOSPC;
		return 0;
	}
	return 0;
}

int folder_reserve(struct folder *f, const char *name, size_t size, struct error *err)
{
	struct folder_reserve *r = f->reserves;
	int fd, e;

	while (r < f->reserves + ARRAY_SIZE(f->reserves) - 1 && r->name)
		r++;
	assert(!r->name);
	fd = folder_begin(f, name, err);
	if (fd < 0)
		return fd;
	e = reserve_space(fd, size);
	if (e < 0 && e != -EFBIG) { /* EFBIG: RLIMIT_FSIZE, but the file may turn out smaller */
		close(fd);
		folder_abandon(f, name);
		return folder_failed(f->path, name, "make room for", -e, err);
	}
	*r = (struct folder_reserve){ name, fd };
	return 0;
}

static void reserve_end(struct folder_reserve *r)
{
	close(r->fd);
	*r = (struct folder_reserve){ NULL, -1 };
}

/* Removes the files of an earlier run: all, or none if a folder has the name of one. */
static int folder_sweep(int fd, const char *path, const char *const *names, struct error *err)
{
	char dotted[FOLDER_NAME];
	struct stat st;

	for (const char *const *n = names; *n; n++)
		if (fstatat(fd, *n, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
			return folder_failed(path, *n, "remove an earlier run's", EISDIR, err);
	for (; *names; names++) {
		const char *forms[] = { *names, dotted };

		if (folder_dotted(*names, dotted))
			return folder_failed(path, *names, "name", ENAMETOOLONG, err);
		for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
			if (unlinkat(fd, forms[i], 0) < 0 && errno != ENOENT)
				return folder_failed(path, forms[i], "remove an earlier run's",
				                     errno, err);
	}
	return 0;
}

int folder_open(struct folder *f, const char *path, bool below, const char *const *names,
                struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (below ? O_NOFOLLOW : 0);
	unsigned waited_ms = 0;
	auto_fd int fd = -1;
	int r;

	*f = (struct folder){ .fd = -1 };
	if (strlen(path) >= sizeof(f->path))
		return folder_failed(path, NULL, "open the folder", ENAMETOOLONG, err);
	strcpy(f->path, path);
	fd = open(path, flags);
	if (fd < 0 && errno == ENOENT && path[0]) {
		r = folder_make(path, err);
		if (r < 0)
			return r;
		fd = open(path, flags);
	}
	if (fd < 0)
		return folder_failed(path, NULL, "open the folder", errno, err);
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return folder_failed(path, NULL, "write into the folder", errno, err);
	/* Lock it before removing anything: the files may be another run's. */
	do
		r = flock(fd, LOCK_EX | LOCK_NB);
	while (r < 0 && errno == EWOULDBLOCK && lock_wait(&waited_ms));
	if (r < 0) {
		if (errno != EWOULDBLOCK)
			return folder_failed(path, NULL, "lock the folder", errno, err);
		error_set(err, ERROR_OUTPUT, "another run is writing into '%s'", path);
		return error_fix(err, "wait for it, or give each run its own folder");
	}
	r = folder_sweep(fd, path, names, err);
	f->fd = r < 0 ? -1 : fd_steal(&fd);
	return r;
}

/* Creates a new file; O_EXCL, so that it is never one that another process has created. */
static int folder_new(const struct folder *f, const char *name, int flags)
{
	unlinkat(f->fd, name, 0);
	return openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | flags,
	              0666);
}

int folder_begin(struct folder *f, const char *name, struct error *err)
{
	char dotted[FOLDER_NAME];
	int fd = -1, errnum = folder_dotted(name, dotted);

	if (!errnum) {
		fd = folder_new(f, dotted, 0);
		errnum = errno;
	}
	return fd < 0 ? folder_failed(f->path, name, "write", errnum, err) : fd;
}

int folder_grow(struct folder *f, const char *name, struct error *err)
{
	int fd = folder_new(f, name, O_APPEND);

	return fd < 0 ? folder_failed(f->path, name, "write", errno, err) : fd;
}

static struct folder_reserve *reserve_of(struct folder *f, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(f->reserves); i++)
		if (f->reserves[i].name && strcmp(f->reserves[i].name, name) == 0)
			return &f->reserves[i];
	return NULL;
}

int folder_commit(struct folder *f, const char *name, struct error *err)
{
	char dotted[FOLDER_NAME];
	int errnum = folder_dotted(name, dotted);

	if (!errnum && renameat(f->fd, dotted, f->fd, name) == 0)
		return 0;
	errnum = errnum ? errnum : errno;
	if (!reserve_of(f, name))
		folder_abandon(f, name);
	return folder_failed(f->path, name, "write", errnum, err);
}

void folder_abandon(struct folder *f, const char *name)
{
	char dotted[FOLDER_NAME];

	if (!folder_dotted(name, dotted))
		unlinkat(f->fd, dotted, 0);
}

/* Writes and closes the file; close(2) may be the first to report a full file system. */
static int folder_fill(const struct folder *f, const char *name, int fd,
                       int (*writer)(void *self, FILE *to, struct error *err), void *self,
                       struct error *err)
{
	FILE *to = fdopen(fd, "w");
	int r, errnum;

	if (!to) {
		errnum = errno;
		close(fd);
		return folder_failed(f->path, name, "write", errnum, err);
	}
	r = writer(self, to, err);
	errno = EIO; /* if the stream failed earlier, fflush() sets no errno */
	errnum = fflush(to) != 0 || ferror(to) || ftruncate(fd, ftello(to)) < 0 ? errno : 0;
	if (fclose(to) != 0 && !errnum)
		errnum = errno;
	if (r == 0 && errnum)
		return folder_failed(f->path, name, "write", errnum, err);
	if (r < 0) {
		error_wrap(err, "cannot write '%s/%s'", f->path, name);
		folder_advise(err);
	}
	return r;
}

int folder_put(struct folder *f, const char *name,
               int (*writer)(void *self, FILE *to, struct error *err), void *self,
               struct error *err)
{
	struct folder_reserve *reserve = reserve_of(f, name);
	int fd, r;

	fd = reserve ? fcntl(reserve->fd, F_DUPFD_CLOEXEC, 0) : folder_begin(f, name, err);
	if (fd < 0)
		return reserve ? folder_failed(f->path, name, "write", errno, err) : fd;
	if (reserve)
		lseek(fd, 0, SEEK_SET);
	r = folder_fill(f, name, fd, writer, self, err);
	if (r == 0)
		return folder_commit(f, name, err);
	if (!reserve) /* else it is kept for the next try */
		folder_abandon(f, name);
	return r;
}

struct bytes {
	const void *data;
	size_t size;
};

static int bytes_write(void *self, FILE *to, struct error *err)
{
	const struct bytes *b = self;

	(void)err; /* folder_fill() looks for errors of the stream */
	fwrite(b->data, 1, b->size, to);
	return 0;
}

int folder_put_bytes(struct folder *f, const char *name, const void *bytes, size_t size,
                     struct error *err)
{
	return folder_put(f, name, bytes_write, &(struct bytes){ bytes, size }, err);
}

void folder_remove(struct folder *f, const char *name)
{
	char dotted[FOLDER_NAME];

	if (!reserve_of(f, name) || folder_dotted(name, dotted))
		unlinkat(f->fd, name, 0);
	else
		renameat(f->fd, name, f->fd, dotted);
}

void folder_close(struct folder *f)
{
	for (size_t i = 0; f->fd >= 0 && i < ARRAY_SIZE(f->reserves); i++) {
		if (!f->reserves[i].name)
			continue;
		folder_abandon(f, f->reserves[i].name);
		reserve_end(&f->reserves[i]);
	}
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

int folder_put_file(const char *path, const struct buffer *bytes, struct error *err)
{
	static const char *const none[] = { NULL };
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	auto_free char *folder = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");
	struct folder f = { .fd = -1 };
	int r = folder ? 0 : error_nomem(err, "a path");

	if (r == 0 && !name[0])
		r = error_set(err, ERROR_OUTPUT, "'%s' is a folder, not a file", path);
	if (r == 0)
		r = folder_open(&f, folder, false, none, err);
	if (r < 0)
		return r;
	r = folder_put_bytes(&f, name, bytes->data, bytes->size, err);
	folder_close(&f);
	return r;
}
