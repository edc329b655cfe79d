/* SPDX-License-Identifier: MIT */
/* cmd/vars.c: writes variables beside their file, and renames it over that. */
#include "cmd/vars.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/outputs.h"
#include "config/manifest.h"
#include "core/base/cleanup.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/vm/devices.h"
#include "firmware/images.h"

/* Where they are to be kept; NULL: nowhere. */
static const char *keep_path(const struct manifest *m)
{
	return m->vars_keep.back ? m->vars.path : m->vars_keep.path;
}

static int keep_failed(const struct manifest *m, int errnum, struct error *err)
{
	error_sys(err, ERROR_OUTPUT, errnum, "cannot write '%s'", keep_path(m));
	error_wrap(err, "boot.vars.keep");
	return manifest_at(m, KEY_BOOT_VARS_KEEP, err);
}

/* A new file replaces the old one, so it is the folder that must be writable. */
static int keep_folder(const struct manifest *m, const char **ret_name, struct error *err)
{
	auto_free char *folder = folder_of(keep_path(m), ret_name);
	auto_fd int fd =
		folder ? confine_open(m->confine, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
		       : -ENOMEM;
	struct stat st;

	if (fd < 0)
		return keep_failed(m, -fd, err);
	if (fstatat(fd, *ret_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode)) {
		keep_failed(m, S_ISDIR(st.st_mode) ? EISDIR : EEXIST, err);
		error_why(err, "it is a %s, which a file would replace",
		          S_ISLNK(st.st_mode) ? "symbolic link" : "folder, pipe or device");
		return error_fix(err, "name a file");
	}
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		keep_failed(m, errno, err);
		return error_why(err, "a new file is made in its folder, and replaces the old one");
	}
	return fd_steal(&fd);
}

int vars_look(const struct manifest *m, struct error *err)
{
	const char *name;
	auto_fd int fd = keep_path(m) ? keep_folder(m, &name, err) : -1;

	return keep_path(m) && fd < 0 ? err->code : 0;
}

/* Writes all of a new file; 0 or a negative errno. */
static int file_fill(int folder, const char *name, mode_t mode, const uint8_t *bytes, size_t size)
{
	auto_fd int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, bytes + done, size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return fchmod(fd, mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

int vars_keep(const struct manifest *m, const struct images *images, const struct vm *vm,
              struct error *err)
{
	bool changed;
	const uint8_t *bytes = devices_flash(vm, &changed);
	auto_free char *own = NULL;
	auto_fd int folder = -1;
	const char *name;
	int r;

	if (!bytes || !keep_path(m) || (m->vars_keep.back && !changed))
		return 0;
	if (m->vars_keep.back &&
	    !file_is_still(m->confine, m->vars.path, &images->vars.read_from)) {
		error_set(err, ERROR_OUTPUT, "boot.vars.keep: '%s' changed while the guest ran",
		          m->vars.path);
		error_why(err, "to write the guest's variables would undo that, so they are lost");
		error_fix(err, "give each run at a time its own copy, or give keep a path");
		return manifest_at(m, KEY_BOOT_VARS_KEEP, err);
	}
	folder = keep_folder(m, &name, err);
	if (folder < 0)
		return err->code;
	if (asprintf(&own, ".%s.%d", name, (int)getpid()) < 0) {
		own = NULL;
		return error_nomem(err, "a file's name");
	}
	r = file_fill(folder, own, images->vars.read_from.mode & 0777, bytes, images->vars.size);
	if (r == 0 && renameat(folder, own, folder, name) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	if (r != -EEXIST)
		unlinkat(folder, own, 0);
	return keep_failed(m, -r, err);
}
