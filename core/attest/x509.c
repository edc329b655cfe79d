/* SPDX-License-Identifier: MIT */
/* core/attest/x509.c: certificates and revocation lists, read by libcrypto. */
#include "core/attest/x509.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "core/attest/crypto.h"
#include "core/attest/p384.h"
#include "core/attest/vek.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"

enum { RSA_BITS = 4096, SALT_SIZE = 48 };

void x509_begin(void)
{
	crypto_start();
	ERR_clear_error();
}

const char *cert_kind_name(enum cert_kind kind)
{
	static const char *const names[CERT_KINDS] = {
		[CERT_OTHER] = "other", [CERT_ARK] = "ARK",   [CERT_ASK] = "ASK",
		[CERT_ASVK] = "ASVK",   [CERT_VCEK] = "VCEK", [CERT_VLEK] = "VLEK",
	};

	return names[kind];
}

/* The only common name, in printable ASCII; "" otherwise. */
static void common_name(const X509_NAME *name, char to[static CERT_NAME])
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const ASN1_STRING *s;
	int size;

	to[0] = '\0';
	if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0)
		return;
	s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	size = ASN1_STRING_length(s);
	if (size <= 0 || size >= CERT_NAME ||
	    (ASN1_STRING_type(s) != V_ASN1_UTF8STRING &&
	     ASN1_STRING_type(s) != V_ASN1_PRINTABLESTRING))
		return;
	for (int i = 0; i < size; i++)
		if (ASN1_STRING_get0_data(s)[i] < ' ' || ASN1_STRING_get0_data(s)[i] > '~')
			return;
	memcpy(to, ASN1_STRING_get0_data(s), (size_t)size);
	to[size] = '\0';
}

/*
 * The kind follows from the subject's common name. VCEKs and VLEKs all have the same one, so their
 * line follows from the issuer's.
 */
static enum cert_kind kind_of(const char *subject, enum snp_line *ret_line)
{
	static const struct {
		const char *before;
		enum cert_kind kind;
	} rows[] = { { "ARK-", CERT_ARK }, { "SEV-VLEK-", CERT_ASVK }, { "SEV-", CERT_ASK } };

	if (strcmp(subject, "SEV-VCEK") == 0)
		return CERT_VCEK;
	if (strcmp(subject, "SEV-VLEK") == 0)
		return CERT_VLEK;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = strlen(rows[i].before);

		if (strncmp(subject, rows[i].before, n) != 0)
			continue;
		for (enum snp_line line = SNP_MILAN; line < SNP_LINES; line++)
			if (strcmp(subject + n, snp_line_name(line)) == 0) {
				*ret_line = line;
				return rows[i].kind;
			}
	}
	return CERT_OTHER;
}

static void defect_set(char to[static 192], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Keeps the first defect. */
static void defect_set(char to[static 192], const char *format, ...)
{
	va_list args;

	if (to[0])
		return;
	va_start(args, format);
	vsnprintf(to, 192, format, args);
	va_end(args);
}

/* Whether it is MGF1 with SHA-384; the hash is a parameter of the parameter. */
static bool is_mgf1_sha384(const X509_ALGOR *mask)
{
	const ASN1_OBJECT *algorithm;
	const void *value;
	int type;
	X509_ALGOR *hash;
	bool good;

	if (!mask)
		return false;
	X509_ALGOR_get0(&algorithm, &type, &value, mask);
	if (OBJ_obj2nid(algorithm) != NID_mgf1 || type != V_ASN1_SEQUENCE)
		return false;
	hash = ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR));
	good = hash && OBJ_obj2nid(hash->algorithm) == NID_sha384;
	X509_ALGOR_free(hash);
	return good;
}

/*
 * Requires RSASSA-PSS with SHA-384, MGF1 with SHA-384, a salt of 48 bytes and the usual trailer.
 * The algorithm outside the signed part must be the one inside.
 */
static void check_signature(const X509_ALGOR *inner, const X509_ALGOR *outer, char text[static 64],
                            char defect[static 192])
{
	const ASN1_OBJECT *algorithm;
	const void *value;
	int type;
	RSA_PSS_PARAMS *pss;

	X509_ALGOR_get0(&algorithm, &type, &value, outer);
	OBJ_obj2txt(text, 64, algorithm, 0);
	if (X509_ALGOR_cmp(inner, outer) != 0)
		defect_set(defect, "names two different signature algorithms");
	if (OBJ_obj2nid(algorithm) != NID_rsassaPss || type != V_ASN1_SEQUENCE) {
		defect_set(defect, "is signed by %s, not by RSASSA-PSS", text);
		return;
	}
	pss = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	if (!pss || !pss->hashAlgorithm ||
	    OBJ_obj2nid(pss->hashAlgorithm->algorithm) != NID_sha384 ||
	    !is_mgf1_sha384(pss->maskGenAlgorithm))
		defect_set(defect, "is signed with another hash than SHA-384");
	else if (!pss->saltLength || ASN1_INTEGER_get(pss->saltLength) != SALT_SIZE)
		defect_set(defect, "is signed with a salt of another size than %d bytes",
		           SALT_SIZE);
	else if (pss->trailerField && ASN1_INTEGER_get(pss->trailerField) != 1)
		defect_set(defect, "is signed with an unknown trailer");
	RSA_PSS_PARAMS_free(pss);
}

static void check_key(const EVP_PKEY *key, struct cert *c)
{
	char group[32] = "";
	bool leaf = c->kind == CERT_VCEK || c->kind == CERT_VLEK;

	if (key && EVP_PKEY_is_a(key, "RSA")) {
		snprintf(c->key, sizeof(c->key), "RSA %d", EVP_PKEY_get_bits(key));
		if (leaf || EVP_PKEY_get_bits(key) != RSA_BITS)
			defect_set(c->defect, "has a key of %s, not %s", c->key,
			           leaf ? "EC P-384" : "RSA 4096");
		return;
	}
	/* A curve given by explicit parameters has no name. */
	if (key && EVP_PKEY_is_a(key, "EC"))
		EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group,
		                               sizeof(group), NULL);
	if (strcmp(group, "secp384r1") == 0)
		strcpy(group, "P-384");
	snprintf(c->key, sizeof(c->key), "%s%.20s", group[0] ? "EC " : "unknown", group);
	if (!leaf || strcmp(group, "P-384") != 0)
		defect_set(c->defect, "has a key of %s, not %s", group[0] ? c->key : "another kind",
		           leaf ? "EC P-384" : "RSA 4096");
}

static void check_usage(X509 *x, struct cert *c)
{
	uint32_t flags = X509_get_extension_flags(x), usage = X509_get_key_usage(x);
	bool leaf = c->kind == CERT_VCEK || c->kind == CERT_VLEK;

	if (X509_get_version(x) != 2)
		defect_set(c->defect, "is not of X.509 version 3");
	if (flags & EXFLAG_INVALID)
		defect_set(c->defect, "has an extension that is malformed or there twice");
	if (flags & EXFLAG_CRITICAL)
		defect_set(c->defect, "has a critical extension of unknown meaning");
	if (leaf) {
		if (flags & EXFLAG_CA)
			defect_set(c->defect, "may sign certificates");
		return;
	}
	if (!(flags & EXFLAG_CA) || !(flags & EXFLAG_BCONS))
		defect_set(c->defect, "may not sign certificates (CA is false)");
	if (!(flags & EXFLAG_KUSAGE) || !(usage & KU_KEY_CERT_SIGN))
		defect_set(c->defect, "may not sign certificates (key usage)");
	if (c->kind != CERT_ARK && X509_get_pathlen(x) != 0)
		defect_set(c->defect, "has another path length than 0");
}

/* Converts a GeneralizedTime or UTCTime; false: it is neither. */
static bool time_of(const ASN1_TIME *from, int64_t *ret)
{
	struct tm tm;

	if (!from || ASN1_TIME_to_tm(from, &tm) != 1)
		return false;
	*ret = timegm(&tm);
	return true;
}

const char *cert_time_text(int64_t seconds, char to[static CERT_TIME_CAP])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(to, CERT_TIME_CAP, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(to, CERT_TIME_CAP, "%lld", (long long)seconds);
	return to;
}

static bool serial_text(const ASN1_INTEGER *serial, char to[static 48])
{
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = n && BN_num_bytes(n) <= 20 ? BN_bn2hex(n) : NULL;
	bool read = n != NULL;

	snprintf(to, 48, "%s", hex ? hex : "too large");
	OPENSSL_free(hex);
	BN_free(n);
	return read;
}

static bool spki_hash(X509 *x, uint8_t to[static 32])
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	if (n > 0)
		sha256(der, (size_t)n, to);
	OPENSSL_free(der);
	return n > 0;
}

static int malformed(const char *what, struct error *err)
{
	ERR_clear_error();
	error_set(err, ERROR_BAD_CERTIFICATE, "not a well-formed %s", what);
	return error_fix(err, "fetch it again, in DER or PEM");
}

int cert_read(const uint8_t *der, size_t size, struct cert *ret, struct error *err)
{
	struct cert c = { 0 };
	const uint8_t *at = der;
	const X509_ALGOR *outer;

	if (size > CERT_SIZE_MAX)
		return error_set(err, ERROR_BAD_CERTIFICATE,
		                 "a certificate of %zu bytes; at most %zu are read", size,
		                 CERT_SIZE_MAX);
	x509_begin();
	c.x509 = d2i_X509(NULL, &at, (long)size);
	if (!c.x509 || at != der + size || !time_of(X509_get0_notBefore(c.x509), &c.not_before) ||
	    !time_of(X509_get0_notAfter(c.x509), &c.not_after) ||
	    !serial_text(X509_get0_serialNumber(c.x509), c.serial) || !spki_hash(c.x509, c.spki)) {
		X509_free(c.x509);
		return malformed("certificate", err);
	}
	sha256(der, size, c.sha256);
	common_name(X509_get_subject_name(c.x509), c.subject);
	common_name(X509_get_issuer_name(c.x509), c.issuer);
	c.kind = kind_of(c.subject, &c.line);
	if (c.kind == CERT_OTHER)
		defect_set(c.defect, "is no ARK, ASK, ASVK, VCEK or VLEK by its name");
	if (c.kind == CERT_VCEK || c.kind == CERT_VLEK) {
		enum cert_kind by = kind_of(c.issuer, &c.line);

		if (by != (c.kind == CERT_VCEK ? CERT_ASK : CERT_ASVK))
			defect_set(c.defect, "has an issuer named '%s'", c.issuer);
	}
	X509_get0_signature(NULL, &outer, c.x509);
	check_usage(c.x509, &c);
	check_signature(X509_get0_tbs_sigalg(c.x509), outer, c.signature, c.defect);
	check_key(X509_get0_pubkey(c.x509), &c);
	if (c.kind == CERT_VCEK || c.kind == CERT_VLEK)
		vek_read(&c);
	ERR_clear_error();
	*ret = c;
	return 0;
}

void cert_der(const struct cert *c, struct buffer *to)
{
	uint8_t *der = NULL;
	int size = i2d_X509(c->x509, &der);

	if (size > 0)
		buffer_add(to, der, (size_t)size);
	else
		to->failed = true;
	OPENSSL_free(der);
	ERR_clear_error();
}

void cert_fini(struct cert *c)
{
	X509_free(c->x509);
	c->x509 = NULL;
}

/*
 * A list that doesn't cover everything that its issuer signed can't prove that a certificate isn't
 * revoked.
 */
static void check_scope(X509_CRL *x, char defect[static 192])
{
	int critical = -1;
	ISSUING_DIST_POINT *idp =
		X509_CRL_get_ext_d2i(x, NID_issuing_distribution_point, &critical, NULL);

	if (critical >= 0 && !idp)
		defect_set(defect, "has a malformed distribution point");
	if (idp && (idp->onlyuser > 0 || idp->indirectCRL > 0 || idp->onlyattr > 0 ||
	            idp->onlysomereasons))
		defect_set(defect, "is not of all that its issuer signed");
	ISSUING_DIST_POINT_free(idp);
	for (int at = -1; (at = X509_CRL_get_ext_by_critical(x, 1, at)) >= 0;)
		if (OBJ_obj2nid(X509_EXTENSION_get_object(X509_CRL_get_ext(x, at))) !=
		    NID_issuing_distribution_point)
			defect_set(defect, "has a critical extension of unknown meaning");
}

/* libcrypto has no function that gives the inner identifier, and doesn't compare them. */
static bool crl_names_twice(const uint8_t *der, size_t size, const X509_ALGOR *algorithm)
{
	uint8_t *name = NULL, *inner;
	int n = i2d_X509_ALGOR(algorithm, &name);
	bool twice = false;

	if (n > 0 && (inner = memmem(der, size, name, (size_t)n))) {
		const uint8_t *rest = inner + n;

		twice = memmem(rest, (size_t)(der + size - rest), name, (size_t)n);
	}
	OPENSSL_free(name);
	return twice;
}

int crl_read(const uint8_t *der, size_t size, struct crl *ret, struct error *err)
{
	struct crl c = { 0 };
	const uint8_t *at = der;
	const X509_ALGOR *outer;
	const ASN1_TIME *next;

	x509_begin();
	c.crl = d2i_X509_CRL(NULL, &at, (long)size);
	next = c.crl ? X509_CRL_get0_nextUpdate(c.crl) : NULL;
	if (!c.crl || at != der + size ||
	    !time_of(X509_CRL_get0_lastUpdate(c.crl), &c.this_update) ||
	    (next && !time_of(next, &c.next_update))) {
		X509_CRL_free(c.crl);
		return malformed("revocation list", err);
	}
	common_name(X509_CRL_get_issuer(c.crl), c.issuer);
	X509_CRL_get0_signature(c.crl, NULL, &outer);
	if (!crl_names_twice(der, size, outer))
		defect_set(c.defect, "names two different signature algorithms");
	check_signature(outer, outer, c.signature, c.defect);
	check_scope(c.crl, c.defect);
	if (X509_CRL_get_version(c.crl) != 1)
		defect_set(c.defect, "is not of version 2");
	if (!next)
		defect_set(c.defect, "does not say until when it is valid");
	c.revoked = (size_t)MAX(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(c.crl)), 0);
	ERR_clear_error();
	*ret = c;
	return 0;
}

void crl_fini(struct crl *c)
{
	X509_CRL_free(c->crl);
	c->crl = NULL;
}

bool cert_issued_by(const struct cert *c, const struct cert *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->x509);
	bool good = key && X509_check_issued(issuer->x509, c->x509) == X509_V_OK &&
	            X509_verify(c->x509, key) == 1;

	ERR_clear_error();
	return good;
}

bool crl_issued_by(const struct crl *c, const struct cert *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->x509);
	bool good = key &&
	            X509_NAME_cmp(X509_CRL_get_issuer(c->crl),
	                          X509_get_subject_name(issuer->x509)) == 0 &&
	            X509_CRL_verify(c->crl, key) == 1;

	ERR_clear_error();
	return good;
}

bool crl_lists(const struct crl *c, const struct cert *cert)
{
	X509_REVOKED *entry;
	int r = X509_CRL_get0_by_serial(c->crl, &entry, X509_get0_serialNumber(cert->x509));

	ERR_clear_error();
	return r == 1; /* 2: removed from the list (removeFromCRL) */
}

bool cert_signed_report(const struct cert *c, const struct snp_report *r)
{
	uint8_t key[P384_PUBLIC_SIZE];
	bool good = p384_public_of(X509_get0_pubkey(c->x509), key) &&
	            p384_verify(key, r, SNP_REPORT_SIGNED, (const uint8_t *)&r->signature);

	ERR_clear_error();
	return good;
}
