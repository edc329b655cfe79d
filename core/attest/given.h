/* SPDX-License-Identifier: MIT */
/* core/attest/given.h: certificates and revocation lists from the files that a user gives. */
#ifndef CORE_ATTEST_GIVEN_H
#define CORE_ATTEST_GIVEN_H

#include <stddef.h>
#include <stdint.h>

#include "core/attest/x509.h"

struct error; /* core/base/error.h */

#define GIVEN_CERTS_MAX 100
#define GIVEN_CRLS_MAX  16
#define GIVEN_FILE_MAX  ((size_t)1 << 20)

struct given {
	struct cert *certs; /* NULL: none yet; room for GIVEN_CERTS_MAX */
	size_t n_certs;
	struct crl *crls; /* room for GIVEN_CRLS_MAX */
	size_t n_crls;
};

/*
 * Adds what a file holds: a certificate or a revocation list in DER, any number of them in PEM, or
 * a certificate table. Of a folder, what its files of usual names hold (ark, ask, asvk, vcek, vlek,
 * cert_chain, crl; or .pem, .der, .crt, .cer, .crl), not of folders in it. A private key, or a file
 * with nothing of this in it, is an error. 0, or a negative errno; the file is named.
 */
int given_add_path(struct given *g, const char *path, struct error *err);
/* The same of bytes in memory. The error names no file. */
int given_add(struct given *g, const uint8_t *bytes, size_t size, struct error *err);

void given_fini(struct given *g);
#define auto_given __attribute__((cleanup(given_fini)))

#endif
