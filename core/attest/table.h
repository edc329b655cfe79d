/* SPDX-License-Identifier: MIT */
/* core/attest/table.h: makes a certificate table for guests from a folder of certificates. */
#ifndef CORE_ATTEST_TABLE_H
#define CORE_ATTEST_TABLE_H

#include <stddef.h>
#include <sys/stat.h>

#include "core/base/bytes.h"

struct error; /* core/base/error.h */

enum { TABLE_FILES = 3 }; /* a root, what it signed, and a chip's or a provider's certificate */

struct cert_table {
	struct buffer bytes;
	size_t count;                   /* of certificates */
	const char *end;                /* "VCEK" or "VLEK"; NULL: it has neither. Static */
	struct stat files[TABLE_FILES]; /* the files that it was made from */
};

/*
 * Makes a table from the files of a folder whose names, up to the first dot, are ark, ask, asvk,
 * vcek, vlek or cert_chain; ignores other files. Each has to have one certificate in DER or PEM,
 * but a cert_chain an ASK or ASVK and the ARK; each has to have signed the next. The table has them
 * in DER, always in this order. ASVK and ASK have the same GUID, so a table has one of them, with a
 * VCEK or a VLEK, but never both. 0, or a negative errno; on success, the caller frees ret->bytes.
 */
int cert_table_of_folder(const char *path, struct cert_table *ret, struct error *err);

#endif
