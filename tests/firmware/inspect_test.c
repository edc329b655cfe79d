/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/inspect_test.c: how files are recognized, and how firmware and kernels are
 * described.
 */
#include "firmware/inspect.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/make/bzimage.h"
#include "tests/make/idblock.h"
#include "tests/make/igvm.h"
#include "tests/make/image.h"
#include "tests/make/printed.h"
#include "tests/make/report.h"

static json_t *inspected(const uint8_t *bytes, size_t size)
{
	struct error err = { 0 };
	struct inspected i;
	struct tree *t = tree_new();
	json_t *j;

	cr_assert_eq(inspect_read(bytes, size, &i, &err), 0, "%s", err.text);
	tree_map(t, NULL);
	inspect_describe(&i, t);
	tree_end(t);
	j = printed_json(t);
	cr_expect_eq(json_integer_value(json_object_get(j, "size")), size);
	return j;
}

/* Compares JSON on one line, in the tree's order, so that differences are easy to see. */
static void check_json(json_t *j, const char *key, const char *want)
{
	char *have = json_dumps(json_object_get(j, key), JSON_COMPACT | JSON_ENCODE_ANY);

	cr_assert(have, "no '%s'", key);
	cr_expect_str_eq(have, want, "'%s' is\n%s instead of\n%s", key, have, want);
	free(have);
}

static void check_refused(const uint8_t *bytes, size_t size, enum reason kind, const char *says)
{
	struct inspected i, before;
	struct error err = { 0 };

	memset(&i, 0xa5, sizeof(i));
	before = i;
	cr_assert_eq(inspect_read(bytes, size, &i, &err), -EINVAL, "taken, not '%s'", says);
	cr_expect_eq(err.kind, kind, "%s [%s]", err.text, reason_name(err.kind));
	cr_expect(strstr(err.text, says), "says '%s' instead of '%s'", err.text, says);
	cr_expect_eq(memcmp(&i, &before, sizeof(i)), 0, "touched only on success");
}

Test(inspect, describes_a_firmware_image)
{
	struct image_spec spec = image_default();
	auto_blob struct blob b = image_make(&spec);
	auto_json json_t *j = inspected(b.data, b.size);
	json_t *sections = json_object_get(j, "sections");

	check_json(j, "kind", "\"ovmf\"");
	check_json(j, "gpa", "\"0xffff0000\"");
	check_json(j, "bsp_start", "\"0xfffffff0\"");
	check_json(j, "ap_start", "\"0x80b004\"");
	check_json(j, "sev_metadata", "true");
	check_json(j, "kernel_hashes",
	           "{\"supported\":true,\"table_gpa\":\"0x810c00\",\"table_size\":\"0x400\","
	           "\"section_gpa\":\"0x810000\"}");
	cr_assert_eq(json_array_size(sections), 7);
	check_json(json_array_get(sections, 0), "gpa", "\"0x800000\"");
	check_json(json_array_get(sections, 0), "size", "\"0x9000\"");
	check_json(json_array_get(sections, 5), "type", "\"0x10\"");
	check_json(json_array_get(sections, 5), "name", "\"kernel hashes\"");
}

Test(inspect, names_the_page_type_of_each_section)
{
	static const char *const types[] = { "zero",    "zero",
		                             "secrets", "cpuid",
		                             "zero",    "normal with kernel hashes, else zero",
		                             "zero" };
	struct image_spec spec = image_default();
	auto_blob struct blob b = image_make(&spec);
	auto_json json_t *j = inspected(b.data, b.size);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		json_t *s = json_array_get(json_object_get(j, "sections"), i);

		cr_expect_str_eq(json_string_value(json_object_get(s, "page_type")), types[i],
		                 "section %zu", i);
	}
}

Test(inspect, lists_every_entry_of_the_table_nearest_the_footer_first)
{
	struct image_spec spec = image_default();
	auto_blob struct blob b = image_make(&spec);
	auto_json json_t *j = inspected(b.data, b.size);

	check_json(j, "table",
	           "[{\"guid\":\"00f771de-1a7e-4fcb-890e-68c77e2fb44e\",\"offset\":\"0xffb8\","
	           "\"size\":4,\"name\":\"SEV-ES reset block\"},"
	           "{\"guid\":\"4c2eb361-7d9b-4cc3-8081-127c90d3d294\",\"offset\":\"0xff9e\","
	           "\"size\":8,\"name\":\"SEV secret area\"},"
	           "{\"guid\":\"44495547-6f20-2066-6e6f-626f64792773\",\"offset\":\"0xff89\","
	           "\"size\":3,\"name\":\"unknown\"},"
	           "{\"guid\":\"7255371f-3a3b-4b04-927b-1da6efa8d454\",\"offset\":\"0xff6f\","
	           "\"size\":8,\"name\":\"SEV hash table area\"},"
	           "{\"guid\":\"dc886566-984a-4798-a75e-5585a7bf67cc\",\"offset\":\"0xff59\","
	           "\"size\":4,\"name\":\"SEV metadata\"},"
	           "{\"guid\":\"44495547-6f20-2066-6e6f-7468696e672e\",\"offset\":\"0xff47\","
	           "\"size\":0,\"name\":\"unknown\"}]");
}

Test(inspect, says_what_a_firmware_image_lacks)
{
	struct image_spec spec = image_default();
	auto_blob struct blob bare = BLOB_NONE, no_section = BLOB_NONE, no_area = BLOB_NONE;
	json_t *j;

	spec.n_sections = 5;
	no_section = image_make(&spec);
	spec = image_default();
	spec.hash_gpa = 0;
	no_area = image_make(&spec);
	spec.reset = spec.hash_area = spec.metadata = false;
	bare = image_make(&spec);
	j = inspected(no_section.data, no_section.size);
	check_json(j, "kernel_hashes",
	           "{\"supported\":false,\"table_gpa\":\"0x810c00\",\"table_size\":\"0x400\"}");
	json_decref(j);
	j = inspected(no_area.data, no_area.size);
	check_json(j, "kernel_hashes", "{\"supported\":false,\"section_gpa\":\"0x810000\"}");
	json_decref(j);
	j = inspected(bare.data, bare.size);
	check_json(j, "kernel_hashes", "{\"supported\":false}");
	check_json(j, "sev_metadata", "false");
	cr_expect_null(json_object_get(j, "ap_start"));
	cr_expect_null(json_object_get(j, "sections"));
	cr_expect_eq(json_array_size(json_object_get(j, "table")), 3);
	json_decref(j);
}

Test(inspect, takes_a_firmware_of_4096_bytes_for_a_firmware)
{
	struct image_spec spec = image_default();
	auto_blob struct blob b = BLOB_NONE;

	spec.size = 4096;
	b = image_make(&spec);
	b.data[0] = 1; /* an ID authentication's algorithm */
	json_t *j = inspected(b.data, b.size);

	check_json(j, "kind", "\"ovmf\"");
	json_decref(j);
}

Test(inspect, describes_a_kernel)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = BLOB_NONE;
	json_t *j;

	spec.release = "6.12.0-made (nobody@nowhere) #1 SMP\n\033[2J";
	b = bzimage_make(&spec);
	j = inspected(b.data, b.size);
	check_json(j, "kind", "\"bzimage\"");
	check_json(j, "protocol", "\"2.15\"");
	check_json(j, "release", "\"6.12.0-made\"");
	check_json(j, "version", "\"6.12.0-made (nobody@nowhere) #1 SMP\"");
	check_json(j, "setup_size", "1536");
	check_json(j, "payload_size", "8192");
	check_json(j, "loadflags", "[\"LOADED_HIGH\"]");
	check_json(
		j, "xloadflags",
		"[\"XLF_KERNEL_64\",\"XLF_CAN_BE_LOADED_ABOVE_4G\",\"XLF_EFI_HANDOVER_32\","
		"\"XLF_EFI_HANDOVER_64\",\"XLF_EFI_KEXEC\",\"XLF_5LEVEL\",\"XLF_5LEVEL_ENABLED\"]");
	check_json(j, "relocatable", "true");
	check_json(j, "pref_address", "\"0x1000000\"");
	check_json(j, "init_size", "\"0x400000\"");
	check_json(j, "kernel_alignment", "\"0x200000\"");
	check_json(j, "min_alignment", "\"0x200000\"");
	check_json(j, "cmdline_size", "2047");
	check_json(j, "initrd_addr_max", "\"0x7fffffff\"");
	check_json(j, "handover_offset", "\"0x190\"");
	json_decref(j);
}

Test(inspect, names_every_flag_of_a_kernel)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);
	json_t *j;

	b.data[0x211] = 0xe7;
	b.data[0x236] = 0x81;
	b.data[0x237] = 0x81;
	b.data[0x235] = 64; /* not a possible power of two */
	j = inspected(b.data, b.size);
	check_json(j, "loadflags",
	           "[\"LOADED_HIGH\",\"KASLR_FLAG\",\"bit 2\",\"QUIET_FLAG\",\"KEEP_SEGMENTS\","
	           "\"CAN_USE_HEAP\"]");
	check_json(j, "xloadflags",
	           "[\"XLF_KERNEL_64\",\"XLF_MEM_ENCRYPTION\",\"bit 8\",\"bit 15\"]");
	check_json(j, "min_alignment", "\"0x0\"");
	json_decref(j);
}

Test(inspect, keeps_a_banner_without_end_to_its_room)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);
	struct inspected i;
	struct error err = { 0 };

	memset(b.data + 0x300, 'x', 0x300); /* to the end of the setup part */
	cr_assert_eq(inspect_read(b.data, b.size, &i, &err), 0, "%s", err.text);
	cr_expect_eq(strlen(i.kernel.kernel_version), sizeof(i.kernel.kernel_version) - 1);
	cr_expect_str_eq(i.kernel.release, "");
}

Test(inspect, knows_id_blocks_and_reports_by_size_and_content)
{
	uint8_t block[96], auth[4096], report[REPORT_SIZE], response[4000];
	const struct {
		const uint8_t *bytes;
		size_t size;
		const char *kind, *field;
	} rows[] = {
		{ block, sizeof(block), "\"id_block\"", "guest_svn" },
		{ auth, sizeof(auth), "\"id_auth\"", "author_key" },
		{ report, sizeof(report), "\"report\"", "chip_id" },
		{ response, sizeof(response), "\"report\"", "chip_id" },
	};

	idblock_make((const uint8_t[48]){ 1 }, 0x30000, true, block, auth);
	report_make(5, report);
	report_response(2, response, sizeof(response));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_json json_t *j = inspected(rows[i].bytes, rows[i].size);

		check_json(j, "kind", rows[i].kind);
		cr_expect_not_null(json_object_get(j, rows[i].field));
		check_refused(rows[i].bytes, rows[i].size - 1, ERROR_UNSUPPORTED,
		              "unknown file type");
	}
}

Test(inspect, needs_a_version_or_a_policy_for_an_id_block)
{
	uint8_t block[96] = { 0 };
	json_t *j;

	check_refused(block, sizeof(block), ERROR_UNSUPPORTED, "unknown file type");
	memset(block, '0', sizeof(block)); /* a digest in hex */
	check_refused(block, sizeof(block), ERROR_UNSUPPORTED, "unknown file type");
	memcpy(block + 0x50, "\1\0\0\0", 4);
	j = inspected(block, sizeof(block));
	check_json(j, "version", "1");
	json_decref(j);
	memset(block, 0, sizeof(block));
	block[0x5a] = 2;
	j = inspected(block, sizeof(block));
	check_json(j, "version", "0");
	json_decref(j);
}

Test(inspect, needs_an_algorithm_or_a_curve_for_an_id_authentication)
{
	uint8_t auth[4096] = { 0 };
	json_t *j;

	check_refused(auth, sizeof(auth), ERROR_UNSUPPORTED, "unknown file type");
	auth[0x240] = 2;
	j = inspected(auth, sizeof(auth));
	check_json(j, "kind", "\"id_auth\"");
	json_decref(j);
	auth[0x240] = 0;
	auth[0] = 1;
	j = inspected(auth, sizeof(auth));
	check_json(j, "kind", "\"id_auth\"");
	json_decref(j);
}

/* Pages that continue one another are one entry. */
Test(inspect, lists_what_an_igvm_file_holds)
{
	struct igvm_file spec = igvm_file_default();
	uint8_t id[sizeof(struct igvm_id_block)] = { 1 };
	auto_blob struct blob b = BLOB_NONE;
	auto_json json_t *j = NULL;
	json_t *list;

	igvm_add_page(&spec, 0x900000, NULL, IGVM_PAGE_UNMEASURED | IGVM_PAGE_SHARED, 7);
	igvm_add(&spec, IGVM_SNP_ID_BLOCK, id, sizeof(id));
	igvm_add(&spec, IGVM_OPTIONAL | 0x399, id, 3);
	b = igvm_make(&spec);
	j = inspected(b.data, b.size);
	check_json(j, "kind", "\"igvm\"");
	check_json(j, "supported", "true");
	check_json(j, "version", "1");
	check_json(j, "headers", "16");
	check_json(j, "platforms",
	           "[{\"name\":\"SEV-SNP\",\"type\":2,\"version\":1,\"mask\":\"0x1\","
	           "\"vtom\":\"0x0\"}]");
	list = json_object_get(j, "directives");
	cr_assert_eq(json_array_size(list), 14);
	check_json(json_array_get(list, 0), "policy",
	           "{\"value\":\"0x30000\",\"abi\":\"0.0\",\"bits\":[\"smt\"]}");
	check_json(json_array_get(list, 4), "offset", "\"0x100\"");
	check_json(json_array_get(list, 5), "gpa", "\"0x803000\"");
	check_json(json_array_get(list, 6), "gpa", "\"0x800000\"");
	check_json(json_array_get(list, 6), "pages", "2");
	check_json(json_array_get(list, 6), "data", "true");
	check_json(json_array_get(list, 7), "data", "false");
	check_json(json_array_get(list, 9), "kind", "\"cpuid\"");
	check_json(json_array_get(list, 10), "name", "\"VP context\"");
	check_json(json_array_get(list, 11), "flags", "[\"unmeasured\",\"shared\"]");
	check_json(json_array_get(list, 11), "kind", "\"unknown\"");
	check_json(json_array_get(list, 12), "policy",
	           "{\"value\":\"0x30000\",\"abi\":\"0.0\",\"bits\":[\"smt\"]}");
	check_json(json_array_get(list, 13), "name", "\"unknown\"");
	check_refused((const uint8_t *)"IGVM", 4, ERROR_BAD_FIRMWARE, "is cut short");
	check_refused((const uint8_t *)"IGV", 3, ERROR_UNSUPPORTED, "unknown file type");
}

/* Of repeated lines the last one counts, and all values can be printed as JSON and CBOR. */
Test(inspect, a_pointer_with_lines_twice_or_of_no_utf_8_is_described_all_the_same)
{
	static const char lfs[] = "version https://git-lfs.github.com/spec/v1\nsize 1\noid a\n"
				  "oid sha256:\xff\x01\nsize 2\n";
	auto_json json_t *j = inspected((const uint8_t *)lfs, sizeof(lfs) - 1);

	check_json(j, "kind", "\"git-lfs\"");
	check_json(j, "oid", "\"sha256:\xef\xbf\xbd\xef\xbf\xbd\"");
	check_json(j, "real_size", "\"2\"");
}

Test(inspect, names_other_files_for_what_they_are)
{
	static const char lfs[] = "version https://git-lfs.github.com/spec/v1\noid sha256:12ab\n"
				  "size 4194304\n";
	json_t *j = inspected((const uint8_t *)lfs, sizeof(lfs) - 1);

	check_json(j, "kind", "\"git-lfs\"");
	check_json(j, "oid", "\"sha256:12ab\"");
	check_json(j, "real_size", "\"4194304\"");
	check_json(j, "hint", "\"fetch the file that it points to: git lfs pull\"");
	json_decref(j);
	j = inspected((const uint8_t *)"070701", 6);
	check_json(j, "kind", "\"cpio\"");
	check_json(j, "belongs_under", "\"boot.initrd\"");
	json_decref(j);
}

Test(inspect, shows_a_report_of_a_version_to_come_in_hex)
{
	uint8_t report[REPORT_SIZE];
	json_t *j;

	report_make(6, report);
	j = inspected(report, sizeof(report));
	check_json(j, "kind", "\"report\"");
	check_json(j, "version", "6");
	check_json(j, "version_known", "false");
	cr_expect_eq(json_array_size(json_object_get(j, "hex")), REPORT_SIZE / 32);
	cr_expect_null(json_object_get(j, "measurement"));
	json_decref(j);
	report_make(1, report);
	check_refused(report, sizeof(report), ERROR_UNSUPPORTED, "has version 1");
}

/* A table with one certificate of `size` bytes. */
static void table_make(uint8_t *to, uint32_t size)
{
	static const uint8_t vcek[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
		                          0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };

	memset(to, 0, 48 + size);
	memcpy(to, vcek, sizeof(vcek));
	to[16] = 48;
	memcpy(to + 20, &size, 4);
	memset(to + 48, 'c', size);
}

Test(inspect, shows_what_came_with_a_report)
{
	uint8_t file[REPORT_SIZE + 48 + 10], hcl[32 + REPORT_SIZE + 100] = "HCLA";
	json_t *j;

	report_make(5, file);
	table_make(file + REPORT_SIZE, 10);
	j = inspected(file, sizeof(file));
	check_json(j, "version", "5");
	check_json(j, "certificates",
	           "[{\"name\":\"VCEK\",\"guid\":\"63da758de6644564adc5f4b93be8accd\","
	           "\"offset\":\"0x30\",\"size\":10,\"form\":\"text\",\"subject\":\"unknown\"}]");
	json_decref(j);
	j = inspected(file + REPORT_SIZE, 58);
	check_json(j, "kind", "\"certs\"");
	json_decref(j);
	file[REPORT_SIZE + 20] = 11; /* past the end */
	check_refused(file, sizeof(file), ERROR_UNSUPPORTED, "unknown file type");
	report_make(3, hcl + 32);
	j = inspected(hcl, sizeof(hcl));
	check_json(j, "kind", "\"report\"");
	check_json(j, "container", "\"Azure HCL\"");
	check_json(j, "version", "3");
	json_decref(j);
}

Test(inspect, reads_what_stands_as_text)
{
	uint8_t report[REPORT_SIZE];
	char hex[2 * REPORT_SIZE + 1];
	auto_blob struct blob buffer = BLOB_NONE, again = BLOB_NONE;
	struct inspected i;

	report_make(2, report);
	hex_of(report, sizeof(report), hex);
	cr_assert(inspect_read_text((const uint8_t *)hex, strlen(hex), &buffer, &i));
	cr_expect_str_eq(i.encoding, "hex");
	cr_expect_eq(i.size, (size_t)REPORT_SIZE);
	cr_expect_arr_eq(i.bytes, report, REPORT_SIZE);
	cr_expect(!inspect_read_text((const uint8_t *)hex, strlen(hex) - 2, &again, &i));
	cr_expect(!inspect_read_text(report, sizeof(report), &again, &i));
	cr_expect(!inspect_read_text((const uint8_t *)"SUdWTQ==", 8, &again, &i), "no IGVM file");
}

Test(inspect, refuses_what_it_does_not_know_and_lists_what_it_does)
{
	struct error err = { 0 };
	struct inspected i;

	check_refused((const uint8_t *)"", 0, ERROR_UNSUPPORTED, "the file is empty");
	check_refused(NULL, 0, ERROR_UNSUPPORTED, "the file is empty");
	inspect_read((const uint8_t *)"text\n", 5, &i, &err);
	cr_expect(strstr(err.why, "5 bytes"), "%s", err.why);
	cr_expect_str_eq(err.fix,
	                 "give one of these, in binary, base64 or hex: OVMF-style firmware images, "
	                 "IGVM files, "
	                 "Linux kernels "
	                 "(bzImage), attestation reports (1184 bytes), ID blocks (96 bytes), ID "
	                 "authentications (4096 bytes)");
}

Test(inspect, says_of_damaged_files_what_their_reader_says)
{
	struct image_spec image = image_default();
	struct bzimage_spec kernel = bzimage_default();
	auto_blob struct blob f = BLOB_NONE, k = BLOB_NONE;
	uint8_t report[REPORT_SIZE];

	image.fault = IMAGE_SIGNATURE;
	f = image_make(&image);
	check_refused(f.data, f.size, ERROR_BAD_FIRMWARE, "does not begin with 'ASEV'");
	kernel.fault = BZIMAGE_CUT;
	k = bzimage_make(&kernel);
	check_refused(k.data, k.size, ERROR_BAD_VALUE, "the kernel is cut short");
	check_refused(k.data, 0x210, ERROR_BAD_VALUE, "its setup header ends at");
	report_make(1, report);
	check_refused(report, sizeof(report), ERROR_UNSUPPORTED, "has version 1");
}

/* OVMF.fd begins with variables, OVMF_CODE.fd with code; both are firmware volumes. */
Test(inspect, knows_a_firmware_that_lost_its_end)
{
	uint8_t bytes[8192] = { 0 };

	check_refused(bytes, sizeof(bytes), ERROR_UNSUPPORTED, "unknown file type");
	memcpy(bytes + 0x28, "_FVH", 4);
	check_refused(bytes, sizeof(bytes), ERROR_BAD_FIRMWARE, "no table ahead of its end");
	check_refused(bytes, 0x2c, ERROR_BAD_FIRMWARE, "not whole 4 KiB pages");
	check_refused(bytes, 0x2b, ERROR_UNSUPPORTED, "unknown file type");
}
