/* SPDX-License-Identifier: MIT */
/* core/out/folder.h: a folder of result files, each of which is complete or absent. */
#ifndef CORE_OUT_FOLDER_H
#define CORE_OUT_FOLDER_H

#include <stdbool.h>
#include <stdio.h>

struct error; /* core/base/error.h */

/*
 * A file is written under its name with a dot before it (its dotted form), and renamed when it is
 * complete. What an earlier run left is removed when the folder is opened, so that a reader never
 * mixes two runs.
 */
struct folder {
	int fd; /* of the folder, locked with flock(2) against other runs; -1: none */
	char path[4096];
	/* Files whose disk space is already allocated, in their dotted forms. */
	struct folder_reserve {
		const char *name; /* borrowed; NULL: none */
		int fd;
	} reserves[2];
};

/*
 * Makes the folder and its parents if they don't exist, and removes `names` (ended by NULL) and
 * their dotted forms from it, in this order. With `below`, the last part of the path may not be a
 * symbolic link. ERROR_OUTPUT if the path is no folder or not writable, or another run has it open.
 */
int folder_open(struct folder *f, const char *path, bool below, const char *const *names,
                struct error *err);

/*
 * Opens a new file under its own name, so that it can be read while it grows, and after a run that
 * was killed: a descriptor (O_CLOEXEC, O_APPEND), or a negative errno with *err filled.
 */
int folder_grow(struct folder *f, const char *name, struct error *err);

/*
 * Allocates disk space for a file that is written later, so that it can be written even if the disk
 * is full by then. The space is the file's dotted form. folder_close() frees it; a folder_put()
 * that fails keeps it for the next try.
 */
int folder_reserve(struct folder *f, const char *name, size_t size, struct error *err);

/*
 * Opens the dotted form of `name` for writing; a descriptor (O_CLOEXEC), or a negative errno with
 * *err filled.
 */
int folder_begin(struct folder *f, const char *name, struct error *err);
/* Renames the dotted form, once it is written and closed; on failure removes it. */
int folder_commit(struct folder *f, const char *name, struct error *err);
/* Removes the dotted form. */
void folder_abandon(struct folder *f, const char *name);

/*
 * The three in one: writes file `name` through `write`; on failure there is no file and *err says
 * why.
 */
int folder_put(struct folder *f, const char *name,
               int (*write)(void *self, FILE *to, struct error *err), void *self,
               struct error *err);

/* Removes a complete file that should not be read any more. */
void folder_remove(struct folder *f, const char *name);

void folder_close(struct folder *f); /* unlocks */

#endif
