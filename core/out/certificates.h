/* SPDX-License-Identifier: MIT */
/* core/out/certificates.h: certificates and revocation lists, as fields of a result. */
#ifndef CORE_OUT_CERTIFICATES_H
#define CORE_OUT_CERTIFICATES_H

struct cert; /* core/attest/x509.h */
struct crl;
struct given; /* core/attest/given.h */
struct tree;  /* core/out/tree.h */

/* Each adds its fields to the map that the caller opened. Verifies nothing. */
void result_cert(struct tree *t, const struct cert *c);
void result_crl(struct tree *t, const struct crl *c);
/* Adds lists of all certificates and revocation lists, with the fields that distinguish them. */
void result_given(struct tree *t, const struct given *g);

#endif
