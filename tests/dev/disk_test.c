/* SPDX-License-Identifier: MIT */
/* tests/dev/disk_test.c: which files can be a disk, and who may have one at the same time. */
#include "core/dev/disk.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"

static char folder[32];

static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void folder_make(void)
{
	snprintf(folder, sizeof(folder), "/tmp/disk-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static void folder_remove(void)
{
	static const char *const names[] = { "image", "fifo", "link", "folder" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		remove(path_of(names[i]));
	cr_assert_eq(rmdir(folder), 0);
}

TestSuite(disk, .init = folder_make, .fini = folder_remove);

static void image_make(off_t size)
{
	int fd = open(path_of("image"), O_WRONLY | O_CREAT, 0600);

	cr_assert_eq(ftruncate(fd, size), 0);
	close(fd);
}

static int opened(struct disk *d, const char *name, enum disk_mode mode, struct error *err)
{
	*err = (struct error){ 0 };
	*d = (struct disk){ .name = "disk0", .path = path_of(name), .mode = mode, .fd = -1 };
	return disk_open(d, NULL, err);
}

static void refused(const char *name, enum disk_mode mode, enum reason kind, const char *part)
{
	struct error err;
	struct disk d;

	cr_assert_lt(opened(&d, name, mode, &err), 0, "%s", name);
	cr_assert_eq(err.kind, kind, "%s", err.text);
	cr_assert(strstr(err.text, part) || strstr(err.why, part), "%s: %s", err.text, err.why);
	cr_assert_eq(d.fd, -1);
}

Test(disk, is_a_file_of_whole_sectors)
{
	struct error err;
	struct disk d;

	image_make(1024);
	cr_assert_eq(symlink("image", path_of("link")), 0);
	for (enum disk_mode mode = DISK_SCRATCH; mode <= DISK_RW; mode++) {
		cr_assert_eq(opened(&d, "link", mode, &err), 0, "%s", err.text);
		cr_assert_eq(d.size, 1024);
		disk_close(&d);
	}
}

Test(disk, refuses_what_is_no_image)
{
	struct error err;
	struct disk d;

	refused("image", DISK_RO, ERROR_FILE, "No such file");
	cr_assert_eq(mkdir(path_of("folder"), 0700), 0);
	refused("folder", DISK_RO, ERROR_FILE, "this is a directory");
	cr_assert_eq(mkfifo(path_of("fifo"), 0600), 0);
	refused("fifo", DISK_RW, ERROR_FILE, "this is a pipe");
	image_make(0);
	refused("image", DISK_RO, ERROR_FILE, "is empty");
	image_make(1025);
	refused("image", DISK_RO, ERROR_FILE, "has 1025 bytes");
	cr_assert_lt(opened(&d, "image", DISK_RO, &err), 0);
	cr_assert_not_null(strstr(err.fix, "truncate -s +511"), "%s", err.fix);
	image_make(((off_t)16 << 40) - 512 * 8); /* not all file systems have room for more */
	cr_assert_eq(opened(&d, "image", DISK_RO, &err), 0, "%s", err.text);
	disk_close(&d);
}

/* Two that read agree; one that writes wants to be alone. */
Test(disk, is_locked_against_those_it_cannot_share_with)
{
	struct error err;

	image_make(512);
	for (enum disk_mode first = DISK_SCRATCH; first <= DISK_RW; first++) {
		for (enum disk_mode second = DISK_SCRATCH; second <= DISK_RW; second++) {
			bool fits = first != DISK_RW && second != DISK_RW;
			struct disk d[2];

			cr_assert_eq(opened(&d[0], "image", first, &err), 0, "%s", err.text);
			cr_assert_eq(disk_begin(&d[0], &err), 0, "%s", err.text);
			cr_assert_eq(opened(&d[1], "image", second, &err), 0, "%s", err.text);
			cr_assert_eq(disk_begin(&d[1], &err) == 0, fits);
			if (!fits) {
				cr_assert_eq(err.kind, ERROR_HOST_BUSY);
				cr_assert_not_null(strstr(err.text, "is in use"));
			}
			disk_close(&d[0]);
			disk_close(&d[1]);
		}
	}
}

Test(disk, needs_permission_to_write_only_if_it_is_rw)
{
	struct error err;
	struct disk d;

	image_make(512);
	chmod(path_of("image"), 0400);
	if (access(path_of("image"), W_OK) == 0) {
		fprintf(stderr, "skipped: read-only image: root may write everything\n");
		return;
	}
	cr_assert_eq(opened(&d, "image", DISK_SCRATCH, &err), 0, "%s", err.text);
	disk_close(&d);
	cr_assert_lt(opened(&d, "image", DISK_RW, &err), 0);
	cr_assert_eq(err.kind, ERROR_FILE);
	cr_assert_not_null(strstr(err.fix, "mode: scratch"));
}

Test(disk, has_the_hash_of_its_whole_image)
{
	/* printf of 3 MiB of zeros | sha256sum */
	static const uint8_t zeros[4] = { 0xbb, 0xd0, 0x5c, 0xf6 };
	struct error err;
	uint8_t hash[32];
	struct disk d;

	image_make(3 << 20);
	cr_assert_eq(opened(&d, "image", DISK_RO, &err), 0);
	cr_assert_eq(disk_hash(&d, hash, &err), 0);
	cr_assert_arr_eq(hash, zeros, 4, "%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
	cr_assert_eq(truncate(path_of("image"), 1 << 20), 0);
	cr_assert_lt(disk_hash(&d, hash, &err), 0);
	cr_assert_eq(err.kind, ERROR_FILE_CHANGED);
	disk_close(&d);
}

Test(disk, says_where_it_could_not_make_a_scratch_file)
{
	struct error err = { 0 };
	struct disk d;

	image_make(512);
	cr_assert_eq(opened(&d, "image", DISK_SCRATCH, &err), 0);
	setenv("TMPDIR", "/nowhere", 1);
	cr_assert_lt(disk_begin(&d, &err), 0);
	cr_assert_eq(err.kind, ERROR_OUTPUT);
	cr_assert_not_null(strstr(err.text, "/nowhere"));
	disk_close(&d);
}
