/* SPDX-License-Identifier: MIT */
/*
 * core/base/confine.c: openat2(2) with RESOLVE_BENEATH, and the part of a path that is relative to
 * the folder.
 */
#include "core/base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"

/* openat2(2) fails with EAGAIN if a rename races with it; the caller should retry. */
enum { TRIES = 64 };

static int beneath_open(int folder, const char *path, int flags, mode_t mode)
{
	const struct open_how how = { .flags = (unsigned)flags,
		                      .mode = flags & O_CREAT ? mode : 0,
		                      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	long fd = -1;

	for (int i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

int confine_begin(struct confine *c, const char *path, struct error *err)
{
	auto_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), probe;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		error_sys(err, ERROR_FILE, errno, "--confine: cannot open the folder '%s'", path);
		return error_fix(err,
		                 "name an existing folder that this user may enter; its path is "
		                 "relative to the current folder");
	}
	probe = beneath_open(fd, ".", O_PATH | O_CLOEXEC, 0);
	if (probe < 0) {
		error_sys(err, ERROR_UNSUPPORTED, -probe,
		          "--confine: openat2(2) does not work here");
		error_why(err,
		          "without it, a symbolic link could lead out of the folder between check "
		          "and open; it needs Linux 5.6, and some containers forbid it");
		return error_fix(err, "run on a newer kernel, or allow openat2 in the container's "
		                      "seccomp profile");
	}
	close(probe);
	*c = (struct confine){ path, fd_steal(&fd), st.st_dev, st.st_ino };
	return 0;
}

/* If the path begins with this component, skips it and the slashes after it, and returns true. */
static bool component_skip(const char **path, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(*path, name, n) != 0 || ((*path)[n] != '/' && (*path)[n] != '\0'))
		return false;
	*path += n;
	*path += strspn(*path, "/");
	return true;
}

/*
 * getcwd(3) returns a path without symbolic links, so ".." at the start of a relative path can be
 * resolved textually. NULL: out of memory, or the directory is gone; errno says which.
 */
static char *path_absolute(const char *path)
{
	auto_free char *cwd = NULL;
	char *whole, *slash;

	if (path[0] == '/')
		return strdup(path);
	cwd = getcwd(NULL, 0);
	while (cwd) {
		if (component_skip(&path, "."))
			continue;
		if (!component_skip(&path, ".."))
			break;
		slash = strrchr(cwd, '/');
		if (slash)
			*slash = '\0';
	}
	return cwd && asprintf(&whole, "%s/%s", cwd, path) >= 0 ? whole : NULL;
}

/*
 * The part of an absolute path below the folder; NULL if the path doesn't pass through it. It only
 * decides where the kernel starts: beneath_open() is safe whatever it gets. ".." before the folder
 * isn't followed, or a manifest could find out which folders exist elsewhere.
 */
static const char *confine_rest(const struct confine *c, char *path)
{
	struct stat st;

	for (char *at = path;;) {
		char here;
		int r;

		at += strspn(at, "/");
		here = *at;
		*at = '\0';
		r = stat(path, &st);
		*at = here;
		if (r == 0 && st.st_dev == c->dev && st.st_ino == c->ino)
			return *at ? at : ".";
		if (!*at || strncmp(at, "../", 3) == 0 || strcmp(at, "..") == 0)
			return NULL;
		at += strcspn(at, "/");
	}
}

int confine_open(const struct confine *in, const char *path, int flags, mode_t mode)
{
	auto_free char *whole = NULL;
	const char *rest;
	int fd;

	if (!in) {
		fd = open(path, flags, mode);
		return fd < 0 ? -errno : fd;
	}
	whole = path_absolute(path);
	if (!whole)
		return -errno;
	rest = confine_rest(in, whole);
	return rest ? beneath_open(in->fd, rest, flags, mode) : -EXDEV;
}

int confine_refuse(const struct confine *in, const char *path, struct error *err)
{
	error_set(err, ERROR_OUTSIDE_CONFINE, "'%s' is not below '%s'", path, in->path);
	err->code = -EXDEV;
	error_why(err, "--confine allows no file outside that folder; a symbolic link counts as "
	               "its target, and one with an absolute target is never followed");
	return error_fix(err, "move the file into the folder, or confine to one that holds "
	                      "everything");
}
