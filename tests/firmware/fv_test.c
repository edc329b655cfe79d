/* SPDX-License-Identifier: MIT */
/* tests/firmware/fv_test.c: volumes, files and sections, those of real images, and damaged ones. */
#include "firmware/fv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "tests/make/image.h"
#include "tests/make/le.h"
#include "tests/make/vectors.h"
#include "tests/make/volume.h"

#define GUID_A "AAAA11112222333"
#define GUID_B "BBBB11112222333"

static const struct volumes_recipe usual = { 1, 2, 64, NULL };

static struct fv read_of(const struct buffer *image)
{
	struct error err = { 0 };
	struct fv f;

	cr_assert_eq(fv_read(image->data, image->size, &f, &err), 0);
	return f;
}

/* The file with that name; it must be there. */
static const struct fv_file *file_named(const struct fv *f, const char *name)
{
	for (size_t i = 0; i < f->n_files; i++)
		if (strcmp(f->files[i].name, name) == 0)
			return &f->files[i];
	cr_assert_fail("no file '%s'", name);
	return NULL;
}

Test(fv, volumes_and_files_are_found_also_in_a_compressed_section)
{
	auto_buffer struct buffer image = volumes_make(&usual);
	auto_fv struct fv f = read_of(&image);
	const struct fv_file *first = file_named(&f, "FirstDxe"), *sec = file_named(&f, "SecMain");
	char path[128], guid[GUID_TEXT];

	cr_assert_eq(f.n_faults, 0);
	cr_assert_eq(f.n_volumes, 3);
	cr_assert_eq(f.n_spaces, 2);
	cr_assert_eq(f.volumes[0].at, VOLUMES_MAIN_AT);
	cr_assert_eq(f.volumes[1].at, VOLUMES_SEC_AT);
	cr_assert_str_eq(f.volumes[1].name, "SECFV");
	cr_assert(f.volumes[0].checksum_ok && f.volumes[2].checksum_ok);
	fv_path(&f, 2, path, sizeof(path));
	cr_assert_str_eq(path, "FVMAIN_COMPACT/DXEFV");
	cr_assert_eq(f.volumes[2].n_files, 4);
	cr_assert_eq(first->volume, 2);
	cr_assert_eq(first->type, FV_FILE_DRIVER);
	cr_assert_str_eq(first->version, "1.2");
	cr_assert(first->header_ok && first->data_ok && !first->deleted);
	/* without a section that names it: by its GUID, which is known or not */
	cr_assert_str_eq(sec->version, "3");
	cr_assert_str_eq(f.files[f.volumes[2].first_file + 2].name, "");
	cr_assert_str_eq(fv_file_name(&f.files[f.volumes[2].first_file + 2], guid),
	                 "42424242-3131-3131-3232-323233333300");
	cr_assert(f.files[f.volumes[0].first_file].holds_volume);
	cr_assert_eq(fv_image_offset(&f, 1), VOLUMES_MAIN_AT + VOLUME_HEAD + 24);
}

Test(fv, an_offset_is_told_by_volume_file_and_section)
{
	static const struct {
		size_t at;
		const char *text;
	} rows[] = {
		{ VOLUMES_SEC_AT, "SECFV, outside its files +0x0" },
		{ VOLUMES_SEC_AT + VOLUME_HEAD, "SECFV, SecMain +0x0" },
		{ VOLUMES_SEC_AT + VOLUME_HEAD + 24 + 3,
		  "SECFV, SecMain +0x1b" }, /* a section's header */
		{ VOLUMES_SEC_AT + VOLUME_HEAD + 24 + 4 + 0x10,
		  "SECFV, SecMain, PE32 image +0x10" },
		{ VOLUMES_MAIN_AT + VOLUME_HEAD + 24 + 24 + 5,
		  "FVMAIN_COMPACT, 43434343-3131-3131-3232-323233333300, LZMA +0x5" },
	};
	auto_buffer struct buffer image = volumes_make(&usual);
	auto_fv struct fv f = read_of(&image);
	const struct fv_file *first = file_named(&f, "FirstDxe");
	struct fv_where w;
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert(fv_where(&f, 0, rows[i].at, &w));
		fv_where_text(&f, &w, text, sizeof(text));
		cr_expect_str_eq(text, rows[i].text);
	}
	cr_assert_not(fv_where(&f, 0, VOLUMES_MAIN_AT - 1, &w));
	cr_assert_not(fv_where(&f, 0, VOLUMES_SIZE, &w));
	cr_assert(fv_where(&f, 1, first->at + 24 + 4 + 2, &w));
	fv_where_text(&f, &w, text, sizeof(text));
	cr_assert_str_eq(text, "FVMAIN_COMPACT/DXEFV, FirstDxe, PE32 image +0x2");
	/* what is too long is cut, and ends */
	cr_assert_eq(fv_where_text(&f, &w, text, 10), 9);
	cr_assert_str_eq(text, "FVMAIN_CO");
}

struct changes {
	const struct fv *a, *b;
	char text[512];
};

static void change_add(void *self, const struct fv_difference *d)
{
	static const char *const words[] = { "changed", "added", "removed" };
	struct changes *c = self;
	const struct fv *f = d->volume_b == FV_NONE ? c->a : c->b;
	size_t file = d->volume_b == FV_NONE ? d->file_a : d->file_b;
	size_t n = strlen(c->text);
	char guid[GUID_TEXT];

	snprintf(c->text + n, sizeof(c->text) - n, "%s %s;", words[d->change],
	         file == FV_NONE ? f->volumes[d->volume_a].name
	                         : fv_file_name(&f->files[file], guid));
}

static const char *changes_of(const struct buffer *a, const struct buffer *b, struct changes *c)
{
	auto_fv struct fv fa = read_of(a), fb = read_of(b);
	struct error err = { 0 };

	*c = (struct changes){ .a = &fa, .b = &fb };
	cr_assert_eq(fv_compare(&fa, &fb, change_add, c, &err), 0);
	return c->text;
}

Test(fv, images_are_compared_file_by_file)
{
	static const struct {
		struct volumes_recipe how;
		const char *changes;
	} rows[] = {
		{ { 1, 2, 64, NULL }, "" },
		{ { 9, 2, 64, NULL }, "changed FirstDxe;" },
		{ { 1, 9, 64, NULL }, "changed 42424242-3131-3131-3232-323233333300;" },
		{ { 1, 0, 64, NULL }, "removed 42424242-3131-3131-3232-323233333300;" },
		{ { 0, 9, 64, NULL },
		  "changed 42424242-3131-3131-3232-323233333300;removed FirstDxe;" },
		/* the same files, in a volume that is larger */
		{ { 1, 2, 128, NULL }, "changed 43434343-3131-3131-3232-323233333300;" },
	};
	auto_buffer struct buffer image = volumes_make(&usual);
	struct changes c;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer struct buffer other = volumes_make(&rows[i].how);

		cr_expect_str_eq(changes_of(&image, &other, &c), rows[i].changes);
	}
	const struct volumes_recipe without = { 0, 2, 64, NULL };
	auto_buffer struct buffer smaller = volumes_make(&without);
	cr_assert_str_eq(changes_of(&smaller, &image, &c), "added FirstDxe;");
}

/* A volume of one file with these sections. */
static struct buffer volume_of(const struct buffer *sections)
{
	struct buffer image = { 0 };
	auto_buffer struct buffer files = { 0 };

	file_put(&files, GUID_A, FV_FILE_DRIVER, VOLUME_FILE_VALID, sections->data, sections->size);
	volume_put(&image, guid_dxefv, &files, 64);
	return image;
}

Test(fv, a_module_without_a_name_has_that_of_its_debug_file)
{
	static const struct {
		const char *path, *name;
	} rows[] = {
		{ "/build/edk2/X64/OvmfPkg/Sec/SecMain/DEBUG/SecMain.dll", "SecMain" },
		{ "c:\\edk2\\Build\\PlatformPei.pdb", "PlatformPei" },
		{ "Plain", "Plain" },
		{ "/build/\x1b[1mRed.dll", "\xef\xbf\xbd[1mRed" },
		{ "/build/", "" },
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		auto_buffer struct buffer pe = { 0 }, sections = { 0 };

		pe_put(&pe, i % 2, rows[i / 2].path);
		section_put(&sections, i % 2 ? FV_SECTION_TE : FV_SECTION_PE32, "", 0, pe.data,
		            pe.size);
		auto_buffer struct buffer image = volume_of(&sections);
		auto_fv struct fv f = read_of(&image);

		cr_assert_eq(f.n_files, 1);
		cr_expect_str_eq(f.files[0].name, rows[i / 2].name);
	}
}

Test(fv, a_files_state_says_whether_it_is_there)
{
	static const struct {
		uint8_t state;
		size_t files;
		bool deleted;
	} rows[] = {
		{ 0x07, 2, false },
		{ 0x0f, 2, false }, /* marked for update */
		{ 0x1f, 2, true },
		{ 0x03, 2, true }, /* its data was never finished */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer struct buffer files = { 0 }, image = { 0 };

		file_put(&files, GUID_A, FV_FILE_RAW, rows[i].state, "first", 5);
		file_put(&files, GUID_B, FV_FILE_RAW, VOLUME_FILE_VALID, "second", 6);
		volume_put(&image, guid_dxefv, &files, 64);
		auto_fv struct fv f = read_of(&image);
		cr_assert_eq(f.n_files, rows[i].files);
		cr_assert_eq(f.files[0].deleted, rows[i].deleted);
	}
	/* an invalid header has no size: the next one follows it */
	auto_buffer struct buffer files = { 0 }, image = { 0 };
	file_put(&files, GUID_A, FV_FILE_RAW, 0x23, "", 0);
	file_put(&files, GUID_B, FV_FILE_RAW, VOLUME_FILE_VALID, "second", 6);
	volume_put(&image, guid_dxefv, &files, 64);
	auto_fv struct fv f = read_of(&image);
	cr_assert_eq(f.n_files, 1);
	cr_assert_eq(memcmp(f.files[0].guid, GUID_B, 16), 0);
}

/* FFS3 has files of 16 MiB and more, whose size is behind the usual header. */
Test(fv, a_large_file_has_its_size_elsewhere)
{
	static const char ffs3[] =
		"\x7a\xc0\x73\x54\xcb\x3d\xca\x4d\xbd\x6f\x1e\x96\x89\xe7\x34\x9a";
	auto_buffer struct buffer files = { 0 }, image = { 0 };
	uint8_t content[8 + 20] = { 0 };

	le_put(content, 24 + sizeof(content), 8);
	file_put(&files, GUID_A, FV_FILE_RAW, VOLUME_FILE_VALID, content, sizeof(content));
	file_put(&files, GUID_B, FV_FILE_RAW, VOLUME_FILE_VALID, "second", 6);
	volume_put(&image, guid_dxefv, &files, 64);
	image.data[VOLUME_HEAD + 19] |= 1;           /* it is large */
	le_put(image.data + VOLUME_HEAD + 20, 0, 3); /* and has no other size */
	memcpy(image.data + 16, ffs3, 16);
	auto_fv struct fv f = read_of(&image);
	cr_assert_eq(f.n_faults, 0);
	cr_assert_eq(f.n_files, 2);
	cr_assert_eq(f.files[0].header, 32);
	cr_assert_eq(f.files[0].size, 24 + sizeof(content));
	/* in FFS2 the attribute means nothing */
	memcpy(image.data + 16, "\x78\xe5\x8c\x8c\x3d\x8a\x1c\x4f\x99\x35\x89\x61\x85\xc3\x2d\xd3",
	       16);
	auto_fv struct fv g = read_of(&image);
	cr_assert_eq(g.n_files, 0);
	cr_assert_eq(g.n_faults, 1);
	/* and sizes that wrap are refused */
	memcpy(image.data + 16, ffs3, 16);
	le_put(image.data + VOLUME_HEAD + 24, UINT64_MAX, 8);
	auto_fv struct fv h = read_of(&image);
	cr_assert_eq(h.n_files, 0);
	cr_assert_eq(h.n_faults, 1);
}

Test(fv, sections_that_cannot_be_opened_are_shown_as_they_are)
{
	static const char brotli[] =
		"\x50\x20\x53\x3d\xda\x5c\xd0\x4f\x87\x9e\x0f\x7f\x63\x0d\x5a\xfb";
	static const char crc32[] =
		"\xb0\xcd\x1b\xfc\x31\x7d\xaa\x49\x93\x6a\xa4\x60\x0d\x9d\xd0\x83";
	auto_buffer struct buffer name = { 0 }, sections = { 0 };

	section_text_put(&name, FV_SECTION_UI, "Inside");
	section_guided_put(&sections, brotli, true, &name);
	section_put(&sections, FV_SECTION_COMPRESSED, "\x10\0\0\0\1", 5, name.data, name.size);
	auto_buffer struct buffer hidden = volume_of(&sections);
	auto_fv struct fv f = read_of(&hidden);
	cr_assert(f.files[0].packed);
	cr_assert_str_eq(f.files[0].name, "");
	cr_assert_eq(f.n_sections, 2);
	cr_assert_str_eq(fv_section_kind(&f.sections[0]), "Brotli");
	cr_assert_str_eq(fv_section_kind(&f.sections[1]), "compressed");

	/* signed, or not compressed after all: the content is there */
	for (int i = 0; i < 3; i++) {
		auto_buffer struct buffer open = { 0 };

		if (i == 0)
			section_guided_put(&open, crc32, false, &name);
		else
			section_put(&open, i == 1 ? FV_SECTION_COMPRESSED : FV_SECTION_DISPOSABLE,
			            "\x10\0\0\0\0", i == 1 ? 5 : 0, name.data, name.size);
		auto_buffer struct buffer shown = volume_of(&open);
		auto_fv struct fv g = read_of(&shown);
		cr_expect_str_eq(g.files[0].name, "Inside", "%d", i);
		cr_expect_not(g.files[0].packed);
	}
}

/* --- damage --- */

Test(fv, damage_is_told_and_reading_goes_on)
{
	enum { FILE_AT = VOLUME_HEAD, SECTION_AT = FILE_AT + 24 };
	static const struct {
		size_t at, width;
		uint64_t value;
		size_t volumes, files, faults;
	} rows[] = {
		{ 32, 8, 0, 0, 0, 0 },               /* the volume's size */
		{ 32, 8, UINT64_MAX, 1, 2, 1 },      /* it wraps */
		{ 32, 8, 0x100000, 1, 2, 1 },        /* it is beyond the image */
		{ 32, 8, 72, 1, 0, 1 },              /* it holds nothing */
		{ 40, 1, 'X', 0, 0, 0 },             /* the signature */
		{ 48, 2, 55, 0, 0, 0 },              /* the header's size */
		{ 48, 2, 0xffff, 0, 0, 0 },          /* it is more than the volume */
		{ 50, 2, 0, 1, 2, 0 },               /* the checksum is shown, not trusted */
		{ 52, 2, 0xfff0, 1, 2, 1 },          /* the extended header */
		{ 55, 1, 3, 0, 0, 0 },               /* the revision */
		{ 72 + 16, 4, 0, 1, 2, 1 },          /* the extended header's size */
		{ 72 + 16, 4, UINT32_MAX, 1, 2, 1 }, /* it wraps */
		{ FILE_AT + 20, 3, 0, 1, 0, 1 },     /* the file's size */
		{ FILE_AT + 20, 3, 23, 1, 0, 1 },    /* it is less than its header */
		{ FILE_AT + 20, 3, 0xffffff, 1, 0, 1 },
		{ FILE_AT + 20, 3, 25, 1, 1, 1 }, /* the next header is not where it was */
		{ SECTION_AT, 3, 0, 1, 2, 1 },    /* the section's size */
		{ SECTION_AT, 3, 3, 1, 2, 1 },
		{ SECTION_AT, 3, 0x1000, 1, 2, 1 },
		{ SECTION_AT, 3, 0xffffff, 1, 2, 1 }, /* its large size is elsewhere */
	};
	auto_buffer struct buffer files = { 0 }, sound = { 0 };

	module_put(&files, GUID_A, "First", NULL, 1);
	module_put(&files, GUID_B, "Second", NULL, 2);
	volume_put(&sound, guid_dxefv, &files, 64);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer struct buffer image = { 0 };
		struct fv f;

		buffer_add(&image, sound.data, sound.size);
		le_put(image.data + rows[i].at, rows[i].value, rows[i].width);
		f = read_of(&image);
		cr_expect_eq(f.n_volumes, rows[i].volumes, "row %zu: %zu volumes", i, f.n_volumes);
		cr_expect_eq(f.n_files, rows[i].files, "row %zu: %zu files", i, f.n_files);
		cr_expect_eq(f.n_faults, rows[i].faults, "row %zu: %zu faults", i, f.n_faults);
		fv_fini(&f);
	}
}

Test(fv, nesting_ends)
{
	auto_buffer struct buffer inner = { 0 };

	section_text_put(&inner, FV_SECTION_UI, "Deep");
	for (int i = 0; i < 40; i++) {
		struct buffer outer = { 0 };

		section_put(&outer, FV_SECTION_DISPOSABLE, "", 0, inner.data, inner.size);
		buffer_fini(&inner);
		inner = outer;
	}
	auto_buffer struct buffer image = volume_of(&inner);
	auto_fv struct fv f = read_of(&image);
	cr_assert_eq(f.n_faults, 1);
	cr_assert_eq(f.n_sections, FV_MAX_DEPTH);
	cr_assert_str_eq(f.files[0].name, "");
}

Test(fv, lists_have_an_end)
{
	auto_buffer struct buffer files = { 0 }, image = { 0 }, sections = { 0 };

	for (size_t i = 0; i < FV_MAX_FILES + 5; i++)
		file_put(&files, GUID_A, FV_FILE_RAW, VOLUME_FILE_VALID, "", 0);
	volume_put(&image, guid_dxefv, &files, 0);
	auto_fv struct fv f = read_of(&image);
	cr_assert_eq(f.n_files, FV_MAX_FILES);
	cr_assert_eq(f.n_faults, 1);

	for (size_t i = 0; i < FV_MAX_SECTIONS + 5; i++)
		section_put(&sections, FV_SECTION_RAW, "", 0, "", 0);
	auto_buffer struct buffer wide = volume_of(&sections);
	auto_fv struct fv g = read_of(&wide);
	cr_assert_eq(g.n_sections, FV_MAX_SECTIONS);
	cr_assert_eq(g.n_faults, 1);
}

/* The n-th byte of the .lzma header, which follows those of volume, file and section. */
#define LZMA_AT (VOLUME_HEAD + 24 + 24)

Test(fv, a_compressed_section_cannot_claim_what_it_likes)
{
	static const struct {
		size_t at, width;
		uint64_t value;
		const char *fault;
	} rows[] = {
		{ LZMA_AT + 5, 8, UINT64_MAX,
		  "an LZMA section doesn't say how large its content is" },
		{ LZMA_AT + 5, 8, 0, "an LZMA section doesn't say how large its content is" },
		{ LZMA_AT + 5, 8, FV_MAX_UNPACKED + 1,
		  "an LZMA section holds more than is decompressed of one image" },
		{ LZMA_AT + 5, 8, UINT64_MAX - 1,
		  "an LZMA section holds more than is decompressed of one image" },
		{ LZMA_AT + 5, 8, FV_MAX_UNPACKED, "an LZMA section is damaged" },
		{ LZMA_AT + 1, 4, 0x80000000,
		  "an LZMA section wants too much memory for its dictionary" },
		{ LZMA_AT, 1, 0xff, "an LZMA section is damaged" },
		{ LZMA_AT + 14, 4, 0, "an LZMA section is damaged" },
	};
	auto_buffer struct buffer text = { 0 }, sections = { 0 };

	section_text_put(&text, FV_SECTION_UI, "A name that is long enough to be compressed");
	section_lzma_put(&sections, &text);
	auto_buffer struct buffer sound = volume_of(&sections);
	auto_fv struct fv f = read_of(&sound);
	cr_assert_str_eq(f.files[0].name, "A name that is long enough to be compressed");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer struct buffer image = { 0 };

		buffer_add(&image, sound.data, sound.size);
		le_put(image.data + rows[i].at, rows[i].value, rows[i].width);
		auto_fv struct fv g = read_of(&image);
		cr_expect_eq(g.n_faults, 1, "row %zu", i);
		cr_expect_str_eq(g.faults[0].text, rows[i].fault, "row %zu: %s", i,
		                 g.faults[0].text);
		cr_expect(g.files[0].packed);
		cr_expect_eq(g.n_spaces, 1);
	}
}

/* Sections in sections, each of which decompresses to more: together they may take 64 MiB. */
Test(fv, bombs_share_one_allowance)
{
	auto_buffer struct buffer zeros = { 0 }, bomb = { 0 }, sections = { 0 };
	static const uint8_t zero[1 << 20];

	for (int i = 0; i < 15; i++)
		buffer_add(&zeros, zero, sizeof(zero));
	section_put(&bomb, FV_SECTION_RAW, "", 0, zeros.data, zeros.size);
	for (int i = 0; i < 6; i++)
		section_lzma_put(&sections, &bomb);
	auto_buffer struct buffer image = volume_of(&sections);
	auto_fv struct fv f = read_of(&image);
	cr_assert_eq(f.n_spaces, 5);
	cr_assert_eq(f.n_faults, 2);
	cr_assert_str_eq(f.faults[0].text,
	                 "an LZMA section holds more than is decompressed of one image");

	/* a section whose end is missing has cost as much as a sound one */
	auto_buffer struct buffer one = { 0 }, many = { 0 };
	section_lzma_put(&one, &bomb);
	le_put(one.data, one.size - 8, 3);
	for (int i = 0; i < 40; i++) {
		buffer_add(&many, "\0\0\0", many.size % 4 ? 4 - many.size % 4 : 0);
		buffer_add(&many, one.data, one.size - 8);
	}
	auto_buffer struct buffer cut = volume_of(&many);
	auto_fv struct fv g = read_of(&cut);
	cr_assert_eq(g.n_faults, 40);
	cr_assert_str_eq(g.faults[3].text, "an LZMA section is damaged");
	cr_assert_str_eq(g.faults[5].text,
	                 "an LZMA section holds more than is decompressed of one image");
}

/* --- real images; file counts and versions as other tools list them --- */

static void real_image(const char *path, size_t files, size_t drivers)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	size_t n = 0;

	if (access(path, R_OK) < 0)
		SKIP_ALOUD("%s is missing", path);
	cr_assert_eq(blob_read(path, (size_t)16 << 20, &b, &err), 0);
	struct fv f;
	cr_assert_eq(fv_read(b.data, b.size, &f, &err), 0);
	cr_expect_eq(f.n_faults, 0);
	cr_expect_eq(f.n_files, files, "%zu files", f.n_files);
	for (size_t i = 0; i < f.n_files; i++) {
		cr_expect(f.files[i].header_ok && f.files[i].data_ok);
		cr_expect(f.files[i].name[0] || f.files[i].type == FV_FILE_PAD);
		n += f.files[i].type == FV_FILE_DRIVER;
	}
	cr_expect_eq(n, drivers, "%zu drivers", n);
	cr_expect_str_eq(file_named(&f, "DxeCore")->version, "1.0");
	cr_expect_str_eq(f.volumes[file_named(&f, "SecMain")->volume].name, "SECFV");
	fv_fini(&f);
}

Test(fv, debian_12)
{
	real_image("/usr/share/ovmf/OVMF.fd", 142, 109);
}

Test(fv, debian_13)
{
	char path[4096];

	real_image(images_path("ovmf-2025.02.fd", path, sizeof(path)), 150, 115);
}

Test(fv, amdsev)
{
	char path[4096];

	real_image(images_path("ovmf-2026.08-amdsev.fd", path, sizeof(path)), 118, 83);
}
