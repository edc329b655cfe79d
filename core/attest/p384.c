/* SPDX-License-Identifier: MIT */
/*
 * core/attest/p384.c: libcrypto's elliptic curves for keys and signatures in SEV-SNP's form.
 * Signing uses low-level calls, which OpenSSL 3 has but deprecates: only these accept a given
 * nonce.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/attest/p384.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "core/attest/crypto.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/sha2.h"

enum { CURVE = 2, SIZE = 48, FIELD = 72, X = 4, Y = X + FIELD };

struct p384 {
	EVP_PKEY *pkey;
	bool can_sign;
};

/* Doesn't show libcrypto's own message, which differs from release to release. */
static int crypto_failed(const char *what, struct error *err)
{
	ERR_clear_error();
	return error_set(err, ERROR_INTERNAL, "libcrypto cannot %s", what);
}

/* --- a key that libcrypto has read --- */

static bool is_p384(const EVP_PKEY *key)
{
	char group[32] = "";
	int explicit_curve = 0;

	if (!EVP_PKEY_is_a(key, "EC") ||
	    !EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
	                                    NULL))
		return false;
	/*
	 * A curve given by explicit parameters has the name of the curve that it equals: refuse it.
	 */
	EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
	                       &explicit_curve);
	return !explicit_curve && (strcmp(group, "secp384r1") == 0 || strcmp(group, "P-384") == 0);
}

bool p384_public_of(const struct evp_pkey_st *key, uint8_t to[static P384_PUBLIC_SIZE])
{
	BIGNUM *x = NULL, *y = NULL;
	bool good = is_p384(key) && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) &&
	            EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y);

	if (good) {
		memset(to, 0, P384_PUBLIC_SIZE);
		to[0] = CURVE;
		good = BN_bn2lebinpad(x, to + X, FIELD) == FIELD &&
		       BN_bn2lebinpad(y, to + Y, FIELD) == FIELD;
	}
	BN_free(x);
	BN_free(y);
	ERR_clear_error();
	return good;
}

/* Whether the point is on the curve and, for a private key, matches the secret number. */
static bool is_sound(EVP_PKEY *key, bool can_sign)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool sound = c && (can_sign ? EVP_PKEY_check(c) : EVP_PKEY_public_check(c)) == 1;

	EVP_PKEY_CTX_free(c);
	return sound;
}

static const char *kind_of(const EVP_PKEY *key)
{
	static const char *const others[] = { "RSA",     "RSA-PSS", "DSA",    "DH",
		                              "ED25519", "ED448",   "X25519", "X448" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (EVP_PKEY_is_a(key, others[i]))
			return others[i];
	return EVP_PKEY_is_a(key, "EC") ? "EC" : "other";
}

/* Takes ownership of `pkey`. */
static int p384_of(const char *name, EVP_PKEY *pkey, bool can_sign, struct p384 **ret,
                   struct error *err)
{
	struct p384 *key = NULL;

	if (!is_p384(pkey)) {
		const char *kind = kind_of(pkey);

		error_set(err, ERROR_BAD_KEY,
		          strcmp(kind, "EC") == 0
		                  ? "'%s' is not a key of the named curve P-384"
		                  : "'%s' is not a key of the named curve P-384: it is of kind %s",
		          name, kind);
		error_why(err, "snpvmm signs by ECDSA on P-384 with SHA-384 alone");
		error_fix(err, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 "
		               "-out KEY makes one");
	} else if (!is_sound(pkey, can_sign)) {
		error_set(err, ERROR_BAD_KEY,
		          can_sign ? "'%s' is damaged: its private and public part don't belong "
		                     "together"
		                   : "'%s' is damaged: its point is not on the curve",
		          name);
	} else {
		key = malloc(sizeof(*key));
		if (!key)
			error_nomem(err, "a key");
	}
	ERR_clear_error();
	if (!key) {
		EVP_PKEY_free(pkey);
		return err->code;
	}
	*key = (struct p384){ pkey, can_sign };
	*ret = key;
	return 0;
}

/* --- files --- */

static int refuse_encrypted(const char *name, struct error *err)
{
	error_set(err, ERROR_BAD_KEY, "the key in '%s' is encrypted", name);
	error_why(err, "snpvmm asks nobody for a password");
	return error_fix(err, "openssl pkey -in KEY -out PLAIN decrypts it; an ID block can be "
	                      "signed by the tool that holds the key: snpvmm idblock --print-tbs");
}

static int refuse_content(const char *name, const char *what, struct error *err)
{
	error_set(err, ERROR_BAD_KEY, "'%s' %s", name, what);
	return error_fix(err, "give one key on P-384 as PEM or DER (SEC1, PKCS#8 or a public key)");
}

static int read_der(const char *name, const uint8_t *der, long size, struct p384 **ret,
                    struct error *err)
{
	const uint8_t *at = der;
	X509_SIG *encrypted = d2i_X509_SIG(NULL, &at, size);
	bool is_encrypted = encrypted && at == der + size, can_sign = true, whole = true;
	PKCS8_PRIV_KEY_INFO *info;
	EVP_PKEY *key;

	X509_SIG_free(encrypted);
	if (is_encrypted)
		return refuse_encrypted(name, err);
	at = der;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, size);
	key = info && at == der + size ? EVP_PKCS82PKEY(info) : NULL;
	PKCS8_PRIV_KEY_INFO_free(info);
	if (!key) {
		at = der;
		key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, size);
		whole = at == der + size;
	}
	if (!key) {
		at = der;
		key = d2i_PUBKEY(NULL, &at, size);
		whole = at == der + size;
		can_sign = false;
	}
	if (key && !whole) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key ? p384_of(name, key, can_sign, ret, err)
	           : refuse_content(name, "holds no key that can be read", err);
}

/* One block of PEM, in memory that is wiped when it is freed. */
struct pem {
	char *label, *header;
	uint8_t *data;
	long size;
};

static int read_pem_block(const char *name, const struct pem *p, struct p384 **ret,
                          struct error *err)
{
	static const char *const keys[] = { "EC PRIVATE KEY", "PRIVATE KEY", "PUBLIC KEY" };

	if (*ret)
		return refuse_content(name, "holds more than one key", err);
	if (strcmp(p->label, "ENCRYPTED PRIVATE KEY") == 0 || strstr(p->header, "ENCRYPTED"))
		return refuse_encrypted(name, err);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(p->label, keys[i]) == 0)
			return read_der(name, p->data, p->size, ret, err);
	error_set(err, ERROR_BAD_KEY, "'%s' holds '%.40s', not a key on P-384", name, p->label);
	return error_fix(err, "give one key on P-384 as PEM or DER (SEC1, PKCS#8 or a public key)");
}

/* `openssl ecparam -genkey` puts a block with the curve before the key; ignore it. */
static int read_pem(const char *name, const void *bytes, size_t size, struct p384 **ret,
                    struct error *err)
{
	BIO *from = BIO_new_mem_buf(bytes, (int)size);
	struct p384 *key = NULL;
	struct pem p = { 0 };
	int r = from ? 0 : crypto_failed("read from memory", err);

	while (r == 0 &&
	       PEM_read_bio_ex(from, &p.label, &p.header, &p.data, &p.size, PEM_FLAG_SECURE) == 1) {
		if (strcmp(p.label, "EC PARAMETERS") != 0)
			r = read_pem_block(name, &p, &key, err);
		OPENSSL_secure_free(p.label);
		OPENSSL_secure_free(p.header);
		OPENSSL_secure_clear_free(p.data, (size_t)p.size);
		p = (struct pem){ 0 };
	}
	/* The loop ends at the end of the text, or at a truncated or damaged block. */
	if (r == 0 && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		r = refuse_content(name, "holds a damaged block of PEM", err);
	else if (r == 0 && !key)
		r = refuse_content(name, "holds no key", err);
	ERR_clear_error();
	BIO_free(from);
	if (r < 0)
		p384_free(key);
	else
		*ret = key;
	return r;
}

int p384_read(const char *name, const void *bytes, size_t size, struct p384 **ret,
              struct error *err)
{
	static const char begin[] = "-----BEGIN ";

	crypto_start();
	ERR_clear_error();
	if (size == 0)
		return refuse_content(name, "is empty", err);
	if (size > P384_FILE_MAX)
		return refuse_content(name, "is too large for a key", err);
	if (memmem(bytes, size, begin, sizeof(begin) - 1))
		return read_pem(name, bytes, size, ret, err);
	return read_der(name, bytes, (long)size, ret, err);
}

int p384_generate(struct p384 **ret, struct error *err)
{
	EVP_PKEY *key;

	crypto_start();
	key = EVP_EC_gen("P-384");
	return key ? p384_of("the new key", key, true, ret, err)
	           : crypto_failed("make a key on P-384", err);
}

void p384_free(struct p384 *key)
{
	if (key)
		EVP_PKEY_free(key->pkey);
	free(key);
}

bool p384_can_sign(const struct p384 *key)
{
	return key->can_sign;
}

void p384_public(const struct p384 *key, uint8_t to[static P384_PUBLIC_SIZE])
{
	if (!p384_public_of(key->pkey, to))
		abort(); /* the key was valid when it was read, so memory ran out */
}

/* --- signatures --- */

static bool numbers_of(const ECDSA_SIG *s, uint8_t to[static P384_SIGNATURE_SIZE])
{
	const BIGNUM *r = ECDSA_SIG_get0_r(s), *n = ECDSA_SIG_get0_s(s);

	if (BN_is_negative(r) || BN_is_negative(n) || BN_num_bytes(r) > SIZE ||
	    BN_num_bytes(n) > SIZE)
		return false;
	memset(to, 0, P384_SIGNATURE_SIZE);
	return BN_bn2lebinpad(r, to, FIELD) == FIELD &&
	       BN_bn2lebinpad(n, to + FIELD, FIELD) == FIELD;
}

/* HMAC-SHA-384 over up to four parts, into `to`, which may be the key or the first part. */
static bool hmac(const uint8_t key[static SIZE], const uint8_t first[static SIZE],
                 const uint8_t *mark, const uint8_t *secret, const uint8_t *hash,
                 uint8_t to[static SIZE])
{
	uint8_t data[3 * SIZE + 1];
	size_t n = SIZE;

	memcpy(data, first, SIZE);
	if (mark)
		data[n++] = *mark;
	if (secret) {
		memcpy(data + n, secret, SIZE);
		memcpy(data + n + SIZE, hash, SIZE);
		n += 2 * (size_t)SIZE;
	}
	bool good = HMAC(EVP_sha384(), key, SIZE, data, n, to, NULL) != NULL;
	OPENSSL_cleanse(data, sizeof(data));
	return good;
}

/*
 * The secret number of a signature, derived from key and hash (RFC 6979, section 3.2): signing the
 * same launch again gives the same bytes, and no source of random numbers is needed. Hash and order
 * have the same number of bits, so the RFC's shifts are left out.
 */
static bool nonce_of(const BIGNUM *secret, const uint8_t hash[static SIZE], const BIGNUM *order,
                     BIGNUM *k)
{
	static const uint8_t marks[] = { 0, 1 };
	uint8_t key[SIZE] = { 0 }, v[SIZE], x[SIZE], h[SIZE];
	BIGNUM *reduced = BN_bin2bn(hash, SIZE, NULL);
	bool good = reduced && BN_bn2binpad(secret, x, SIZE) == SIZE;

	/* a hash is below twice the order */
	if (good && BN_cmp(reduced, order) >= 0)
		good = BN_sub(reduced, reduced, order);
	good = good && BN_bn2binpad(reduced, h, SIZE) == SIZE;
	memset(v, 1, sizeof(v));
	for (size_t i = 0; good && i < 2; i++)
		good = hmac(key, v, &marks[i], x, h, key) && hmac(key, v, NULL, NULL, NULL, v);
	while (good) {
		good = hmac(key, v, NULL, NULL, NULL, v) && BN_bin2bn(v, SIZE, k);
		if (good && !BN_is_zero(k) && BN_cmp(k, order) < 0)
			break;
		good = good && hmac(key, v, &marks[0], NULL, NULL, key) &&
		       hmac(key, v, NULL, NULL, NULL, v);
	}
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(v, sizeof(v));
	OPENSSL_cleanse(x, sizeof(x));
	BN_free(reduced);
	return good;
}

/* The values that ECDSA needs of a nonce k: its inverse, and R, the X coordinate of k times G. */
static bool nonce_parts(const EC_GROUP *group, const BIGNUM *order, const BIGNUM *k,
                        BIGNUM *inverse, BIGNUM *r)
{
	BN_CTX *c = BN_CTX_secure_new();
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *x = BN_new();
	bool good = c && point && x && EC_POINT_mul(group, point, k, NULL, NULL, c) &&
	            EC_POINT_get_affine_coordinates(group, point, x, NULL, c) &&
	            BN_nnmod(r, x, order, c) && BN_mod_inverse(inverse, k, order, c);

	BN_free(x);
	EC_POINT_free(point);
	BN_CTX_free(c);
	return good;
}

int p384_sign(const struct p384 *key, const void *data, size_t size,
              uint8_t to[static P384_SIGNATURE_SIZE], struct error *err)
{
	EC_KEY *ec;
	const EC_GROUP *group;
	const BIGNUM *order;
	BIGNUM *k, *inverse, *r;
	ECDSA_SIG *s = NULL;
	uint8_t hash[SIZE];
	bool good;

	if (!key->can_sign)
		return error_set(err, ERROR_BAD_KEY, "a public key cannot sign");
	ec = EVP_PKEY_get1_EC_KEY(key->pkey);
	group = ec ? EC_KEY_get0_group(ec) : NULL;
	order = group ? EC_GROUP_get0_order(group) : NULL;
	k = BN_secure_new();
	inverse = BN_secure_new();
	r = BN_new();
	sha384(data, size, hash);
	if (k) /* no branch or table look-up of what follows depends on it */
		BN_set_flags(k, BN_FLG_CONSTTIME);
	if (order && k && inverse && r && nonce_of(EC_KEY_get0_private_key(ec), hash, order, k) &&
	    nonce_parts(group, order, k, inverse, r))
		s = ECDSA_do_sign_ex(hash, SIZE, inverse, r, ec);
	good = s && numbers_of(s, to);
	ECDSA_SIG_free(s);
	BN_clear_free(k);
	BN_clear_free(inverse);
	BN_free(r);
	EC_KEY_free(ec);
	return good ? 0 : crypto_failed("sign", err);
}

int p384_signature_read(const char *name, const void *bytes, size_t size,
                        uint8_t to[static P384_SIGNATURE_SIZE], struct error *err)
{
	const uint8_t *from = bytes, *at = from;
	ECDSA_SIG *s;
	bool good;

	crypto_start();
	s = size <= P384_FILE_MAX ? d2i_ECDSA_SIG(NULL, &at, (long)size) : NULL;
	good = s && at == from + size && numbers_of(s, to);
	ECDSA_SIG_free(s);
	ERR_clear_error();
	if (good)
		return 0;
	if (size != 2 * SIZE) {
		error_set(err, ERROR_BAD_ID_BLOCK, "'%s' is not an ECDSA signature on P-384", name);
		error_why(err, "it has %zu bytes and is not DER", size);
		return error_fix(err, "give DER, or R and S of 48 bytes each, big-endian");
	}
	memset(to, 0, P384_SIGNATURE_SIZE);
	for (size_t i = 0; i < SIZE; i++) {
		to[i] = from[SIZE - 1 - i];
		to[FIELD + i] = from[2 * SIZE - 1 - i];
	}
	return 0;
}

/* NULL: another curve, or a point that is not on it. */
static EVP_PKEY *pkey_of(const uint8_t key[static P384_PUBLIC_SIZE])
{
	uint8_t point[1 + 2 * SIZE] = { 4 /* both coordinates follow */ };
	char group[] = "P-384";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *c;
	EVP_PKEY *pkey = NULL;

	if (key[0] != CURVE || !bytes_zero(key + 1, X - 1) ||
	    !bytes_zero(key + X + SIZE, FIELD - SIZE) || !bytes_zero(key + Y + SIZE, FIELD - SIZE))
		return NULL;
	for (size_t i = 0; i < SIZE; i++) {
		point[1 + i] = key[X + SIZE - 1 - i];
		point[1 + SIZE + i] = key[Y + SIZE - 1 - i];
	}
	c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (c && EVP_PKEY_fromdata_init(c) == 1)
		EVP_PKEY_fromdata(c, &pkey, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(c);
	return pkey;
}

bool p384_verify(const uint8_t key[static P384_PUBLIC_SIZE], const void *data, size_t size,
                 const uint8_t signature[static P384_SIGNATURE_SIZE])
{
	EVP_PKEY *pkey = NULL;
	EVP_MD_CTX *c = NULL;
	ECDSA_SIG *s;
	BIGNUM *r, *n;
	uint8_t *der = NULL;
	int der_size = 0;
	bool good = false;

	crypto_start();
	s = ECDSA_SIG_new();
	r = BN_lebin2bn(signature, FIELD, NULL);
	n = BN_lebin2bn(signature + FIELD, FIELD, NULL);
	if (s && r && n && ECDSA_SIG_set0(s, r, n)) {
		r = n = NULL;
		der_size = i2d_ECDSA_SIG(s, &der);
		pkey = pkey_of(key);
		c = EVP_MD_CTX_new();
	}
	if (der_size > 0 && pkey && c &&
	    EVP_DigestVerifyInit(c, NULL, EVP_sha384(), NULL, pkey) == 1)
		good = EVP_DigestVerify(c, der, (size_t)der_size, data, size) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(pkey);
	ECDSA_SIG_free(s);
	BN_free(r);
	BN_free(n);
	ERR_clear_error();
	return good;
}
