/* SPDX-License-Identifier: MIT */
/*
 * core/base/filekind.h: what a file is by its content, whatever place it was given for. One table
 * serves every place.
 */
#ifndef CORE_BASE_FILEKIND_H
#define CORE_BASE_FILEKIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reason.h"

struct error; /* core/base/error.h */

/* The places that a manifest has for files. Bits, since a kind may be right in several. */
enum file_role {
	ROLE_FIRMWARE = 1,
	ROLE_KERNEL = 2,
	ROLE_INITRD = 4,
	ROLE_BYTES = 8,     /* file:PATH, where a key wants a number of bytes */
	ROLE_MANIFEST = 16, /* the manifest itself */
};

struct file_kind {
	const char *name; /* for programs: "git-lfs" */
	const char *text; /* for people, with its article: "a Git LFS pointer" */
	unsigned fits;    /* the roles that such a file is right for */
	const char *key;  /* the manifest's key that it belongs under; NULL: none */
	const char *fix;  /* how to get what was meant from it; NULL: nothing to say */
	bool vague;       /* a weak mark: no proof that the file is wrong where it is */
	/* A mark at an offset, or a function where that can't tell. */
	size_t at;
	const char *mark;
	size_t mark_size;
	bool (*probe)(const uint8_t *bytes, size_t size);
	/* Of what has no place in a launch: what it is good for; NULL: nothing to say. */
	const char *use;
};

/* The kind of these bytes, or NULL for none that has a form of its own. Static. */
const struct file_kind *file_kind_of(const uint8_t *bytes, size_t size);

/*
 * Refuses what is certainly not right in this role: a sentence that says what it looks like
 * instead, and a cure. 0 where the kind fits, is not known, or is vague.
 */
int file_kind_refuse(const uint8_t *bytes, size_t size, enum file_role role, enum reason reason,
                     struct error *err);

/*
 * What to do about a file of that kind in that role; NULL: the role itself has to say what it
 * wants.
 */
const char *file_kind_fix(const struct file_kind *k, enum file_role role, char *cap, size_t size);

/*
 * A PE image's section by name, or NULL: UKIs keep their parts in sections. *ret_size is its size
 * in the file.
 */
const uint8_t *pe_section(const uint8_t *bytes, size_t size, const char *name, size_t *ret_size);

#endif
