/* SPDX-License-Identifier: MIT */
/* tests/sandbox/landlock_test.c: only files in the named folders are in reach. */
#include "core/sandbox/landlock.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/sandbox/privileges.h"

static char home[] = "/tmp/snpvmm-landlock-XXXXXX";

static int folder(const char *name)
{
	int fd;

	cr_assert_eq(mkdir(name, 0700), 0);
	fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	return fd;
}

static int made(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

Test(landlock, allows_the_named_folders_and_nothing_else)
{
	struct landlock_folder folders[3] = { { -1, true } };
	int was_open, abi;

	cr_assert_not_null(mkdtemp(home));
	cr_assert_eq(chdir(home), 0);
	folders[1] = (struct landlock_folder){ folder("write"), true };
	folders[2] = (struct landlock_folder){ folder("read"), false };
	cr_assert_eq(made("write/a"), 0);
	cr_assert_eq(made("read/a"), 0);
	was_open = open("before", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	privileges_none_new();
	abi = landlock_confine(folders, ARRAY_SIZE(folders));
	if (abi == 0)
		cr_skip_test("this kernel has no Landlock");
	cr_expect_eq(made("write/b"), 0);
	cr_expect_eq(renameat(AT_FDCWD, "write/b", AT_FDCWD, "write/c"), 0);
	cr_expect_eq(unlink("write/a"), 0);
	cr_expect_eq(mkdir("write/d", 0700), -1);
	cr_expect_eq(made("read/b"), EACCES);
	cr_expect_eq(unlink("read/a"), -1);
	cr_expect_geq(open("read/a", O_RDONLY | O_CLOEXEC), 0);
	cr_expect_eq(made("beside"), EACCES);
	cr_expect_lt(open("/etc/passwd", O_RDONLY | O_CLOEXEC), 0);
	cr_expect_eq(write(was_open, "x", 1), 1, "what is open stays usable");
	cr_expect_eq(ftruncate(was_open, 0), 0);
}

/* Else a run of a small limit would be less confined than others, and nobody would know. */
Test(landlock, lacks_a_descriptor_and_says_so)
{
	struct rlimit limit, none;
	int r;

	if (syscall(444, NULL, 0, 1) < 1) /* landlock_create_ruleset: the version of the ABI */
		cr_skip_test("this kernel has no Landlock");
	privileges_none_new();
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 0, limit.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = landlock_confine(NULL, 0);
	setrlimit(RLIMIT_NOFILE, &limit); /* Criterion needs descriptors, too */
	cr_expect_eq(r, -EMFILE);
}
