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
 * Adds the content of a file: a certificate or a revocation list in DER, any number of them in PEM,
 * or a certificate table. For a folder, adds its files with the usual names (ark, ask, asvk, vcek,
 * vlek, cert_chain, crl; or .pem, .der, .crt, .cer, .crl), but not those of folders in it. A
 * private key, or a file without certificates or lists, is an error. 0, or a negative errno with
 * the file as *err's location.
 */
int given_add_path(struct given *g, const char *path, struct error *err);
int given_add_paths(struct given *g, const char *const *paths, size_t n, struct error *err);
/* The same for bytes in memory; *err has no location. */
int given_add(struct given *g, const uint8_t *bytes, size_t size, struct error *err);

void given_fini(struct given *g);
#define auto_given __attribute__((cleanup(given_fini)))

#endif
