/* SPDX-License-Identifier: MIT */
/* config/paths.h: finds the files that a manifest names, before its values are read. */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/manifest.h"

struct error; /* core/base/error.h */

struct manifest_path {
	const char *key; /* "boot.kernel"; static */
	char *path;      /* resolved against the manifest's folder */
	bool output;     /* the run makes it, and may find none; else it reads it */
	bool written;    /* an output, or a disk that is rw */
	struct location at;
	unsigned run;
};

/* Of all runs of the manifest, in their order. */
struct manifest_paths {
	struct manifest_path *list;
	size_t count;
};

/*
 * Finds every file that the manifest names, in all runs of its matrix, even if values of its keys
 * are wrong. Fails if the text or the matrix can't be understood. The caller frees *ret either way.
 */
int manifest_paths(const struct manifest_source *s, struct manifest_paths *ret, struct error *err);
void manifest_paths_free(struct manifest_paths *p);

#endif
