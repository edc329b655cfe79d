/* SPDX-License-Identifier: MIT */
/*
 * tests/out/cbor_test.c: what a tree is in CBOR, byte for byte against encodings written by hand
 * from RFC 8949, and read back with libcbor's decoder.
 */
#include <cbor.h>
#include <string.h>

#include "core/base/bytes.h"
#include "tests/make/printed.h"

static struct tree *t;

static void setup(void)
{
	t = tree_new();
}

static void teardown(void)
{
	tree_free(t);
}

TestSuite(cbor_heads, .init = setup, .fini = teardown);
TestSuite(cbor_shapes, .init = setup, .fini = teardown);

/* Prints the tree and begins another; the caller's. */
static uint8_t *finish(size_t *size)
{
	uint8_t *bytes = (uint8_t *)printed(t, tree_print_cbor, size);

	setup();
	return bytes;
}

/* One whole item, definite lengths; libcbor refuses what is cut or malformed. */
static void check_decodes(const uint8_t *bytes, size_t size)
{
	struct cbor_load_result result;
	cbor_item_t *item = cbor_load(bytes, size, &result);

	cr_assert(item, "libcbor cannot read it: error %d at %zu", result.error.code,
	          result.error.position);
	cr_expect_eq(result.read, size, "bytes behind the value");
	cbor_decref(&item);
}

static void check_bytes(const char *hex)
{
	size_t size;
	uint8_t *bytes = finish(&size);
	char *text = malloc(2 * size + 1);

	cr_assert_not_null(text);
	cr_expect_str_eq(hex_of(bytes, size, text), hex);
	check_decodes(bytes, size);
	free(text);
	free(bytes);
}

/* RFC 8949, appendix A, and the borders of 3.1's argument sizes. */
Test(cbor_heads, numbers_are_as_short_as_can_be)
{
	static const struct {
		uint64_t value;
		const char *hex;
	} rows[] = {
		{ 0, "00" },
		{ 23, "17" },
		{ 24, "1818" },
		{ 255, "18ff" },
		{ 256, "190100" },
		{ 65535, "19ffff" },
		{ 65536, "1a00010000" },
		{ 0xffffffff, "1affffffff" },
		{ 0x100000000, "1b0000000100000000" },
		{ UINT64_MAX, "1bffffffffffffffff" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tree_number(t, NULL, rows[i].value);
		check_bytes(rows[i].hex);
	}
}

Test(cbor_heads, booleans_are_simple_values)
{
	tree_boolean(t, NULL, false);
	check_bytes("f4");
	tree_map(t, NULL);
	tree_boolean(t, "a", true);
	tree_end(t);
	check_bytes("a16161f5");
	tree_boolean(t, NULL, true);
	check_bytes("f5");
}

Test(cbor_heads, texts_and_bytes_begin_with_their_length)
{
	tree_text(t, NULL, "");
	check_bytes("60");
	tree_text(t, NULL, "\"\\");
	check_bytes("62225c");
	tree_text(t, NULL, "\xc3\xbc");
	check_bytes("62c3bc");
	tree_bytes(t, NULL, NULL, 0);
	check_bytes("40");
	tree_bytes(t, NULL, (const uint8_t *)"\x01\x02\x03\x04", 4);
	check_bytes("4401020304");
}

/* A run of `size` bytes, as text and as bytes: head as given, then the run. */
static void check_run(size_t size, const char *text_head, const char *bytes_head)
{
	char *run = malloc(size + 1);
	size_t n, head = strlen(text_head) / 2;
	uint8_t want[9], *bytes;

	cr_assert_not_null(run);
	memset(run, 'q', size);
	run[size] = '\0';
	for (int as_text = 0; as_text < 2; as_text++) {
		if (as_text)
			tree_text(t, NULL, run);
		else
			tree_bytes(t, NULL, (const uint8_t *)run, size);
		bytes = finish(&n);
		cr_assert(hex_parse(as_text ? text_head : bytes_head, 2 * head, want, head));
		cr_assert_eq(n, head + size);
		cr_expect_arr_eq(bytes, want, head);
		cr_expect_arr_eq(bytes + head, run, size);
		check_decodes(bytes, n);
		free(bytes);
	}
	free(run);
}

Test(cbor_heads, lengths_are_as_short_as_can_be)
{
	check_run(23, "77", "57");
	check_run(24, "7818", "5818");
	check_run(255, "78ff", "58ff");
	check_run(256, "790100", "590100");
	check_run(65535, "79ffff", "59ffff");
	check_run(65536, "7a00010000", "5a00010000");
}

/* n elements 0..: the head as given, and what libcbor finds behind it. */
static void check_count(size_t n, bool map, const char *hex)
{
	struct cbor_load_result result;
	uint8_t want[9], *bytes;
	cbor_item_t *item;
	size_t size;
	char key[16];

	(map ? tree_map : tree_list)(t, NULL);
	for (size_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%zu", i);
		tree_number(t, map ? key : NULL, i);
	}
	tree_end(t);
	bytes = finish(&size);
	cr_assert(hex_parse(hex, strlen(hex), want, strlen(hex) / 2));
	cr_expect_arr_eq(bytes, want, strlen(hex) / 2, "%zu elements", n);
	item = cbor_load(bytes, size, &result);
	cr_assert_not_null(item);
	cr_expect_eq(result.read, size);
	cr_expect_eq(map ? cbor_map_size(item) : cbor_array_size(item), n);
	cr_expect(map ? cbor_map_is_definite(item) : cbor_array_is_definite(item));
	cbor_decref(&item);
	free(bytes);
}

Test(cbor_heads, counts_are_as_short_as_can_be)
{
	check_count(0, false, "80");
	check_count(23, false, "97");
	check_count(24, false, "9818");
	check_count(256, false, "990100");
	check_count(65536, false, "9a00010000");
	check_count(0, true, "a0");
	check_count(24, true, "b818");
	check_count(256, true, "b90100");
}

/* RFC 8949 4.2.1: bytewise by the encoded key, so that a shorter one is first. */
Test(cbor_shapes, keys_are_sorted_shorter_first_then_by_their_bytes)
{
	tree_map(t, NULL);
	tree_number(t, "aaa", 1);
	tree_number(t, "b", 2);
	tree_number(t, "aa", 3);
	tree_number(t, "a", 4);
	tree_number(t, "", 5);
	tree_number(t, "\xc3\xbc", 6);
	tree_number(t, "Z", 7);
	tree_end(t);
	check_bytes("a7"
	            "6005"
	            "615a07"
	            "616104"
	            "616202"
	            "62616103"
	            "62c3bc06"
	            "6361616101");
}

Test(cbor_shapes, a_key_of_24_bytes_comes_after_one_of_23)
{
	size_t size;
	uint8_t *bytes;

	tree_map(t, NULL);
	tree_number(t, "aaaaaaaaaaaaaaaaaaaaaaaa", 1);
	tree_number(t, "zzzzzzzzzzzzzzzzzzzzzzz", 2);
	tree_end(t);
	bytes = finish(&size);
	cr_assert_eq(size, 1 + 24 + 1 + 26 + 1);
	cr_expect_eq(bytes[1], 0x77);
	cr_expect_eq(bytes[26], 0x78);
	free(bytes);
}

Test(cbor_shapes, lists_keep_their_order)
{
	tree_list(t, NULL);
	tree_number(t, NULL, 3);
	tree_text(t, NULL, "b");
	tree_number(t, NULL, 1);
	tree_end(t);
	check_bytes("8303616201");
}

/* [{"k": [1, {}], "a": h'ff'}, [], {"x": {"y": "z"}}] */
Test(cbor_shapes, maps_and_lists_nest)
{
	tree_list(t, NULL);
	tree_map(t, NULL);
	tree_list(t, "k");
	tree_number(t, NULL, 1);
	tree_map(t, NULL);
	tree_end(t);
	tree_end(t);
	tree_bytes(t, "a", (const uint8_t *)"\xff", 1);
	tree_end(t);
	tree_list(t, NULL);
	tree_end(t);
	tree_map(t, NULL);
	tree_map(t, "x");
	tree_text(t, "y", "z");
	tree_end(t);
	tree_end(t);
	tree_end(t);
	check_bytes("83a2616141ff616b8201a080a16178a16179617a");
}
