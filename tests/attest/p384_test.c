/* SPDX-License-Identifier: MIT */
/* tests/attest/p384_test.c: keys in every form that users have them, and signatures. */
#include "core/attest/p384.h"

#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha2.h"
#include "tests/make/vectors.h"

/* A file's content, as another tool would have written it. */
struct text {
	uint8_t bytes[8192];
	size_t size;
};

static struct text taken(BIO *bio, int good)
{
	struct text t = { .size = 0 };
	int n;

	cr_assert(bio && good > 0);
	n = BIO_read(bio, t.bytes, sizeof(t.bytes));
	cr_assert(n > 0 && n < (int)sizeof(t.bytes));
	t.size = (size_t)n;
	BIO_free(bio);
	return t;
}

static struct text joined(const void *a, size_t a_size, const void *b, size_t b_size)
{
	struct text t = { .size = a_size + b_size };

	cr_assert_leq(t.size, sizeof(t.bytes));
	memcpy(t.bytes, a, a_size);
	memcpy(t.bytes + a_size, b, b_size);
	return t;
}

enum form {
	SEC1_PEM,
	SEC1_PEM_WITH_CURVE,
	PKCS8_PEM,
	SEC1_DER,
	PKCS8_DER,
	PUBLIC_PEM,
	PUBLIC_DER,
	FORMS
};

static struct text written(EVP_PKEY *key, enum form form)
{
	static const char curve[] = "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n"
				    "-----END EC PARAMETERS-----\n";
	BIO *bio = BIO_new(BIO_s_mem());
	struct text t;

	switch (form) {
	case SEC1_PEM:
		return taken(bio, PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0,
		                                                       NULL, NULL));
	case SEC1_PEM_WITH_CURVE:
		BIO_free(bio);
		t = written(key, SEC1_PEM);
		return joined(curve, sizeof(curve) - 1, t.bytes, t.size);
	case PKCS8_PEM:
		return taken(bio,
		             PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
	case SEC1_DER:
		return taken(bio, i2d_PrivateKey_bio(bio, key));
	case PKCS8_DER:
		return taken(bio, i2d_PKCS8PrivateKey_bio(bio, key, NULL, NULL, 0, NULL, NULL));
	case PUBLIC_PEM:
		return taken(bio, PEM_write_bio_PUBKEY(bio, key));
	default:
		return taken(bio, i2d_PUBKEY_bio(bio, key));
	}
}

static int read_text(const struct text *t, struct p384 **key, struct error *err)
{
	*err = (struct error){ 0 };
	return p384_read("k.pem", t->bytes, t->size, key, err);
}

static void refused(const char *what, const struct text *t, const char *says)
{
	struct p384 *const untouched = (void *)&t, *key = untouched;
	struct error err;

	cr_assert_eq(read_text(t, &key, &err), -EINVAL, "%s: taken", what);
	cr_expect_eq(err.kind, ERROR_BAD_KEY, "%s", what);
	cr_expect(strstr(err.text, says), "%s: says '%s', not '%s'", what, err.text, says);
	cr_expect_eq(key, untouched, "%s: touched only on success", what);
	cr_expect_eq(ERR_peek_error(), 0, "%s: libcrypto's errors are left behind", what);
}

Test(p384, reads_a_key_in_every_form)
{
	EVP_PKEY *made = EVP_EC_gen("P-384");
	uint8_t want[P384_PUBLIC_SIZE], have[P384_PUBLIC_SIZE];

	cr_assert(p384_public_of(made, want));
	cr_expect_eq(want[0], 2);
	for (enum form f = 0; f < FORMS; f++) {
		struct text t = written(made, f);
		struct p384 *key;
		struct error err;

		cr_assert_eq(read_text(&t, &key, &err), 0, "form %u: %s", f, err.text);
		cr_expect_eq(p384_can_sign(key), f != PUBLIC_PEM && f != PUBLIC_DER, "form %u", f);
		p384_public(key, have);
		cr_expect_arr_eq(have, want, sizeof(want), "form %u", f);
		p384_free(key);
	}
	EVP_PKEY_free(made);
}

/* The keys and digests of the golden vectors, one with a coordinate that begins with a zero. */
Test(p384, a_public_key_has_the_digest_that_other_tools_give_it)
{
	static const char *const ids[] = { "pub-041", "pub-042", "pub-044" };
	static const char *const which[][2] = { { "id_key", "id_key_digest" },
		                                { "author_key", "author_key_digest" } };
	auto_json json_t *all = vectors_load();

	for (size_t i = 0; i < ARRAY_SIZE(ids) * 2; i++) {
		json_t *c = vectors_case(all, ids[i / 2]);
		uint8_t public[P384_PUBLIC_SIZE], have[SHA384_SIZE], want[SHA384_SIZE];
		char below[64], path[4096];
		auto_blob struct blob b = BLOB_NONE;
		auto_p384 struct p384 *key = NULL;
		struct error err = { 0 };

		snprintf(below, sizeof(below), "keys/%s",
		         json_string_value(json_object_get(c, which[i % 2][0])));
		cr_assert_eq(
			blob_read(vectors_path(below, path, sizeof(path)), P384_FILE_MAX, &b, &err),
			0, "%s", err.text);
		cr_assert_eq(p384_read(path, b.data, b.size, &key, &err), 0, "%s", err.text);
		p384_public(key, public);
		sha384(public, sizeof(public), have);
		vectors_hex(json_object_get(c, "expect"), which[i % 2][1], want, sizeof(want));
		cr_expect_arr_eq(have, want, sizeof(want), "%s, %s", ids[i / 2], below);
	}
}

static void refuse_other_kind(const char *what, EVP_PKEY *key, const char *says)
{
	static const enum form forms[] = { PKCS8_PEM, PKCS8_DER, PUBLIC_PEM, PUBLIC_DER };

	cr_assert(key, "%s", what);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct text t = written(key, forms[i]);

		refused(what, &t, says);
	}
	EVP_PKEY_free(key);
}

Test(p384, refuses_other_kinds_and_curves)
{
	struct text t;
	EVP_PKEY *explicit_curve = EVP_EC_gen("P-384");

	refuse_other_kind("P-256", EVP_EC_gen("P-256"), "not a key of the named curve P-384");
	refuse_other_kind("P-521", EVP_EC_gen("P-521"), "not a key of the named curve P-384");
	refuse_other_kind("brainpool", EVP_EC_gen("brainpoolP384r1"),
	                  "not a key of the named curve P-384");
	refuse_other_kind("Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "of kind ED25519");
	refuse_other_kind("RSA", EVP_RSA_gen(1024), "of kind RSA");
	cr_assert(EVP_PKEY_set_utf8_string_param(explicit_curve, OSSL_PKEY_PARAM_EC_ENCODING,
	                                         OSSL_PKEY_EC_ENCODING_EXPLICIT));
	t = written(explicit_curve, SEC1_PEM);
	refused("a curve that is written out, SEC1", &t, "not a key of the named curve P-384");
	refuse_other_kind("a curve that is written out", explicit_curve,
	                  "not a key of the named curve P-384");
	explicit_curve = EVP_EC_gen("P-256");
	t = written(explicit_curve, SEC1_DER);
	refused("P-256, SEC1", &t, "not a key of the named curve P-384");
	EVP_PKEY_free(explicit_curve);
}

/* A terminal that is asked for a password would hold CI up, so this test would not end. */
Test(p384, refuses_encrypted_keys_without_asking, .timeout = 20)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");
	const EVP_CIPHER *aes = EVP_aes_256_cbc();
	uint8_t word[] = "secret";
	char *text = (char *)word;
	BIO *bio = BIO_new(BIO_s_mem());
	struct text t =
		taken(bio, PEM_write_bio_PKCS8PrivateKey(bio, key, aes, text, 6, NULL, NULL));

	refused("PKCS#8", &t, "is encrypted");
	bio = BIO_new(BIO_s_mem());
	t = taken(bio, PEM_write_bio_PrivateKey_traditional(bio, key, aes, word, 6, NULL, NULL));
	refused("SEC1", &t, "is encrypted");
	bio = BIO_new(BIO_s_mem());
	t = taken(bio, i2d_PKCS8PrivateKey_bio(bio, key, aes, text, 6, NULL, NULL));
	refused("PKCS#8 as DER", &t, "is encrypted");
	EVP_PKEY_free(key);
}

Test(p384, refuses_what_is_damaged)
{
	static const struct text empty = { .size = 0 }, zeros = { .size = 4096 };
	EVP_PKEY *a = EVP_EC_gen("P-384"), *b = EVP_EC_gen("P-384");
	struct text pem = written(a, PKCS8_PEM), sec1 = written(a, SEC1_DER), t;
	struct text public = written(a, PUBLIC_DER), other = written(b, SEC1_DER);
	static uint8_t huge[P384_FILE_MAX + 1];
	struct p384 *key;
	struct error err = { 0 };

	refused("nothing", &empty, "is empty");
	refused("zeros", &zeros, "holds no key");
	cr_expect_eq(p384_read("k", huge, sizeof(huge), &key, &err), -EINVAL);
	cr_expect(strstr(err.text, "too large"), "%s", err.text);
	t = joined(sec1.bytes, sec1.size, "", 1);
	refused("DER and a byte", &t, "holds no key");
	t = joined(public.bytes, public.size, "", 1);
	refused("a public key and a byte", &t, "holds no key");
	t = joined(pem.bytes, pem.size, pem.bytes, pem.size);
	refused("two keys", &t, "more than one key");
	t = joined(pem.bytes, pem.size, "-----BEGIN PRIVATE KEY-----\nAAAA\n", 33);
	refused("a key, then half a block", &t, "damaged block");
	t = pem;
	t.bytes[40] = 0;
	refused("a zero byte in PEM", &t, "");
	t = joined("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 59, pem.bytes,
	           pem.size);
	refused("a certificate", &t, "holds 'CERTIFICATE'");
	t = joined("\n-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n",
	           73, "", 0);
	refused("a curve alone", &t, "holds no key");

	/* SEC1 ends with the point. */
	t = sec1;
	memcpy(t.bytes + t.size - 96, other.bytes + other.size - 96, 96);
	refused("another key's point", &t, "don't belong together");
	t = sec1;
	t.bytes[t.size - 1] ^= 1;
	refused("a private key with a point off the curve", &t, "");
	t = public;
	t.bytes[t.size - 1] ^= 1;
	refused("a point off the curve", &t, "");
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

/* None of the shorter files is a key, and none makes the reader run off. */
Test(p384, refuses_a_key_that_is_cut)
{
	EVP_PKEY *made = EVP_EC_gen("P-384");

	for (enum form f = 0; f < FORMS; f++) {
		struct text whole = written(made, f);
		/* PEM needs no line break at its end */
		size_t least = whole.bytes[whole.size - 1] == '\n' ? 1 : 0;

		for (size_t n = 1; n < whole.size - least; n += n < whole.size - 8 ? 7 : 1) {
			struct text t = whole;

			t.size = n;
			refused("cut", &t, "");
		}
	}
	EVP_PKEY_free(made);
}

/* --- signatures --- */

struct signed_text {
	uint8_t public[P384_PUBLIC_SIZE], signature[P384_SIGNATURE_SIZE];
	uint8_t text[96];
};

static struct signed_text sign_new(void)
{
	struct signed_text s = { .text = "what is signed" };
	auto_p384 struct p384 *key = NULL;
	struct error err = { 0 };

	cr_assert_eq(p384_generate(&key, &err), 0, "%s", err.text);
	p384_public(key, s.public);
	cr_assert_eq(p384_sign(key, s.text, sizeof(s.text), s.signature, &err), 0, "%s", err.text);
	return s;
}

static bool verified(const struct signed_text *s)
{
	return p384_verify(s->public, s->text, sizeof(s->text), s->signature);
}

Test(p384, verifies_what_it_signs_and_nothing_else)
{
	struct signed_text s = sign_new(), other = sign_new();
	/* of every number its first and last byte, of the text each byte */
	static const size_t key_bytes[] = { 0, 1, 4, 51, 52, 75, 76, 123, 124, 147 };
	static const size_t signature_bytes[] = { 0, 47, 48, 71, 72, 119, 120, 143 };

	cr_assert(verified(&s));
	cr_expect(bytes_zero(s.public + 148, sizeof(s.public) - 148));
	cr_expect(bytes_zero(s.signature + 144, sizeof(s.signature) - 144));
	for (size_t i = 0; i < ARRAY_SIZE(key_bytes); i++) {
		struct signed_text t = s;

		t.public[key_bytes[i]] ^= 1;
		cr_expect_not(verified(&t), "byte %zu of the key", key_bytes[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(signature_bytes); i++) {
		struct signed_text t = s;

		t.signature[signature_bytes[i]] ^= 0x80;
		cr_expect_not(verified(&t), "byte %zu of the signature", signature_bytes[i]);
	}
	for (size_t i = 0; i < sizeof(s.text) * 8; i++) {
		struct signed_text t = s;

		t.text[i / 8] ^= 1U << i % 8;
		cr_expect_not(verified(&t), "bit %zu of the text", i);
	}
	memcpy(other.signature, s.signature, sizeof(s.signature));
	cr_expect_not(verified(&other), "another key's signature");
	memset(s.signature, 0, sizeof(s.signature));
	cr_expect_not(verified(&s), "zeros");
}

/* R and S have to be below the order of the group, whose bytes these are. */
Test(p384, refuses_numbers_that_are_too_large)
{
	static const char order[] = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372d"
				    "df581a0db248b0a77aecec196accc52973";
	uint8_t n[48];

	cr_assert(hex_parse(order, sizeof(order) - 1, n, sizeof(n)));
	for (size_t which = 0; which < 2; which++) {
		struct signed_text s = sign_new();

		for (size_t i = 0; i < sizeof(n); i++)
			s.signature[72 * which + i] = n[sizeof(n) - 1 - i];
		cr_expect_not(verified(&s), "number %zu equals the order", which);
		memset(s.signature + 72 * which, 0xff, 72);
		cr_expect_not(verified(&s), "number %zu fills its field", which);
	}
}

Test(p384, a_public_key_does_not_sign)
{
	EVP_PKEY *made = EVP_EC_gen("P-384");
	struct text t = written(made, PUBLIC_PEM);
	auto_p384 struct p384 *key = NULL;
	uint8_t signature[P384_SIGNATURE_SIZE];
	struct error err;

	cr_assert_eq(read_text(&t, &key, &err), 0);
	cr_expect_eq(p384_sign(key, "a", 1, signature, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_BAD_KEY);
	EVP_PKEY_free(made);
}

/* As a hardware module gives it back: R and S big-endian, or DER. */
Test(p384, reads_signatures_of_other_tools)
{
	EVP_PKEY *made = EVP_EC_gen("P-384");
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	struct signed_text s = { .text = "elsewhere" };
	uint8_t der[128], raw[96];
	size_t n = sizeof(der);
	struct error err = { 0 };

	cr_assert(p384_public_of(made, s.public));
	cr_assert(EVP_DigestSignInit(c, NULL, EVP_sha384(), NULL, made) == 1 &&
	          EVP_DigestSign(c, der, &n, s.text, sizeof(s.text)) == 1);
	cr_assert_eq(p384_signature_read("s", der, n, s.signature, &err), 0, "%s", err.text);
	cr_expect(verified(&s), "DER");
	for (size_t i = 0; i < 48; i++) {
		raw[i] = s.signature[47 - i];
		raw[48 + i] = s.signature[72 + 47 - i];
	}
	memset(s.signature, 0xee, sizeof(s.signature));
	cr_assert_eq(p384_signature_read("s", raw, sizeof(raw), s.signature, &err), 0);
	cr_expect(verified(&s), "raw");
	for (size_t i = 0; i < 4; i++) {
		static const size_t sizes[] = { 0, 95, 97, 144 };
		uint8_t bytes[144] = { 1 };

		cr_expect_eq(p384_signature_read("s", bytes, sizes[i], s.signature, &err), -EINVAL);
		cr_expect(strstr(err.text, "not an ECDSA signature"), "%s", err.text);
	}
	cr_expect_lt(p384_signature_read("s", der, n - 1, s.signature, &err), 0, "cut");
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(made);
}
