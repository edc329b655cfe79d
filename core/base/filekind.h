/* SPDX-License-Identifier: MIT */
/*
 * core/base/filekind.h: what a file is, by its content. One table serves every role.
 */
#ifndef CORE_BASE_FILEKIND_H
#define CORE_BASE_FILEKIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reason.h"

struct error; /* core/base/error.h */

/* What a file was given as. Bits, since a kind may fit several. */
enum file_role {
	ROLE_FIRMWARE = 1,
	ROLE_KERNEL = 2,
	ROLE_INITRD = 4,
	ROLE_BYTES = 8,     /* file:PATH, for a key whose value is bytes */
	ROLE_MANIFEST = 16, /* the manifest itself */
	ROLE_CERTS = 32,
};

struct file_kind {
	const char *name; /* for programs: "git-lfs" */
	const char *text; /* for people, with its article: "a Git LFS pointer" */
	unsigned fits;    /* its roles */
	const char *key;  /* the manifest key that takes it; NULL: none */
	const char *fix;  /* how to get the right file from it; NULL: nothing to say */
	bool vague;       /* a weak mark, which doesn't prove the file wrong */
	/* A mark at an offset, or a function where a mark is not enough. */
	size_t at;
	const char *mark;
	size_t mark_size;
	bool (*probe)(const uint8_t *bytes, size_t size);
	/* What it is good for, if a launch has no use for it; NULL: nothing to say. */
	const char *use;
};

/* The table, ended by a row whose name is NULL. */
extern const struct file_kind file_kinds[];

/* The kind of these bytes; NULL: unknown. Static. */
const struct file_kind *file_kind_of(const uint8_t *bytes, size_t size);

/*
 * Refuses a file that certainly doesn't fit this role, saying what it looks like and what to do. 0
 * if the kind fits, is unknown, or is vague.
 */
int file_kind_refuse(const uint8_t *bytes, size_t size, enum file_role role, enum reason reason,
                     struct error *err);

/*
 * A section of a PE image by name, or NULL; UKIs keep their parts in sections. *ret_size is its
 * size in the file.
 */
const uint8_t *pe_section(const uint8_t *bytes, size_t size, const char *name, size_t *ret_size);

#endif
