/* SPDX-License-Identifier: MIT */
/* firmware/inspect.h: recognizes a file by its content and size, and describes what it contains. */
#ifndef FIRMWARE_INSPECT_H
#define FIRMWARE_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/file.h"
#include "core/snp/report.h"
#include "firmware/igvm.h"
#include "firmware/linux.h"
#include "firmware/ovmf.h"

struct tree;         /* core/out/tree.h */
struct error;        /* core/base/error.h */
struct file_kind;    /* core/base/filekind.h */
struct inspect_kind; /* a row of the table in inspect.c */

/* How much is described: everything, for programs; or for people, without or with long lists. */
enum inspect_view { INSPECT_DATA, INSPECT_BRIEF, INSPECT_LONG };

/* A valid file of a known kind. It borrows the bytes. */
struct inspected {
	const struct inspect_kind *kind; /* NULL: see `other` */
	const struct file_kind *other;   /* a file that can't be part of a launch as it is */
	const char *encoding;            /* "hex" or "base64" if it was decoded; else NULL */
	enum inspect_view view;          /* what the caller wants to be described */
	const uint8_t *bytes;
	size_t size;
	union { /* by kind; other kinds need only the bytes */
		struct ovmf ovmf;
		struct igvm igvm;
		struct linux_kernel kernel;
		struct snp_report_file report;
	};
};

/*
 * Recognizes and reads a file. ERROR_UNSUPPORTED for unknown files, and for kinds and versions that
 * are not read; else the error of that kind's reader. Errors don't name the file. *ret is written
 * only on success.
 */
int inspect_read(const uint8_t *bytes, size_t size, struct inspected *ret, struct error *err);

/*
 * The same for an ID block, an ID authentication, a report or a certificate table as text in hex or
 * base64. *buffer gets the bytes that *ret borrows. False: it is not such a text.
 */
bool inspect_read_text(const uint8_t *text, size_t size, struct blob *buffer,
                       struct inspected *ret);

/* Adds the fields, "kind" and "size" first, to a map that the caller has opened. */
void inspect_describe(const struct inspected *i, struct tree *t);

/* The i-th kind that is read, beside those of core/base/filekind.h; NULL: there are no more. */
const char *inspect_kind_name(size_t i);

#endif
