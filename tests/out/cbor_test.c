/* SPDX-License-Identifier: MIT */
/*
 * tests/out/cbor_test.c: what the CBOR emitter writes, byte for byte against encodings written by hand from
 * RFC 8949, and read back with libcbor's decoder.
 */
#include <cbor.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/out/emit.h"
#include "tests/make/vectors.h"

enum { DEPTH = 8 };

static struct emitter e;

static void setup(void)
{
	struct error err = { 0 };

	cr_assert_eq(emit_cbor(&e, &err), 0, "%s", err.text);
}

TestSuite(cbor, .init = setup);

/* Ends the emitter and begins another; what it wrote, the caller's. */
static uint8_t *finish(size_t *size)
{
	struct error err = { 0 };
	char *bytes = NULL;
	FILE *f = open_memstream(&bytes, size);

	cr_assert_not_null(f);
	cr_assert_eq(e.finish(e.self, f, &err), 0, "%s", err.text);
	fclose(f);
	setup();
	return (uint8_t *)bytes;
}

static void drop(void)
{
	struct error err;
	FILE *f = fopen("/dev/null", "w");

	cr_assert_not_null(f);
	e.finish(e.self, f, &err);
	fclose(f);
}

static void teardown(void)
{
	drop();
}

TestSuite(cbor_heads, .init = setup, .fini = teardown);
TestSuite(cbor_shapes, .init = setup, .fini = teardown);

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

static void check_fails(void)
{
	struct error err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	cr_assert_not_null(f);
	cr_expect_lt(e.finish(e.self, f, &err), 0);
	cr_expect_eq(err.kind, ERROR_OUTPUT, "%s", err.text);
	fclose(f);
	cr_expect_eq(size, 0, "%zu bytes were written before it failed", size);
	free(text);
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
		e.number(e.self, NULL, rows[i].value);
		check_bytes(rows[i].hex);
	}
}

Test(cbor_heads, booleans_are_simple_values)
{
	e.boolean(e.self, NULL, false);
	check_bytes("f4");
	e.map(e.self, NULL);
	e.boolean(e.self, "a", true);
	e.end(e.self);
	check_bytes("a16161f5");
	e.boolean(e.self, NULL, true);
	check_bytes("f5");
}

Test(cbor_heads, texts_and_bytes_begin_with_their_length)
{
	e.text(e.self, NULL, "");
	check_bytes("60");
	e.text(e.self, NULL, "\"\\");
	check_bytes("62225c");
	e.text(e.self, NULL, "\xc3\xbc");
	check_bytes("62c3bc");
	e.bytes(e.self, NULL, NULL, 0);
	check_bytes("40");
	e.bytes(e.self, NULL, (const uint8_t *)"\x01\x02\x03\x04", 4);
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
			e.text(e.self, NULL, run);
		else
			e.bytes(e.self, NULL, (const uint8_t *)run, size);
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

	(map ? e.map : e.list)(e.self, NULL);
	for (size_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%zu", i);
		e.number(e.self, map ? key : NULL, i);
	}
	e.end(e.self);
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
	e.map(e.self, NULL);
	e.number(e.self, "aaa", 1);
	e.number(e.self, "b", 2);
	e.number(e.self, "aa", 3);
	e.number(e.self, "a", 4);
	e.number(e.self, "", 5);
	e.number(e.self, "\xc3\xbc", 6);
	e.number(e.self, "Z", 7);
	e.end(e.self);
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

	e.map(e.self, NULL);
	e.number(e.self, "aaaaaaaaaaaaaaaaaaaaaaaa", 1);
	e.number(e.self, "zzzzzzzzzzzzzzzzzzzzzzz", 2);
	e.end(e.self);
	bytes = finish(&size);
	cr_assert_eq(size, 1 + 24 + 1 + 26 + 1);
	cr_expect_eq(bytes[1], 0x77);
	cr_expect_eq(bytes[26], 0x78);
	free(bytes);
}

Test(cbor_shapes, lists_keep_their_order)
{
	e.list(e.self, NULL);
	e.number(e.self, NULL, 3);
	e.text(e.self, NULL, "b");
	e.number(e.self, NULL, 1);
	e.end(e.self);
	check_bytes("8303616201");
}

/* [{"k": [1, {}], "a": h'ff'}, [], {"x": {"y": "z"}}] */
Test(cbor_shapes, maps_and_lists_nest)
{
	e.list(e.self, NULL);
	e.map(e.self, NULL);
	e.list(e.self, "k");
	e.number(e.self, NULL, 1);
	e.map(e.self, NULL);
	e.end(e.self);
	e.end(e.self);
	e.bytes(e.self, "a", (const uint8_t *)"\xff", 1);
	e.end(e.self);
	e.list(e.self, NULL);
	e.end(e.self);
	e.map(e.self, NULL);
	e.map(e.self, "x");
	e.text(e.self, "y", "z");
	e.end(e.self);
	e.end(e.self);
	e.end(e.self);
	check_bytes("83a2616141ff616b8201a080a16178a16179617a");
}

Test(cbor, as_deep_as_json_goes_is_whole_and_one_deeper_refused)
{
	for (int deep = DEPTH; deep <= DEPTH + 1; deep++) {
		for (int i = 0; i < deep; i++)
			e.list(e.self, NULL);
		for (int i = 0; i < deep; i++)
			e.end(e.self);
		if (deep == DEPTH)
			check_bytes("8181818181818180");
		else
			check_fails();
	}
}

Test(cbor, nothing_at_all_fails_at_the_end)
{
	check_fails();
}

Test(cbor, a_map_left_open_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.number(e.self, "a", 1);
	check_fails();
}

Test(cbor, an_end_too_many_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.end(e.self);
	e.end(e.self);
	check_fails();
}

Test(cbor, a_second_outermost_value_fails_at_the_end)
{
	e.number(e.self, NULL, 1);
	e.number(e.self, NULL, 2);
	check_fails();
}

Test(cbor, text_that_is_not_utf_8_fails_at_the_end_and_says_so)
{
	struct error err = { 0 };
	FILE *f = tmpfile();

	cr_assert_not_null(f);
	e.text(e.self, NULL, "caf\xe9");
	cr_expect_lt(e.finish(e.self, f, &err), 0);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	cr_expect(strstr(err.why, "UTF-8"));
	cr_expect_eq(ftell(f), 0);
	fclose(f);
	setup();
}

Test(cbor, a_map_entry_without_a_key_fails_at_the_end)
{
	e.map(e.self, NULL);
	e.number(e.self, NULL, 1);
	e.end(e.self);
	check_fails();
}

Test(cbor, a_failure_stays_and_what_was_opened_is_let_go)
{
	for (int i = 0; i < 2 * DEPTH; i++)
		e.map(e.self, i ? "deeper" : NULL);
	e.text(e.self, "text", "x");
	e.bytes(e.self, "bytes", (const uint8_t *)"x", 1);
	e.end(e.self);
	check_fails();
}

Test(cbor, a_full_disk_is_told)
{
	struct error err = { 0 };
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		SKIP_ALOUD("no /dev/full");
	setvbuf(full, NULL, _IONBF, 0);
	e.number(e.self, NULL, 1);
	cr_expect_eq(e.finish(e.self, full, &err), -ENOSPC);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	fclose(full);
}
