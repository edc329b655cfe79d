/* SPDX-License-Identifier: MIT */
/*
 * tests/dev/log_file_test.c: what remains of a log that is larger than its limit, in the end and
 * before.
 */
#include "core/dev/log_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/dev/sink.h"

enum { LIMIT = 4096, HALF = (LIMIT - 128) / 2 };

static char home[] = "/tmp/snpvmm-log-XXXXXX";
static struct log_file file;
static int fd;

static void setup(void)
{
	cr_assert_not_null(mkdtemp(home));
	cr_assert_eq(chdir(home), 0);
	fd = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(log_file_init(&file, fd, AT_FDCWD, "log", LIMIT), 0);
}

static void teardown(void)
{
	char command[64];

	cr_assert_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf %s", home);
	cr_expect_eq(system(command), 0);
}

TestSuite(log_file, .init = setup, .fini = teardown, .timeout = 60);

/* Byte number i of the guest's output, which has lines of eight bytes. */
static char byte_at(uint64_t i)
{
	static const uint64_t tens[] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };

	return i % 8 == 7 ? '\n' : (char)('0' + i / 8 / tens[i % 8] % 10);
}

static void say(uint64_t from, uint64_t to, size_t at_once)
{
	char bytes[8192];

	while (from < to) {
		size_t n = MIN(at_once, to - from);
		ssize_t taken;

		for (size_t i = 0; i < n; i++)
			bytes[i] = byte_at(from + i);
		taken = log_file_write(&file, bytes, n);
		cr_assert_gt(taken, 0, "%s", strerror(errno));
		from += (uint64_t)taken;
	}
}

static size_t content(const char *path, char *to, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(to, 1, cap - 1, f) : 0;

	to[n] = '\0';
	if (f)
		fclose(f);
	return n;
}

static bool is_run(const char *bytes, size_t n, uint64_t from)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != byte_at(from + i))
			return false;
	return true;
}

static bool any_tail(void)
{
	return access("log.tail-1", F_OK) == 0 || access("log.tail-2", F_OK) == 0;
}

Test(log_file, what_is_within_the_limit_is_kept_byte_for_byte)
{
	static const uint64_t sizes[] = { 0, 1, HALF - 1, HALF, HALF + 1, 2 * HALF };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char all[3 * LIMIT];

		cr_assert_eq(ftruncate(fd, 0), 0);
		cr_assert_eq(log_file_init(&file, fd, AT_FDCWD, "log", LIMIT), 0);
		say(0, sizes[i], 100);
		cr_assert_eq(log_file_end(&file), 0);
		cr_expect_eq(content("log", all, sizeof(all)), sizes[i]);
		cr_expect(is_run(all, sizes[i], 0), "of %" PRIu64 " bytes", sizes[i]);
		cr_expect_eq(file.dropped, 0);
		cr_expect_eq(file.written, sizes[i]);
		cr_expect(!any_tail());
	}
}

/* For any length: the head, the line with the right number, and the last bytes. */
Test(log_file, beyond_it_head_and_tail_stay_and_a_line_says_what_is_missing)
{
	static const uint64_t sizes[] = { 2 * HALF + 1, 3 * HALF - 1,  3 * HALF,
		                          3 * HALF + 1, 4 * HALF + 17, 100 * HALF + 5 };
	static const size_t steps[] = { 1, 7, 4096, 8000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(steps); i++) {
		uint64_t size = sizes[i / ARRAY_SIZE(steps)], missing = size - 2 * HALF;
		char all[3 * LIMIT], line[128];
		size_t n, m;

		cr_assert_eq(ftruncate(fd, 0), 0);
		cr_assert_eq(log_file_init(&file, fd, AT_FDCWD, "log", LIMIT), 0);
		say(0, size, steps[i % ARRAY_SIZE(steps)]);
		cr_assert_eq(log_file_end(&file), 0);
		n = content("log", all, sizeof(all));
		m = (size_t)snprintf(line, sizeof(line),
		                     "--- snpvmm: %" PRIu64 " bytes are missing "
		                     "here: log_limit ---\n",
		                     missing);
		cr_expect_leq(n, LIMIT);
		cr_assert_eq(n, 2 * HALF + m, "%" PRIu64 ": %zu", size, n);
		cr_expect(is_run(all, HALF, 0));
		cr_expect_eq(strncmp(all + HALF, line, m), 0, "%.*s", (int)m, all + HALF);
		cr_expect(is_run(all + HALF + m, HALF, size - HALF));
		cr_expect_eq(file.dropped, missing);
		cr_expect(!any_tail());
	}
}

/*
 * If a run is killed, the three files in their order are the end of its output, and never larger
 * than twice the limit.
 */
Test(log_file, at_every_moment_the_three_files_read_in_their_order)
{
	for (uint64_t size = HALF + 1; size < 8 * HALF; size += 611) {
		char all[4 * LIMIT];
		size_t head, tail;

		say(file.written, size, 4096);
		head = content("log", all, sizeof(all));
		cr_expect_eq(head, HALF);
		tail = content("log.tail-1", all, sizeof(all));
		tail += content("log.tail-2", all + tail, sizeof(all) - tail);
		cr_expect_geq(tail, MIN((uint64_t)HALF, size - HALF));
		cr_expect_leq(tail, 2 * HALF);
		cr_expect(is_run(all, tail, size - tail), "after %" PRIu64, size);
	}
}

Test(log_file, a_head_without_an_end_of_line_gets_one_before_the_line)
{
	char all[3 * LIMIT], many[LIMIT];
	char *line;

	memset(many, 'x', sizeof(many));
	for (int i = 0; i < 8; i++)
		cr_assert_gt(log_file_write(&file, many, sizeof(many)), 0);
	cr_assert_eq(log_file_end(&file), 0);
	content("log", all, sizeof(all));
	line = strstr(all, "\n--- snpvmm: ");
	cr_assert_not_null(line);
	cr_expect_eq(line - all, HALF);
}

Test(log_file, where_the_file_cannot_grow_the_three_stay_as_they_are)
{
	const struct rlimit limit = { HALF + 300, HALF + 300 };
	char before[4][LIMIT];
	size_t n[4];

	say(0, 5 * HALF, 512);
	n[0] = content("log", before[0], LIMIT);
	n[1] = content("log.tail-1", before[1], LIMIT);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_lt(log_file_end(&file), 0);
	cr_expect_eq(content("log", before[2], LIMIT), n[0]);
	cr_expect_eq(content("log.tail-1", before[3], LIMIT), n[1]);
	cr_expect_str_eq(before[0], before[2]);
	cr_expect_str_eq(before[1], before[3]);
}

Test(log_file, tails_of_an_earlier_run_and_links_in_their_place_are_not_written_to)
{
	char all[LIMIT];

	cr_assert_eq(symlink("theirs", "log.tail-1"), 0);
	cr_assert_eq(symlink("theirs", "log.tail-2"), 0);
	cr_assert_eq(log_file_init(&file, fd, AT_FDCWD, "log", LIMIT), 0);
	cr_expect(!any_tail());
	cr_assert_eq(symlink("theirs", "log.tail-2"), 0);
	say(0, HALF, 4096);
	cr_expect_lt(log_file_write(&file, "x", 1), 0);
	cr_expect_eq(errno, EEXIST);
	cr_expect_eq(content("theirs", all, sizeof(all)), 0);
}

Test(log_file, what_a_rotator_empties_has_room_again)
{
	char all[3 * LIMIT];

	say(0, HALF, 4096);
	cr_assert_eq(truncate("log", 0), 0);
	say(HALF, HALF + 100, 4096);
	cr_expect(!any_tail());
	cr_expect_eq(content("log", all, sizeof(all)), 100);
	cr_expect(is_run(all, 100, HALF));
}

/* As in a process that may open nothing once the guest runs. */
Test(log_file, tails_that_were_made_before_need_no_more_opening)
{
	const struct rlimit none = { 0, 64 };
	char all[3 * LIMIT];

	cr_assert_eq(log_file_ready(&file), 0);
	cr_assert_eq(log_file_ready(&file), 0);
	cr_expect(any_tail());
	say(0, 10, 10);
	cr_assert_eq(log_file_end(&file), 0);
	cr_expect(!any_tail());
	cr_assert_eq(ftruncate(fd, 0), 0);
	cr_assert_eq(log_file_init(&file, fd, AT_FDCWD, "log", LIMIT), 0);
	cr_assert_eq(log_file_ready(&file), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	say(0, 9 * HALF, 512);
	cr_assert_eq(log_file_end(&file), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, 64 }), 0);
	cr_expect(!any_tail());
	cr_expect_gt(content("log", all, sizeof(all)), 2 * HALF);
	cr_expect(is_run(all + strlen(all) - HALF, HALF, 8 * HALF));
}

Test(log_file, a_file_that_is_another_is_refused)
{
	cr_assert_eq(rename("log", "rotated"), 0);
	cr_expect_eq(log_file_init(&file, fd, AT_FDCWD, "log", LIMIT), -ENOENT);
	close(open("log", O_WRONLY | O_CREAT, 0600));
	cr_expect_eq(log_file_init(&file, fd, AT_FDCWD, "log", LIMIT), -ESTALE);
}

/* The sink stops at the first byte that doesn't fit on a full disk, and records the failure. */
Test(log_file, a_sink_writes_through_it)
{
	static struct sink s;
	char all[3 * LIMIT];

	sink_init(&s, fd);
	s.file = &file;
	for (int i = 0; i < 2000; i++)
		sink_put(&s, (const uint8_t *)"a line\n", 7);
	cr_expect_eq(sink_flush(&s), 0);
	cr_assert_eq(log_file_end(&file), 0);
	cr_expect_leq(content("log", all, sizeof(all)), LIMIT);
	cr_expect_eq(file.written, 14000);
	cr_expect(strstr(all, "bytes are missing here"));
	sink_fini(&s);
}
