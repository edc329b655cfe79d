/* SPDX-License-Identifier: MIT */
/* firmware/inspect.h: what a file is, told by its content and size, and what it holds. */
#ifndef FIRMWARE_INSPECT_H
#define FIRMWARE_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/file.h"
#include "core/snp/report.h"
#include "firmware/linux.h"
#include "firmware/ovmf.h"

struct tree;         /* core/out/tree.h */
struct error;        /* core/base/error.h */
struct file_kind;    /* core/base/filekind.h */
struct inspect_kind; /* a row of the table in inspect.c */

/* A file whose kind is known and which was found sound. It borrows the bytes. */
struct inspected {
	const struct inspect_kind *kind; /* NULL: `other` says it */
	const struct file_kind *other;   /* a file that has no place in a launch as it is */
	const char *encoding;            /* the text that the caller decoded it from; NULL: none */
	const uint8_t *bytes;
	size_t size;
	union { /* the kind decides; others need nothing but the bytes */
		struct ovmf ovmf;
		struct linux_kernel kernel;
		struct snp_report_file report;
	};
};

/*
 * Finds out what the bytes are and reads them. ERROR_UNSUPPORTED for what is no file of ours, and
 * for kinds and versions that this version doesn't read; else what the reader of that kind says.
 * The sentence doesn't name the file. *ret is touched only on success.
 */
int inspect_read(const uint8_t *bytes, size_t size, struct inspected *ret, struct error *err);

/*
 * The same for a text that holds an ID block, an ID authentication, a report or a certificate table
 * in hex or base64. *buffer gets the bytes that *ret borrows. False: it is no such text.
 */
bool inspect_read_text(const uint8_t *text, size_t size, struct blob *buffer,
                       struct inspected *ret);

/* The fields, "kind" and "size" first, of a map that the caller has opened. */
void inspect_describe(const struct inspected *i, struct tree *t);

#endif
