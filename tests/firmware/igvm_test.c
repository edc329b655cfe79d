/* SPDX-License-Identifier: MIT */
/* tests/firmware/igvm_test.c: IGVM files are read whole, or refused with the header at fault. */
#include "firmware/igvm.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/snp/idblock.h"
#include "tests/make/igvm.h"
#include "tests/make/image.h"
#include "tests/make/le.h"
#include "tests/make/vectors.h"

/* Parses a file that the spec makes, from memory of exactly its size. */
static int parse(struct blob *b, struct igvm *ret, struct error *err)
{
	uint8_t *exact = malloc(b->size);
	int r;

	cr_assert_not_null(exact);
	memcpy(exact, b->data, b->size);
	r = igvm_parse(exact, b->size, ret, err);
	if (r == 0)
		ret->bytes = b->data;
	free(exact);
	return r;
}

static void check_refused(struct blob b, const char *says)
{
	struct error err = { 0 };
	struct igvm f, before;

	memset(&f, 0xa5, sizeof(f));
	before = f;
	cr_assert_eq(parse(&b, &f, &err), -EINVAL, "accepted, not '%s'", says);
	cr_expect_eq(err.kind, ERROR_BAD_FIRMWARE);
	cr_expect(strstr(err.text, says), "says '%s', not '%s'", err.text, says);
	cr_expect(err.fix[0], "'%s' without a fix", err.text);
	cr_expect_arr_eq(&f, &before, sizeof(f));
	blob_fini(&b);
}

static void check_file_refused(struct igvm_file *f, const char *says)
{
	check_refused(igvm_make(f), says);
}

static const char *const in_order[] = {
	"supported platform", "guest policy",     "required memory", "parameter area", "VP count",
	"memory map",         "parameter insert", "page data",       "page data",      "page data",
	"page data",          "page data",        "VP context",
};

Test(igvm, reads_every_header_in_order)
{
	for (uint32_t version = 1; version <= 2; version++) {
		struct igvm_file spec = igvm_file_default();
		struct igvm_header h;
		struct error err = { 0 };
		struct igvm_cursor c;
		struct igvm f;
		struct blob b;
		size_t n = 0;

		spec.version = version;
		b = igvm_make(&spec);
		cr_assert_eq(parse(&b, &f, &err), 0, "%s", err.text);
		cr_expect_eq(f.version, version);
		cr_expect_eq(f.n_headers, ARRAY_SIZE(in_order));
		cr_assert_eq(f.n_platforms, 1);
		cr_expect_eq(f.platforms[0].type, IGVM_SEV_SNP);
		cr_expect_eq(f.platforms[0].version, 1);
		c = igvm_headers(&f);
		for (; igvm_next(&c, &h); n++) {
			cr_assert_lt(n, ARRAY_SIZE(in_order));
			cr_expect_eq(h.number, n);
			cr_expect_str_eq(h.name, in_order[n]);
			cr_expect_eq(h.data != NULL, n == 7 || n == 8 || n == 12, "header %zu", n);
		}
		cr_expect_eq(n, ARRAY_SIZE(in_order));
		cr_expect_eq(h.type, IGVM_VP_CONTEXT);
		cr_expect_eq(h.gpa, SNP_VMSA_GPA);
		blob_fini(&b);
	}
}

Test(igvm, reads_the_stored_files)
{
	static const char *const names[] = { "igvm/pub-tidy.igvm", "igvm/pub-untidy.igvm" };
	static const size_t platforms[] = { 1, 2 }, headers[] = { 18, 21 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		auto_blob struct blob b = BLOB_NONE;
		struct error err = { 0 };
		struct igvm f;
		char path[4096];

		cr_assert_eq(
			blob_read(vectors_path(names[i], path, sizeof(path)), 1 << 20, &b, &err),
			0);
		cr_assert_eq(parse(&b, &f, &err), 0, "%s", err.text);
		cr_expect_eq(f.n_platforms, platforms[i]);
		cr_expect_eq(f.n_headers, headers[i]);
	}
}

/* "123456789" is the check value of the catalogue of CRCs. */
Test(igvm, checksum_is_the_crc_of_ieee_802_3)
{
	const uint8_t *text = (const uint8_t *)"123456789";

	cr_expect_eq(igvm_crc(0, text, 9), 0xcbf43926);
	cr_expect_eq(igvm_crc(igvm_crc(0, text, 4), text + 4, 5), 0xcbf43926);
	cr_expect_eq(igvm_crc(0, NULL, 0), 0);
}

Test(igvm, what_is_cut_short_is_refused)
{
	struct igvm_file spec = igvm_file_default();
	auto_blob struct blob b = igvm_make(&spec);
	size_t size = b.size;
	struct error err = { 0 };
	struct igvm f;

	for (size_t n = 0; n < size; n += n < 2000 ? 1 : 997) {
		b.size = n;
		cr_assert_eq(parse(&b, &f, &err), -EINVAL, "%zu bytes are accepted", n);
		cr_expect_eq(err.kind, ERROR_BAD_FIRMWARE);
	}
	b.size = size;
}

Test(igvm, faults_of_the_fixed_header_are_told)
{
	static const struct {
		size_t at;
		uint64_t value;
		const char *says;
	} rows[] = {
		{ 4, 0, "format version 0" },
		{ 4, 3, "format version 3" },
		{ 8, 0, "are not inside the file" },
		{ 8, 23, "are not inside the file" },
		{ 8, UINT32_MAX, "are not inside the file" },
		{ 12, UINT32_MAX, "are not inside the file" },
		{ 12, UINT32_MAX - 23, "are not inside the file" },
		{ 16, UINT32_MAX, "and its header says 4294967295" },
		{ 16, 30, "are not inside the file" },
		{ 20, 1, "checksum" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct igvm_file spec = igvm_file_default();
		struct blob b = igvm_make(&spec);

		le_put(b.data + rows[i].at, rows[i].value, 4);
		check_refused(b, rows[i].says);
	}
}

Test(igvm, version_2_is_for_x64_with_pages_of_4_kib)
{
	struct igvm_file arm = igvm_file_default(), pages = igvm_file_default();

	arm.version = pages.version = 2;
	arm.arch = 1;
	pages.page_size = 16384;
	check_file_refused(&arm, "architecture 1");
	check_file_refused(&pages, "pages of 16384 bytes");
}

Test(igvm, a_change_of_any_header_is_noticed)
{
	struct igvm_file spec = igvm_file_default();
	auto_blob struct blob b = igvm_make(&spec);
	size_t end = 24 + le_get(b.data + 12, 4);
	struct error err = { 0 };
	struct igvm f;

	for (size_t i = 24; i < end; i++) {
		b.data[i] ^= 1;
		cr_assert_eq(parse(&b, &f, &err), -EINVAL, "byte %zu", i);
		cr_expect(strstr(err.text, "checksum"), "%s", err.text);
		b.data[i] ^= 1;
	}
	b.data[end] ^= 1; /* and between headers and data nothing is */
	cr_expect_eq(parse(&b, &f, &err), 0);
}

/* The first header that is added after a platform has this fault. */
static void check_header(uint32_t type, const void *body, uint32_t size, const char *says)
{
	struct igvm_file f = { 0 };

	igvm_add_platform(&f, IGVM_SNP, IGVM_SEV_SNP, 0);
	igvm_add(&f, type, body, size);
	check_file_refused(&f, says);
}

static void check_page(uint64_t gpa, uint32_t mask, uint32_t file_offset, const char *says)
{
	struct igvm_file f = { 0 };
	uint8_t page[PAGE_SIZE] = { 1 };

	igvm_add_data(&f, page, sizeof(page));
	igvm_add_page_at(&f, gpa, mask, file_offset, 0, IGVM_NORMAL);
	check_file_refused(&f, says);
}

Test(igvm, faults_of_a_header_are_told)
{
	uint8_t body[1024] = { 0 };

	check_header(0x3ff, body, 8,
	             "header 1 of the IGVM file (unknown, type 0x3ff) has an "
	             "unknown type, and is not optional");
	check_header(IGVM_PAGE_DATA, body, 23, "(page data, type 0x302) has the wrong size");
	check_header(IGVM_PAGE_DATA, body, 0, "has the wrong size");
	check_header(IGVM_SNP_ID_BLOCK, body, 695, "has the wrong size");
	check_header(IGVM_SNP_ID_BLOCK, body, 696, "for no platform: its compatibility mask is 0");
	check_header(IGVM_RELOCATABLE_REGION, body, 2, "for no platform");
	check_header(IGVM_PARAMETER_AREA, body, 16, "a size that is not whole 4 KiB pages");
	body[0] = 1;
	check_header(IGVM_PARAMETER_AREA, body, 16, "a size that is not whole 4 KiB pages");
	body[0] = 0;
	body[7] = 0xff;
	check_header(IGVM_PARAMETER_AREA, body, 16, "a size above 52 bits");
	body[7] = 0;
	body[8] = 1;
	body[12] = 1; /* of both the bytes of required memory and the reserved ones of a policy */
	check_header(IGVM_REQUIRED_MEMORY, body, 24, "a size that is not whole 4 KiB pages");
	check_header(IGVM_GUEST_POLICY, body, 16, "has reserved bytes that are not zero");
	body[12] = 0;
	check_header(IGVM_VP_CONTEXT, body, 20, "has no registers");
	check_page(0x1001, 1, 0, "an address that is not that of a 4 KiB page");
	check_page((uint64_t)1 << 52, 1, 0, "an address above 52 bits");
	check_page(UINT64_MAX - 4095, 1, 0, "an address above 52 bits");
	check_page(0x1000, 0, 0, "for no platform");
	check_page(0x1000, 1, 24, "data that begins before the end of the headers");
	check_page(0x1000, 1, IGVM_DATA_AT + 1, "data that ends beyond the end of the file");
	check_page(0x1000, 1, UINT32_MAX, "data that ends beyond the end of the file");
	check_page(0x1000, 1, UINT32_MAX - 4095, "data that ends beyond the end of the file");
}

Test(igvm, sizes_of_headers_that_wrap_or_run_out_are_told)
{
	static const uint32_t sizes[] = { 17, 25, UINT32_MAX, UINT32_MAX - 7, 1u << 31 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct igvm_file f = { 0 };
		struct blob b;

		igvm_add_policy(&f, IGVM_SNP, 0x30000);
		b = igvm_make(&f);
		le_put(b.data + 28, sizes[i], 4);
		igvm_seal(&b);
		check_refused(b, "runs past the end of the headers");
	}
}

Test(igvm, a_last_header_that_is_cut_is_told)
{
	for (size_t n = 1; n < 8; n++) {
		struct igvm_file f = { 0 };

		igvm_add_policy(&f, IGVM_SNP, 0x30000);
		buffer_add(&f.headers, "\1\0\0\0\0\0\0", n);
		check_file_refused(&f, "is cut short");
	}
}

Test(igvm, two_platforms_with_one_bit_and_one_with_two_are_refused)
{
	struct igvm_file twice = { 0 }, two = { 0 };

	igvm_add_platform(&twice, 2, IGVM_SEV_SNP, 0);
	igvm_add_platform(&twice, 2, IGVM_NATIVE, 0);
	check_file_refused(&twice, "the same bit as another platform");
	igvm_add_platform(&two, 3, IGVM_SEV_SNP, 0);
	check_file_refused(&two, "more than one bit");
}

Test(igvm, sections_in_another_order_are_refused)
{
	struct igvm_file a = { 0 }, b = { 0 };

	igvm_add_policy(&a, IGVM_SNP, 0x30000);
	igvm_add_platform(&a, IGVM_SNP, IGVM_SEV_SNP, 0);
	check_file_refused(&a, "header 1 of the IGVM file (supported platform, type 0x1) comes too "
	                       "late");
	igvm_add_page(&b, 0x1000, NULL, 0, IGVM_NORMAL);
	igvm_add_policy(&b, IGVM_SNP, 0x30000);
	check_file_refused(&b, "comes too late");
}

Test(igvm, an_optional_header_of_an_unknown_type_is_passed_over)
{
	struct igvm_file spec = { 0 };
	struct igvm_header h;
	struct error err = { 0 };
	struct igvm_cursor c;
	struct igvm f;
	struct blob b;

	igvm_add(&spec, IGVM_OPTIONAL | 0x7777, "?", 1);
	igvm_add_platform(&spec, IGVM_SNP, IGVM_SEV_SNP, 0);
	b = igvm_make(&spec);
	cr_assert_eq(parse(&b, &f, &err), 0, "%s", err.text);
	cr_expect_eq(f.n_platforms, 1);
	c = igvm_headers(&f);
	cr_assert(igvm_next(&c, &h));
	cr_expect_null(h.name);
	cr_expect_eq(h.type, 0x7777);
	cr_expect(igvm_next(&c, &h) && h.type == IGVM_SUPPORTED_PLATFORM);
	cr_expect_not(igvm_next(&c, &h));
	blob_fini(&b);
}

Test(igvm, too_many_headers_are_refused)
{
	size_t n = IGVM_HEADERS_MAX + 1, size = 24 + n * 24;
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	struct igvm f;

	cr_assert_eq(blob_zero(size, &b, &err), 0);
	memcpy(b.data, "IGVM", 4);
	le_put(b.data + 4, 1, 4);
	le_put(b.data + 8, 24, 4);
	le_put(b.data + 12, n * 24, 4);
	le_put(b.data + 16, size, 4);
	for (size_t i = 0; i < n; i++) {
		uint8_t *h = b.data + 24 + i * 24;

		le_put(h, IGVM_GUEST_POLICY, 4);
		le_put(h + 4, 16, 4);
		le_put(h + 16, 1, 4);
	}
	igvm_seal(&b);
	cr_assert_eq(igvm_parse(b.data, b.size, &f, &err), -EINVAL);
	cr_expect(strstr(err.text, "header 262144 "), "%s", err.text);
	cr_expect(strstr(err.text, "one too many"), "%s", err.text);
	le_put(b.data + 12, (n - 1) * 24, 4);
	igvm_seal(&b);
	cr_expect_eq(igvm_parse(b.data, b.size, &f, &err), 0, "%s", err.text);
}

Test(igvm, the_id_block_becomes_what_the_firmware_takes)
{
	uint8_t block[PLAN_ID_BLOCK], auth[PLAN_ID_AUTH];
	const struct snp_id_block *b = (const void *)block;
	const struct snp_id_auth *a = (const void *)auth;
	struct igvm_id_block from;
	struct igvm_header h = { .body = (const uint8_t *)&from };

	image_noise((uint8_t *)&from, sizeof(from), 5);
	from.author_key_enabled = 1;
	cr_expect(igvm_id_block_read(&h, 0x30005, block, auth));
	cr_expect_arr_eq(b->digest, from.digest, 48);
	cr_expect_arr_eq(b->family_id, from.family_id, 16);
	cr_expect_arr_eq(b->image_id, from.image_id, 16);
	cr_expect_eq(le64_get(b->policy), 0x30005);
	cr_expect_eq(le32_get(b->guest_svn), le32_get(from.svn));
	cr_expect_arr_eq(a->id_block_signature, from.id_r, 72);
	cr_expect_arr_eq(a->id_block_signature + 72, from.id_s, 72);
	cr_expect(bytes_zero(a->id_block_signature + 144, 368));
	cr_expect_eq(snp_id_key_curve(a->id_key), le32_get(from.id_key.curve));
	cr_expect_arr_eq(a->id_key + 4, from.id_key.x, 72);
	cr_expect_arr_eq(a->id_key + 76, from.id_key.y, 72);
	cr_expect(bytes_zero(a->id_key + 148, SNP_ID_KEY_SIZE - 148));
	cr_expect_arr_eq(a->author_key + 76, from.author_key.y, 72);
	cr_expect_arr_eq(a->id_key_signature + 72, from.author_s, 72);
	from.author_key_enabled = 0;
	cr_expect_not(igvm_id_block_read(&h, 0, block, auth));
	cr_expect(bytes_zero(a->author_key, sizeof(a->author_key)));
	cr_expect(bytes_zero(a->id_key_signature, sizeof(a->id_key_signature)));
}
