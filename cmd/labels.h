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

/*
 * A run: of which manifest, its number there, and its name in words and as a part of names of
 * files.
 */
struct label {
	const char *manifest;                 /* borrowed; NULL: settings stand for it */
	const struct manifest_source *source; /* the same read */
	unsigned run;
	bool inputs_unknown; /* the manifest can't be understood: what it names may lie anywhere */
	char name[256];      /* of the manifest, as far as one is known */
	char text[240], file[240]; /* no two are alike; "" if there is one run alone */
	char variant[240]; /* the part of `file` that tells runs of one manifest apart; "" */
};

struct labels {
	struct label *list;
	unsigned n;                       /* at least 1 */
	struct manifest_source **sources; /* of all manifests, which are read once */
	size_t n_sources;
	/* a matrix, or more than one manifest: each run has a folder and files of its own */
	bool several;
};

/*
 * The runs of all manifests in their order: a matrix's by their variants, "run-2" where one can't
 * be read; of several manifests by their names, too. At most MANIFEST_MAX_RUNS. 0, or a negative
 * errno with *err filled; the caller calls labels_fini() either way.
 */
int labels_make(const struct files *manifests, const struct settings *s, struct labels *ret,
                struct error *err);
void labels_fini(struct labels *l);

/* In names of files that an option gives; NULL: there is one run alone. */
const char *label_file(const struct labels *l, unsigned i);
/* In names of files that a manifest gives; NULL: it has no matrix. */
const char *label_variant(const struct labels *l, unsigned i);

/*
 * The file that a run writes to where the manifest or --stats says `path`: of a matrix ("LABEL",
 * its form for files) each run has its own, con.LABEL.log for con.log. NULL for label: there is no
 * matrix. What is there and is no regular file (a FIFO, a device), and what stands for a descriptor
 * (output_descriptor()), stays. The caller frees it; NULL: out of memory.
 */
char *labelled_path(const char *path, const char *label);

/* N for /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N; -1 for every other path. */
int output_descriptor(const char *path);

#endif
