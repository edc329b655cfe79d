/* SPDX-License-Identifier: MIT */
/* cmd/labels.h: all runs of a command, and what each is called. */
#ifndef CMD_LABELS_H
#define CMD_LABELS_H

#include <stdbool.h>
#include <stddef.h>

struct error;           /* core/base/error.h */
struct files;           /* cmd/settings.h */
struct manifest_source; /* config/manifest.h */
struct settings;        /* cmd/settings.h */

/* A run: its manifest, its number there, and its names for messages and for files. */
struct label {
	const char *manifest;                 /* borrowed; NULL: settings stand for it */
	const struct manifest_source *source; /* the same read */
	unsigned run;
	bool inputs_unknown; /* the manifest is unreadable: any file may be one of its inputs */
	char name[256];      /* of the manifest, or made from its path */
	char text[240], file[240]; /* unique; "" for a single run */
	char variant[240]; /* what tells the runs of one manifest apart; "" without a matrix */
};

struct labels {
	struct label *list;
	unsigned n;                       /* at least 1 */
	struct manifest_source **sources; /* of all manifests, which are read once */
	size_t n_sources;
	/* a matrix or several manifests: each run has a folder and files of its own */
	bool several;
};

/*
 * The runs of all manifests in order, at most MANIFEST_MAX_RUNS. Those of a matrix are named by
 * their variants, or "run-2" if that can't be read; with several manifests, by the manifests'
 * names, too. 0, or a negative errno with *err filled; the caller calls labels_fini() either way.
 */
int labels_make(const struct files *manifests, const struct settings *s, struct labels *ret,
                struct error *err);
void labels_fini(struct labels *l);

/* Goes into the names of files that an option gives; NULL for a single run. */
const char *label_file(const struct labels *l, unsigned i);
/* Goes into the names of files that the manifest gives; NULL if it has no matrix. */
const char *label_variant(const struct labels *l, unsigned i);

/*
 * The file that a run writes instead of `path`: con.LABEL.log for con.log, so that each run has its
 * own. Unchanged if `label` is NULL, if the path is a descriptor (output_descriptor()), or if it
 * exists and is no regular file, such as a FIFO. The caller frees it; NULL: out of memory.
 */
char *labelled_path(const char *path, const char *label);

/* N for /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N; -1 for every other path. */
int output_descriptor(const char *path);

#endif
