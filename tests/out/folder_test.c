/* SPDX-License-Identifier: MIT */
/*
 * tests/out/folder_test.c: a folder of results: whole files or none, of one run, wherever it is to
 * be.
 */
#include "core/out/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "tests/make/vectors.h"

static char home[] = "/tmp/snpvmm-folder-XXXXXX";
static struct folder folder;
static struct error err;
static const char *const names[] = { "a.json", "b.xml", NULL };

static void setup(void)
{
	umask(022);
	cr_assert_not_null(mkdtemp(home));
	cr_assert_eq(chdir(home), 0);
	folder.fd = -1;
}

static void teardown(void)
{
	char command[64];

	folder_close(&folder);
	cr_assert_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf %s", home);
	cr_expect_eq(system(command), 0);
}

TestSuite(folder, .init = setup, .fini = teardown);

#define SKIP_CLEAN(...)                                                                            \
	do {                                                                                       \
		teardown(); /* a skipped test has no .fini */                                      \
		SKIP_ALOUD(__VA_ARGS__);                                                           \
	} while (0)

static void open_folder(const char *path)
{
	cr_assert_eq(folder_open(&folder, path, false, names, &err), 0, "%s", err.text);
	cr_assert_geq(folder.fd, 0);
}

/* ERROR_OUTPUT with this sentence and a fix; the folder isn't open. */
static void check_refused(const char *path, const char *says)
{
	int r = folder_open(&folder, path, false, names, &err);

	cr_assert_lt(r, 0, "'%s' was opened", path);
	cr_expect_eq(err.code, r);
	cr_expect_eq(err.kind, ERROR_OUTPUT, "%s", reason_name(err.kind));
	cr_expect_str_eq(err.text, says);
	cr_expect_neq(err.fix[0], '\0', "no fix");
	cr_expect_eq(folder.fd, -1);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

static void check_file(const char *path, const char *want)
{
	char have[64] = "";
	FILE *f = fopen(path, "r");

	cr_assert_not_null(f, "no %s", path);
	have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
	fclose(f);
	cr_expect_str_eq(have, want, "%s", path);
}

/* Names in a folder, dotted ones too, beside "." and "..". */
static size_t count(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	cr_assert_not_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static int put_text(void *self, FILE *to, struct error *e)
{
	(void)e;
	fputs(*(const char **)self, to);
	return 0;
}

static int try_put(struct folder *f, const char *name, const char *text)
{
	return folder_put(f, name, put_text, &text, &err);
}

static void put(const char *name, const char *text)
{
	cr_assert_eq(try_put(&folder, name, text), 0, "%s", err.text);
}

Test(folder, is_made_with_its_parents_and_mode_of_the_umask)
{
	static const char *const made[] = { "x", "x/y", "x/y/z" };
	struct stat st;

	umask(027);
	open_folder("x//y/z/");
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		cr_assert_eq(stat(made[i], &st), 0, "%s", made[i]);
		cr_expect_eq(st.st_mode, S_IFDIR | 0750, "%s has mode %o", made[i], st.st_mode);
	}
	put("a.json", "1");
	cr_assert_eq(stat("x/y/z/a.json", &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0640, "mode %o", st.st_mode);
}

Test(folder, that_is_there_is_taken_by_relative_and_whole_paths_and_symlinks)
{
	char path[64];

	cr_assert_eq(mkdir("x", 0755), 0);
	cr_assert_eq(symlink("x", "link"), 0);
	snprintf(path, sizeof(path), "%s/x", home);
	for (const char *const *p = (const char *[]){ "x", "link", path, ".", NULL }; *p; p++) {
		open_folder(*p);
		cr_expect_str_eq(folder.path, *p);
		folder_close(&folder);
		cr_expect_eq(folder.fd, -1);
	}
}

Test(folder, what_an_earlier_run_left_is_gone_and_what_is_not_ours_stays)
{
	static const char *const ours[] = { "x/a.json", "x/.a.json", "x/b.xml", "x/.b.xml" };

	cr_assert_eq(mkdir("x", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		write_file(ours[i], "old");
	write_file("x/c.txt", "mine");
	open_folder("x");
	cr_expect_eq(count("x"), 1);
	check_file("x/c.txt", "mine");
}

Test(folder, a_name_that_is_a_symlink_is_replaced_and_never_followed)
{
	write_file("secret", "kept");
	cr_assert_eq(mkdir("x", 0755), 0);
	cr_assert_eq(symlink("../secret", "x/a.json"), 0);
	cr_assert_eq(symlink("../secret", "x/.a.json"), 0);
	open_folder("x");
	cr_expect_eq(count("x"), 0);
	cr_assert_eq(symlink("../secret", "x/a.json"), 0); /* while it is open, too */
	cr_assert_eq(symlink("../secret", "x/.a.json"), 0);
	put("a.json", "new");
	check_file("secret", "kept");
	check_file("x/a.json", "new");
	cr_expect_eq(count("x"), 1);
}

Test(folder, a_file_is_not_there_before_it_is_whole)
{
	int fd;

	open_folder("x");
	fd = folder_begin(&folder, "a.json", &err);
	cr_assert_geq(fd, 0, "%s", err.text);
	cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	cr_expect_eq(write(fd, "half", 4), 4);
	cr_expect_neq(access("x/a.json", F_OK), 0);
	cr_expect_eq(write(fd, "+half", 5), 5);
	close(fd);
	cr_assert_eq(folder_commit(&folder, "a.json", &err), 0, "%s", err.text);
	check_file("x/a.json", "half+half");
	cr_expect_eq(count("x"), 1);
}

Test(folder, a_file_written_again_is_the_old_one_until_it_is_the_new_one)
{
	int fd;

	open_folder("x");
	put("a.json", "old");
	fd = folder_begin(&folder, "a.json", &err);
	cr_assert_geq(fd, 0);
	check_file("x/a.json", "old");
	close(fd);
	folder_abandon(&folder, "a.json");
	check_file("x/a.json", "old");
	cr_expect_eq(count("x"), 1);
	put("a.json", "new");
	check_file("x/a.json", "new");
}

Test(folder, begun_twice_the_second_counts)
{
	int first, second;

	open_folder("x");
	first = folder_begin(&folder, "a.json", &err);
	second = folder_begin(&folder, "a.json", &err);
	cr_assert(first >= 0 && second >= 0, "%s", err.text);
	cr_expect_eq(write(first, "1", 1), 1);
	cr_expect_eq(write(second, "2", 1), 1);
	close(first);
	close(second);
	cr_assert_eq(folder_commit(&folder, "a.json", &err), 0);
	check_file("x/a.json", "2");
}

Test(folder, a_second_run_is_refused_until_the_first_ends_and_removes_nothing)
{
	struct folder first;

	cr_assert_eq(folder_open(&first, "x", false, names, &err), 0, "%s", err.text);
	cr_assert_eq(try_put(&first, "a.json", "first"), 0);
	check_refused("x", "another run is writing into 'x'");
	check_file("x/a.json", "first");
	folder_close(&first);
	open_folder("x");
	cr_expect_eq(count("x"), 0);
}

static void *close_later(void *self)
{
	usleep(50000);
	folder_close(self);
	return NULL;
}

Test(folder, that_a_killed_run_still_holds_for_a_moment_is_waited_for)
{
	struct folder first;
	pthread_t other;

	cr_assert_eq(folder_open(&first, "x", false, names, &err), 0, "%s", err.text);
	cr_assert_eq(pthread_create(&other, NULL, close_later, &first), 0);
	open_folder("x");
	pthread_join(other, NULL);
}

Test(folder, a_path_that_is_a_file_or_below_one_is_refused)
{
	write_file("file", "kept");
	check_refused("file", "cannot open the folder 'file': Not a directory");
	check_refused("file/x", "cannot open the folder 'file/x': Not a directory");
	check_file("file", "kept");
}

Test(folder, a_path_that_cannot_be_is_refused)
{
	static char longest[5000];
	char says[128];

	cr_assert_lt(folder_open(&folder, "", false, names, &err), 0);
	cr_expect_str_eq(err.text, "cannot open the folder '': No such file or directory");
	cr_assert_eq(symlink("nowhere", "dangling"), 0);
	cr_assert_lt(folder_open(&folder, "dangling", false, names, &err), 0);
	cr_expect_str_eq(err.text, "cannot open the folder 'dangling': No such file or directory");
	memset(longest, 'x', sizeof(longest) - 1);
	cr_assert_eq(folder_open(&folder, longest, false, names, &err), -ENAMETOOLONG);
	snprintf(says, sizeof(says), "%.20s", "cannot open the folder 'xxxx");
	cr_expect_eq(strncmp(err.text, says, strlen(says)), 0, "%s", err.text);
	cr_expect_eq(folder.fd, -1);
}

Test(folder, a_folder_with_a_file_s_name_is_not_removed)
{
	cr_assert_eq(mkdir("x", 0755), 0);
	cr_assert_eq(mkdir("x/a.json", 0755), 0);
	check_refused("x", "cannot remove an earlier run's 'x/a.json': Is a directory");
	cr_expect_eq(count("x"), 1);
}

Test(folder, one_that_comes_while_it_is_open_fails_the_commit)
{
	open_folder("x");
	cr_assert_eq(mkdir("x/a.json", 0755), 0);
	cr_assert_eq(try_put(&folder, "a.json", "1"), -EISDIR);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	cr_expect_str_eq(err.text, "cannot write 'x/a.json': Is a directory");
	cr_expect_eq(count("x"), 1);
}

Test(folder, one_that_is_removed_while_it_is_open_fails_the_file)
{
	open_folder("x");
	cr_assert_eq(rmdir("x"), 0);
	cr_assert_eq(try_put(&folder, "a.json", "1"), -ENOENT);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
}

Test(folder, a_name_that_is_too_long_is_refused)
{
	char name[300];
	const char *const list[] = { name, NULL };

	memset(name, 'n', sizeof(name));
	name[255] = '\0'; /* the file may be; its dotted form may not */
	cr_expect_eq(folder_open(&folder, "x", false, list, &err), -ENAMETOOLONG);
	cr_expect_eq(folder.fd, -1);
	open_folder("x");
	cr_expect_eq(folder_begin(&folder, name, &err), -ENAMETOOLONG);
	cr_expect_eq(folder_commit(&folder, name, &err), -ENAMETOOLONG);
	name[254] = '\0';
	put(name, "1");
	cr_expect_eq(count("x"), 1);
}

static int put_half_and_fail(void *self, FILE *to, struct error *e)
{
	(void)self;
	fputs("half", to);
	fflush(to);
	cr_expect_eq(access("x/.a.json", F_OK), 0);
	return error_set(e, ERROR_INTERNAL, "no more");
}

Test(folder, a_writer_that_fails_leaves_no_file)
{
	open_folder("x");
	cr_assert_lt(folder_put(&folder, "a.json", put_half_and_fail, NULL, &err), 0);
	cr_expect_eq(err.kind, ERROR_INTERNAL);
	cr_expect_str_eq(err.text, "cannot write 'x/a.json': no more");
	cr_expect_eq(count("x"), 0);
}

/*
 * What a writer that looks at nothing has put out; so much that it doesn't wait in stdio's memory.
 */
static int put_much(void *self, FILE *to, struct error *e)
{
	(void)e;
	for (size_t i = 0; i < *(size_t *)self; i++)
		fputc('x', to);
	return 0;
}

/* A full device behind the descriptor: what fails is the writing, not the opening. */
static int put_to_full(void *self, FILE *to, struct error *e)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	cr_assert_geq(full, 0);
	cr_assert_geq(dup2(full, fileno(to)), 0);
	close(full);
	return put_much(self, to, e);
}

Test(folder, a_failed_write_that_the_writer_did_not_see_leaves_no_file)
{
	static size_t sizes[] = { 1, 4096, 100000 };

	open_folder("x");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		cr_expect_eq(folder_put(&folder, "a.json", put_to_full, &sizes[i], &err), -ENOSPC,
		             "%zu bytes: %s", sizes[i], err.text);
		cr_expect_str_eq(err.text, "cannot write 'x/a.json': No space left on device");
		cr_expect(strstr(err.fix, "make room"), "%s", err.fix);
		cr_expect_eq(count("x"), 0);
	}
}

Test(folder, no_descriptor_stays_open)
{
	static size_t size = 1;
	int before = dup(STDERR_FILENO), after;

	close(before);
	write_file("file", "");
	check_refused("file", "cannot open the folder 'file': Not a directory");
	for (int i = 0; i < 3; i++) {
		struct folder second;

		open_folder("x");
		cr_expect_lt(folder_open(&second, "x", false, names, &err), 0);
		put("a.json", "1");
		cr_expect_lt(folder_put(&folder, "a.json", put_half_and_fail, NULL, &err), 0);
		cr_expect_lt(folder_put(&folder, "a.json", put_to_full, &size, &err), 0);
		folder_close(&folder);
	}
	after = dup(STDERR_FILENO);
	close(after);
	cr_expect_eq(before, after);
}

/* The folder of a run is made by us: a link in its place leads elsewhere. */
Test(folder, a_link_in_the_place_of_a_run_s_own_folder_is_not_followed)
{
	cr_assert_eq(mkdir("given", 0755), 0);
	cr_assert_eq(mkdir("elsewhere", 0755), 0);
	write_file("elsewhere/a.json", "theirs");
	cr_assert_eq(symlink("../elsewhere", "given/run"), 0);
	cr_assert_lt(folder_open(&folder, "given/run", true, names, &err), 0);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	check_file("elsewhere/a.json", "theirs");
	cr_assert_eq(unlink("given/run"), 0);
	cr_assert_eq(folder_open(&folder, "given/run", true, names, &err), 0, "%s", err.text);
	folder_close(&folder);
	cr_assert_eq(symlink("given", "link"), 0);
	cr_assert_eq(folder_open(&folder, "link/run", true, names, &err), 0, "%s", err.text);
}

Test(folder, a_file_that_grows_has_its_name_at_once_and_is_never_another_s)
{
	int fd;

	write_file("theirs", "kept");
	open_folder("x");
	cr_assert_eq(symlink("../theirs", "x/b.xml"), 0);
	fd = folder_grow(&folder, "b.xml", &err);
	cr_assert_geq(fd, 0, "%s", err.text);
	cr_assert_eq(write(fd, "half", 4), 4);
	check_file("x/b.xml", "half");
	cr_assert_eq(truncate("x/b.xml", 0), 0); /* as a rotator does */
	cr_assert_eq(write(fd, "rest", 4), 4);
	check_file("x/b.xml", "rest");
	close(fd);
	check_file("theirs", "kept");
}

/* Mounts of this process's own; a test is one. */
static bool may_mount(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* tmpfs counts whole pages: one of 4 KiB has room for no more than names, or for one page. */
Test(folder, a_full_file_system_gets_neither_the_file_nor_its_dotted_form)
{
	static size_t fits = 4096, much = 8192;

	cr_assert_eq(mkdir("small", 0755), 0);
	if (!may_mount() || mount("none", "small", "tmpfs", 0, "size=4096") < 0)
		SKIP_CLEAN("full file system: this process may not mount");
	open_folder("small");
	cr_expect_eq(folder_put(&folder, "a.json", put_much, &much, &err), -ENOSPC, "%s", err.text);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	cr_expect_str_eq(err.text, "cannot write 'small/a.json': No space left on device");
	cr_expect(strstr(err.fix, "make room"), "%s", err.fix);
	cr_expect_eq(count("small"), 0);
	cr_expect_eq(folder_put(&folder, "b.xml", put_much, &fits, &err), 0, "%s", err.text);
	cr_expect_eq(folder_put(&folder, "a.json", put_much, &fits, &err), -ENOSPC);
	cr_expect_eq(count("small"), 1);
	folder_close(&folder);
	cr_expect_eq(umount("small"), 0);
}

Test(folder, room_that_was_reserved_is_there_when_the_disk_is_full)
{
	static size_t fits = 8192, much = 16384;
	int fd;

	cr_assert_eq(mkdir("small", 0755), 0);
	if (!may_mount() || mount("none", "small", "tmpfs", 0, "size=32768") < 0)
		SKIP_CLEAN("full file system: this process may not mount");
	open_folder("small");
	cr_assert_eq(folder_reserve(&folder, "a.json", fits, &err), 0, "%s", err.text);
	cr_expect_eq(folder_reserve(&folder, "b.xml", 1 << 20, &err), -ENOSPC);
	cr_expect(strstr(err.text, "cannot make room for 'small/b.xml'"), "%s", err.text);
	fd = folder_grow(&folder, "b.xml", &err);
	cr_assert_geq(fd, 0);
	while (write(fd, (char[4096]){ 1 }, 4096) > 0)
		;
	close(fd);
	cr_expect_eq(folder_put(&folder, "a.json", put_much, &much, &err), -ENOSPC);
	cr_expect_eq(folder_put(&folder, "a.json", put_much, &fits, &err), 0, "%s", err.text);
	cr_expect_eq(count("small"), 2);
	folder_close(&folder);
	cr_expect_eq(count("small"), 2);
	cr_expect_eq(umount("small"), 0);
}

/* With room to spare: the file is as long as what was put, and what nobody put leaves nothing. */
Test(folder, what_was_reserved_and_not_used_is_given_back)
{
	struct stat st;

	open_folder("x");
	cr_assert_eq(folder_reserve(&folder, "a.json", 65536, &err), 0, "%s", err.text);
	cr_assert_eq(folder_reserve(&folder, "b.xml", 65536, &err), 0, "%s", err.text);
	cr_assert_eq(folder_put(&folder, "a.json", put_much, &(size_t){ 5 }, &err), 0);
	folder_close(&folder);
	cr_expect_eq(count("x"), 1);
	cr_assert_eq(stat("x/a.json", &st), 0);
	cr_expect_eq(st.st_size, 5);
}

/* The sandbox of a run lets no file be opened by then. */
Test(folder, what_was_reserved_can_be_written_again_without_opening_a_file)
{
	struct stat first, again;

	open_folder("x");
	cr_assert_eq(folder_reserve(&folder, "a.json", 0, &err), 0, "%s", err.text);
	put("a.json", "a longer text");
	cr_assert_eq(stat("x/a.json", &first), 0);
	folder_remove(&folder, "a.json");
	cr_expect_eq(access("x/a.json", F_OK), -1);
	put("a.json", "1");
	check_file("x/a.json", "1");
	cr_assert_eq(stat("x/a.json", &again), 0);
	cr_expect_eq(first.st_ino, again.st_ino);
	folder_remove(&folder, "a.json");
	folder_close(&folder);
	cr_expect_eq(count("x"), 0);
}

Test(folder, what_was_reserved_fails_each_time_once_the_folder_is_gone)
{
	open_folder("x");
	cr_assert_eq(folder_reserve(&folder, "a.json", 4096, &err), 0, "%s", err.text);
	cr_assert_eq(unlink("x/.a.json"), 0);
	cr_assert_eq(rmdir("x"), 0);
	for (int i = 0; i < 2; i++) {
		err = (struct error){ 0 };
		cr_expect_eq(try_put(&folder, "a.json", "1"), -ENOENT, "%s", err.text);
		cr_expect_eq(err.kind, ERROR_OUTPUT);
		cr_expect(strstr(err.fix, "leave it there meanwhile"), "%s", err.fix);
		folder_remove(&folder, "a.json");
	}
}

Test(folder, a_read_only_file_system_is_refused_before_anything_runs)
{
	cr_assert_eq(mkdir("ro", 0755), 0);
	if (!may_mount() || mount("ro", "ro", NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, "ro", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
		SKIP_CLEAN("read-only file system: this process may not mount");
	check_refused("ro", "cannot write into the folder 'ro': Read-only file system");
	check_refused("ro/x/y", "cannot make the folder 'ro/x': Read-only file system");
	cr_expect_eq(umount("ro"), 0);
}

Test(folder, without_permission_it_is_refused_before_anything_runs)
{
	cr_assert_eq(chmod(home, 0755), 0);
	cr_assert_eq(mkdir("closed", geteuid() ? 0555 : 0755), 0);
	cr_assert_eq(mkdir("hidden", geteuid() ? 0 : 0700), 0);
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	check_refused("closed", "cannot write into the folder 'closed': Permission denied");
	check_refused("closed/x", "cannot make the folder 'closed/x': Permission denied");
	check_refused("hidden", "cannot open the folder 'hidden': Permission denied");
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
}
