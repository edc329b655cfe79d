/* SPDX-License-Identifier: MIT */
/*
 * tests/make/chain.c: AMD 57230's certificates by libcrypto, and SEV-SNP firmware ABI 7.3's report.
 */
#include "tests/make/chain.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/array.h"
#include "tests/make/chain_keys.h"

#define AMD_OID "1.3.6.1.4.1.3704.1."

static void must(int good)
{
	if (!good)
		abort();
}

static EVP_PKEY *key_of_pem(const char *pem)
{
	BIO *from = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);

	must(key != NULL);
	BIO_free(from);
	return key;
}

EVP_PKEY *chain_key(enum chain_key which)
{
	static EVP_PKEY *keys[CHAIN_KEYS];

	if (keys[which])
		return keys[which];
	switch (which) {
	case KEY_ARK:
		keys[which] = key_of_pem(chain_ark_pem);
		break;
	case KEY_ASK:
		keys[which] = key_of_pem(chain_ask_pem);
		break;
	case KEY_ASVK:
		keys[which] = key_of_pem(chain_asvk_pem);
		break;
	case KEY_RSA2048:
		keys[which] = EVP_RSA_gen(2048);
		break;
	default:
		keys[which] = EVP_EC_gen(which == KEY_P256 ? "P-256" : "P-384");
	}
	must(keys[which] != NULL);
	return keys[which];
}

EVP_PKEY *chain_point(const uint8_t xy[static 96])
{
	uint8_t point[97] = { 4 };
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)"P-384", 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	memcpy(point + 1, xy, 96);
	must(c && EVP_PKEY_fromdata_init(c) > 0 &&
	     EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) > 0);
	EVP_PKEY_CTX_free(c);
	return key;
}

/* --- what a certificate is --- */

struct chain_extension *chain_extension(struct chain_spec *s, const char *oid)
{
	for (size_t i = 0; i < s->n_extensions; i++)
		if (strcmp(s->extensions[i].oid, oid) == 0)
			return &s->extensions[i];
	return NULL;
}

struct chain_extension *chain_extension_add(struct chain_spec *s, const char *oid)
{
	struct chain_extension *e = &s->extensions[s->n_extensions++];

	must(s->n_extensions <= CHAIN_EXTENSIONS);
	*e = (struct chain_extension){ .oid = oid };
	return e;
}

void chain_extension_drop(struct chain_spec *s, const char *oid)
{
	struct chain_extension *e = chain_extension(s, oid);

	must(e != NULL);
	*e = s->extensions[--s->n_extensions];
}

void chain_raw(struct chain_extension *e, const void *bytes, size_t size)
{
	must(size <= sizeof(e->bytes));
	memcpy(e->bytes, bytes, size);
	e->size = size;
}

void chain_number(struct chain_extension *e, uint8_t value)
{
	if (value < 0x80)
		chain_raw(e, (const uint8_t[]){ 2, 1, value }, 3);
	else
		chain_raw(e, (const uint8_t[]){ 2, 2, 0, value }, 4);
}

static void ia5(struct chain_extension *e, const char *text)
{
	uint8_t bytes[80] = { 0x16, (uint8_t)strlen(text) };

	memcpy(bytes + 2, text, strlen(text));
	chain_raw(e, bytes, 2 + strlen(text));
}

void chain_chip_id(enum snp_line line, uint8_t to[static 64])
{
	memset(to, 0, 64);
	for (size_t i = 0; i < snp_line_chip_id(line); i++)
		to[i] = (uint8_t)(i + 2);
}

static void vek_extensions(struct chain_spec *s, enum snp_line line)
{
	static const struct {
		const char *oid;
		uint8_t value;
	} numbers[] = { { "3.1", 4 }, { "3.2", 0 }, { "3.3", 24 }, { "3.5", 0 },
		        { "3.6", 0 }, { "3.7", 0 }, { "3.8", 219 } };
	uint8_t chip[64];

	chain_number(chain_extension_add(s, "1"), line == SNP_TURIN);
	ia5(chain_extension_add(s, "2"), snp_line_name(line));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		chain_number(chain_extension_add(s, numbers[i].oid), numbers[i].value);
	chain_number(chain_extension_add(s, line == SNP_TURIN ? "3.9" : "3.4"), line == SNP_TURIN);
	if (s->kind == CERT_VLEK) {
		ia5(chain_extension_add(s, "5"), "CN=cc-test.example");
		return;
	}
	chain_chip_id(line, chip);
	chain_raw(chain_extension_add(s, "4"), chip, snp_line_chip_id(line));
}

static void name_is(char to[static 64], const char *before, enum snp_line line)
{
	snprintf(to, 64, "%s%s", before, line ? snp_line_name(line) : "");
}

struct chain_spec chain_spec(enum cert_kind kind, enum snp_line line)
{
	static const struct {
		const char *subject, *issuer;
		bool line;
		enum chain_key key, signer;
		long serial;
	} rows[CERT_KINDS] = {
		[CERT_ARK] = { "ARK-", "ARK-", true, KEY_ARK, KEY_ARK, 0 },
		[CERT_ASK] = { "SEV-", "ARK-", true, KEY_ASK, KEY_ARK, 1 },
		[CERT_ASVK] = { "SEV-VLEK-", "ARK-", true, KEY_ASVK, KEY_ARK, 0x101 },
		[CERT_VCEK] = { "SEV-VCEK", "SEV-", false, KEY_VEK, KEY_ASK, 0 },
		[CERT_VLEK] = { "SEV-VLEK", "SEV-VLEK-", false, KEY_VEK, KEY_ASVK, 0 },
	};
	struct chain_spec s = { .kind = kind,
		                .key = chain_key(rows[kind].key),
		                .signer = chain_key(rows[kind].signer),
		                .version = 2,
		                .from = CHAIN_FROM,
		                .until = CHAIN_UNTIL,
		                .hash = "SHA384",
		                .mgf1 = "SHA384",
		                .salt = 48,
		                .ca = rows[kind].line,
		                .path = kind == CERT_ARK ? -1 : 0,
		                .usage = "critical,keyCertSign,cRLSign" };

	name_is(s.subject, rows[kind].subject, rows[kind].line ? line : SNP_LINE_UNKNOWN);
	name_is(s.issuer, rows[kind].issuer, line);
	s.serial = rows[kind].line ? (long)line * 0x10000 + rows[kind].serial : 0;
	if (!rows[kind].line)
		vek_extensions(&s, line);
	return s;
}

/* --- a certificate --- */

static X509_NAME *name_make(const char *common)
{
	static const char *const parts[][2] = { { "OU", "Engineering" },
		                                { "C", "US" },
		                                { "L", "Santa Clara" },
		                                { "ST", "CA" },
		                                { "O", "Advanced Micro Devices" } };
	X509_NAME *n = X509_NAME_new();

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		must(X509_NAME_add_entry_by_txt(n, parts[i][0], MBSTRING_ASC,
		                                (const void *)parts[i][1], -1, -1, 0));
	must(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const void *)common, -1, -1, 0));
	return n;
}

static void usual_add(X509 *x, int nid, const char *value)
{
	X509V3_CTX c;
	X509_EXTENSION *e;

	X509V3_set_ctx(&c, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	must(e && X509_add_ext(x, e, -1));
	X509_EXTENSION_free(e);
}

static void amd_add(X509 *x, const struct chain_extension *from)
{
	char oid[64];
	ASN1_OBJECT *o;
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	snprintf(oid, sizeof(oid), AMD_OID "%s", from->oid);
	o = OBJ_txt2obj(oid, 1);
	must(o && ASN1_OCTET_STRING_set(value, from->bytes, (int)from->size));
	e = X509_EXTENSION_create_by_OBJ(NULL, o, 0, value);
	must(e && X509_add_ext(x, e, -1));
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(o);
}

static EVP_MD_CTX *sign_begin(const struct chain_spec *s)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p;

	must(EVP_DigestSignInit(c, &p, EVP_get_digestbyname(s->hash), NULL, s->signer) > 0);
	if (!s->pkcs1 && EVP_PKEY_is_a(s->signer, "RSA"))
		must(EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) > 0 &&
		     EVP_PKEY_CTX_set_rsa_mgf1_md(p, EVP_get_digestbyname(s->mgf1)) > 0 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(p, s->salt) > 0);
	return c;
}

/* In DER, by one of libcrypto's i2d functions, which allocates nothing here. */
#define der_take(i2d, x, ret)                                                                      \
	do {                                                                                       \
		int n_ = i2d(x, NULL);                                                             \
		uint8_t *to_ = (ret)->bytes;                                                       \
                                                                                                   \
		must(n_ > 0 && (size_t)n_ <= sizeof((ret)->bytes) && i2d(x, &to_) == n_);          \
		(ret)->size = (size_t)n_;                                                          \
	} while (0)

/* Signing with RSA takes long, and most tests want the same issuers. */
static struct kept {
	struct chain_spec spec;
	struct chain_der der;
} kept[8];

static struct kept *kept_find(const struct chain_spec *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (memcmp(&kept[i].spec, s, sizeof(*s)) == 0)
			return &kept[i];
	return NULL;
}

/*
 * libcrypto 3.5 signs a certificate with extensions as version 3, whatever was asked for: the
 * version is put in afterwards, and what is signed is signed again.
 */
static void version_put(const struct chain_spec *s, struct chain_der *der)
{
	uint8_t *tbs = der->bytes + 4; /* both SEQUENCEs have lengths of two bytes */
	size_t tbs_size = 4 + ((size_t)tbs[2] << 8 | tbs[3]), n = 512;
	EVP_MD_CTX *c = sign_begin(s);

	must(der->bytes[1] == 0x82 && tbs[1] == 0x82 && tbs[4] == 0xa0);
	tbs[8] = (uint8_t)s->version;
	must(EVP_DigestSign(c, der->bytes + der->size - n, &n, tbs, tbs_size) > 0 && n == 512);
	EVP_MD_CTX_free(c);
}

static void cert_make(const struct chain_spec *s, struct chain_der *ret)
{
	X509 *x = X509_new();
	X509_NAME *subject = name_make(s->subject), *issuer = name_make(s->issuer);
	EVP_MD_CTX *c = sign_begin(s);
	char constraints[64];

	must(X509_set_version(x, s->version) && X509_set_subject_name(x, subject) &&
	     X509_set_issuer_name(x, issuer) && X509_set_pubkey(x, s->key) &&
	     ASN1_INTEGER_set(X509_get_serialNumber(x), s->serial) &&
	     ASN1_TIME_set(X509_getm_notBefore(x), (time_t)s->from) &&
	     ASN1_TIME_set(X509_getm_notAfter(x), (time_t)s->until));
	if (s->kind == CERT_ARK || s->kind == CERT_ASK || s->kind == CERT_ASVK) {
		snprintf(constraints, sizeof(constraints), "critical,CA:%s",
		         s->ca ? "true" : "false");
		if (s->ca && s->path >= 0)
			snprintf(constraints, sizeof(constraints), "critical,CA:true,pathlen:%d",
			         s->path);
		usual_add(x, NID_basic_constraints, constraints);
		if (s->usage)
			usual_add(x, NID_key_usage, s->usage);
		usual_add(x, NID_subject_key_identifier, "hash");
	} else if (s->ca) {
		usual_add(x, NID_basic_constraints, "critical,CA:true");
	}
	for (size_t i = 0; i < s->n_extensions; i++)
		amd_add(x, &s->extensions[i]);
	must(X509_sign_ctx(x, c) > 0);
	der_take(i2d_X509, x, ret);
	if (X509_get_version(x) != s->version)
		version_put(s, ret);
	EVP_MD_CTX_free(c);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	X509_free(x);
}

void chain_cert(const struct chain_spec *s, struct chain_der *ret)
{
	static size_t next;
	struct kept *k = kept_find(s);

	if (!k) {
		k = &kept[next++ % ARRAY_SIZE(kept)];
		k->spec = *s;
		cert_make(s, &k->der);
	}
	*ret = k->der;
}

static void crl_revoke(X509_CRL *x, long serial, int64_t when)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)when);

	must(r && at && ASN1_INTEGER_set(n, serial) && X509_REVOKED_set_serialNumber(r, n) &&
	     X509_REVOKED_set_revocationDate(r, at) && X509_CRL_add0_revoked(x, r));
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(at);
}

static void crl_critical(X509_CRL *x, const char *oid)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	must(o && ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2));
	e = X509_EXTENSION_create_by_OBJ(NULL, o, 1, value);
	must(e && X509_CRL_add_ext(x, e, -1));
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(o);
}

void chain_crl(const struct chain_crl *from, struct chain_der *ret)
{
	struct chain_spec ark = chain_spec(CERT_ARK, from->line);
	X509_CRL *x = X509_CRL_new();
	X509_NAME *issuer = name_make(from->issuer ? from->issuer : ark.subject);
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)from->from);
	EVP_MD_CTX *c;

	if (from->signer)
		ark.signer = from->signer;
	must(x && X509_CRL_set_version(x, 1) && X509_CRL_set_issuer_name(x, issuer) &&
	     X509_CRL_set1_lastUpdate(x, t));
	if (from->until)
		must(ASN1_TIME_set(t, (time_t)from->until) && X509_CRL_set1_nextUpdate(x, t));
	for (size_t i = 0; i < from->n_serials; i++)
		crl_revoke(x, from->serials[i], from->from);
	if (from->critical)
		crl_critical(x, from->critical);
	must(X509_CRL_sort(x));
	c = sign_begin(&ark);
	must(X509_CRL_sign_ctx(x, c) > 0);
	der_take(i2d_X509_CRL, x, ret);
	EVP_MD_CTX_free(c);
	ASN1_TIME_free(t);
	X509_NAME_free(issuer);
	X509_CRL_free(x);
}

/* --- a report --- */

void chain_sign(struct snp_report *r, EVP_PKEY *key)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t der[256];
	const uint8_t *at = der;
	size_t n = sizeof(der);
	ECDSA_SIG *sig;

	must(EVP_DigestSignInit(c, NULL, EVP_sha384(), NULL, key) > 0 &&
	     EVP_DigestSign(c, der, &n, (const uint8_t *)r, 0x2a0) > 0);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
	must(sig && BN_bn2lebinpad(ECDSA_SIG_get0_r(sig), r->signature.r, 72) == 72 &&
	     BN_bn2lebinpad(ECDSA_SIG_get0_s(sig), r->signature.s, 72) == 72);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(c);
}

void chain_report(uint32_t version, enum cert_kind kind, enum snp_line line, struct snp_report *ret)
{
	static const struct {
		uint8_t family, model;
		le64 tcb;
	} rows[SNP_LINES] = {
		[SNP_MILAN] = { 0x19, 0x01, { { 4, 0, 0, 0, 0, 0, 24, 219 } } },
		[SNP_GENOA] = { 0x19, 0x11, { { 4, 0, 0, 0, 0, 0, 24, 219 } } },
		[SNP_TURIN] = { 0x1a, 0x02, { { 1, 4, 0, 24, 0, 0, 0, 219 } } },
	};
	struct snp_report r = { .version = le32_of(version),
		                .policy = le64_of(0x30000),
		                .signature_algorithm = le32_of(1),
		                .platform_info = le64_of(0x5),
		                .flags = le32_of(kind == CERT_VLEK ? 1 << 2 : 0),
		                .current_tcb = rows[line].tcb,
		                .reported_tcb = rows[line].tcb,
		                .committed_tcb = rows[line].tcb,
		                .launch_tcb = rows[line].tcb,
		                .current = { 31, 55, 1, 0 },
		                .committed = { 31, 55, 1, 0 } };

	for (size_t i = 0; i < sizeof(r.measurement); i++)
		r.measurement[i] = (uint8_t)(i + 1);
	for (size_t i = 0; i < sizeof(r.report_data); i++)
		r.report_data[i] = (uint8_t)(0xff - i);
	memset(r.report_id, 0x5a, sizeof(r.report_id));
	memset(r.report_id_ma, 0xff, sizeof(r.report_id_ma));
	if (kind == CERT_VCEK)
		chain_chip_id(line, r.chip_id);
	if (version >= 3) {
		r.cpuid_family = rows[line].family;
		r.cpuid_model = rows[line].model;
		r.cpuid_stepping = 1;
	}
	if (version >= 5)
		r.launch_mitigations = r.current_mitigations = le64_of(0x3f);
	chain_sign(&r, chain_key(KEY_VEK));
	*ret = r;
}
