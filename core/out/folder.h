/* SPDX-License-Identifier: MIT */
/* core/out/folder.h: a folder of result files, each of which is whole or not there. */
#ifndef CORE_OUT_FOLDER_H
#define CORE_OUT_FOLDER_H

#include <stdbool.h>
#include <stdio.h>

struct error; /* core/base/error.h */

/*
 * Files are written under a name that begins with a dot and renamed when they are whole. Files of
 * those names that an earlier run left are removed when the folder is opened, so that a reader
 * never mixes two runs.
 */
struct folder {
	int fd; /* of the folder; -1: none. Locked (flock) against another run of ours */
	char path[4096];
	/* The dotted forms of files for which there is room already. */
	struct folder_reserve {
		const char *name; /* borrowed; NULL: none */
		int fd;
	} reserves[2];
};

/*
 * Makes the folder if it isn't there (parents too), and removes `names` (ended by NULL) and their
 * dotted forms from it, in this order. With `below` its last part is a folder that we made, and
 * never a symbolic link. ERROR_OUTPUT where the path is no folder, can't be written, or another run
 * is writing there.
 */
int folder_open(struct folder *f, const char *path, bool below, const char *const *names,
                struct error *err);

/*
 * A file that grows under its own name, for whoever looks at it meanwhile or finds it after a run
 * that was killed: a descriptor (O_CLOEXEC, O_APPEND) of a new file, or a negative errno with *err
 * filled.
 */
int folder_grow(struct folder *f, const char *name, struct error *err);

/*
 * Takes room for a file that is written later, so that a disk which is full by then has it all the
 * same. The room is its dotted form, and given back by folder_close(); a try to put the file that
 * fails leaves it for the next.
 */
int folder_reserve(struct folder *f, const char *name, size_t size, struct error *err);

/*
 * Opens the dotted form of `name` for writing; a descriptor (O_CLOEXEC), or a negative errno with
 * *err filled.
 */
int folder_begin(struct folder *f, const char *name, struct error *err);
/* Gives it its name, once all is written and closed; on failure its dotted form is removed. */
int folder_commit(struct folder *f, const char *name, struct error *err);
/* Removes the dotted form. */
void folder_abandon(struct folder *f, const char *name);

/*
 * The three in one: what `write` puts out becomes file `name`, or no file is there and *err says
 * why.
 */
int folder_put(struct folder *f, const char *name,
               int (*write)(void *self, FILE *to, struct error *err), void *self,
               struct error *err);

/* A file that is whole, but is not to be read any more. */
void folder_remove(struct folder *f, const char *name);

void folder_close(struct folder *f); /* unlocks */

#endif
