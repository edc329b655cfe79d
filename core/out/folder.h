/* SPDX-License-Identifier: MIT */
/* core/out/folder.h: a folder of result files, each of which is complete or absent. */
#ifndef CORE_OUT_FOLDER_H
#define CORE_OUT_FOLDER_H

#include <stdbool.h>
#include <stdio.h>

struct buffer; /* core/base/bytes.h */
struct error;  /* core/base/error.h */

/*
 * A file is written under its name with a dot before it (its dotted form), and renamed once it is
 * complete. Opening the folder removes the files of an earlier run, so that a reader never mixes
 * two runs.
 */
struct folder {
	int fd; /* of the folder, locked with flock(2) against other runs; -1: none */
	char path[4096];
	/* Files for which disk space is already allocated, in their dotted forms. */
	struct folder_reserve {
		const char *name; /* borrowed; NULL: none */
		int fd;
	} reserves[4];
};

/*
 * Makes the folder and its parents if they don't exist, and removes `names` (ended by NULL) and
 * their dotted forms from it, in this order. With `below`, the last part of the path may not be a
 * symbolic link. ERROR_OUTPUT if the path isn't a folder or isn't writable, or if another run has
 * it open.
 */
int folder_open(struct folder *f, const char *path, bool below, const char *const *names,
                struct error *err);

/*
 * Opens a new file under its own name, so that it can be read while it grows, and if the run is
 * killed. Returns a descriptor (O_CLOEXEC, O_APPEND), or a negative errno with *err filled.
 */
int folder_grow(struct folder *f, const char *name, struct error *err);

/*
 * Creates the dotted form of a file and allocates disk space for it (0: none), so that it can be
 * written later even if the disk is full by then, and any number of times without opening a file:
 * the sandbox of a run would forbid that. folder_close() removes what was not committed.
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
 * Begins, writes through `write`, and commits file `name`; on failure there is no file and *err
 * says why.
 */
int folder_put(struct folder *f, const char *name,
               int (*write)(void *self, FILE *to, struct error *err), void *self,
               struct error *err);

/* The same for bytes in memory. */
int folder_put_bytes(struct folder *f, const char *name, const void *bytes, size_t size,
                     struct error *err);

/* Removes a complete file; one that was reserved becomes its dotted form again. */
void folder_remove(struct folder *f, const char *name);

void folder_close(struct folder *f); /* unlocks */

/* Writes one file by its path, whole or not at all, in a folder that exists or is made. */
int folder_put_file(const char *path, const struct buffer *bytes, struct error *err);

#endif
