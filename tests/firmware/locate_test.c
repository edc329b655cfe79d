/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/locate_test.c: instruction pointers in an image, in a volume that was decompressed
 * into memory, and in a driver that was loaded there.
 */
#include "firmware/locate.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "firmware/fv.h"
#include "tests/make/elf.h"
#include "tests/make/le.h"
#include "tests/make/volume.h"

#define RAM_AT   0x800000
#define RAM_SIZE 0x40000
#define PEI_AT   0x802000               /* a volume in memory */
#define DXE_AT   0x810000               /* a driver in memory */
#define BASE_AT  (0x78 + 24)            /* of the image base in a header of pe_put() */
#define MODULE   (VOLUME_HEAD + 24 + 4) /* the first module of a volume without alignment */

static struct {
	struct buffer image;
	uint8_t ram[RAM_SIZE];
} guest;

static const uint8_t *look(void *self, uint64_t gpa, uint64_t size)
{
	(void)self;
	return gpa >= RAM_AT && size <= RAM_SIZE && gpa - RAM_AT <= RAM_SIZE - size
	               ? guest.ram + (gpa - RAM_AT)
	               : NULL;
}

/* A volume of one module. */
static void module_volume(struct buffer *to, const char name[static 16], bool te, const char *path,
                          const char *ui)
{
	auto_buffer struct buffer pe = { 0 }, sections = { 0 }, files = { 0 };

	pe_put(&pe, te, path);
	section_put(&sections, te ? 0x12 : 0x10, "", 0, pe.data, pe.size);
	if (ui)
		section_text_put(&sections, 0x15, ui);
	file_put(&files, guid_sec, 7, VOLUME_FILE_VALID, sections.data, sections.size);
	volume_put(to, name, &files, 64);
}

/* The image is SECFV behind a compressed volume of a driver; both have code at RVA 0x200. */
static void setup(void)
{
	auto_buffer struct buffer dxe = { 0 }, pei = { 0 }, sections = { 0 }, outer = { 0 };
	auto_buffer struct buffer raw = { 0 }, pe = { 0 };

	module_volume(&dxe, guid_dxefv, false, "/edk2/DriverDxe.dll", "Driver");
	section_put(&sections, FV_SECTION_VOLUME, "", 0, dxe.data, dxe.size);
	section_lzma_put(&outer, &sections);
	file_put(&raw, "CCCC11112222333", FV_FILE_VOLUME_IMAGE, VOLUME_FILE_VALID, outer.data,
	         outer.size);
	volume_put(&guest.image, guid_compact, &raw, 256);
	guest.image.size = guest.image.size / 0x1000 * 0x1000 + 0x1000;
	guest.image.data = realloc(guest.image.data, guest.image.size);
	guest.image.cap = guest.image.size;
	module_volume(&guest.image, guid_secfv, false, "/edk2/SecMain.dll", NULL);

	module_volume(&pei, guid_secfv, true, "/edk2/PlatformPei.dll", NULL);
	memcpy(guest.ram + PEI_AT - RAM_AT, pei.data, pei.size);
	pe_put(&pe, false, "/edk2/DriverDxe.dll");
	memcpy(guest.ram + DXE_AT - RAM_AT, pe.data, pe.size);
	le_put(guest.ram + DXE_AT - RAM_AT + BASE_AT, DXE_AT, 8);
}

static void teardown(void)
{
	buffer_fini(&guest.image);
}

TestSuite(locate, .init = setup, .fini = teardown);

static const char *where(uint64_t rip, const char *symbols)
{
	const struct locate_in in = { guest.image.data, guest.image.size, look, NULL, symbols };
	static char text[512];
	struct located l;

	if (!locate(&in, rip, &l))
		return "nowhere";
	located_text(&l, text, sizeof(text));
	return text;
}

Test(locate, an_instruction_is_told_by_volume_driver_and_offset)
{
	uint64_t end = (uint64_t)1 << 32;
	size_t sec = 0x1000;
	const struct {
		uint64_t rip;
		const char *text;
	} rows[] = {
		{ end - guest.image.size + sec + MODULE + 0x210, "SECFV, SecMain +0x210" },
		{ end - guest.image.size + sec + 0x10, "SECFV +0x10" },
		{ end - guest.image.size - 1, "nowhere" },
		{ end, "nowhere" },
		/* a TE image is shorter by its header, but offsets are those of its PE image */
		{ PEI_AT + MODULE + 0x210 - (0x200 - 80 - 40), "SECFV, PlatformPei +0x210" },
		{ DXE_AT + 0x210, "FVMAIN_COMPACT/DXEFV, Driver +0x210" },
		{ DXE_AT + 0x3ff, "FVMAIN_COMPACT/DXEFV, Driver +0x3ff" },
		{ DXE_AT + 0x400, "nowhere" },
		{ DXE_AT - 1, "nowhere" },
		{ 0, "nowhere" },
		{ UINT64_MAX, "nowhere" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_str_eq(where(rows[i].rip, NULL), rows[i].text, "row %zu: %s", i,
		                 where(rows[i].rip, NULL));
}

Test(locate, a_driver_that_is_not_in_the_image_has_the_name_of_its_debug_file)
{
	uint8_t *driver = guest.ram + DXE_AT - RAM_AT;

	driver[0x78 + 16] ^= 4; /* the entry point */
	cr_assert_str_eq(where(DXE_AT + 0x210, NULL), "DriverDxe +0x210");
	memset(driver + 0x340, 0, 4); /* the signature of its debug entry */
	cr_assert_str_eq(where(DXE_AT + 0x210, NULL), "a module without a name +0x210");
}

Test(locate, headers_in_memory_may_lie)
{
	uint8_t *driver = guest.ram + DXE_AT - RAM_AT, *volume = guest.ram + PEI_AT - RAM_AT;

	for (size_t at = 0; at < 0x400; at++) {
		uint8_t was = driver[at], old = volume[at];

		driver[at] ^= 0xff;
		volume[at] ^= 0xff;
		where(DXE_AT + 0x210, NULL);
		where(PEI_AT + MODULE + 0x100, NULL);
		driver[at] = was;
		volume[at] = old;
	}
	le_put(driver + 0x78 + 56, UINT32_MAX, 4); /* size in memory */
	cr_assert_str_eq(where(DXE_AT + 0x210, NULL), "nowhere");
}

Test(locate, a_debug_file_names_the_function)
{
	static const struct elf_symbol symbols[] = { { "DriverEntry", 0x1210, STT_FUNC, 1 },
		                                     { 0 } };
	static const char *const names[] = { "Driver", "DriverDxe", "PlatformPei" };
	char dir[] = "/tmp/snpvmm-locate-XXXXXX", path[64];
	auto_buffer struct buffer elf = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	elf_put(&elf, 0x1200, symbols);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s.debug", dir, names[i]);
		cr_assert_not_null(f = fopen(path, "w"));
		fwrite(elf.data, 1, elf.size, f);
		fclose(f);
		if (i == 2) {
			cr_expect_str_eq(where(PEI_AT + MODULE + 0x214 - (0x200 - 80 - 40), dir),
			                 "SECFV, PlatformPei +0x214 (DriverEntry+0x4)");
			cr_expect_str_eq(where(PEI_AT + 0x10, dir), "SECFV +0x10");
		} else {
			cr_expect_str_eq(where(DXE_AT + 0x214, dir),
			                 "FVMAIN_COMPACT/DXEFV, Driver +0x214 (DriverEntry+0x4)");
		}
		unlink(path);
	}
	rmdir(dir);
}
