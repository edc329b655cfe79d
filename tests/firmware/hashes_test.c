/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/hashes_test.c: compares pages of hashes with sev-snp-measure's, in the golden
 * vectors.
 */
#include "firmware/hashes.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha2.h"
#include "firmware/ovmf.h"
#include "tests/make/image.h"
#include "tests/make/vectors.h"

#define OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OF_NUL     "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"

/* The bytes of the file that a case names; no bytes for null. */
static struct blob vector_file(const json_t *all, const json_t *name)
{
	const json_t *f = json_object_get(json_object_get(all, "files"), json_string_value(name));
	struct blob b = BLOB_NONE;
	struct error err = { 0 };
	uint8_t digest[SHA256_SIZE];
	char text[4096];

	if (json_is_null(name))
		return b;
	vectors_path(json_string_value(json_object_get(f, "path")), text, sizeof(text));
	cr_assert_eq(blob_read(text, (size_t)1 << 20, &b, &err), 0, "%s", err.text);
	sha256(b.data, b.size, digest);
	cr_assert_str_eq(hex_of(digest, sizeof(digest), text),
	                 json_string_value(json_object_get(f, "sha256")));
	return b;
}

static void check_hex(const uint8_t *got, size_t size, const char *want, const char *what)
{
	char hex[2 * KERNEL_HASHES_TABLE + 1];

	cr_expect_str_eq(hex_of(got, size, hex), want, "%s: %s instead of %s", what, hex, want);
}

static void check_page(const json_t *all, const json_t *item, const struct kernel_hashes *h)
{
	auto_blob struct blob fw = vector_file(all, json_object_get(item, "firmware"));
	const json_t *want = json_object_get(json_object_get(item, "expect"), "sev_hashes");
	static const uint8_t zero[PAGE_SIZE];
	uint8_t page[PAGE_SIZE];
	struct error err = { 0 };
	struct ovmf o;
	size_t at;

	cr_assert_eq(ovmf_parse(fw.data, fw.size, &o, &err), 0, "%s", err.text);
	cr_assert(o.has_hash_area);
	memset(page, 0xa5, sizeof(page));
	cr_assert_eq(
		kernel_hashes_page(h, o.hash_gpa, o.hash_size, o.hash_gpa & ~0xfffu, page, &err), 0,
		"%s", err.text);
	at = o.hash_gpa & 0xfff;
	check_hex(page + at, KERNEL_HASHES_TABLE,
	          json_string_value(json_object_get(want, "padded_table_176")), "table");
	cr_expect_arr_eq(page, zero, at);
	cr_expect_arr_eq(page + at + KERNEL_HASHES_TABLE, zero,
	                 sizeof(page) - at - KERNEL_HASHES_TABLE);
}

static struct kernel_hashes hashes_of(const void *kernel, size_t kernel_size, const void *initrd,
                                      size_t initrd_size, const char *cmdline)
{
	uint8_t k[SHA256_SIZE], i[SHA256_SIZE];
	struct kernel_hashes h;

	sha256(kernel, kernel_size, k);
	sha256(initrd, initrd_size, i);
	kernel_hashes_of(&h, k, i, cmdline);
	return h;
}

static void check_case(const json_t *all, const json_t *item)
{
	auto_blob struct blob kernel = vector_file(all, json_object_get(item, "kernel"));
	auto_blob struct blob initrd = vector_file(all, json_object_get(item, "initrd"));
	const json_t *want = json_object_get(json_object_get(item, "expect"), "sev_hashes");
	struct kernel_hashes h = hashes_of(kernel.data, kernel.size, initrd.data, initrd.size,
	                                   json_string_value(json_object_get(item, "append")));

	check_hex(h.kernel, 32, json_string_value(json_object_get(want, "kernel_sha256")),
	          "kernel");
	check_hex(h.initrd, 32, json_string_value(json_object_get(want, "initrd_sha256")),
	          "initrd");
	check_hex(h.cmdline, 32, json_string_value(json_object_get(want, "cmdline_sha256")),
	          "cmdline");
	check_page(all, item, &h);
}

/* pub-002 and three more; the values are those of sev-snp-measure 0.0.13. */
Test(hashes, agree_with_sev_snp_measure_on_every_golden_table)
{
	json_t *all = vectors_load(), *item;
	bool pub_002 = false;
	size_t i;

	json_array_foreach(json_object_get(all, "cases"), i, item)
	{
		if (!json_object_get(json_object_get(item, "expect"), "sev_hashes"))
			continue;
		check_case(all, item);
		pub_002 |= strcmp(json_string_value(json_object_get(item, "id")), "pub-002") == 0;
	}
	json_decref(all);
	cr_assert(pub_002, "pub-002 is not among the vectors");
}

Test(hashes, of_an_empty_command_line_are_those_of_its_nul)
{
	struct kernel_hashes h = hashes_of("k", 1, NULL, 0, "");

	check_hex(h.cmdline, 32, OF_NUL, "cmdline");
	h = hashes_of("k", 1, NULL, 0, NULL);
	check_hex(h.cmdline, 32, OF_NUL, "no cmdline");
}

Test(hashes, of_a_missing_initrd_are_those_of_nothing)
{
	struct kernel_hashes h = hashes_of("k", 1, NULL, 0, "");

	check_hex(h.initrd, 32, OF_NOTHING, "initrd");
}

Test(hashes, fit_flush_with_the_pages_end)
{
	struct kernel_hashes h = { { 1 }, { 2 }, { 3 } };
	uint8_t page[PAGE_SIZE];
	struct error err = { 0 };

	cr_assert_eq(kernel_hashes_page(&h, 0x101f50, 0xb0, 0x101000, page, &err), 0, "%s",
	             err.text);
	cr_assert_eq(page[0xf50], 0x06);
	cr_assert_eq(page[0xf4f], 0);
	cr_assert_eq(page[0xf50 + 136], 1, "the kernel's hash stands last");
}

Test(hashes, are_refused_an_area_that_cannot_hold_them)
{
	static const struct {
		uint32_t gpa, size, section;
		const char *says;
	} rows[] = {
		{ 0x810c00, 175, 0x810000,
		  "is too small: it has 175 bytes, and the table takes 176" },
		{ 0x810c00, 0, 0x810000, "is too small: it has 0 bytes" },
		{ 0x810f51, 176, 0x810000, "0x810f51 (0xb0 bytes) runs past its page" },
		{ 0x810c00, 0x401, 0x810000, "0x810c00 (0x401 bytes) runs past its page" },
		{ 0x810c00, UINT32_MAX, 0x810000, "runs past its page" },
		{ 0x811c00, 0x400, 0x810000,
		  "0x811c00 lies outside its page of kernel hashes at 0x810000" },
		{ 0x80f000, 0x400, 0x810000, "0x80f000 lies outside" },
		{ 0x810c00, 0x400, 0x810c00, "lies outside its page" },
	};
	static const struct kernel_hashes h;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t page[PAGE_SIZE], before[PAGE_SIZE];
		struct error err = { 0 };

		memset(page, 0xa5, sizeof(page));
		memcpy(before, page, sizeof(page));
		cr_expect_eq(kernel_hashes_page(&h, rows[i].gpa, rows[i].size, rows[i].section,
		                                page, &err),
		             -EINVAL, "row %zu", i);
		cr_expect(strstr(err.text, rows[i].says), "'%s' instead of '%s'", err.text,
		          rows[i].says);
		cr_expect(err.why[0] && err.fix[0]);
		cr_expect_arr_eq(page, before, sizeof(page));
	}
}
