/* SPDX-License-Identifier: MIT */
/* tests/base/log_test.c: which lines reach stderr, and in which form. */
#include "core/base/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* stderr goes to a file from capture_begin() on; capture_end() gives what came. */
static int saved = -1;
static FILE *to;

static void capture_begin(void)
{
	fflush(stderr);
	saved = dup(STDERR_FILENO);
	to = tmpfile();
	cr_assert(saved >= 0 && to);
	cr_assert_geq(dup2(fileno(to), STDERR_FILENO), 0);
}

static const char *capture_end(void)
{
	static char text[8192];
	size_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(to);
	n = fread(text, 1, sizeof(text) - 1, to);
	text[n] = '\0';
	fclose(to);
	return text;
}

static const char *said_at(enum log_level level)
{
	capture_begin();
	log_set_level(level);
	log_notice("notice %d", 1);
	log_info("info %d", 2);
	log_debug("debug %d", 3);
	return capture_end();
}

Test(log, says_notices_alone_until_told_otherwise)
{
	cr_expect(log_on(LOG_NOTICE));
	cr_expect_not(log_on(LOG_INFO));
	capture_begin();
	log_notice("seen");
	log_info("unseen");
	cr_expect_str_eq(capture_end(), "snpvmm: seen\n");
}

Test(log, says_more_with_each_level)
{
	cr_expect_str_eq(said_at(LOG_QUIET), "");
	cr_expect_str_eq(said_at(LOG_NOTICE), "snpvmm: notice 1\n");
	cr_expect_str_eq(said_at(LOG_INFO), "snpvmm: notice 1\nsnpvmm: info 2\n");
	cr_expect_str_eq(said_at(LOG_DEBUG), "snpvmm: notice 1\nsnpvmm: info 2\nsnpvmm: debug 3\n");
}

Test(log, a_level_is_on_when_it_is_no_higher_than_the_one_set)
{
	log_set_level(LOG_INFO);
	cr_expect(log_on(LOG_QUIET));
	cr_expect(log_on(LOG_INFO));
	cr_expect_not(log_on(LOG_DEBUG));
}

Test(log, progress_takes_the_place_of_the_line_before_and_is_cut_to_78_columns)
{
	char want[160];

	capture_begin();
	log_progress("%s ... %d s", "reading", 2);
	log_progress("%s ... %d s", "reading", 3);
	log_notice("done");
	log_progress("%0100d", 7);
	log_progress(NULL);
	log_progress(NULL);
	snprintf(want, sizeof(want),
	         "reading ... 2 s\r\033[Kreading ... 3 s\r\033[Ksnpvmm: done\n%078d\r\033[K", 0);
	cr_expect_str_eq(capture_end(), want);
}

Test(log, an_overlong_line_is_cut_and_still_ends_as_a_line)
{
	char text[4096];
	const char *said;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	capture_begin();
	log_notice("%s", text);
	said = capture_end();
	cr_expect_eq(strncmp(said, "snpvmm: xxx", 11), 0);
	cr_expect_gt(strlen(said), 2000);
	cr_expect_leq(strlen(said), 2048);
	cr_expect_eq(strchr(said, '\n'), said + strlen(said) - 1);
}

Test(log, ends_the_line_of_somebody_else_once)
{
	capture_begin();
	log_end_line();
	log_progress(NULL);
	log_info("unseen");
	log_text("error\n");
	log_notice("seen");
	cr_expect_str_eq(capture_end(), "\nerror\nsnpvmm: seen\n");
}

Test(log, an_empty_label_is_none)
{
	capture_begin();
	log_set_label("vcpus=1");
	log_notice("one");
	log_set_label("");
	log_notice("two");
	cr_expect_str_eq(capture_end(), "snpvmm: vcpus=1: one\nsnpvmm: two\n");
}
