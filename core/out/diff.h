/* SPDX-License-Identifier: MIT */
/* core/out/diff.h: what differs between two launches, as a tree and as lines for people. */
#ifndef CORE_OUT_DIFF_H
#define CORE_OUT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/out/saved.h"

struct tree; /* core/out/tree.h */

/* One side. */
struct diff_side {
	const char *name; /* of its file, clean */
	const char *kind; /* "manifest", "launch", ... Static. */
	const struct saved *saved;
};

/* A value that differs. Borrowed from the saved launches; NULL: that side has none. */
struct diff_value {
	const char *name, *a, *b;
	const char *key, *cause; /* what usually decides it; static, each may be NULL */
	bool measured;           /* of a setting: it is in the digest */
};
struct diff_values {
	struct diff_value *list;
	size_t count;
};

enum diff_change { DIFF_CHANGED, DIFF_ONLY_A, DIFF_ONLY_B, DIFF_MOVED, DIFF_CHANGES };

/* A file in a firmware image, or with an empty name a volume without files. */
struct diff_file {
	enum diff_change change;
	char volume[160]; /* the volumes around it, "FVMAIN_COMPACT/DXEFV" */
	char name[64], guid[40];
	char version_a[64], version_b[64]; /* "": it has none */
	const char *kind;                  /* "driver"; static; NULL: unknown */
	bool compressed;                   /* it lies in a compressed section */
	/* in the image; of a compressed one, of the section around it */
	uint64_t offset_a, offset_b;
};

struct diff_region {
	enum diff_change change;
	const struct saved_region *a, *b; /* NULL on the side that lacks it */
	size_t more;                      /* further ones that differ in the same way */
	const char *key, *cause;          /* what usually decides it; static, may be NULL */
	struct diff_values fields;
	/* pages at the same addresses; `pages` 0: their hashes are not known */
	size_t pages, pages_differ;
	uint64_t first_page; /* the address of the first that differs */
	bool has_bytes;      /* both sides' content is there: */
	uint64_t first_byte, bytes_differ;
	char where[256]; /* what the first difference is in; "": not known */
	struct diff_file *files;
	size_t n_files;
};

struct diff {
	struct diff_side a, b;
	bool same; /* the digest; without digests, all that both have */
	bool by_digest;
	struct diff_region *regions;       /* that differ, in the order of the launch */
	size_t n_regions, n_fields;        /* n_fields: of all regions */
	struct diff_values settings;       /* that differ */
	const char *cmdline_a, *cmdline_b; /* NULL: the same, or not known */
	const char *note;                  /* what could not be compared; static; NULL: nothing */
	char hint[256];                    /* what to do then; "": nothing to say */
	bool failed;                       /* memory ran out */
};

void diff_value_add(struct diff *d, struct diff_values *v, const struct diff_value *value);
struct diff_region *diff_region_add(struct diff *d); /* zeroed; NULL: out of memory */
struct diff_file *diff_file_add(struct diff *d, struct diff_region *r);
void diff_fini(struct diff *d);

static inline void diff_cleanup(struct diff *d)
{
	diff_fini(d);
}
#define auto_diff __attribute__((cleanup(diff_cleanup)))

/* "snpvmm.diff/1". Adds one map. */
void result_diff(struct tree *t, const char *key, const struct diff *d);
/* Prints lines for people: the first region in detail, or with `all` every region. */
void diff_text_write(FILE *to, const struct diff *d, bool all, bool colored);

/*
 * Calls `each` for the words of two command lines that only one has, in order. False: the words are
 * the same.
 */
bool diff_words(const char *a, const char *b,
                void (*each)(void *self, bool in_b, const char *word, size_t size), void *self);

#endif
