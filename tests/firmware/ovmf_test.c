/* SPDX-License-Identifier: MIT */
/* tests/firmware/ovmf_test.c: real images, the golden vectors' images, each fault, and noise. */
#include "firmware/ovmf.h"

#include <assert.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha2.h"
#include "tests/make/image.h"
#include "tests/make/vectors.h"

#define SECTIONS_2022   "800000+9000:1 80a000+3000:1 80d000+1000:2 80e000+1000:3 80f000+11000:1"
#define SECTIONS_AMDSEV "800000+9000:1 80a000+3000:1 80d000+1000:2 80e000+1000:3 80f000+1000:4"

/* The expected layout of a known image, in the form of layout_text(). */
struct known {
	const char *path, *sha256, *layout;
};

/* Debian 12, ovmf 2022.11-6+deb12u2. */
static const struct known debian_ovmf = {
	"/usr/share/ovmf/OVMF.fd",
	"7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773",
	"at ffe00000, reset 80b004, hashes none, sections " SECTIONS_2022,
};
static const struct known debian_code = {
	"/usr/share/OVMF/OVMF_CODE.fd",
	"d9b568def24088c92f34b5479e0ed7e44d0a4d4cea8a0f5716719180bba48106",
	"at ffe20000, reset 80b004, hashes none, sections " SECTIONS_2022,
};
static const struct known debian_code_4m = {
	"/usr/share/OVMF/OVMF_CODE_4M.fd",
	"b157d97b1f69729514feb7f201d2cbe4957f23ab77920e361fe9f822ba49ca4c",
	"at ffc84000, reset 808004, hashes none, sections none",
};

/* Newer builds that Debian ships, below SNPVMM_IMAGES. */
static const struct known newer_ovmf = {
	"ovmf-2025.02.fd",
	"14954040cc754ade0c625ac3470ea46d4c14318b5b1396de4ef77090203d76db",
	"at ffc00000, reset 80b004, hashes none, sections " SECTIONS_AMDSEV " 810000+10000:1",
};
static const struct known newer_amdsev = {
	"ovmf-2026.08-amdsev.fd",
	"3e4fd0b3fe3b2dbe481c3d9e99418a034174f26cbe1f55aa212b0f18c12d2d6f",
	"at ffc00000, reset 80b004, hashes 810c00+400, sections " SECTIONS_AMDSEV
	" 811000+1f000:1 810000+1000:10",
};

/* The images of the golden vectors. */
static const struct known vector_images[] = {
	{ "fw/pub-tiny-4k.fd", "8c9123105df48349a9833d3257459819eb4ec207a8c017172ae3b415d34ba80b",
	  "at fffff000, reset fffff3c8, hashes 202000+1000, "
	  "sections 200000+1000:2 201000+1000:3 202000+1000:10" },
	{ "fw/pub-tail-12k.fd", "8ddcf3f9d14b2549c15f1d3f66b6090b663a677c7de9a1c102405f22f8810f68",
	  "at ffffd000, reset 91234, hashes 101f50+b0, sections 101000+1000:10 100000+1000:3 "
	  "ff000+1000:2 2000+2000:1 7fffe000+2000:1" },
	{ "fw/pub-amdsev-64k.fd",
	  "ee3922af733afa588d0676a81f4ba2b3e4287897905f5600432803fdea01b76b",
	  "at ffff0000, reset 80b004, hashes 810c00+400, sections " SECTIONS_AMDSEV
	  " 810000+1000:10 811000+f000:1" },
	{ "fw/pub-late-64k.fd", "09e792ccf5362e3dd78dcd3d46876c7e9d6105c5b42707b3895a00a5b7fdb2c5",
	  "at ffff0000, reset 80b004, hashes 810c00+400, sections " SECTIONS_AMDSEV
	  " 811000+1f000:1 810000+1000:10" },
	{ "fw/pub-plain-16k.fd", "3de3e02fdf12b53d3cca28af2884df40e5590b9ea4de9ba58129e1eb421fd994",
	  "at ffffc000, reset 80b004, hashes none, sections " SECTIONS_2022 },
	{ "fw/pub-noreset-4k.fd",
	  "a958f1d9d4e8c7d361edc75acba2fcb6fd0e4b89e54aee4efa25bdfe96acbc74",
	  "at fffff000, reset none, hashes none, sections 200000+1000:2 201000+1000:3" },
	{ "fw/pub-svsm-24k.bin", "8109fb45c6ccd383c7953ad654b7ac0660eb629f76a2cab62c06eb101cbc7593",
	  "at ffffa000, reset fffffff0, hashes none, "
	  "sections 0+9e000:1 9e000+1000:2 9f000+1000:3" },
};

static const char *layout_text(const struct ovmf *o, char *to, size_t size)
{
	char reset[16] = "none", hashes[32] = "none";
	int n;

	if (o->has_reset)
		snprintf(reset, sizeof(reset), "%x", o->reset_eip);
	if (o->has_hash_area)
		snprintf(hashes, sizeof(hashes), "%x+%x", o->hash_gpa, o->hash_size);
	n = snprintf(to, size, "at %llx, reset %s, hashes %s, sections%s",
	             (unsigned long long)o->gpa, reset, hashes, o->has_metadata ? "" : " none");
	for (size_t i = 0; i < o->n_sections && n < (int)size; i++)
		n += snprintf(to + n, size - (size_t)n, " %x+%x:%x", o->sections[i].gpa,
		              o->sections[i].size, o->sections[i].type);
	return to;
}

static void check_layout(const struct blob *b, const char *want)
{
	struct error err = { 0 };
	struct ovmf o;
	char text[512];

	cr_assert_eq(ovmf_parse(b->data, b->size, &o, &err), 0, "%s", err.text);
	cr_assert_eq(o.size, b->size);
	cr_assert_str_eq(layout_text(&o, text, sizeof(text)), want);
}

/* Other builds have other layouts, so the test needs exactly this file. */
static void check_known(const struct known *k, const char *path)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	if (blob_read(path, OVMF_MAX_SIZE, &b, &err) < 0)
		SKIP_ALOUD("%s", err.text);
	sha256(b.data, b.size, digest);
	if (strcmp(hex_of(digest, sizeof(digest), hex), k->sha256) != 0)
		SKIP_ALOUD("%s is of another build (sha256 %s)", path, hex);
	check_layout(&b, k->layout);
}

static void check_image(const struct known *k)
{
	char path[4096];

	check_known(k, images_path(k->path, path, sizeof(path)));
}

static int parse_made(const struct image_spec *spec, struct ovmf *ret, struct error *err)
{
	auto_blob struct blob b = image_make(spec);

	return ovmf_parse(b.data, b.size, ret, err);
}

/* It is refused with this text, a cause and a fix, and *ret is unchanged. */
static void check_refused(const uint8_t *bytes, size_t size, enum reason kind, const char *says)
{
	struct error err = { 0 };
	struct ovmf o, before;

	memset(&o, 0xa5, sizeof(o));
	before = o;
	cr_assert_eq(ovmf_parse(bytes, size, &o, &err), -EINVAL, "accepted instead of '%s'", says);
	cr_expect_eq(err.kind, kind, "%s [%s]", err.text, reason_name(err.kind));
	cr_expect(strstr(err.text, says), "says '%s' instead of '%s'", err.text, says);
	cr_expect(err.fix[0], "'%s' without a fix", err.text);
	cr_expect(err.why[0] || strstr(err.text, "IGVM") || strstr(err.text, "looks like"),
	          "'%s' without a why", err.text);
	cr_expect_arr_eq(&o, &before, sizeof(o));
}

Test(ovmf, reads_debians_whole_image)
{
	check_known(&debian_ovmf, debian_ovmf.path);
}

Test(ovmf, reads_debians_code_image)
{
	check_known(&debian_code, debian_code.path);
}

Test(ovmf, reads_debians_4m_image_and_says_it_has_no_metadata)
{
	check_known(&debian_code_4m, debian_code_4m.path);
}

Test(ovmf, reads_a_newer_image_without_a_hash_page)
{
	check_image(&newer_ovmf);
}

Test(ovmf, reads_a_newer_amdsev_image_in_its_own_order)
{
	check_image(&newer_amdsev);
}

Test(ovmf, reads_every_image_of_the_golden_vectors)
{
	char path[4096];

	for (size_t i = 0; i < ARRAY_SIZE(vector_images); i++)
		check_known(&vector_images[i],
		            vectors_path(vector_images[i].path, path, sizeof(path)));
}

Test(ovmf, reads_an_image_made_here_as_it_was_described)
{
	struct image_spec spec = image_default();
	auto_blob struct blob b = image_make(&spec);

	check_layout(&b, "at ffff0000, reset 80b004, hashes 810c00+400, sections " SECTIONS_AMDSEV
	                 " 810000+1000:10 811000+f000:1");
}

Test(ovmf, says_what_is_missing_instead_of_refusing)
{
	struct image_spec spec = { .size = 4096 };
	auto_blob struct blob b = image_make(&spec);

	check_layout(&b, "at fffff000, reset none, hashes none, sections none");
}

Test(ovmf, takes_a_hash_area_of_zero_for_none_and_tells_a_reset_block_of_zero)
{
	struct image_spec spec = {
		.size = 4096, .reset = true, .hash_area = true, .hash_size = 0x400
	};
	auto_blob struct blob b = image_make(&spec);

	check_layout(&b, "at fffff000, reset 0, hashes none, sections none");
}

Test(ovmf, keeps_sections_with_numbers_it_does_not_know)
{
	struct image_spec spec = image_default();
	struct error err = { 0 };
	struct ovmf o;

	spec.sections[6].type = 0xfeedface;
	cr_assert_eq(parse_made(&spec, &o, &err), 0, "%s", err.text);
	cr_assert_eq(o.sections[6].type, 0xfeedface);
}

Test(ovmf, takes_two_secrets_sections_and_leaves_judgement_to_the_plan)
{
	struct image_spec spec = image_default();
	struct error err = { 0 };
	struct ovmf o;

	spec.sections[3].type = OVMF_SECRETS;
	cr_assert_eq(parse_made(&spec, &o, &err), 0, "%s", err.text);
}

Test(ovmf, accepts_as_many_sections_as_it_has_room_for)
{
	struct image_spec spec = image_default();
	struct error err = { 0 };
	struct ovmf o;

	spec.n_sections = OVMF_MAX_SECTIONS;
	for (uint32_t i = 0; i < OVMF_MAX_SECTIONS; i++)
		spec.sections[i] = (struct ovmf_section){ 0x800000 + i * 0x1000, 0x1000, 1 };
	cr_assert_eq(parse_made(&spec, &o, &err), 0, "%s", err.text);
	cr_assert_eq(o.n_sections, OVMF_MAX_SECTIONS);
	cr_assert_eq(o.sections[63].gpa, 0x83f000);
}

Test(ovmf, accepts_sections_that_only_touch_each_other_and_the_image)
{
	struct image_spec spec = image_default();
	struct error err = { 0 };
	struct ovmf o;

	spec.sections[0] = (struct ovmf_section){ 0xefff0000, 256 << 20, 1 };
	cr_assert_eq(parse_made(&spec, &o, &err), 0, "%s", err.text);
}

static const char *const fault_sentences[IMAGE_FAULTS] = {
	[IMAGE_SOUND] = "",
	[IMAGE_NO_FOOTER] = "not an OVMF-style image: no table ahead of its end",
	[IMAGE_FOOTER_SHORT] = "the footer table of 17 bytes is too short",
	[IMAGE_FOOTER_PAST_START] = "the footer table of 65535 bytes runs past the image's start",
	[IMAGE_FOOTER_LEFTOVER] = "runs past the table",
	[IMAGE_ENTRY_SHORT] = "the footer table's entry that ends at 0xffce is too short",
	[IMAGE_ENTRY_PAST_TABLE] =
		"the footer table's entry that ends at 0xffce runs past the table",
	[IMAGE_RESET_TWICE] = "two entries 'SEV-ES reset block'",
	[IMAGE_HASH_AREA_TWICE] = "two entries 'SEV hash table area'",
	[IMAGE_METADATA_TWICE] = "two entries 'SEV metadata'",
	[IMAGE_RESET_LENGTH] = "'SEV-ES reset block' has 5 bytes of data instead of 4",
	[IMAGE_HASH_AREA_LENGTH] = "'SEV hash table area' has 9 bytes of data instead of 8",
	[IMAGE_METADATA_LENGTH] = "'SEV metadata' has 5 bytes of data instead of 4",
	[IMAGE_HASH_AREA_ON_TWO_PAGES] = "0x810c01 (0x400 bytes) does not lie within one page",
	[IMAGE_METADATA_PAST_START] =
		"65552 bytes before the end, which is outside the image of 65536",
	[IMAGE_METADATA_PAST_END] = "15 bytes before the end, which is outside",
	[IMAGE_METADATA_CUT] = "0xfff0 (100 bytes) runs past the image's end",
	[IMAGE_SIGNATURE] = "0xf800 does not begin with 'ASEV'",
	[IMAGE_VERSION] = "version 2; only version 1 is known",
	[IMAGE_LENGTH_DIFFERS] = "length as 99, but 7 sections take 100",
	[IMAGE_COUNT_DIFFERS] = "length as 100, but 6 sections take 88",
	[IMAGE_COUNT_TOO_LARGE] = "65 sections; at most 64",
	[IMAGE_COUNT_WRAPS] = "1073741824 sections; at most 64",
	[IMAGE_SECTION_EMPTY] = "section 0 ('sec mem', 0x800000+0x0) is empty",
	[IMAGE_SECTION_UNALIGNED] = "section 0 ('sec mem', 0x7ff800+0x9000) is not whole 4 KiB",
	[IMAGE_SECTION_ODD_SIZE] = "section 0 ('sec mem', 0x800000+0x8fff) is not whole 4 KiB",
	[IMAGE_SECTION_WRAPS] = "section 0 ('sec mem', 0xfffff000+0x9000) runs past 4 GiB",
	[IMAGE_SECTION_HUGE] = "section 0 ('sec mem', 0x1000000+0x10001000) is larger than 256 MiB",
	[IMAGE_SECTIONS_OVERLAP] = "section 0 ('sec mem', 0x800000+0x9000) overlaps section 1 "
				   "('sec mem', 0x808000+0x3000)",
	[IMAGE_SECTION_IN_FIRMWARE] = "section 0 ('sec mem', 0xfffe8000+0x9000) overlaps the "
				      "firmware image at 0xffff0000+0x10000",
};

Test(ovmf, refuses_each_fault_with_its_own_sentence)
{
	for (int f = IMAGE_SOUND + 1; f < IMAGE_FAULTS; f++) {
		struct image_spec spec = image_default();
		auto_blob struct blob b = BLOB_NONE;

		spec.fault = (enum image_fault)f;
		b = image_make(&spec);
		cr_assert(fault_sentences[f], "fault %d has no sentence", f);
		check_refused(b.data, b.size, ERROR_BAD_FIRMWARE, fault_sentences[f]);
	}
}

Test(ovmf, refuses_an_overlap_whichever_section_comes_first)
{
	struct image_spec spec = image_default();
	auto_blob struct blob b = BLOB_NONE;

	spec.sections[6] = (struct ovmf_section){ 0x7ff000, 0x2000, OVMF_SEC_MEM };
	b = image_make(&spec);
	check_refused(b.data, b.size, ERROR_BAD_FIRMWARE,
	              "section 0 ('sec mem', 0x800000+0x9000) overlaps section 6");
}

Test(ovmf, refuses_sizes_that_no_image_can_have)
{
	auto_blob struct blob large = BLOB_NONE;
	struct image_spec spec = image_default();

	check_refused(NULL, 0, ERROR_BAD_FIRMWARE, "the firmware image is empty");
	check_refused((const uint8_t *)"a", 1, ERROR_BAD_FIRMWARE, "of 1 bytes is not whole");
	spec.size = 0x10800;
	large = image_make(&spec);
	check_refused(large.data, large.size, ERROR_BAD_FIRMWARE, "of 67584 bytes is not whole");
	blob_fini(&large);
	spec.size = OVMF_MAX_SIZE + 4096;
	large = image_make(&spec);
	check_refused(large.data, large.size, ERROR_BAD_FIRMWARE, "is too large: at most 16 MiB");
}

Test(ovmf, accepts_the_largest_image)
{
	struct image_spec spec = image_default();
	struct error err = { 0 };
	struct ovmf o;

	spec.size = OVMF_MAX_SIZE;
	cr_assert_eq(parse_made(&spec, &o, &err), 0, "%s", err.text);
	cr_assert_eq(o.gpa, 0xff000000);
}

Test(ovmf, says_what_another_kind_of_file_looks_like)
{
	static const struct {
		size_t at;
		const char *mark;
		enum reason kind;
		const char *says;
	} rows[] = {
		{ 0, "IGVM", ERROR_BAD_FIRMWARE, "it is an IGVM file" },
		{ 0, "\177ELF", ERROR_BAD_FIRMWARE, "looks like an ELF file" },
		{ 0, "MZ", ERROR_BAD_FIRMWARE, "looks like an EFI program" },
		{ 0x202, "HdrS", ERROR_BAD_FIRMWARE, "looks like a Linux kernel" },
		{ 0, "QFI\xfb", ERROR_BAD_FIRMWARE, "looks like a qcow2 disk" },
		{ 16, "\x8d\x2b\xf1\xff\x96\x76\x8b\x4c\xa9\x85\x27\x47\x07\x5b\x4f\x50",
		  ERROR_BAD_FIRMWARE, "looks like a variable store" },
	};
	uint8_t file[5000]; /* not whole pages, like most kernels */

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(file, 0, sizeof(file));
		memcpy(file + rows[i].at, rows[i].mark, strlen(rows[i].mark));
		check_refused(file, sizeof(file), rows[i].kind, rows[i].says);
	}
}

Test(ovmf, takes_a_kernel_with_an_efi_stub_for_a_kernel)
{
	uint8_t file[8192] = { 'M', 'Z' };

	memcpy(file + 0x202, "HdrS", 4);
	check_refused(file, sizeof(file), ERROR_BAD_FIRMWARE, "looks like a Linux kernel");
}

Test(ovmf, names_sections)
{
	cr_expect_str_eq(ovmf_section_name(OVMF_SEC_MEM), "sec mem");
	cr_expect_str_eq(ovmf_section_name(OVMF_SECRETS), "secrets");
	cr_expect_str_eq(ovmf_section_name(OVMF_CPUID), "cpuid");
	cr_expect_str_eq(ovmf_section_name(OVMF_SVSM_CAA), "svsm caa");
	cr_expect_str_eq(ovmf_section_name(OVMF_KERNEL_HASHES), "kernel hashes");
	cr_expect_str_eq(ovmf_section_name(0), "section");
	cr_expect_str_eq(ovmf_section_name(5), "section");
	cr_expect_str_eq(ovmf_section_name(UINT32_MAX), "section");
}

/*
 * Checks what is true of every accepted image. The bytes are in memory of their exact size, for
 * sanitizers.
 */
static bool parse_hostile(const uint8_t *bytes, size_t size)
{
	struct error err = { 0 };
	struct ovmf o;

	if (ovmf_parse(bytes, size, &o, &err) < 0) {
		cr_assert(err.kind != ERROR_NONE && err.text[0] && err.fix[0]);
		return false;
	}
	cr_assert_leq(o.n_sections, OVMF_MAX_SECTIONS);
	cr_assert(!o.has_hash_area || (o.hash_gpa & 0xfff) + (uint64_t)o.hash_size <= 4096);
	for (size_t i = 0; i < o.n_sections; i++) {
		uint64_t end = (uint64_t)o.sections[i].gpa + o.sections[i].size;

		cr_assert(o.sections[i].size && end <= o.gpa && end % 4096 == 0);
		for (size_t j = 0; j < i; j++)
			cr_assert(o.sections[j].gpa >= end ||
			          o.sections[i].gpa >=
			                  (uint64_t)o.sections[j].gpa + o.sections[j].size);
	}
	return true;
}

/* Parses the bytes [from, from + size) of an image. */
static bool parse_piece(const struct blob *b, size_t from, size_t size)
{
	auto_free uint8_t *piece = malloc(size ? size : 1);

	cr_assert_not_null(piece);
	memcpy(piece, b->data + from, size);
	return parse_hostile(piece, size);
}

Test(ovmf, survives_every_truncation)
{
	struct image_spec spec = image_default();
	auto_blob struct blob b = BLOB_NONE;
	size_t accepted = 0;

	spec.size = 0x3000;
	b = image_make(&spec);
	for (size_t n = 0; n <= b.size; n++) {
		accepted += parse_piece(&b, 0, n);          /* its front */
		accepted += parse_piece(&b, b.size - n, n); /* its end */
	}
	cr_assert_eq(accepted, 4, "twice the whole, and ends of one and two pages");
}

Test(ovmf, survives_twenty_thousand_flipped_bytes)
{
	struct image_spec spec = image_default();
	auto_blob struct blob b = BLOB_NONE;
	auto_free uint8_t *work = malloc(4096);
	size_t accepted = 0, from;

	spec.size = 4096;
	b = image_make(&spec);
	cr_assert_not_null(work);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t dice[9];

		image_noise(dice, sizeof(dice), i);
		memcpy(work, b.data, b.size);
		/*
		 * One to four flipped bits, half of them in the metadata and half in table and
		 * footer.
		 */
		for (unsigned j = 0; j <= dice[0] % 4u; j++) {
			from = dice[2 * j + 1] & 1 ? b.size - IMAGE_METADATA_AT : b.size - 160;
			work[from + dice[2 * j + 2] % 128] ^=
				(uint8_t)(1u << (dice[2 * j + 1] >> 5));
		}
		accepted += parse_hostile(work, b.size);
	}
	cr_assert(accepted > 1000 && accepted < 19000, "%zu accepted: the flips don't bite",
	          accepted);
}
