/* SPDX-License-Identifier: MIT */
/* tests/dev/merge_test.c: lines of two consoles in one output. */
#include "core/dev/merge.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct merge m;
	struct sink out;
	char seen[65536];
	size_t size;
	unsigned wakes;
};

static void saw(void *self, const uint8_t *data, size_t size)
{
	struct fixture *f = self;

	cr_assert_leq(size, sizeof(f->seen) - 1 - f->size);
	memcpy(f->seen + f->size, data, size);
	f->size += size;
}

static void woken(void *self)
{
	((struct fixture *)self)->wakes++;
}

static void fixture_open(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	sink_init(&f->out, -1);
	f->out.tap = saw;
	f->out.tap_self = f;
	merge_init(&f->m, &f->out);
	f->m.wake = woken;
	f->m.wake_self = f;
}

static void fixture_close(struct fixture *f)
{
	merge_fini(&f->m);
	sink_fini(&f->out);
}

static void say(struct fixture *f, int console, const char *text)
{
	sink_put(&f->m.consoles[console].in, (const uint8_t *)text, strlen(text));
}

Test(merge, a_console_that_is_alone_is_passed_on_byte_by_byte)
{
	struct fixture f;

	fixture_open(&f);
	say(&f, MERGE_COM1, "log");
	cr_expect_str_eq(f.seen, "log");
	say(&f, MERGE_COM1, "in: ");
	cr_expect_str_eq(f.seen, "login: ");
	cr_expect_eq(merge_expire(&f.m), -1);
	cr_expect_eq(f.wakes, 0);
	fixture_close(&f);
}

Test(merge, a_line_waits_for_the_end_of_the_others)
{
	static const struct {
		int console;
		const char *text, *seen;
	} steps[] = {
		{ MERGE_COM1, "one, ", "one, " },
		{ MERGE_HVC, "two\n", "one, " },
		{ MERGE_HVC, "thr", "one, " },
		{ MERGE_COM1, "one\r", "one, one\r" },
		{ MERGE_COM1, "\nfour\n", "one, one\r\ntwo\nthr" },
		{ MERGE_HVC, "ee\r\n", "one, one\r\ntwo\nthree\r\nfour\n" },
		{ MERGE_HVC, "five\n\r", "one, one\r\ntwo\nthree\r\nfour\nfive\n\r" },
		{ MERGE_COM1, "six\n", "one, one\r\ntwo\nthree\r\nfour\nfive\n\rsix\n" },
	};
	struct fixture f;

	fixture_open(&f);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		say(&f, steps[i].console, steps[i].text);
		cr_expect_str_eq(f.seen, steps[i].seen, "step %zu: '%s'", i, f.seen);
	}
	cr_expect_eq(f.wakes, 2);
	cr_expect_eq(merge_expire(&f.m), -1);
	fixture_close(&f);
}

/* A prompt stays unfinished for ever. */
Test(merge, nothing_waits_for_long)
{
	struct fixture f;
	int ms;

	fixture_open(&f);
	say(&f, MERGE_HVC, "login: ");
	say(&f, MERGE_COM1, "Kernel panic\n");
	ms = merge_expire(&f.m);
	cr_expect(ms > 0 && ms <= MERGE_MS, "%d", ms);
	cr_expect_str_eq(f.seen, "login: ");
	usleep((unsigned)(ms + 1) * 1000);
	cr_expect_eq(merge_expire(&f.m), -1);
	cr_expect_str_eq(f.seen, "login: \r\nKernel panic\n");
	say(&f, MERGE_HVC, "root\n");
	cr_expect_str_eq(f.seen, "login: \r\nKernel panic\nroot\n");
	fixture_close(&f);
}

Test(merge, the_end_of_a_run_waits_for_nothing)
{
	struct fixture f;

	fixture_open(&f);
	say(&f, MERGE_HVC, "a");
	say(&f, MERGE_COM1, "b");
	merge_end(&f.m);
	cr_expect_str_eq(f.seen, "a\r\nb");
	merge_end(&f.m);
	cr_expect_str_eq(f.seen, "a\r\nb");
	fixture_close(&f);
}

Test(merge, no_more_waits_than_fits)
{
	struct fixture f;
	char many[3 * MERGE_CAP + 8];

	memset(many, 'x', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	fixture_open(&f);
	say(&f, MERGE_COM1, "begun");
	sink_put(&f.m.consoles[MERGE_HVC].in, (const uint8_t *)many, MERGE_CAP - 1);
	cr_expect_str_eq(f.seen, "begun");
	say(&f, MERGE_HVC, many);
	cr_expect_eq(f.size, strlen("begun\r\n") + MERGE_CAP - 1 + strlen(many));
	cr_expect_eq(strncmp(f.seen, "begun\r\nxxx", 10), 0);
	fixture_close(&f);
}
