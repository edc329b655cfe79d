/* SPDX-License-Identifier: MIT */
/* tests/base/file_test.c: files read whole, and those that must not be. */
#include "core/base/file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/interrupt.h"
#include "core/base/sha2.h"
#include "tests/make/vectors.h"

#define SIZE_LIMIT ((size_t)1 << 20)

static char folder[] = "/tmp/snpvmm-file-XXXXXX";
static char path[64];

static void setup(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
}

static void teardown(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(file, .init = setup, .fini = teardown);

static void write_file(size_t size)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	for (size_t i = 0; i < size; i++)
		fputc((int)(i % 251 + 1), f);
	cr_assert_eq(fclose(f), 0);
}

/* Refused with this kind and this in the sentence; nothing handed out. */
static void check_refused(const char *name, size_t max, enum reason kind, const char *says)
{
	uint8_t byte;
	struct blob b = { .data = &byte, .size = 77 };
	struct error err = { 0 };
	int r = blob_read(name, max, &b, &err);

	cr_assert_lt(r, 0, "'%s' was read", name);
	cr_expect_eq(err.code, r);
	cr_expect_eq(err.kind, kind, "%s [%s]", err.text, reason_name(err.kind));
	cr_expect(strstr(err.text, says), "says '%s', not '%s'", err.text, says);
	cr_expect(strstr(err.text, name), "'%s' doesn't name '%s'", err.text, name);
	cr_expect_eq(b.data, &byte);
	cr_expect_eq(b.size, 77);
}

static void check_content(size_t size)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };

	write_file(size);
	cr_assert_eq(blob_read(path, SIZE_LIMIT, &b, &err), 0, "%s", err.text);
	cr_assert_eq(b.size, size);
	cr_expect_eq((uintptr_t)b.data % 4096, 0);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(b.data[i], i % 251 + 1, "byte %zu", i);
	for (size_t i = size; i % 4096; i++)
		cr_assert_eq(b.data[i], 0, "byte %zu, behind the end", i);
}

Test(file, an_empty_file_is_an_empty_blob)
{
	struct blob b = { .data = (uint8_t *)path, .size = 5 };
	struct error err = { 0 };

	write_file(0);
	cr_assert_eq(blob_read(path, SIZE_LIMIT, &b, &err), 0, "%s", err.text);
	cr_expect_null(b.data);
	cr_expect_eq(b.size, 0);
}

Test(file, is_read_whole_into_pages_with_zeros_behind_it)
{
	static const size_t sizes[] = { 1, 4095, 4096, 4097, 8192, 70001 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_content(sizes[i]);
}

Test(file, exactly_the_limit_is_read_and_one_byte_more_refused)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };

	write_file(5000);
	cr_assert_eq(blob_read(path, 5000, &b, &err), 0, "%s", err.text);
	cr_expect_eq(b.size, 5000);
	check_refused(path, 4999, ERROR_FILE_TOO_LARGE, "has 5000 bytes; at most 4999");
}

Test(file, that_claims_more_than_any_memory_is_refused_by_its_size)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	if (ftruncate(fd, (off_t)1 << 40) < 0) { /* sparse */
		teardown();
		SKIP_ALOUD("no sparse file of 1 TiB here");
	}
	close(fd);
	check_refused(path, SIZE_LIMIT, ERROR_FILE_TOO_LARGE, "has 1099511627776 bytes");
}

Test(file, a_missing_file_is_named_with_the_reason)
{
	struct error err = { 0 };
	struct blob b = BLOB_NONE;

	cr_expect_eq(blob_read(path, SIZE_LIMIT, &b, &err), -ENOENT);
	check_refused(path, SIZE_LIMIT, ERROR_FILE, "No such file or directory");
}

Test(file, a_directory_is_no_image)
{
	check_refused(folder, SIZE_LIMIT, ERROR_FILE, "is not a regular file");
}

/* The alarm ends a test that would hang in open(2). */
Test(file, a_fifo_without_a_writer_is_refused_and_does_not_hang, .timeout = 20)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
	check_refused(path, SIZE_LIMIT, ERROR_FILE, "is not a regular file");
}

Test(file, a_device_is_no_image)
{
	check_refused("/dev/zero", SIZE_LIMIT, ERROR_FILE, "is not a regular file");
	check_refused("/dev/null", SIZE_LIMIT, ERROR_FILE, "is not a regular file");
}

Test(file, an_unreadable_file_is_refused_with_the_reason)
{
	if (geteuid() == 0) {
		teardown(); /* a skipped test has no .fini */
		SKIP_ALOUD("unreadable file: root may read everything");
	}
	write_file(10);
	cr_assert_eq(chmod(path, 0), 0);
	check_refused(path, SIZE_LIMIT, ERROR_FILE, "Permission denied");
}

/* Its stat says 0 bytes, its read gives more: so looks a file that grew between the two. */
Test(file, one_that_gives_more_than_it_said_has_changed)
{
	check_refused("/proc/self/status", SIZE_LIMIT, ERROR_FILE_CHANGED,
	              "changed while it was read");
}

/* Attributes of sysfs say 4096 bytes whatever they hold: so looks a file that shrank. */
Test(file, one_that_gives_less_than_it_said_has_changed)
{
	static const char *const attributes[] = { "/sys/kernel/profiling", "/sys/power/state",
		                                  "/sys/kernel/uevent_seqnum",
		                                  "/sys/devices/system/cpu/online" };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (access(attributes[i], R_OK) == 0 && stat(attributes[i], &st) == 0 &&
		    st.st_size == 4096) {
			check_refused(attributes[i], SIZE_LIMIT, ERROR_FILE_CHANGED,
			              "changed while it was read");
			return;
		}
	teardown();
	SKIP_ALOUD("shrinking file: no sysfs here");
}

Test(file, a_change_comes_with_a_cure)
{
	struct error err = { 0 };
	struct blob b = BLOB_NONE;

	cr_assert_lt(blob_read("/proc/self/status", SIZE_LIMIT, &b, &err), 0);
	cr_expect(strstr(err.fix, "rename"));
}

Test(file, zero_memory_is_zero_and_writable)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };

	cr_assert_eq(blob_zero(3 * 4096 + 1, &b, &err), 0, "%s", err.text);
	cr_expect_eq(b.size, 3 * 4096 + 1);
	for (size_t i = 0; i < 4 * 4096; i++)
		cr_assert_eq(b.data[i], 0);
	memset(b.data, 1, b.size);
}

Test(file, zero_memory_of_no_bytes_or_of_all_there_is)
{
	struct blob b = { .data = (uint8_t *)path, .size = 1 };
	struct error err = { 0 };

	cr_expect_eq(blob_zero(0, &b, &err), 0);
	cr_expect_null(b.data);
	cr_expect_eq(blob_zero(SIZE_MAX, &b, &err), -ENOMEM);
	cr_expect_eq(err.kind, ERROR_HOST_MEMORY);
	cr_expect_eq(blob_zero(SIZE_MAX / 2, &b, &err), -ENOMEM);
	cr_expect_null(b.data);
}

Test(file, a_stolen_blob_has_one_owner)
{
	struct error err = { 0 };
	struct blob b = BLOB_NONE, taken;

	cr_assert_eq(blob_zero(4096, &b, &err), 0);
	taken = blob_steal(&b);
	cr_expect_null(b.data);
	cr_expect_eq(b.size, 0);
	cr_expect_eq(taken.size, 4096);
	blob_fini(&taken);
	cr_expect_null(taken.data);
	blob_fini(&taken);
}

Test(file, a_descriptor_is_closed_by_its_owner_alone)
{
	int kept, gone;

	{
		auto_fd int a = dup(STDERR_FILENO);
		auto_fd int b = dup(STDERR_FILENO);
		auto_fd int none = -1;

		cr_assert(a >= 0 && b >= 0 && none < 0);
		gone = a;
		kept = fd_steal(&b);
		cr_expect_eq(b, -1);
	}
	cr_expect_eq(fcntl(gone, F_GETFD), -1);
	cr_expect_neq(fcntl(kept, F_GETFD), -1);
	close(kept);
}

Test(file, reading_leaves_no_descriptor_open)
{
	struct error err = { 0 };
	int before = dup(STDERR_FILENO), after;

	close(before);
	write_file(9);
	for (int i = 0; i < 3; i++) {
		auto_blob struct blob b = BLOB_NONE;

		cr_expect_eq(blob_read(path, SIZE_LIMIT, &b, &err), 0);
	}
	check_refused(folder, SIZE_LIMIT, ERROR_FILE, "regular");
	check_refused(path, 1, ERROR_FILE_TOO_LARGE, "bytes");
	after = dup(STDERR_FILENO);
	close(after);
	cr_expect_eq(before, after);
}

/* Of no bytes, of few, of exactly a piece, of several and a rest: the ways they are hashed. */
Test(file, the_hash_of_what_is_read_is_its_sha256)
{
	static const size_t sizes[] = { 0, 1, 1 << 20, (3 << 20) + 7 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		auto_blob struct blob b = BLOB_NONE;
		uint8_t have[SHA256_SIZE], want[SHA256_SIZE];
		struct error err = { 0 };

		write_file(sizes[i]);
		cr_assert_eq(blob_read_in(NULL, path, 4 * SIZE_LIMIT, &b, have, &err), 0, "%s",
		             err.text);
		cr_assert_eq(b.size, sizes[i]);
		sha256(b.data, b.size, want);
		cr_expect_arr_eq(have, want, sizeof(want), "of %zu bytes", sizes[i]);
	}
}

Test(file, a_signal_ends_reading_and_hashing)
{
	auto_blob struct blob b = BLOB_NONE;
	uint8_t digest[SHA256_SIZE];
	struct error err = { 0 };

	write_file(SIZE_LIMIT);
	interrupt_note(SIGTERM);
	for (int hashed = 0; hashed < 2; hashed++) {
		cr_expect_eq(blob_read_in(NULL, path, SIZE_LIMIT, &b, hashed ? digest : NULL, &err),
		             -EINTR);
		cr_expect_eq(err.kind, RUN_SIGNALLED, "%s", err.text);
		cr_expect_null(b.data);
	}
	interrupt_note(0);
	cr_expect_eq(blob_read_in(NULL, path, SIZE_LIMIT, &b, digest, &err), 0);
}

static void noted(int signal_number)
{
	interrupt_note(signal_number);
}

/* read(2) would go on: the handler asks for it. */
Test(file, a_signal_ends_waiting_for_standard_input, .timeout = 20)
{
	const struct sigaction on = { .sa_handler = noted, .sa_flags = SA_RESTART };
	struct itimerval soon = { .it_value.tv_usec = 200000 };
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	dup2(ends[0], STDIN_FILENO);
	cr_assert_eq(write(ends[1], "abc", 3), 3);
	sigaction(SIGALRM, &on, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	cr_expect_eq(blob_read_stdin(SIZE_LIMIT, &b, &err), -EINTR);
	interrupt_note(0);
	close(ends[1]);
	cr_expect_eq(blob_read_stdin(SIZE_LIMIT, &b, &err), 0);
}

Test(file, one_that_changes_is_refused_with_its_hash_too)
{
	uint8_t digest[SHA256_SIZE];
	struct blob b = BLOB_NONE;
	struct error err = { 0 };

	cr_expect_lt(blob_read_in(NULL, "/proc/self/status", SIZE_LIMIT, &b, digest, &err), 0);
	cr_expect_eq(err.kind, ERROR_FILE_CHANGED);
	cr_expect_null(b.data);
}

Test(file, what_was_read_is_known_from_what_it_became)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	char other[sizeof(path) + 8];

	write_file(100);
	cr_assert_eq(blob_read(path, SIZE_LIMIT, &b, &err), 0, "%s", err.text);
	cr_expect(file_is_still(NULL, path, &b.read_from));
	snprintf(other, sizeof(other), "%s.other", path);
	cr_assert_eq(rename(path, other), 0);
	cr_expect_not(file_is_still(NULL, path, &b.read_from), "it is gone");
	write_file(100);
	cr_expect_not(file_is_still(NULL, path, &b.read_from), "another one has its name");
	cr_assert_eq(rename(other, path), 0);
	cr_assert_eq(truncate(path, 99), 0);
	cr_expect_not(file_is_still(NULL, path, &b.read_from), "it is shorter");
}
