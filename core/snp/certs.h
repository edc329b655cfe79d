/* SPDX-License-Identifier: MIT */
/*
 * core/snp/certs.h: the certificate table that comes with a report (GHCB specification, extended
 * guest request).
 */
#ifndef CORE_SNP_CERTS_H
#define CORE_SNP_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNP_CERTS_MAX 32 /* entries in a table */

struct snp_cert {
	const uint8_t *guid;   /* 16 bytes, in the order in which a GUID is printed (RFC 4122) */
	const char *name;      /* "VCEK", ...; NULL: unknown. Static */
	uint32_t offset, size; /* of the content, from the table's start */
};

/*
 * The entries of a table. False: it is none, as it has no entry of zeros at the end, a GUID that is
 * zero or there twice, or an entry whose content is empty, outside the file, before the end of the
 * entries or part of another's. Bytes are borrowed.
 */
bool snp_certs_read(const uint8_t *bytes, size_t size, struct snp_cert ret[static SNP_CERTS_MAX],
                    size_t *ret_count);

#endif
