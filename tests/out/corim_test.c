/* SPDX-License-Identifier: MIT */
/*
 * tests/out/corim_test.c: documents against others that a general CBOR encoder made of the same
 * values, and the rules of what is in them, read back with libcbor's decoder.
 */
#include "core/out/corim.h"

#include <cbor.h>
#include <string.h>

#include "core/attest/p384.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha2.h"
#include "tests/make/vectors.h"

/* The digest of pub-003 in tests/data/measure.json. */
static const char measured[] =
	"11570979c77a0adb515761a702527c8b9e11554e730552621d950988613a3a75c6ff1703f540bd22a9beede8fe"
	"7a97e3";

static struct reference reference(const char *hex)
{
	struct reference r = { .policy_known = true, .policy = 0x30000, .host_data_known = true };

	cr_assert(hex_parse(hex, strlen(hex), r.measurement, sizeof(r.measurement)));
	return r;
}

/* With an ID block that two keys vouch for; their digests are of any bytes. */
static struct reference reference_full(void)
{
	struct reference r = reference(measured);

	r.id_block = r.id_key_known = r.author_key_known = true;
	r.svn = 3;
	sha384("id", 2, r.id_key_digest);
	sha384("author", 6, r.author_key_digest);
	return r;
}

static struct corim corim_of(const struct reference *values, size_t n)
{
	return (struct corim){
		.keys = CORIM_VCEK, .id = "snpvmm/example", .values = values, .n_values = n
	};
}

static struct buffer encoded(const struct corim *c)
{
	struct buffer b = { 0 };
	struct error err = { 0 };

	cr_assert_eq(corim_encode(c, &b, &err), 0, "%s", err.text);
	return b;
}

static void check_hash(const void *data, size_t size, size_t want_size, const char *want)
{
	uint8_t hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	sha256(data, size, hash);
	cr_expect_eq(size, want_size);
	cr_expect_str_eq(hex_of(hash, sizeof(hash), hex), want);
}

static void read_key(const char *name, struct p384 **ret)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	char path[4096];

	cr_assert_eq(blob_read(vectors_path(name, path, sizeof(path)), P384_FILE_MAX, &b, &err), 0,
	             "%s", err.text);
	cr_assert_eq(p384_read(path, b.data, b.size, ret, &err), 0, "%s", err.text);
}

/* --- reading --- */

/* The item of one whole document. */
static cbor_item_t *load(const void *bytes, size_t size)
{
	struct cbor_load_result result;
	cbor_item_t *item = cbor_load(bytes, size, &result);

	cr_assert_not_null(item, "libcbor cannot read it: error %d at %zu", result.error.code,
	                   result.error.position);
	cr_assert_eq(result.read, size, "bytes behind the value");
	return item;
}

/* Borrowed from the item around it; libcbor counts each look. */
static cbor_item_t *borrowed(cbor_item_t *item)
{
	cbor_decref(&(cbor_item_t *){ item });
	return item;
}

static cbor_item_t *in_map(const cbor_item_t *map, uint64_t key)
{
	cr_assert(cbor_isa_map(map));
	for (size_t i = 0; i < cbor_map_size(map); i++)
		if (cbor_get_int(cbor_map_handle(map)[i].key) == key)
			return cbor_map_handle(map)[i].value;
	return NULL;
}

static cbor_item_t *in_array(const cbor_item_t *array, size_t i)
{
	cr_assert(cbor_isa_array(array));
	cr_assert_lt(i, cbor_array_size(array));
	return cbor_array_handle(array)[i];
}

static cbor_item_t *tagged(const cbor_item_t *item, uint64_t tag)
{
	cr_assert(cbor_isa_tag(item));
	cr_assert_eq(cbor_tag_value(item), tag);
	return borrowed(cbor_tag_item(item));
}

/* The CoMID in a document; the caller's. */
static cbor_item_t *comid_of(const struct buffer *document)
{
	cbor_item_t *corim = load(document->data, document->size), *comid;
	cbor_item_t *bytes = tagged(in_array(in_map(tagged(corim, 501), 1), 0), 506);

	comid = load(cbor_bytestring_handle(bytes), cbor_bytestring_length(bytes));
	cbor_decref(&corim);
	return comid;
}

static cbor_item_t *triples_of(const cbor_item_t *comid)
{
	return in_map(in_map(comid, 4), 0);
}

/* "1 2 641": the keys of the measurements of a triple. */
static const char *keys_of(const cbor_item_t *triple)
{
	static char text[128];
	const cbor_item_t *list = in_array(triple, 1);
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < cbor_array_size(list); i++)
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "%s%llu", i ? " " : "",
			(unsigned long long)cbor_get_int(in_map(in_array(list, i), 0)));
	return text;
}

static void check_keys(const struct reference *r, const char *want)
{
	struct corim c = corim_of(r, 1);
	auto_buffer struct buffer b = encoded(&c);
	cbor_item_t *comid = comid_of(&b);

	cr_expect_str_eq(keys_of(in_array(triples_of(comid), 0)), want);
	cbor_decref(&comid);
}

static size_t count_triples(const struct corim *c)
{
	auto_buffer struct buffer b = encoded(c);
	cbor_item_t *comid = comid_of(&b);
	size_t n = cbor_array_size(triples_of(comid));

	cbor_decref(&comid);
	return n;
}

/* The identifier of the tag: its bytes, a text or not. */
static void tag_of(const struct corim *c, uint8_t to[static 64], size_t *size, bool *text)
{
	auto_buffer struct buffer b = encoded(c);
	cbor_item_t *comid = comid_of(&b), *id = in_map(in_map(comid, 1), 0);

	*text = cbor_isa_string(id);
	*size = *text ? cbor_string_length(id) : cbor_bytestring_length(id);
	cr_assert_lt(*size, (size_t)64);
	memset(to, 0, 64);
	memcpy(to, *text ? cbor_string_handle(id) : cbor_bytestring_handle(id), *size);
	cbor_decref(&comid);
}

/* --- the documents --- */

Test(corim, of_amd_is_as_another_encoder_makes_it)
{
	struct reference r = reference_full();
	struct corim c = corim_of(&r, 1);

	c.tag_text = "snpvmm/example/1157";
	auto_buffer struct buffer b = encoded(&c);
	check_hash(b.data, b.size, 385,
	           "b4052949d887a4a94d18f02c47c932bd90d4285394b31cd0938874f2bf1d1183");
}

Test(corim, of_veraison_is_as_another_encoder_makes_it)
{
	static const uint8_t tag[16] = { 0x77, 0xe8, 0x06, 0x1e, 0x46, 0x34, 0x5e, 0x53,
		                         0xa8, 0x48, 0xd1, 0xd0, 0x9e, 0x99, 0x68, 0x43 };
	struct reference r = reference_full(); /* of which the measurement alone is used */
	struct corim c = corim_of(&r, 1);

	c.form = CORIM_VERAISON;
	c.tag_bytes = tag;
	auto_buffer struct buffer b = encoded(&c);
	check_hash(b.data, b.size, 226,
	           "532f52916eebdb669b21c7fa306cd40e4d3fa58f4a03f336ad9c71978ad24c8e");
}

Test(corim, has_what_is_known_and_nothing_else)
{
	struct reference r = reference(measured);

	check_keys(&r, "2 5 641");
	r.host_data[31] = 1;
	check_keys(&r, "2 5 641 642");
	r.policy_known = r.host_data_known = false;
	check_keys(&r, "5 641");
	r = reference_full();
	check_keys(&r, "1 2 3 4 5 641 643 644");
	r.author_key_known = false;
	check_keys(&r, "1 2 3 4 5 641 643");
	r.id_key_known = false; /* a key that is made for each run */
	check_keys(&r, "1 2 3 4 5 641");
}

Test(corim, has_host_data_as_bytes)
{
	struct reference r = reference(measured);
	struct corim c = corim_of(&r, 1);

	memset(r.host_data, 0x5a, sizeof(r.host_data));
	auto_buffer struct buffer b = encoded(&c);
	cbor_item_t *comid = comid_of(&b);
	cbor_item_t *last = in_array(in_array(in_array(triples_of(comid), 0), 1), 3);
	cbor_item_t *bytes = tagged(in_map(in_map(last, 1), 4), 560);

	cr_expect_eq(cbor_bytestring_length(bytes), 32);
	cr_expect_arr_eq(cbor_bytestring_handle(bytes), r.host_data, 32);
	cbor_decref(&comid);
}

Test(corim, has_a_triple_for_each_launch_and_each_key_that_may_sign_its_reports)
{
	struct reference r[] = { reference_full(), reference_full(), reference_full() };
	struct corim c = corim_of(r, ARRAY_SIZE(r));

	r[1].measurement[0] ^= 1;
	r[2].policy ^= 1;
	cr_expect_eq(count_triples(&c), 3);
	c.keys = CORIM_VCEK | CORIM_VLEK;
	cr_expect_eq(count_triples(&c), 6);

	auto_buffer struct buffer b = encoded(&c);
	cbor_item_t *comid = comid_of(&b);
	for (size_t i = 0; i < 6; i++) {
		cbor_item_t *environment = in_array(in_array(triples_of(comid), i), 0);
		cbor_item_t *oid = tagged(in_map(in_map(environment, 0), 0), 111);

		cr_expect_eq(cbor_map_size(environment), 1);
		cr_assert_eq(cbor_bytestring_length(oid), 9);
		cr_expect_eq(cbor_bytestring_handle(oid)[8], i % 2 + 1);
	}
	cbor_decref(&comid);
}

Test(corim, has_the_same_values_once)
{
	struct reference r[] = { reference_full(), reference(measured), reference_full() };
	struct corim c = corim_of(r, ARRAY_SIZE(r));

	cr_expect_eq(count_triples(&c), 2);
	c.form = CORIM_VERAISON; /* where they differ in nothing */
	c.keys = CORIM_VCEK | CORIM_VLEK;
	cr_expect_eq(count_triples(&c), 1);
	r[1].measurement[47] ^= 1;
	cr_expect_eq(count_triples(&c), 2);
}

Test(corim, is_the_same_each_time_and_its_tag_has_another_name_for_other_values)
{
	for (int form = CORIM_AMD; form <= CORIM_VERAISON; form++) {
		struct reference r = reference(measured);
		struct corim c = corim_of(&r, 1);
		uint8_t one[64], two[64];
		size_t size;
		bool text;

		c.form = (enum corim_form)form;
		tag_of(&c, one, &size, &text);
		cr_expect_eq(text, form == CORIM_AMD);
		cr_expect_eq(size,
		             form == CORIM_AMD ? strlen("snpvmm/example/0123456789abcdef") : 16);
		if (form == CORIM_VERAISON)
			cr_expect(one[6] >> 4 == 8 && one[8] >> 6 == 2, "no UUID of version 8");
		tag_of(&c, two, &size, &text);
		cr_expect_arr_eq(one, two, 64);
		r.measurement[0] ^= 1;
		tag_of(&c, two, &size, &text);
		cr_expect_arr_neq(one, two, 64);
	}
}

Test(corim, of_four_thousand_launches_can_be_read)
{
	static struct reference r[4096];
	struct corim c = corim_of(r, ARRAY_SIZE(r));

	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		r[i] = reference_full();
		r[i].measurement[0] ^= (uint8_t)i;
		r[i].measurement[1] ^= (uint8_t)(i >> 8);
	}
	cr_expect_eq(count_triples(&c), 4096);
}

/* --- signed --- */

/* What the signature is over (RFC 9052, 4.4), of the parts of a signed document. */
static void check_signature(const struct buffer *b, const struct p384 *key, bool good)
{
	static const char context[] = "\x84\x6aSignature1";
	cbor_item_t *parts = load(b->data + 1, b->size - 1); /* libcbor 0.8 refuses tag 18 */
	cbor_item_t *protected = in_array(parts, 0), *payload = in_array(parts, 2);
	cbor_item_t *signature = in_array(parts, 3);
	uint8_t made[P384_SIGNATURE_SIZE], public[P384_PUBLIC_SIZE];
	const uint8_t size[3] = { 0x59, (uint8_t)(cbor_bytestring_length(payload) >> 8),
		                  (uint8_t)cbor_bytestring_length(payload) };
	struct error err = { 0 };
	auto_buffer struct buffer tbs = { 0 };

	cr_expect_eq(b->data[0], 0xd2); /* which it is */
	cr_assert_eq(cbor_array_size(parts), 4);
	cr_assert_eq(cbor_map_size(in_array(parts, 1)), 0);
	buffer_add(&tbs, context, strlen(context));
	cr_assert_lt(cbor_bytestring_length(protected), (size_t)256);
	buffer_add(&tbs, (uint8_t[]){ 0x58, (uint8_t)cbor_bytestring_length(protected) }, 2);
	buffer_add(&tbs, cbor_bytestring_handle(protected), cbor_bytestring_length(protected));
	buffer_add(&tbs, "\x40", 1);
	buffer_add(&tbs, size, sizeof(size));
	buffer_add(&tbs, cbor_bytestring_handle(payload), cbor_bytestring_length(payload));
	cr_assert_eq(cbor_bytestring_length(signature), 96);
	cr_assert_eq(p384_signature_read("the signature", cbor_bytestring_handle(signature), 96,
	                                 made, &err),
	             0, "%s", err.text);
	p384_public(key, public);
	cr_expect_eq(p384_verify(public, tbs.data, tbs.size, made), good);
	cbor_decref(&parts);
}

Test(corim, signed_is_as_another_encoder_makes_it_and_verifies)
{
	struct reference r = reference_full();
	struct corim c = corim_of(&r, 1);
	auto_p384 struct p384 *key = NULL;
	auto_buffer struct buffer b = { 0 }, again = { 0 };
	struct error err = { 0 };

	c.tag_text = "snpvmm/example/1157";
	auto_buffer struct buffer document = encoded(&c);
	read_key("keys/id_key_shortx.pem", &key);
	cr_assert_eq(corim_sign(&document, key, "snpvmm example", &b, &err), 0, "%s", err.text);
	cr_assert_eq(b.size, 538);
	check_hash(b.data, b.size - 96, 442,
	           "27ccac9a68bbbacb9f5a8291aa44150b7bc50b43c49e75b30eb74cd606d9b514");
	check_signature(&b, key, true);
	cr_assert_eq(corim_sign(&document, key, "snpvmm example", &again, &err), 0);
	cr_expect_eq(again.size, b.size);
	cr_expect_arr_eq(again.data, b.data, b.size, "signed again it differs");
}

Test(corim, signed_covers_document_and_signer)
{
	/* in the signer's name, the document, R and S */
	static const size_t bits[] = { 40, 100, 440, 450, 537 };
	struct reference r = reference_full();
	struct corim c = corim_of(&r, 1);
	auto_p384 struct p384 *key = NULL;
	auto_buffer struct buffer document = encoded(&c), b = { 0 };
	struct error err = { 0 };

	read_key("keys/id_key.pem", &key);
	cr_assert_eq(corim_sign(&document, key, "snpvmm example", &b, &err), 0, "%s", err.text);
	check_signature(&b, key, true);
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		b.data[bits[i]] ^= 1;
		check_signature(&b, key, false);
		b.data[bits[i]] ^= 1;
	}
}

Test(corim, is_not_signed_with_a_public_key)
{
	static const char text[] = /* of keys/id_key.pem */
		"-----BEGIN PUBLIC KEY-----\n"
		"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEn3AaAXKET44HhOo4V3aXZWcGvZOfHJcz\n"
		"LS7O891FPvnW8ejIRPlBEZKPHqt3biGjKnzlBK8s20VcA5ic1vOOu5SL8CHg3LSX\n"
		"mlpSL3PGWgxfh3WS4WYPBKWqVBrZtH7c\n"
		"-----END PUBLIC KEY-----\n";
	struct reference r = reference_full();
	struct corim c = corim_of(&r, 1);
	auto_buffer struct buffer document = encoded(&c), b = { 0 };
	auto_p384 struct p384 *key = NULL;
	struct error err = { 0 };

	cr_assert_eq(p384_read("key", text, strlen(text), &key, &err), 0, "%s", err.text);
	cr_expect_lt(corim_sign(&document, key, "snpvmm", &b, &err), 0);
	cr_expect_eq(err.kind, ERROR_BAD_KEY);
	cr_expect_eq(b.size, 0);
}
