/* SPDX-License-Identifier: MIT */
/* cmd/labels.h: what the runs of a matrix are called. */
#ifndef CMD_LABELS_H
#define CMD_LABELS_H

struct error;    /* core/base/error.h */
struct settings; /* cmd/cmd.h */

/* Which run it is, in words and as a part of names of files; no two are alike. */
struct label {
	char text[240], file[240];
};

struct labels {
	struct label *list; /* NULL: there is no matrix */
	unsigned n;
	char name[256]; /* of the manifest, as far as one is known */
};

/*
 * The variant of each of the n runs, "run-2" where its manifest can't be read. 0, or a negative errno with *err
 * filled; the caller frees ret->list.
 */
int labels_make(const char *manifest, const struct settings *s, unsigned n, struct labels *ret,
                struct error *err);

/*
 * The file that a run writes to where the manifest or --stats says `path`: of a matrix ("LABEL", its form for files)
 * each run has its own, con.LABEL.log for con.log. NULL for label: there is no matrix. What is there and is no regular
 * file (a FIFO, a device), and what stands for a descriptor (output_descriptor()), stays. The caller frees it; NULL:
 * out of memory.
 */
char *labelled_path(const char *path, const char *label);

/* N for /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N; -1 for every other path. */
int output_descriptor(const char *path);

#endif
