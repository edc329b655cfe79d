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

struct buffer; /* core/base/bytes.h */
struct error;  /* core/base/error.h */

#define SNP_CERTS_MAX  32                /* entries in a table */
#define SNP_CERTS_SIZE ((size_t)1 << 20) /* no real table is larger */
/* Linux guests take no larger table: SEV_FW_BLOB_MAX_SIZE of drivers/virt/coco/sev-guest. */
#define SNP_CERTS_LINUX ((size_t)16 << 10)

struct snp_cert {
	const uint8_t *guid;   /* 16 bytes, in the order in which a GUID is printed (RFC 4122) */
	const char *name;      /* "VCEK", ...; NULL: unknown. Static */
	uint32_t offset, size; /* of the content, from the table's start */
};

/*
 * Parses a table, and borrows its bytes. -EINVAL with ERROR_BAD_CERTIFICATE: it has no entries, no
 * entry of zeros at their end, or an entry whose GUID is zero or a duplicate, or whose content is
 * empty, outside the file, inside the list of entries, or overlaps another's. Zeros may follow.
 */
int snp_certs_parse(const uint8_t *bytes, size_t size, struct snp_cert ret[static SNP_CERTS_MAX],
                    size_t *ret_count, struct error *err);
/* The same without an error message. */
bool snp_certs_read(const uint8_t *bytes, size_t size, struct snp_cert ret[static SNP_CERTS_MAX],
                    size_t *ret_count);

/* Whether the bytes begin like a table, valid or not: with the GUID of a certificate. */
bool snp_certs_begin(const uint8_t *bytes, size_t size);

struct snp_cert_content {
	const char *name; /* as in struct snp_cert */
	const uint8_t *bytes;
	size_t size;
};

/* Appends a table of these, in this order and without gaps. No name may occur twice. */
void snp_certs_write(const struct snp_cert_content *list, size_t n, struct buffer *to);

#endif
