/* SPDX-License-Identifier: MIT */
/*
 * core/snp/certs.h: the certificate table that a guest gets with its report: GHCB specification,
 * extended guest request.
 */
#ifndef CORE_SNP_CERTS_H
#define CORE_SNP_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNP_CERTS_MAX 32 /* entries that are read */

struct snp_cert {
	const uint8_t *guid; /* its 16 bytes, in the order in which a GUID is printed (RFC 4122) */
	const char *name;    /* "VCEK", ...; NULL: not one that we know. Static */
	uint32_t offset, size; /* of the content, from the table's start */
};

/*
 * The entries of a whole table: ended by an entry of zeros, each content inside the file, not
 * empty, and behind the entries. False: it isn't one. Bytes are borrowed.
 */
bool snp_certs_read(const uint8_t *bytes, size_t size, struct snp_cert ret[static SNP_CERTS_MAX],
                    size_t *ret_count);

#endif
