/* SPDX-License-Identifier: MIT */
/*
 * core/out/corim.c: CoRIM by draft-ietf-rats-corim, with the numbers of AMD's profile
 * (draft-deeglaze-amd-sev-snp-corim-profile), and COSE_Sign1 around it (RFC 9052).
 */
#include "core/out/corim.h"

#include <stdlib.h>
#include <string.h>

#include "core/attest/p384.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/out/cbor_put.h"

enum { COSE_SIGN1 = 18, URI = 32, OID = 111, CORIM = 501, COMID = 506, SVN_MIN = 553, BYTES = 560 };
enum { MVAL_SVN = 1, MVAL_DIGESTS = 2, MVAL_RAW = 4, MVAL_INTEGER = 15 };
enum { NAMED_SHA384 = 7 }; /* in the Named Information registry */

/* Measurement keys of the profile: offsets or bits of a report's fields. */
enum {
	GUEST_SVN = 1,
	POLICY = 2,
	FAMILY_ID = 3,
	IMAGE_ID = 4,
	VMPL = 5,
	MEASUREMENT = 641,
	HOST_DATA = 642,
	ID_KEY_DIGEST = 643,
	AUTHOR_KEY_DIGEST = 644,
};

/* Encoded items, for an array whose head has their number. */
struct items {
	struct buffer bytes;
	size_t count;
};

static void items_fini(struct items *i)
{
	buffer_fini(&i->bytes);
}
#define auto_items __attribute__((cleanup(items_fini)))

static void put_items(struct buffer *b, const struct items *i)
{
	b->failed |= i->bytes.failed;
	cbor_put_array(b, i->count);
	buffer_add(b, i->bytes.data, i->bytes.size);
}

static void put_tagged_bytes(struct buffer *b, uint64_t tag, const void *bytes, size_t size)
{
	cbor_put_tag(b, tag);
	cbor_put_bytes(b, bytes, size);
}

/* A measurement {0: key, 1: {kind: value}}, but for the value. Returns where that goes. */
static struct buffer *add_measurement(struct items *to, unsigned key, unsigned kind)
{
	struct buffer *b = &to->bytes;

	to->count++;
	cbor_put_map(b, 2);
	cbor_put_number(b, 0);
	cbor_put_number(b, key);
	cbor_put_number(b, 1);
	cbor_put_map(b, 1);
	cbor_put_number(b, kind);
	return b;
}

static void add_raw(struct items *to, unsigned key, const void *bytes, size_t size)
{
	put_tagged_bytes(add_measurement(to, key, MVAL_RAW), BYTES, bytes, size);
}

static void add_digest(struct items *to, unsigned key, const uint8_t digest[static SHA384_SIZE])
{
	struct buffer *b = add_measurement(to, key, MVAL_DIGESTS);

	cbor_put_array(b, 1);
	cbor_put_array(b, 2);
	cbor_put_number(b, NAMED_SHA384);
	cbor_put_bytes(b, digest, SHA384_SIZE);
}

/*
 * Verifiers accept any value of a field that is left out, so this adds all known fields, except
 * host data of zeros. The profile has host data as a SHA-384 digest, which 32 bytes can't be; they
 * are added as bytes, so that a report with other host data doesn't pass for one of this launch.
 */
static void add_values(struct items *to, const struct reference *r)
{
	le64 policy = le64_of(r->policy);
	struct buffer *b;

	if (r->id_block) {
		b = add_measurement(to, GUEST_SVN, MVAL_SVN);
		cbor_put_tag(b, SVN_MIN);
		cbor_put_number(b, r->svn);
	}
	if (r->policy_known)
		add_raw(to, POLICY, &policy, sizeof(policy)); /* as a report has it */
	if (r->id_block) {
		add_raw(to, FAMILY_ID, r->family_id, sizeof(r->family_id));
		add_raw(to, IMAGE_ID, r->image_id, sizeof(r->image_id));
	}
	cbor_put_number(add_measurement(to, VMPL, MVAL_INTEGER), 0);
	add_digest(to, MEASUREMENT, r->measurement);
	if (r->host_data_known && !bytes_zero(r->host_data, sizeof(r->host_data)))
		add_raw(to, HOST_DATA, r->host_data, sizeof(r->host_data));
	if (r->id_key_known)
		add_digest(to, ID_KEY_DIGEST, r->id_key_digest);
	if (r->author_key_known)
		add_digest(to, AUTHOR_KEY_DIGEST, r->author_key_digest);
}

/* Triples and their offsets, to find duplicates. */
struct triples {
	struct items items;
	size_t *starts;
};

static void triples_fini(struct triples *t)
{
	items_fini(&t->items);
	free(t->starts);
}
#define auto_triples __attribute__((cleanup(triples_fini)))

static bool triples_have(const struct triples *t, const struct buffer *one)
{
	const struct buffer *all = &t->items.bytes;

	for (size_t i = 0; i < t->items.count; i++) {
		size_t end = i + 1 < t->items.count ? t->starts[i + 1] : all->size;

		if (end - t->starts[i] == one->size &&
		    memcmp(all->data + t->starts[i], one->data, one->size) == 0)
			return true;
	}
	return false;
}

/*
 * A reference triple [environment, measurements]. Two digests of one algorithm cannot be in one
 * measurement, so each launch has a triple of its own.
 */
static void add_triple(struct triples *to, enum corim_form form, unsigned key,
                       const struct reference *r)
{
	/* Tag 111 has only the contents of the BER (RFC 9090): 1.3.6.1.4.1.3704.3.1 or .2. */
	const uint8_t oid[] = { 0x2b, 0x06, 0x01,
		                0x04, 0x01, 0x9c,
		                0x78, 0x03, key == CORIM_VCEK ? 1 : 2 };
	auto_items struct items values = { 0 };
	auto_buffer struct buffer b = { 0 };

	cbor_put_array(&b, 2);
	cbor_put_map(&b, form == CORIM_VERAISON ? 2 : 1);
	cbor_put_number(&b, 0);
	cbor_put_map(&b, 1);
	cbor_put_number(&b, 0);
	put_tagged_bytes(&b, OID, oid, sizeof(oid));
	if (form == CORIM_VERAISON) { /* the instance is the measurement */
		cbor_put_number(&b, 1);
		put_tagged_bytes(&b, BYTES, r->measurement, SHA384_SIZE);
		add_digest(&values, MEASUREMENT, r->measurement);
	} else {
		add_values(&values, r);
	}
	put_items(&b, &values);
	to->items.bytes.failed |= b.failed;
	if (b.failed || triples_have(to, &b))
		return;
	to->starts[to->items.count++] = to->items.bytes.size;
	buffer_add(&to->items.bytes, b.data, b.size);
}

/*
 * Verifiers keep only one tag for each identifier, so derive it from the values: a UUID of version
 * 8 (RFC 9562) for Veraison, else a readable text.
 */
static void put_tag_id(struct buffer *b, const struct corim *c, const struct buffer *triples)
{
	auto_buffer struct buffer text = { 0 };
	uint8_t hash[SHA384_SIZE];
	char hex[2 * 8 + 1];

	sha384(triples->data, triples->size, hash);
	if (c->tag_text) {
		cbor_put_text(b, c->tag_text, strlen(c->tag_text));
	} else if (c->tag_bytes) {
		cbor_put_bytes(b, c->tag_bytes, 16);
	} else if (c->form == CORIM_VERAISON) {
		hash[6] = (hash[6] & 0x0f) | 0x80;
		hash[8] = (hash[8] & 0x3f) | 0x80;
		cbor_put_bytes(b, hash, 16);
	} else {
		buffer_add(&text, c->id, strlen(c->id));
		buffer_add(&text, "/", 1);
		buffer_add(&text, hex_of(hash, 8, hex), 16);
		cbor_put_text(b, (const char *)text.data, text.size);
		b->failed |= text.failed;
	}
}

int corim_encode(const struct corim *c, struct buffer *to, struct error *err)
{
	static const char amd[] = "tag:amd.com,2025:snp-corim-profile";
	static const char veraison[] = "tag:amd.com,2024:snp-corim-profile";
	const char *profile = c->form == CORIM_VERAISON ? veraison : amd;
	unsigned keys = c->form == CORIM_VERAISON ? CORIM_VCEK : c->keys;
	auto_triples struct triples triples = { .starts = calloc(2 * c->n_values + 1,
		                                                 sizeof(*triples.starts)) };
	auto_buffer struct buffer comid = { 0 };

	for (size_t i = 0; triples.starts && i < c->n_values; i++)
		for (unsigned key = CORIM_VCEK; key <= CORIM_VLEK; key <<= 1)
			if (keys & key)
				add_triple(&triples, c->form, key, &c->values[i]);
	cbor_put_map(&comid, 2);
	cbor_put_number(&comid, 1);
	cbor_put_map(&comid, 2);
	cbor_put_number(&comid, 0);
	put_tag_id(&comid, c, &triples.items.bytes);
	cbor_put_number(&comid, 1);
	cbor_put_number(&comid, 0); /* its version */
	cbor_put_number(&comid, 4);
	cbor_put_map(&comid, 1);
	cbor_put_number(&comid, 0);
	put_items(&comid, &triples.items);

	cbor_put_tag(to, CORIM);
	cbor_put_map(to, 3);
	cbor_put_number(to, 0);
	cbor_put_text(to, c->id, strlen(c->id));
	cbor_put_number(to, 1);
	cbor_put_array(to, 1);
	put_tagged_bytes(to, COMID, comid.data, comid.size);
	cbor_put_number(to, 3);
	cbor_put_tag(to, URI);
	cbor_put_text(to, profile, strlen(profile));
	if (!triples.starts || comid.failed || to->failed)
		return error_nomem(err, "a CoRIM");
	return 0;
}

/* {1: ES384, 3: content type, 8: meta}, and in meta, which is a byte string, the signer's name. */
static void put_protected(struct buffer *b, const char *signer)
{
	static const char type[] = "application/rim+cbor";
	auto_buffer struct buffer meta = { 0 };

	cbor_put_map(&meta, 1);
	cbor_put_number(&meta, 0);
	cbor_put_map(&meta, 1);
	cbor_put_number(&meta, 0);
	cbor_put_text(&meta, signer, strlen(signer));

	cbor_put_map(b, 3);
	cbor_put_number(b, 1);
	cbor_put_head(b, cbor_encode_negint, 34); /* -35 */
	cbor_put_number(b, 3);
	cbor_put_text(b, type, strlen(type));
	cbor_put_number(b, 8);
	cbor_put_bytes(b, meta.data, meta.size);
	b->failed |= meta.failed;
}

int corim_sign(const struct buffer *document, const struct p384 *key, const char *signer,
               struct buffer *to, struct error *err)
{
	enum { SIZE = 48, FIELD = 72 }; /* R and S: big-endian here, little-endian in `made` */
	static const char context[] = "Signature1";
	uint8_t made[P384_SIGNATURE_SIZE], public[P384_PUBLIC_SIZE], signature[2 * SIZE];
	auto_buffer struct buffer protected = { 0 }, tbs = { 0 };

	put_protected(&protected, signer);
	cbor_put_array(&tbs, 4);
	cbor_put_text(&tbs, context, strlen(context));
	cbor_put_bytes(&tbs, protected.data, protected.size);
	cbor_put_bytes(&tbs, NULL, 0);
	cbor_put_bytes(&tbs, document->data, document->size);
	if (protected.failed || tbs.failed)
		return error_nomem(err, "a signature");
	if (p384_sign(key, tbs.data, tbs.size, made, err) < 0)
		return err->code;
	p384_public(key, public);
	/* A signature that a faulty CPU computed wrongly could reveal the key. */
	if (!p384_verify(public, tbs.data, tbs.size, made))
		return error_set(err, ERROR_INTERNAL, "the signature does not verify");
	for (size_t i = 0; i < SIZE; i++) {
		signature[i] = made[SIZE - 1 - i];
		signature[SIZE + i] = made[FIELD + SIZE - 1 - i];
	}

	cbor_put_tag(to, COSE_SIGN1);
	cbor_put_array(to, 4);
	cbor_put_bytes(to, protected.data, protected.size);
	cbor_put_map(to, 0);
	cbor_put_bytes(to, document->data, document->size);
	cbor_put_bytes(to, signature, sizeof(signature));
	return to->failed ? error_nomem(err, "a signature") : 0;
}
