/* SPDX-License-Identifier: MIT */
/*
 * core/base/confine.c: openat2(2) with RESOLVE_BENEATH, and which part of a path is relative to the
 * folder.
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

/*
 * How often a lookup is repeated that was disturbed by a rename somewhere; openat2(2) asks for
 * that.
 */
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
		return error_fix(err, "name a folder that is there and that this user may enter; "
		                      "its path is relative to the current folder");
	}
	probe = beneath_open(fd, ".", O_PATH | O_CLOEXEC, 0);
	if (probe < 0) {
		error_sys(err, ERROR_UNSUPPORTED, -probe,
		          "--confine: openat2(2) does not work here");
		error_why(err,
		          "without it a symbolic link could lead out of the folder between the "
		          "check and the open; Linux has it from 5.6 on, and some containers "
		          "forbid it");
		return error_fix(err, "run on a newer kernel, or allow openat2 in the container's "
		                      "seccomp profile");
	}
	close(probe);
	*c = (struct confine){ path, fd_steal(&fd), st.st_dev, st.st_ino };
	return 0;
}

/* True, and behind it, if a path begins with this component. */
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
 * The working directory is given by its real path, so ".." at the beginning of a relative path can
 * be taken away together with what it stands for. NULL: no memory, or the directory is gone; errno
 * says which.
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

/* Whether what stands before `end` names the folder. */
static bool is_folder(const struct confine *c, char *path, char *end)
{
	char kept = *end;
	struct stat st;
	int r;

	*end = '\0';
	r = stat(path, &st);
	*end = kept;
	return r == 0 && st.st_dev == c->dev && st.st_ino == c->ino;
}

/*
 * What follows the folder in an absolute path; NULL: the path doesn't lead through it. The answer
 * decides nothing but where the kernel starts: beneath_open() holds for any. No ".." before the
 * folder, or a manifest could find out which folders there are elsewhere.
 */
static const char *confine_rest(const struct confine *c, char *path)
{
	char *at = path;

	for (;;) {
		at += strspn(at, "/");
		if (is_folder(c, path, at))
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
	error_why(err, "--confine allows no file outside of that folder; a symbolic link counts as "
	               "what it leads to, and one with an absolute target is never followed");
	return error_fix(err, "move the file into the folder, or confine to one that holds "
	                      "everything");
}
