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
	struct stat files[TABLE_FILES]; /* what it was made of */
};

/*
 * The table of the files in the folder that are named, up to their first dot, ark, ask, asvk, vcek
 * or vlek; other files are left alone. Each has one certificate in DER or PEM, and each must have
 * signed the next. The table has DER, always in this order. An ASVK takes the place of the ASK,
 * which has the only GUID for both; so there is a VCEK or a VLEK, never both. 0, or a negative
 * errno; the caller frees ret->bytes on success.
 */
int cert_table_of_folder(const char *path, struct cert_table *ret, struct error *err);

#endif
