/* SPDX-License-Identifier: MIT */
/*
 * core/attest/x509.h: reads X.509 certificates and revocation lists as AMD issues them, strictly,
 * into plain values.
 */
#ifndef CORE_ATTEST_X509_H
#define CORE_ATTEST_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/snp/report.h"

struct buffer;      /* core/base/bytes.h */
struct error;       /* core/base/error.h */
struct x509_st;     /* openssl/types.h */
struct X509_crl_st; /* the same */

#define CERT_SIZE_MAX ((size_t)64 << 10) /* of a certificate in DER */
#define CERT_NAME     65                 /* a common name has at most 64 characters */

/* What a certificate is for, by its subject's common name. */
enum cert_kind {
	CERT_OTHER, /* none of AMD's for SEV-SNP */
	CERT_ARK,   /* the root of a line, signed by itself */
	CERT_ASK,   /* signs VCEKs */
	CERT_ASVK,  /* signs VLEKs */
	CERT_VCEK,  /* a chip's own */
	CERT_VLEK,  /* a cloud provider's */
	CERT_KINDS,
};
const char *cert_kind_name(enum cert_kind kind); /* "VCEK" */

/* The numbers below 1.3.6.1.4.1.3704.1.3: versions of the TCB's components. */
enum vek_spl { SPL_BOOT_LOADER = 1, SPL_TEE = 2, SPL_SNP = 3, SPL_MICROCODE = 8, SPL_FMC = 9 };
#define VEK_SPLS 10

/* AMD's extensions of a VCEK or VLEK: SEV-SNP certificates, AMD 57230. */
struct vek {
	char product[32]; /* only for display: chips of stepping B1 are called "Milan-B0" */
	char csp[128];    /* the cloud provider of a VLEK */
	bool has_spl[VEK_SPLS];
	uint8_t spl[VEK_SPLS];
	uint8_t hwid[64];
	size_t hwid_size; /* 8 or 64; 0: none */
	unsigned unknown; /* extensions of AMD's that we don't know */
};

struct cert {
	struct x509_st *x509; /* owned */
	enum cert_kind kind;
	enum snp_line line;                         /* a VCEK's or VLEK's: by its issuer */
	char subject[CERT_NAME], issuer[CERT_NAME]; /* common names; "": none, or several */
	char key[32], signature[64];                /* for display: "RSA 4096" */
	char serial[48];                            /* in hex */
	int64_t not_before, not_after;              /* seconds since 1970 */
	uint8_t sha256[32], spki[32];               /* of it, and of its SubjectPublicKeyInfo */
	struct vek vek;                             /* of VCEKs and VLEKs */
	char defect[192]; /* how it differs from AMD's certificates of its kind; "": not at all */
};

struct crl {
	struct X509_crl_st *crl; /* owned */
	char issuer[CERT_NAME];
	char signature[64];
	int64_t this_update, next_update; /* next 0: none is named */
	size_t revoked;                   /* entries */
	char defect[192];
};

/*
 * Reads DER, which has to fill the bytes. 0, or -EINVAL with ERROR_BAD_CERTIFICATE; *ret is only
 * set on success. One that is well formed, but not as AMD makes them, has a `defect` and isn't an
 * error.
 */
int cert_read(const uint8_t *der, size_t size, struct cert *ret, struct error *err);
int crl_read(const uint8_t *der, size_t size, struct crl *ret, struct error *err);
/* Appends the certificate in DER, as it was read. Out of memory: to->failed. */
void cert_der(const struct cert *c, struct buffer *to);
void cert_fini(struct cert *c);
void crl_fini(struct crl *c);

/* Whether the issuer's key signed it, and names, key ids and key usage agree. */
bool cert_issued_by(const struct cert *c, const struct cert *issuer);
bool crl_issued_by(const struct crl *c, const struct cert *issuer);
/* Whether the list has the certificate's serial number. */
bool crl_lists(const struct crl *c, const struct cert *cert);

/* A report's signature: ECDSA on P-384 with SHA-384, R and S little endian. */
bool cert_signed_report(const struct cert *c, const struct snp_report *r);

/* "2033-02-05T13:46:41Z" */
#define CERT_TIME_CAP 32
const char *cert_time_text(int64_t seconds, char to[static CERT_TIME_CAP]);

/* Initialises libcrypto and clears its error queue. The functions above that read call it. */
void x509_begin(void);

#endif
