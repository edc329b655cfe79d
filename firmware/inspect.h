/* SPDX-License-Identifier: MIT */
/* firmware/inspect.h: what a file is, told by its content and size, and what it holds. */
#ifndef FIRMWARE_INSPECT_H
#define FIRMWARE_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "firmware/linux.h"
#include "firmware/ovmf.h"

struct emitter;      /* core/out/emit.h */
struct error;        /* core/base/error.h */
struct inspect_kind; /* a row of the table in inspect.c */

/* A file whose kind is known and which was found sound. It borrows the bytes. */
struct inspected {
	const struct inspect_kind *kind;
	const uint8_t *bytes;
	size_t size;
	union { /* the kind decides; others need nothing but the bytes */
		struct ovmf ovmf;
		struct linux_kernel kernel;
		const struct snp_report *report;
	};
};

/*
 * Finds out what the bytes are and reads them. ERROR_UNSUPPORTED for what is no file of ours, and for kinds
 * and versions that this version doesn't read; else what the reader of that kind says. The sentence doesn't
 * name the file. *ret is touched only on success.
 */
int inspect_read(const uint8_t *bytes, size_t size, struct inspected *ret, struct error *err);

/* The fields, "kind" and "size" first, of a map that the caller has opened. */
void inspect_emit(const struct inspected *i, const struct emitter *e);

#endif
