/* SPDX-License-Identifier: MIT */
/*
 * tests/make/chain.h: makes certificates, revocation lists and signed reports in AMD's form with
 * test keys, and with any defect that a test needs. Aborts on failure.
 */
#ifndef TESTS_MAKE_CHAIN_H
#define TESTS_MAKE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attest/x509.h"

struct evp_pkey_st; /* openssl/types.h */

/*
 * The ARK, ASK and ASVK are fixed RSA keys of 4096 bits; P-384 keys are generated in each process;
 * AMD never uses the last two kinds.
 */
enum chain_key {
	KEY_ARK,
	KEY_ASK,
	KEY_ASVK,
	KEY_VEK,
	KEY_OTHER_VEK,
	KEY_P256,
	KEY_RSA2048,
	CHAIN_KEYS
};
struct evp_pkey_st *chain_key(enum chain_key which); /* borrowed */
/* A public key by its point, big endian, as X and Y. The caller frees it. */
struct evp_pkey_st *chain_point(const uint8_t xy[static 96]);

struct chain_der {
	uint8_t bytes[8192];
	size_t size;
};

#define CHAIN_EXTENSIONS 24

/* An extension below 1.3.6.1.4.1.3704.1 and its bytes. */
struct chain_extension {
	const char *oid; /* "3.8" */
	uint8_t bytes[80];
	size_t size;
};

#define CHAIN_FROM  1577836800 /* 2020-01-01 */
#define CHAIN_UNTIL 2208988800 /* 2040-01-01 */
#define CHAIN_AT    1767225600 /* 2026-01-01 */

struct chain_spec {
	enum cert_kind kind;
	char subject[64], issuer[64]; /* common names */
	struct evp_pkey_st *key, *signer;
	long serial, version; /* version 2: X.509 version 3 */
	int64_t from, until;
	const char *hash, *mgf1; /* "SHA384" */
	int salt;
	bool pkcs1;
	bool ca;
	int path; /* -1: none */
	const char *usage;
	struct chain_extension extensions[CHAIN_EXTENSIONS];
	size_t n_extensions;
};

/* As AMD makes it; for a VEK, the TCB is bl 4, tee 0, snp 24, ucode 219 (and on Turin fmc 1). */
struct chain_spec chain_spec(enum cert_kind kind, enum snp_line line);
/* The extension with that number, or NULL; adds one. */
struct chain_extension *chain_extension(struct chain_spec *s, const char *oid);
struct chain_extension *chain_extension_add(struct chain_spec *s, const char *oid);
void chain_extension_drop(struct chain_spec *s, const char *oid);
void chain_number(struct chain_extension *e, uint8_t value);
void chain_raw(struct chain_extension *e, const void *bytes, size_t size);

void chain_cert(const struct chain_spec *s, struct chain_der *ret);

struct chain_crl {
	enum snp_line line;
	struct evp_pkey_st *signer;
	int64_t from, until; /* until 0: not said */
	const long *serials; /* revoked */
	size_t n_serials;
	const char *issuer;   /* NULL: the line's ARK */
	const char *critical; /* an OID that nobody knows; NULL: none */
};
void chain_crl(const struct chain_crl *c, struct chain_der *ret);

/* The chip id of chain_spec()'s VCEKs. */
void chain_chip_id(enum snp_line line, uint8_t to[static 64]);

/*
 * A report of that version and line as its firmware makes one, for a VCEK or VLEK of chain_spec(),
 * signed by KEY_VEK. After a change it has to be signed again.
 */
void chain_report(uint32_t version, enum cert_kind kind, enum snp_line line,
                  struct snp_report *ret);
void chain_sign(struct snp_report *r, struct evp_pkey_st *key);

#endif
