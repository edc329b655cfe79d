/* SPDX-License-Identifier: MIT */
/*
 * tests/base/filekind_test.c: each kind of file is told from the others, and refused where it is
 * out of place.
 */
#include "core/base/filekind.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"

#define ROOM 0x9000

/* A file of zeros but for one mark. */
static const uint8_t *with(size_t at, const char *mark, size_t size)
{
	static uint8_t file[ROOM];

	memset(file, 0, sizeof(file));
	memcpy(file + at, mark, size);
	return file;
}

static void check_name(const uint8_t *bytes, size_t size, const char *want)
{
	const struct file_kind *k = file_kind_of(bytes, size);

	cr_expect_str_eq(k ? k->name : "none", want);
}

Test(filekind, tells_marks_apart)
{
	static const struct {
		size_t at;
		const char *mark, *name;
	} rows[] = {
		{ 0, "version https://git-lfs.github.com/spec/v1\noid sha256:0", "git-lfs" },
		{ 0, "IGVM", "igvm" },
		{ 0x202, "HdrS", "bzimage" },
		{ 0x38, "ARM\x64", "arm64-kernel" },
		{ 0x38, "RSC\x05", "riscv-kernel" },
		{ 0, "MZ", "pe" },
		{ 0, "\177ELF", "elf" },
		{ 0, "\x1f\x8b\x08", "gzip" },
		{ 0, "\x28\xb5\x2f\xfd", "zstd" },
		{ 0, "BZh9", "bzip2" },
		{ 0, "\x89LZO", "none" },
		{ 0, "\x02\x21\x4c\x18", "lz4" },
		{ 0, "\x04\x22\x4d\x18", "lz4-frame" },
		{ 0, "070701", "cpio" },
		{ 0, "hsqs", "squashfs" },
		{ 0x438, "\x53\xef", "ext4" },
		{ 257, "ustar", "tar" },
		{ 0, "PK\3\4", "zip" },
		{ 0, "!<arch>\ndebian-binary", "deb" },
		{ 0, "!<arch>\n/", "ar" },
		{ 0, "\xed\xab\xee\xdb", "rpm" },
		{ 0, "QFI\xfb", "qcow2" },
		{ 0x8001, "CD001", "iso" },
		{ 0, "-----BEGIN EC PRIVATE KEY-----", "pem" },
		{ 0x1fe, "\x55\xaa", "boot-sector" },
		{ 0, "<!DOCTYPE html>", "html" },
		{ 0, "\n <HTML>", "html" },
		{ 0x28, "_FVH", "firmware-volume" },
		{ 0, "\xd9\x01\xf5", "corim" },
		{ 0, "\xd2\x84", "cose" },
		{ ROOM - 0x30, "\xde\x82\xb5\x96\xb2\x1f\xf7\x45\xba\xea\xa3\x66\xc5\x5a\x08\x2d",
		  "ovmf" },
		{ 0, "nothing\1", "none" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_name(with(rows[i].at, rows[i].mark, strlen(rows[i].mark)), ROOM,
		           rows[i].name);
	check_name(with(0,
	                "\xfd"
	                "7zXZ\0",
	                6),
	           ROOM, "xz");
	check_name(with(0, "\x5d\0\0", 3), ROOM, "lzma");
	check_name(with(0, "\x89LZO\0\r\n\x1a\n", 9), ROOM, "lzo");
	check_name(NULL, 0, "empty");
}

/* The front of an OVMF.fd has its variables and some of its code: its end is what is missing. */
Test(filekind, tells_a_firmware_that_is_cut_short_from_a_variable_store)
{
	static const char guid[] =
		"\x8d\x2b\xf1\xff\x96\x76\x8b\x4c\xa9\x85\x27\x47\x07\x5b\x4f\x50";
	enum { STORE = 0x100 };
	static uint8_t file[STORE + 0x2c];

	memcpy(file + 16, guid, 16);
	file[0x21] = STORE >> 8;
	memcpy(file + 0x28, "_FVH", 4);
	check_name(file, STORE, "ovmf-vars");
	check_name(file, sizeof(file), "ovmf-vars");
	memcpy(file + STORE + 0x28, "_FVH", 4);
	check_name(file, sizeof(file), "firmware-volume");
	cr_expect(strstr(file_kind_of(file, sizeof(file))->fix, "cut short"));
	check_name(file, sizeof(file) - 1, "ovmf-vars");
	memset(file + 0x20, 0xff, 8);
	check_name(file, sizeof(file), "ovmf-vars");
}

/*
 * What has a mark is still itself where the file ends right behind it, and nothing one byte
 * earlier.
 */
Test(filekind, needs_the_whole_mark)
{
	check_name((const uint8_t *)"\177ELF", 4, "elf");
	check_name((const uint8_t *)"\177EL", 3, "none");
	check_name(with(0x202, "HdrS", 4), 0x206, "bzimage");
	check_name(with(0x202, "HdrS", 4), 0x205, "none");
}

Test(filekind, tells_texts_apart)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "{\"a\": 1}\n", "json" },
		{ "[1]", "json" },
		{ "{", "text" },
		{ "version: 1\n", "yaml" },
		{ "# a comment\n\nboot:\n", "yaml" },
		{ "---\na", "yaml" },
		{ "just text", "text" },
		{ "http://a", "text" },
		{ "#!/bin/sh\n", "script" },
		{ "<?xml version='1.0'?>", "xml" },
		{ "\xef\xbb\xbf<html>", "html" },
		{ "# all comment", "text" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_name((const uint8_t *)rows[i].text, strlen(rows[i].text), rows[i].name);
}

Test(filekind, takes_a_der_object_that_fills_the_file)
{
	uint8_t der[300] = { 0x30, 0x82, 0x01, 0x28, 0x30 };

	check_name(der, sizeof(der), "der");
	check_name(der, sizeof(der) - 1, "none");
	der[4] = 0x04;
	check_name(der, sizeof(der), "none");
}

/* A PE image with one section of that name, whose header lies at 0x80. */
static void pe_make(uint8_t to[static 0x400], const char *section, uint32_t at, uint32_t size)
{
	memset(to, 0, 0x400);
	memcpy(to, "MZ", 2);
	to[0x3c] = 0x80;
	memcpy(to + 0x80, "PE\0\0", 4);
	to[0x86] = 1;
	memcpy(to + 0x98, section, strlen(section));
	memcpy(to + 0xa8, &size, 4);
	memcpy(to + 0xac, &at, 4);
}

Test(filekind, knows_a_uki_by_its_section)
{
	uint8_t pe[0x400];
	size_t size;

	pe_make(pe, ".linux", 0x200, 0x200);
	check_name(pe, sizeof(pe), "uki");
	cr_expect_eq(pe_section(pe, sizeof(pe), ".linux", &size), pe + 0x200);
	cr_expect_eq(size, 0x200u);
	cr_expect_null(pe_section(pe, sizeof(pe), ".initrd", &size));
	pe_make(pe, ".text", 0x200, 0x200);
	check_name(pe, sizeof(pe), "pe");
	pe_make(pe, ".linux", 0x201, 0x200); /* past the end */
	check_name(pe, sizeof(pe), "pe");
	pe_make(pe, ".linux", 0xffffffff, 0xffffffff);
	check_name(pe, sizeof(pe), "pe");
	for (size_t n = 0; n < 0xc0; n++) { /* cut anywhere in its headers */
		pe_make(pe, ".linux", 0x10, 0x10);
		cr_expect_null(pe_section(pe, n, ".linux", &size), "of %zu bytes", n);
	}
}

Test(filekind, is_refused_where_it_is_out_of_place)
{
	static const struct {
		const char *mark;
		unsigned fits;
		const char *fix;
	} rows[] = {
		{ "version https://git-lfs.github.com/spec/v1", 0, "git lfs pull" },
		{ "\x1f\x8b\x08", ROLE_INITRD, "gunzip" },
		{ "07070", ROLE_INITRD, "boot.initrd (-i)" },
		{ "!<arch>\ndebian", 0, "dpkg-deb -x" },
		{ "IGVM", ROLE_FIRMWARE, "boot.firmware (-f)" },
		{ "\177ELF", 0, "give " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (unsigned role = ROLE_FIRMWARE; role <= ROLE_BYTES; role <<= 1) {
			struct error err = { 0 };
			const uint8_t *file = with(0, rows[i].mark, strlen(rows[i].mark));
			int r = file_kind_refuse(file, ROOM, (enum file_role)role, ERROR_BAD_VALUE,
			                         &err);

			cr_expect_eq(r, rows[i].fits & role ? 0 : -EINVAL, "row %zu", i);
			cr_expect(r == 0 || strstr(err.text, ": it looks like "), "%s", err.text);
			cr_expect(r == 0 || strstr(err.fix, rows[i].fix), "%s", err.fix);
		}
}

Test(filekind, tells_what_goes_into_a_certificate_table_and_what_is_one)
{
	static const uint8_t table[24] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
		                           0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
	static const char pem[] = "-----BEGIN CERTIFICATE-----";
	struct error err = { 0 };

	check_name(table, sizeof(table), "certs");
	cr_expect_eq(file_kind_refuse(table, sizeof(table), ROLE_CERTS, ERROR_BAD_VALUE, &err), 0);
	for (unsigned role = ROLE_FIRMWARE; role < ROLE_CERTS; role <<= 1) {
		cr_expect_lt(file_kind_refuse(table, sizeof(table), (enum file_role)role,
		                              ERROR_BAD_VALUE, &err),
		             0);
		cr_expect_str_eq(err.fix, "name it in the manifest, as snp.certs");
	}
	cr_expect_lt(file_kind_refuse((const uint8_t *)pem, strlen(pem), ROLE_CERTS,
	                              ERROR_BAD_VALUE, &err),
	             0);
	cr_expect(strstr(err.fix, "snpvmm certs"), "%s", err.fix);
}

Test(filekind, is_not_refused_where_it_is_vague_or_unknown)
{
	struct error err = { 0 };

	cr_expect_eq(file_kind_refuse((const uint8_t *)"initrd\n", 7, ROLE_INITRD, ERROR_BAD_VALUE,
	                              &err),
	             0);
	cr_expect_eq(
		file_kind_refuse((const uint8_t *)"\1\2", 2, ROLE_KERNEL, ERROR_BAD_VALUE, &err),
		0);
}
