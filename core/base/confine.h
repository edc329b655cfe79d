/* SPDX-License-Identifier: MIT */
/*
 * core/base/confine.h: a folder that no path of a manifest may leave, enforced by the kernel at
 * each open.
 */
#ifndef CORE_BASE_CONFINE_H
#define CORE_BASE_CONFINE_H

#include <stdbool.h>
#include <sys/types.h>

struct error; /* core/base/error.h */

struct confine {
	const char *path; /* as the user gave it, borrowed; NULL: not begun */
	int fd;
	dev_t dev;
	ino_t ino;
};

/*
 * Opens the folder. Fails if there is no openat2(2), as nothing could then keep paths below it. The
 * descriptor stays open until the program ends.
 */
int confine_begin(struct confine *c, const char *path, struct error *err);

/*
 * open(2), restricted to `in` (NULL: anywhere): neither symbolic links nor ".." lead out of it,
 * because the check and the open are one system call. Returns a descriptor or a negative errno,
 * -EXDEV if the path leads outside.
 */
int confine_open(const struct confine *in, const char *path, int flags, mode_t mode);

/* Fills *err: the path leads outside. Returns -EXDEV. */
int confine_refuse(const struct confine *in, const char *path, struct error *err);

#endif
