/* SPDX-License-Identifier: MIT */
/*
 * tests/base/confine_test.c: which paths lie below a folder, and that nobody can change that
 * between a look and an open.
 */
#include "core/base/confine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"

#define SIZE_LIMIT ((size_t)4096)

/*
 * TOP/in/file, TOP/in/sub/file, TOP/in/sub/up -> ../file, TOP/in/out -> ../secret, TOP/in/absolute
 * -> TOP/in/file, TOP/in/fifo, TOP/alias -> in, TOP/secret. The working directory is TOP.
 */
static char top[] = "/tmp/snpvmm-confine-XXXXXX";
static struct confine in;

static void text_put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

static void setup(void)
{
	char absolute[64];
	struct error err = { 0 };

	cr_assert_not_null(mkdtemp(top));
	cr_assert_eq(chdir(top), 0);
	cr_assert_eq(mkdir("in", 0755) | mkdir("in/sub", 0755) | mkdir("beside", 0755), 0);
	text_put("in/file", "inside");
	text_put("in/sub/file", "inside");
	text_put("secret", "secret");
	snprintf(absolute, sizeof(absolute), "%s/in/file", top);
	cr_assert_eq(symlink("../file", "in/sub/up") | symlink("../secret", "in/out") |
	                     symlink(absolute, "in/absolute") | symlink("in", "alias"),
	             0);
	cr_assert_eq(mkfifo("in/fifo", 0600), 0);
	cr_assert_eq(confine_begin(&in, "in", &err), 0, "%s", err.text);
}

static void teardown(void)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	cr_assert_eq(system(command), 0);
}

TestSuite(confine, .init = setup, .fini = teardown);

static char *below_top(const char *path, char *to, size_t size)
{
	snprintf(to, size, "%s/%s", top, path);
	return to;
}

static void check_read(const char *path, bool inside)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	int r = blob_read_in(&in, path, SIZE_LIMIT, &b, NULL, &err);

	cr_expect_eq(r == 0, inside, "'%s': %s", path, err.text);
	cr_expect(r < 0 || (b.size == 6 && !memcmp(b.data, "inside", 6)), "'%s'", path);
	if (inside)
		return;
	cr_expect_eq(err.kind, ERROR_OUTSIDE_CONFINE, "'%s': %s", path, err.text);
	cr_expect_eq(err.code, -EXDEV);
	cr_expect_not_null(strstr(err.text, path), "'%s' does not name '%s'", err.text, path);
	cr_expect(err.why[0] && err.fix[0]);
}

/* From the working directory TOP, or from another one. */
static const struct {
	const char *from, *path;
	bool absolute, inside;
} paths[] = {
	{ ".", "in/file", false, true },
	{ ".", "./in//file", false, true },
	{ ".", "in/sub/../file", false, true },
	{ ".", "in/sub/up", false, true },
	{ ".", "alias/file", false, true },
	{ ".", "in/file", true, true },
	{ ".", "alias/sub/../sub/file", true, true },
	{ "in", "file", false, true },
	{ "in/sub", "file", false, true },
	{ "in/sub", "../file", false, true },
	{ "in/sub", "./../../in/file", false, true },
	{ "beside", "../in/file", false, true },
	{ "/", "in/file", true, true },
	{ ".", "secret", false, false },
	{ ".", "in/out", false, false },
	{ ".", "in/absolute", false, false },
	{ ".", "in/../secret", false, false },
	{ ".", "in/../in/file", false, false },
	{ ".", "in/sub/../../secret", false, false },
	{ ".", "beside/../in/file", true,
	  false }, /* whether `beside` exists is not to be found out */
	{ ".", "none/../in/file", true, false },
	{ ".", "secret", true, false },
	{ ".", "none", false, false },
	{ "in", "../secret", false, false },
	{ "in/sub", "../../secret", false, false },
	{ "/", "etc/passwd", false, false },
	{ "/", "../../etc/passwd", false, false },
};

Test(confine, tells_paths_inside_from_those_outside)
{
	char whole[128];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		cr_assert_eq(chdir(top) | chdir(paths[i].from), 0);
		check_read(paths[i].absolute ? below_top(paths[i].path, whole, sizeof(whole))
		                             : paths[i].path,
		           paths[i].inside);
	}
}

Test(confine, the_root_confines_nothing)
{
	struct error err = { 0 };

	cr_assert_eq(confine_begin(&in, "/", &err), 0, "%s", err.text);
	check_read("in/file", true);
	check_read("in/sub/up", true);
}

Test(confine, a_file_that_is_missing_inside_is_just_that)
{
	struct blob b = BLOB_NONE;
	struct error err = { 0 };

	cr_expect_eq(blob_read_in(&in, "in/none", SIZE_LIMIT, &b, NULL, &err), -ENOENT);
	cr_expect_eq(err.kind, ERROR_FILE);
}

Test(confine, files_are_made_inside_alone)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
	int fd = confine_open(&in, "in/sub/new", flags, 0600);

	cr_expect_geq(fd, 0);
	close(fd);
	cr_expect_eq(access("in/sub/new", F_OK), 0);
	cr_expect_eq(confine_open(&in, "in/../new", flags, 0600), -EXDEV);
	cr_expect_eq(confine_open(&in, "new", flags, 0600), -EXDEV);
	cr_expect_eq(symlink("../new", "in/link"), 0);
	cr_expect_eq(confine_open(&in, "in/link", flags, 0600), -EXDEV);
	cr_expect_eq(access("new", F_OK), -1);
}

Test(confine, a_folder_that_is_none_is_named)
{
	static const char *const names[] = { "none", "secret", "in/file" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct confine c = { 0 };
		struct error err = { 0 };

		cr_expect_lt(confine_begin(&c, names[i], &err), 0);
		cr_expect_eq(err.kind, ERROR_FILE);
		cr_expect_not_null(strstr(err.text, names[i]), "%s", err.text);
		cr_expect_null(c.path);
	}
}

/* openat2(2) fails as on a kernel without it, or in a container that forbids it. */
static void openat2_forbid(unsigned errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void check_without_openat2(unsigned errnum)
{
	struct confine c = { 0 };
	struct error err = { 0 };

	openat2_forbid(errnum);
	cr_expect_eq(confine_begin(&c, "in", &err), -(int)errnum);
	cr_expect_eq(err.kind, ERROR_UNSUPPORTED);
	cr_expect_not_null(strstr(err.text, "openat2(2)"), "%s", err.text);
	cr_expect_null(c.path);
}

Test(confine, a_kernel_without_openat2_is_refused)
{
	check_without_openat2(ENOSYS);
}

Test(confine, so_is_a_container_that_forbids_it)
{
	check_without_openat2(EPERM);
}

/* Puts an inner file and a link to the secret in each other's place, all the time. */
static atomic_bool swapping = true;

static void *swap(void *nothing)
{
	while (swapping)
		renameat2(AT_FDCWD, "in/file", AT_FDCWD, "in/out", RENAME_EXCHANGE);
	return nothing;
}

Test(confine, a_name_that_changes_its_meaning_leads_nowhere_else)
{
	unsigned good = 0, refused = 0;
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, swap, NULL), 0);
	for (unsigned i = 0; i < 200000 && (i < 2000 || !good || !refused); i++) {
		auto_blob struct blob b = BLOB_NONE;
		struct error err = { 0 };

		if (blob_read_in(&in, "in/file", SIZE_LIMIT, &b, NULL, &err) < 0) {
			cr_assert(err.kind == ERROR_OUTSIDE_CONFINE || err.code == -EAGAIN ||
			                  err.kind == ERROR_FILE_CHANGED,
			          "%s", err.text);
			refused++;
			continue;
		}
		cr_assert_arr_eq(b.data, "inside", 6);
		good++;
	}
	swapping = false;
	pthread_join(thread, NULL);
	cr_expect(good && refused, "%u read, %u refused", good, refused);
}

/* A FIFO stands for a device here: both are known by their kind before they are opened. */
Test(confine, what_is_no_file_is_never_opened)
{
	int events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct inotify_event event;
	struct blob b = BLOB_NONE;
	struct error err = { 0 };

	cr_assert_geq(inotify_add_watch(events, "in/fifo", IN_OPEN), 0);
	cr_expect_lt(blob_read_in(&in, "in/fifo", SIZE_LIMIT, &b, NULL, &err), 0);
	cr_expect_lt(blob_read("in/fifo", SIZE_LIMIT, &b, &err), 0);
	cr_expect_not_null(strstr(err.text, "is not a regular file"), "%s", err.text);
	cr_expect_lt(read(events, &event, sizeof(event)), 0, "it was opened");
	close(open("in/fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	cr_expect_eq(read(events, &event, sizeof(event)), (ssize_t)sizeof(event),
	             "inotify is deaf");
	close(events);
}
