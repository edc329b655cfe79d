/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/images_test.c: the files of a manifest, their pins and limits, and the places of
 * errors.
 */
#include "firmware/images.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/findings.h"
#include "tests/make/vectors.h"

/* SHA-256 of "abc", NIST's example. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static char folder[] = "/tmp/snpvmm-images-XXXXXX";
static char paths[3][64]; /* firmware, kernel, initrd */

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

static void setup(void)
{
	static const char *const names[] = { "fw.fd", "bzImage", "initrd" };

	cr_assert_not_null(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
	write_file(paths[0], "firmware");
	write_file(paths[1], "abc");
	write_file(paths[2], "ramdisk");
}

static void teardown(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		unlink(paths[i]);
	rmdir(folder);
}

TestSuite(images, .init = setup, .fini = teardown);

/* All three named, on lines 10, 11 and 12. */
static struct manifest manifest_of_three(void)
{
	return (struct manifest){ .file = (char *)"m.yaml",
		                  .firmware = { .path = paths[0], .at = { 10, 13 } },
		                  .kernel = { .path = paths[1], .at = { 11, 11 } },
		                  .initrd = { .path = paths[2], .at = { 12, 11 } } };
}

static void pin(struct manifest_file *f, const char *hex)
{
	f->pinned = hex_parse(hex, strlen(hex), f->sha256, sizeof(f->sha256));
	cr_assert(f->pinned);
}

static void check_refused(const struct manifest *m, enum reason kind, const char *says,
                          unsigned line)
{
	static const struct images none;
	struct images i = { 0 };
	struct error err = { 0 };

	cr_assert_lt(images_load(m, &i, &err), 0, "loaded, not '%s'", says);
	cr_expect_eq(err.kind, kind, "%s [%s]", err.text, reason_name(err.kind));
	cr_expect(strstr(err.text, says), "says '%s', not '%s'", err.text, says);
	cr_expect_str_eq(err.file, "m.yaml");
	cr_expect_eq(err.line, line);
	cr_expect_arr_eq(&i, &none, sizeof(i), "something was handed out");
}

Test(images, are_read_whole_as_they_are_named)
{
	struct manifest m = manifest_of_three();
	auto_images struct images i = { 0 };
	struct error err = { 0 };

	cr_assert_eq(images_load(&m, &i, &err), 0, "%s", err.text);
	cr_assert_eq(i.firmware.size, 8);
	cr_assert_eq(i.kernel.size, 3);
	cr_assert_eq(i.initrd.size, 7);
	cr_expect_arr_eq(i.firmware.data, "firmware", 8);
	cr_expect_arr_eq(i.kernel.data, "abc", 3);
	cr_expect_arr_eq(i.initrd.data, "ramdisk", 7);
}

Test(images, that_are_not_named_are_empty)
{
	struct manifest m = { .file = (char *)"m.yaml", .builtin = (char *)"selftest" };
	struct images i;
	struct error err = { 0 };

	memset(&i, 0xa5, sizeof(i));
	cr_assert_eq(images_load(&m, &i, &err), 0, "%s", err.text);
	cr_expect_null(i.firmware.data);
	cr_expect_null(i.kernel.data);
	cr_expect_null(i.initrd.data);
	images_fini(&i);
}

Test(images, an_empty_initrd_is_empty_but_no_mistake)
{
	struct manifest m = manifest_of_three();
	auto_images struct images i = { 0 };
	struct error err = { 0 };

	write_file(paths[2], "");
	cr_assert_eq(images_load(&m, &i, &err), 0, "%s", err.text);
	cr_expect_eq(i.initrd.size, 0);
}

Test(images, that_fit_their_pins_are_taken)
{
	struct manifest m = manifest_of_three();
	auto_images struct images i = { 0 };
	struct error err = { 0 };

	pin(&m.kernel, ABC);
	cr_expect_eq(images_load(&m, &i, &err), 0, "%s; %s", err.text, err.why);
}

Test(images, that_differ_from_their_pins_are_refused_with_both_hashes)
{
	struct manifest m = manifest_of_three();
	struct images i = { 0 };
	struct error err = { 0 };

	pin(&m.kernel, "aa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_refused(&m, ERROR_FILE_PIN, "is not the file that the manifest pins", 11);
	images_load(&m, &i, &err);
	cr_expect(strstr(err.why, "its SHA-256 is " ABC));
	cr_expect(strstr(err.why, "the manifest says aa7816bf"));
	cr_expect_str_not_empty(err.fix);
	cr_expect_eq(strncmp(err.text, "boot.kernel: '", 14), 0, "%s", err.text);
}

Test(images, a_pin_that_is_not_given_is_not_compared)
{
	struct manifest m = manifest_of_three();
	auto_images struct images i = { 0 };
	struct error err = { 0 };

	memset(m.firmware.sha256, 0xee, sizeof(m.firmware.sha256));
	cr_expect_eq(images_load(&m, &i, &err), 0, "%s", err.text);
}

Test(images, a_missing_file_is_told_with_its_key_and_its_place)
{
	struct manifest m = manifest_of_three();

	unlink(paths[2]);
	check_refused(&m, ERROR_FILE, "boot.initrd: cannot open '", 12);
	unlink(paths[1]);
	check_refused(&m, ERROR_FILE, "boot.kernel: cannot open '", 11);
	unlink(paths[0]);
	check_refused(&m, ERROR_FILE, "boot.firmware: cannot open '", 10);
}

Test(images, a_folder_is_no_image)
{
	struct manifest m = manifest_of_three();

	m.firmware.path = folder;
	check_refused(&m, ERROR_FILE, "not a regular file", 10);
}

/* The files are sparse, so that the test is fast. */
Test(images, larger_than_any_real_one_are_refused)
{
	static const struct {
		size_t which;
		off_t size;
		const char *says;
	} rows[] = {
		{ 0, ((off_t)16 << 20) + 1, "boot.firmware: '" },
		{ 1, ((off_t)512 << 20) + 1, "boot.kernel: '" },
		{ 2, ((off_t)4 << 30) + 1, "boot.initrd: '" },
	};
	struct manifest m = manifest_of_three();

	for (size_t i = ARRAY_SIZE(rows); i-- > 0;) {
		if (truncate(paths[rows[i].which], rows[i].size) < 0) {
			teardown(); /* Criterion doesn't call .fini for a skipped test */
			SKIP_ALOUD("no sparse file of %lld bytes here", (long long)rows[i].size);
		}
		check_refused(&m, ERROR_FILE_TOO_LARGE, rows[i].says, (unsigned)(10 + i));
	}
}

Test(images, fini_leaves_them_empty)
{
	struct manifest m = manifest_of_three();
	struct images i = { 0 };
	struct error err = { 0 };

	cr_assert_eq(images_load(&m, &i, &err), 0, "%s", err.text);
	images_fini(&i);
	cr_expect_null(i.firmware.data);
	cr_expect_eq(i.initrd.size, 0);
	images_fini(&i);
}

static void read_all(const struct manifest *m, bool hashed, struct images *i)
{
	auto_findings struct findings f = { 0 };

	images_read(m, hashed, i, &f);
	cr_assert_eq(f.errors, 0, "%s", f.count ? f.list[0].error.text : "");
}

Test(images, of_an_earlier_run_are_kept_while_the_files_are_the_same)
{
	struct manifest m = manifest_of_three();
	auto_images struct images i = { 0 };
	const uint8_t *firmware, *initrd;

	read_all(&m, true, &i);
	firmware = i.firmware.data;
	initrd = i.initrd.data;
	unlink(paths[1]);
	write_file(paths[1], "kernel");
	read_all(&m, true, &i);
	cr_expect_eq(i.firmware.data, firmware, "read again");
	cr_expect_eq(i.initrd.data, initrd, "read again");
	cr_assert_eq(i.kernel.size, 6);
	cr_expect_arr_eq(i.kernel.data, "kernel", 6, "the new file");
}

Test(images, that_the_next_run_does_not_name_are_gone)
{
	struct manifest m = manifest_of_three();
	auto_images struct images i = { 0 };

	read_all(&m, true, &i);
	m.initrd.path = NULL;
	read_all(&m, true, &i);
	cr_expect_eq(i.initrd.size, 0);
	cr_expect_not(i.initrd_read);
	m.kernel.path = paths[0];
	read_all(&m, true, &i);
	cr_expect_eq(i.kernel.size, strlen("firmware"), "another path is another file");
}

Test(images, that_are_kept_are_held_against_the_pins_of_the_next_run)
{
	struct manifest m = manifest_of_three();
	auto_images struct images i = { 0 };
	auto_findings struct findings f = { 0 };

	read_all(&m, false, &i); /* the pin needs the hash, which wasn't computed before */
	pin(&m.kernel, ABC);
	read_all(&m, false, &i);
	read_all(&m, true, &i);
	m.kernel.sha256[0] ^= 1;
	images_read(&m, true, &i, &f);
	cr_assert_eq(f.errors, 1);
	cr_expect_eq(f.list[0].error.kind, ERROR_FILE_PIN);
}
