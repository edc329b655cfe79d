/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/linux_test.c: a real kernel if there is one, made kernels, each fault, and hostile
 * numbers.
 */
#include "firmware/linux.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/firmware/linux_priv.h"
#include "tests/make/image.h"
#include "tests/make/le.h"
#include "tests/make/vectors.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* It is refused with this text and a fix, and *ret is unchanged. */
static void check_refused(const uint8_t *bytes, size_t size, enum reason kind, const char *says)
{
	struct error err = { 0 };
	struct linux_kernel k, before;

	memset(&k, 0xa5, sizeof(k));
	before = k;
	cr_assert_eq(linux_parse(bytes, size, &k, &err), -EINVAL, "accepted instead of '%s'", says);
	cr_expect_eq(err.kind, kind, "%s [%s]", err.text, reason_name(err.kind));
	cr_expect(strstr(err.text, says), "says '%s' instead of '%s'", err.text, says);
	cr_expect(err.fix[0], "'%s' without a fix", err.text);
	cr_expect_eq(memcmp(&k, &before, sizeof(k)), 0);
}

/* The suite can't be called "linux", which is a macro in GNU mode. */
Test(bzimage, reads_an_image_made_here_as_it_was_described)
{
	struct linux_kernel k = made_kernel();

	cr_expect_eq(k.setup_size, 1536);
	cr_expect_eq(k.payload_size, 8192);
	cr_expect_eq(k.pref_address, 0x1000000);
	cr_expect_eq(k.init_size, 0x400000);
	cr_expect_eq(k.kernel_alignment, 0x200000);
	cr_expect(k.relocatable);
	cr_expect_eq(k.cmdline_size, 2047);
	cr_expect_eq(k.initrd_addr_max, 0x7fffffff);
	cr_expect_eq(k.version, 0x20f);
	cr_expect_str_eq(k.release, "6.12.0-made");
}

Test(bzimage, takes_no_setup_sectors_for_four)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = BLOB_NONE;

	spec.setup_sects = 0;
	b = bzimage_make(&spec);
	cr_expect_eq(parsed(&b).setup_size, 5 * 512);
	cr_expect_eq(parsed(&b).payload_size, 8192);
}

Test(bzimage, takes_a_file_with_a_signature_behind_the_kernel)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = BLOB_NONE;

	spec.payload_size = 0x2000 + 1500;
	b = bzimage_make(&spec);
	b.data[0x1f5] = 0x02; /* syssize of 0x2000 bytes */
	b.data[0x1f4] = 0x00;
	cr_expect_eq(parsed(&b).payload_size, 0x2000 + 1500);
}

/* Any kernel of Debian's will do. */
static void real_kernel(struct blob *ret)
{
	const char *named = getenv("SNPVMM_KERNEL");
	struct error err = { 0 };
	glob_t found;

	if (named) {
		cr_assert_eq(blob_read(named, 256 * MIB, ret, &err), 0, "%s", err.text);
		return;
	}
	if (glob("/boot/vmlinuz-*", 0, NULL, &found) == 0) {
		int r = blob_read(found.gl_pathv[0], 256 * MIB, ret, &err);

		globfree(&found);
		if (r == 0)
			return;
	}
	SKIP_ALOUD("no readable kernel in /boot, and SNPVMM_KERNEL names none");
}

Test(bzimage, reads_and_places_a_real_kernel)
{
	auto_blob struct blob b = BLOB_NONE;
	struct linux_boot boot = { .cmdline = 0x9000 };
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];
	struct linux_layout l;
	struct linux_kernel k;

	real_kernel(&b);
	k = parsed(&b);
	cr_expect(k.release[0] >= '2' && k.release[0] <= '9', "release '%s'", k.release);
	cr_expect_eq(k.setup_size + k.payload_size, b.size);
	cr_expect(k.relocatable);
	cr_assert_eq(linux_layout_of(&k, GIB, 100 * MIB + 1, false, &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.load % k.kernel_alignment, 0);
	cr_expect_eq(l.initrd, GIB - 100 * MIB - 4096);
	cr_assert_eq(linux_boot_params(b.data, b.size, &boot, page, &err), 0, "%s", err.text);
	cr_expect_eq(memcmp(page + 0x202, "HdrS", 4), 0);
}

static const struct fault_row {
	enum reason kind;
	const char *says;
} fault_rows[BZIMAGE_FAULTS] = {
	[BZIMAGE_NO_MAGIC] = { ERROR_BAD_VALUE, "looks like an EFI program" },
	[BZIMAGE_NO_BOOT_FLAG] = { ERROR_BAD_VALUE, "0x1234 instead of 0xaa55 at 0x1fe" },
	[BZIMAGE_OLD] = { ERROR_UNSUPPORTED,
	                  "protocol 2.11, and the oldest supported one is 2.12" },
	[BZIMAGE_HEADER_SHORT] = { ERROR_BAD_VALUE, "ends at 0x267; in protocol 2.15" },
	[BZIMAGE_HEADER_LONG] = { ERROR_BAD_VALUE, "ends at 0x291; in protocol 2.15" },
	[BZIMAGE_SETUP_PAST_END] = { ERROR_BAD_VALUE, "is 9728 bytes long, and the file 9728" },
	[BZIMAGE_CUT] = { ERROR_BAD_VALUE, "8192 bytes follow its setup part instead of 8208" },
	[BZIMAGE_NO_ENTRY] = { ERROR_BAD_VALUE, "512 bytes after its setup part, too few" },
	[BZIMAGE_LOADED_LOW] = { ERROR_UNSUPPORTED, "is a zImage" },
	[BZIMAGE_32_BIT] = { ERROR_UNSUPPORTED, "no 64-bit entry (xloadflags 0x007e)" },
	[BZIMAGE_INIT_SIZE_0] = { ERROR_BAD_VALUE, "asks for 0 bytes" },
	[BZIMAGE_INIT_SIZE_SMALL] = { ERROR_BAD_VALUE, "8191 bytes to unpack itself (init_size); "
	                                               "it has to ask for at least the 8192" },
	[BZIMAGE_INIT_SIZE_LARGE] = { ERROR_BAD_VALUE, "asks for 1073741825 bytes" },
	[BZIMAGE_ALIGNMENT_0] = { ERROR_BAD_VALUE, "alignment of 0x0 " },
	[BZIMAGE_ALIGNMENT_ODD] = { ERROR_BAD_VALUE, "alignment of 0x300000 " },
	[BZIMAGE_ALIGNMENT_LARGE] = { ERROR_BAD_VALUE, "alignment of 0x80000000 " },
	[BZIMAGE_FIXED_AT_0] = { ERROR_UNSUPPORTED, "must be loaded at 0x0 " },
	[BZIMAGE_FIXED_ODD] = { ERROR_UNSUPPORTED, "must be loaded at 0x1000800 " },
	[BZIMAGE_FIXED_HIGH] = { ERROR_UNSUPPORTED, "must be loaded at 0xc0000000 " },
};

Test(bzimage, refuses_each_fault_with_its_own_sentence)
{
	for (int f = BZIMAGE_SOUND + 1; f < BZIMAGE_FAULTS; f++) {
		struct bzimage_spec spec = bzimage_default();
		auto_blob struct blob b = BLOB_NONE;

		spec.fault = (enum bzimage_fault)f;
		b = bzimage_make(&spec);
		cr_assert(fault_rows[f].says, "fault %d has no sentence", f);
		check_refused(b.data, b.size, fault_rows[f].kind, fault_rows[f].says);
	}
}

Test(bzimage, says_what_another_kind_of_file_looks_like)
{
	static const struct {
		size_t at;
		const char *mark, *says;
	} rows[] = {
		{ 0, "\177ELF", "looks like an ELF file, as vmlinux is" },
		{ 0x38, "ARM\x64", "looks like a kernel for arm64" },
		{ 0, "MZ", "looks like an EFI program" },
		{ 0, "\x1f\x8b", "looks like a gzip file" },
		{ 0,
		  "\xfd"
		  "7zXZ",
		  "looks like an xz file" },
		{ 0, "\x28\xb5\x2f\xfd", "looks like a zstd file" },
		{ 0, "070701", "looks like a cpio archive" },
		{ 0, "IGVM", "looks like an IGVM file" },
		{ 0x1fe, "\x55\xaa", "looks like a boot sector or a disk" },
		{ 0, "just text", "no 'HdrS' at 0x202 in this file of 5000 bytes" },
	};
	uint8_t file[5000];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(file, 0, sizeof(file));
		memcpy(file + rows[i].at, rows[i].mark, strlen(rows[i].mark));
		check_refused(file, sizeof(file), ERROR_BAD_VALUE, rows[i].says);
	}
	check_refused(NULL, 0, ERROR_BAD_VALUE, "the kernel file is empty");
}

/* The release for a kernel_version field and the bytes at 0x300. */
static void check_release(uint16_t field, const char *text, size_t size, const char *want)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = BLOB_NONE;

	spec.release = NULL;
	b = bzimage_make(&spec);
	b.data[0x20e] = (uint8_t)field;
	b.data[0x20f] = (uint8_t)(field >> 8);
	memcpy(b.data + 0x300, text, size);
	cr_expect_str_eq(parsed(&b).release, want);
}

Test(bzimage, gives_a_release_only_if_it_is_a_sane_one)
{
	char long_one[80];

	check_release(0x100, "6.1.0 (me) #1", 14, "6.1.0");
	check_release(0x100, "6.1.0", 6, "6.1.0");
	check_release(0, "6.1.0", 6, "");       /* none */
	check_release(0x100, "6.1\n0", 6, "");  /* unprintable */
	check_release(0x100, "6.1\xff", 5, ""); /* not ASCII */
	check_release(0x100, " 6.1", 5, "");    /* empty */
	check_release(0xffff, "6.1.0", 6, "");  /* outside the file */
	memset(long_one, 'a', sizeof(long_one));
	check_release(0x100, long_one, sizeof(long_one), "");
	long_one[63] = '\0';
	check_release(0x100, long_one, sizeof(long_one), long_one);
	check_release(0x3fa, "", 0, ""); /* six zeros up to the setup part's end */
}

/* kernel_version leads to these bytes, at the end of the setup part or after it. */
static void check_no_release(size_t at, const char *text)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = BLOB_NONE;

	spec.release = NULL;
	b = bzimage_make(&spec);
	b.data[0x20e] = (uint8_t)(at - 0x200);
	b.data[0x20f] = (uint8_t)((at - 0x200) >> 8);
	memcpy(b.data + at, text, strlen(text) + 1);
	cr_expect_str_eq(parsed(&b).release, "", "at 0x%zx", at);
}

Test(bzimage, does_not_read_a_release_past_the_setup_part)
{
	check_no_release(0x5fc, "6.12");
	check_no_release(0x600, "6.12");
	check_no_release(0x700, "6.12");
}

/* Checks what is true of every layout that was accepted. True if it was. */
static bool place_hostile(const struct linux_kernel *k, uint64_t low_end, uint64_t initrd_size)
{
	struct error err = { 0 };
	struct linux_layout l;

	if (linux_layout_of(k, low_end, initrd_size, false, &l, &err) < 0) {
		cr_assert(err.kind != ERROR_NONE && err.text[0] && err.fix[0]);
		return false;
	}
	cr_assert(l.load >= MIB && l.load <= low_end && k->init_size <= low_end - l.load);
	cr_assert(k->relocatable ? l.load >= 16 * MIB : l.load == k->pref_address);
	if (k->relocatable && !(k->kernel_alignment & (k->kernel_alignment - 1)))
		cr_assert_eq(l.load & (k->kernel_alignment ? k->kernel_alignment - 1 : 0), 0);
	cr_assert_eq(l.entry, l.load + 0x200);
	if (initrd_size == 0) {
		cr_assert_eq(l.initrd, 0);
		return true;
	}
	cr_assert(l.initrd % 4096 == 0 && l.initrd >= l.load + k->init_size);
	cr_assert(initrd_size <= low_end && l.initrd <= low_end - initrd_size);
	cr_assert(l.initrd + initrd_size - 1 <= k->initrd_addr_max);
	return true;
}

Test(bzimage, places_hostile_numbers_inside_memory_or_not_at_all)
{
	struct linux_kernel k = made_kernel();
	size_t n = ARRAY_SIZE(extremes), accepted = 0;

	for (size_t i = 0; i < n * n * n; i++) {
		uint64_t a = extremes[i % n], b = extremes[i / n % n], c = extremes[i / n / n];

		k = (struct linux_kernel){ .pref_address = a,
			                   .init_size = (uint32_t)b,
			                   .kernel_alignment = (uint32_t)c,
			                   .initrd_addr_max = 0x7fffffff,
			                   .relocatable = i & 1 };
		for (size_t j = 0; j < n; j++) {
			accepted += place_hostile(&k, extremes[j], 5000);
			accepted += place_hostile(&k, 3 * GIB, extremes[j]);
			k.initrd_addr_max = extremes[j];
			accepted += place_hostile(&k, 3 * GIB, 4096);
		}
	}
	cr_assert_gt(accepted, 1000);
}

/* Copies the bytes to memory of their exact size, for sanitizers. True if they are a kernel. */
static bool parse_hostile(const uint8_t *bytes, size_t size)
{
	struct linux_boot boot = { .cmdline = 0x9000 };
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];
	struct linux_kernel k;

	if (linux_parse(bytes, size, &k, &err) < 0) {
		cr_assert(err.kind != ERROR_NONE && err.text[0] && err.fix[0]);
		return false;
	}
	cr_assert(k.setup_size >= 1024 && k.setup_size + k.payload_size == size);
	cr_assert(k.init_size >= k.payload_size && k.init_size <= GIB);
	cr_assert(k.kernel_alignment && k.kernel_alignment <= GIB &&
	          !(k.kernel_alignment & (k.kernel_alignment - 1)));
	cr_assert_lt(strlen(k.release), sizeof(k.release));
	cr_assert_eq(linux_boot_params(bytes, size, &boot, page, &err), 0, "%s", err.text);
	place_hostile(&k, 512 * MIB, 1);
	return true;
}

Test(bzimage, survives_every_field_at_its_extremes)
{
	static const struct {
		size_t at, width;
	} fields[] = {
		{ 0x1f1, 1 }, { 0x1f4, 4 }, { 0x201, 1 }, { 0x206, 2 }, { 0x20e, 2 },
		{ 0x211, 1 }, { 0x22c, 4 }, { 0x230, 4 }, { 0x234, 1 }, { 0x236, 2 },
		{ 0x238, 4 }, { 0x258, 8 }, { 0x260, 4 },
	};
	struct bzimage_spec spec = bzimage_default();
	size_t accepted = 0, n = ARRAY_SIZE(fields) * ARRAY_SIZE(extremes);

	for (size_t i = 0; i < 2 * n; i++) {
		auto_blob struct blob b = BLOB_NONE;
		uint64_t value = extremes[i / 2 / ARRAY_SIZE(fields)];

		spec.fixed = i & 1;
		b = bzimage_make(&spec);
		for (size_t j = 0; j < fields[i / 2 % ARRAY_SIZE(fields)].width; j++)
			b.data[fields[i / 2 % ARRAY_SIZE(fields)].at + j] =
				(uint8_t)(value >> (8 * j));
		accepted += parse_hostile(b.data, b.size);
	}
	cr_assert(accepted > n / 4 && accepted < 2 * n, "%zu of %zu", accepted, 2 * n);
}

Test(bzimage, refuses_every_truncation)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);

	for (size_t n = 0; n <= b.size; n++) {
		auto_free uint8_t *piece = malloc(n ? n : 1);

		cr_assert_not_null(piece);
		memcpy(piece, b.data, n);
		/* syssize is in units of 16 bytes, and the last unit need not be full. */
		cr_assert_eq(parse_hostile(piece, n), n + 16 > b.size, "%zu bytes", n);
	}
}

Test(bzimage, survives_twenty_thousand_flipped_bits)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);
	auto_free uint8_t *work = malloc(b.size);
	size_t accepted = 0;

	cr_assert_not_null(work);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t dice[9];

		image_noise(dice, sizeof(dice), i);
		memcpy(work, b.data, b.size);
		for (unsigned j = 0; j <= dice[0] % 4u; j++)
			work[0x1f1 + dice[2 * j + 1] % 0x80] ^=
				(uint8_t)(1u << dice[2 * j + 2] % 8);
		accepted += parse_hostile(work, b.size);
	}
	cr_assert(accepted > 1000 && accepted < 19000, "%zu accepted: the flips don't bite",
	          accepted);
}

/* Only what stands behind the packed kernel counts, and all four words have to be there. */
Test(bzimage, knows_one_that_accepts_memory)
{
	struct bzimage_spec spec = bzimage_default();
	struct blob b = bzimage_make(&spec);
	const size_t at = 0x600 + 0x1200;

	cr_expect_not(linux_accepts_memory(b.data, b.size));
	blob_fini(&b);
	spec.accepts = true;
	b = bzimage_make(&spec);
	cr_expect(linux_accepts_memory(b.data, b.size));
	for (size_t i = 0; i < 4; i++) {
		b.data[at + 7 * i + 3] ^= 0x10;
		cr_expect_not(linux_accepts_memory(b.data, b.size), "without word %zu", i);
		b.data[at + 7 * i + 3] ^= 0x10;
	}
	for (size_t size = 0; size < b.size; size += 13)
		cr_expect_eq(linux_accepts_memory(b.data, size), size >= at + 3 * 7 + 4);
	b.data[0x24c + 1] = 0x14; /* the packed kernel is longer, and the words are in it */
	cr_expect_not(linux_accepts_memory(b.data, b.size));
	memset(b.data + 0x248, 0xff, 8);
	cr_expect_not(linux_accepts_memory(b.data, b.size));
	memset(b.data + 0x248, 0, 8);
	cr_expect_not(linux_accepts_memory(b.data, b.size), "no payload is said to be there");
	blob_fini(&b);
}
