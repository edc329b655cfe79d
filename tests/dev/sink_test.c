/* SPDX-License-Identifier: MIT */
/* tests/dev/sink_test.c: lines that arrive whole, and readers that are slow, stuck or gone. */
#include "core/dev/sink.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/array.h"

static void ignore_sigpipe(void)
{
	signal(SIGPIPE, SIG_IGN);
}

TestSuite(sink, .init = ignore_sigpipe, .timeout = 60);

static void put(struct sink *s, const char *text)
{
	sink_put(s, (const uint8_t *)text, strlen(text));
}

static void count_wake(void *self)
{
	++*(int *)self;
}

/* A reader that sees the boundaries of each write(2); "" if nothing was written. */
struct packets {
	int fd[2];
	struct sink sink;
	char text[SINK_CAP + 1];
};

static void packets_open(struct packets *p)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p->fd), 0);
	sink_init(&p->sink, p->fd[1]);
}

static const char *packets_next(struct packets *p)
{
	ssize_t n = recv(p->fd[0], p->text, SINK_CAP, MSG_DONTWAIT);

	p->text[n > 0 ? n : 0] = '\0';
	return p->text;
}

static void packets_close(struct packets *p)
{
	sink_fini(&p->sink);
	close(p->fd[0]);
	close(p->fd[1]);
}

Test(sink, writes_a_line_at_once_though_it_came_by_bytes)
{
	struct packets p;
	const char *text = "one\ntwo\n\nprompt> ";

	packets_open(&p);
	for (const char *at = text; *at; at++)
		sink_put(&p.sink, (const uint8_t *)at, 1);
	cr_assert_str_eq(packets_next(&p), "one\n");
	cr_assert_str_eq(packets_next(&p), "two\n");
	cr_assert_str_eq(packets_next(&p), "\n");
	cr_assert_str_eq(packets_next(&p), "");
	cr_assert(sink_waits(&p.sink));
	cr_assert_eq(sink_flush(&p.sink), 0);
	cr_assert_not(sink_waits(&p.sink));
	cr_assert_str_eq(packets_next(&p), "prompt> ");
	cr_assert_eq(p.sink.total, strlen(text));
	packets_close(&p);
}

Test(sink, writes_lines_that_came_together_together_and_keeps_the_rest)
{
	struct packets p;

	packets_open(&p);
	put(&p.sink, "one\ntwo\nthr");
	cr_assert_str_eq(packets_next(&p), "one\ntwo\n");
	cr_assert_str_eq(packets_next(&p), "");
	put(&p.sink, "ee\n");
	cr_assert_str_eq(packets_next(&p), "three\n");
	packets_close(&p);
}

Test(sink, writes_what_it_holds_when_the_room_is_full)
{
	struct packets p;
	uint8_t x[SINK_CAP - 1];

	memset(x, 'x', sizeof(x));
	packets_open(&p);
	sink_put(&p.sink, x, sizeof(x));
	cr_assert_str_eq(packets_next(&p), "");
	put(&p.sink, "yz");
	cr_assert_eq(strlen(packets_next(&p)), SINK_CAP);
	cr_assert_eq(p.text[SINK_CAP - 1], 'y');
	cr_assert_eq(p.sink.held, 1);
	packets_close(&p);
}

Test(sink, flushes_at_the_end)
{
	int fd[2];
	struct sink s;
	char text[8] = { 0 };

	cr_assert_eq(pipe(fd), 0);
	sink_init(&s, fd[1]);
	put(&s, "end");
	sink_fini(&s);
	cr_assert_eq(read(fd[0], text, sizeof(text)), 3);
	cr_assert_str_eq(text, "end");
}

Test(sink, flushing_nothing_writes_nothing)
{
	struct packets p;

	packets_open(&p);
	cr_assert_eq(sink_flush(&p.sink), 0);
	sink_try_flush(&p.sink);
	cr_assert_lt(recv(p.fd[0], p.text, 1, MSG_DONTWAIT), 0);
	packets_close(&p);
}

Test(sink, wakes_its_owner_once_when_bytes_begin_to_wait)
{
	struct packets p;
	int wakes = 0;

	packets_open(&p);
	p.sink.wake = count_wake;
	p.sink.wake_self = &wakes;
	put(&p.sink, "a whole line\n");
	cr_assert_eq(wakes, 0);
	put(&p.sink, "lo");
	cr_assert_eq(wakes, 1);
	put(&p.sink, "gin: ");
	cr_assert_eq(wakes, 1);
	sink_flush(&p.sink);
	put(&p.sink, "r");
	cr_assert_eq(wakes, 2);
	put(&p.sink, "oot\n# "); /* the line was written, another began */
	cr_assert_eq(wakes, 3);
	put(&p.sink, "\n");
	sink_put(&p.sink, NULL, 0);
	cr_assert_eq(wakes, 3);
	packets_close(&p);
}

static void wake_flushes(void *self)
{
	sink_flush(self);
}

Test(sink, may_be_flushed_by_the_one_it_wakes)
{
	struct packets p;

	packets_open(&p);
	p.sink.wake = wake_flushes;
	p.sink.wake_self = &p.sink;
	put(&p.sink, "login: ");
	cr_assert_str_eq(packets_next(&p), "login: ");
	packets_close(&p);
}

Test(sink, discards_and_counts_without_a_descriptor)
{
	struct sink s;
	int wakes = 0;

	sink_init(&s, -1);
	s.wake = count_wake;
	s.wake_self = &wakes;
	put(&s, "lost");
	put(&s, "lost\n");
	cr_assert_eq(s.total, 9);
	cr_assert_eq(wakes, 0);
	cr_assert_not(sink_waits(&s));
	cr_assert_eq(sink_flush(&s), 0);
	sink_fini(&s);
}

Test(sink, remembers_a_closed_reader_and_discards_from_then_on)
{
	int fd[2], wakes = 0;
	struct sink s;

	cr_assert_eq(pipe(fd), 0);
	sink_init(&s, fd[1]);
	s.wake = count_wake;
	s.wake_self = &wakes;
	close(fd[0]);
	put(&s, "line\n");
	cr_assert_eq(s.failed, EPIPE);
	put(&s, "prompt");
	cr_assert_eq(wakes, 1, "the failure is told once");
	cr_assert_eq(s.held, 0);
	cr_assert_eq(s.total, 11);
	cr_assert_eq(sink_flush(&s), -EPIPE);
	sink_fini(&s);
	close(fd[1]);
}

Test(sink, reports_a_descriptor_that_cannot_be_written)
{
	struct sink s;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
	    full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	sink_init(&s, fd);
	put(&s, "x");
	cr_assert_eq(sink_flush(&s), -EBADF);
	sink_fini(&s);
	sink_init(&s, full);
	put(&s, "x");
	cr_assert_eq(sink_flush(&s), -ENOSPC);
	sink_fini(&s);
	close(fd);
	close(full);
	sink_init(&s, fd); /* closed by now */
	put(&s, "x\n");
	cr_assert_eq(s.failed, EBADF);
	sink_fini(&s);
}

/* Fills a pipe completely, and leaves it blocking. */
static void pipe_fill(int fd)
{
	static const char zeros[SINK_CAP];
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		continue;
	fcntl(fd, F_SETFL, flags);
}

Test(sink, abandons_a_stuck_reader_once_told_to)
{
	int fd[2];
	struct sink s;
	atomic_bool give_up = true;

	cr_assert_eq(pipe(fd), 0);
	pipe_fill(fd[1]);
	sink_init(&s, fd[1]);
	s.give_up = &give_up;
	put(&s, "never read\n");
	cr_assert_eq(s.failed, EAGAIN);
	cr_assert_eq(sink_flush(&s), -EAGAIN);
	cr_assert_eq(s.total, 11);
	sink_fini(&s);
}

Test(sink, still_writes_what_does_not_block_once_told_to_give_up)
{
	struct packets p;
	atomic_bool give_up = true;

	packets_open(&p);
	p.sink.give_up = &give_up;
	put(&p.sink, "last words");
	cr_assert_eq(sink_flush(&p.sink), 0);
	cr_assert_str_eq(packets_next(&p), "last words");
	packets_close(&p);
}

static void *put_a_line(void *self)
{
	put(self, "stuck\n");
	return NULL;
}

/* While the guest's thread is stuck in a write, the main thread must not block. */
Test(sink, keeps_nobody_waiting_while_a_write_is_stuck)
{
	int fd[2];
	struct sink s;
	atomic_bool give_up = false;
	pthread_t writer;

	cr_assert_eq(pipe(fd), 0);
	pipe_fill(fd[1]);
	sink_init(&s, fd[1]);
	s.give_up = &give_up;
	cr_assert_eq(pthread_create(&writer, NULL, put_a_line, &s), 0);
	while (!sink_waits(&s)) /* until the writer has begun; then it can't finish */
		continue;
	sink_try_flush(&s);
	cr_assert(sink_waits(&s));
	atomic_store(&give_up, true);
	pthread_join(writer, NULL);
	cr_assert_eq(s.failed, EAGAIN);
	cr_assert_not(sink_waits(&s));
	sink_fini(&s);
}

Test(sink, try_flush_keeps_what_the_reader_does_not_take)
{
	int fd[2];
	struct sink s;
	char text[SINK_CAP];
	ssize_t n;

	cr_assert_eq(pipe(fd), 0);
	pipe_fill(fd[1]);
	sink_init(&s, fd[1]);
	put(&s, "prompt> ");
	sink_try_flush(&s);
	cr_assert(sink_waits(&s));
	cr_assert_eq(s.failed, 0);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	while (read(fd[0], text, sizeof(text)) > 0)
		continue;
	sink_try_flush(&s);
	cr_assert_not(sink_waits(&s));
	n = read(fd[0], text, sizeof(text));
	cr_assert_eq(n, 8);
	cr_assert_arr_eq(text, "prompt> ", 8);
	sink_fini(&s);
}

#define MANY ((size_t)1 << 20)

struct load {
	struct sink *sink;
	const uint8_t *data;
};

static void *put_many(void *self)
{
	const struct load *l = self;

	sink_put(l->sink, l->data, MANY);
	sink_flush(l->sink);
	close(l->sink->fd);
	if (l->sink->to != l->sink->fd)
		close(l->sink->to);
	return NULL;
}

static uint8_t *pattern_new(void)
{
	uint8_t *data = malloc(MANY);

	for (size_t i = 0; i < MANY; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	return data;
}

static size_t read_all(int fd, uint8_t *to, size_t cap)
{
	size_t done = 0;
	ssize_t n;

	while (done < cap && (n = read(fd, to + done, cap - done)) > 0)
		done += (size_t)n;
	return done;
}

static void a_mebibyte_arrives(int flags)
{
	int fd[2];
	struct sink s;
	uint8_t *data = pattern_new(), *got = calloc(1, MANY + 1);
	struct load load = { &s, data };
	pthread_t writer;

	cr_assert_eq(pipe2(fd, flags), 0);
	sink_init(&s, fd[1]);
	cr_assert_eq(pthread_create(&writer, NULL, put_many, &load), 0);
	fcntl(fd[0], F_SETFL, 0);
	cr_assert_eq(read_all(fd[0], got, MANY + 1), MANY);
	pthread_join(writer, NULL);
	cr_assert_eq(memcmp(got, data, MANY), 0);
	cr_assert_eq(s.failed, 0);
	cr_assert_eq(s.total, MANY);
	free(data);
	free(got);
}

Test(sink, brings_a_mebibyte_through_a_pipe)
{
	a_mebibyte_arrives(O_CLOEXEC);
}

Test(sink, brings_a_mebibyte_through_a_pipe_that_does_not_block)
{
	a_mebibyte_arrives(O_CLOEXEC | O_NONBLOCK);
}

Test(sink, brings_a_mebibyte_into_a_file)
{
	FILE *file = tmpfile();
	struct sink s;
	uint8_t *data = pattern_new(), *got = calloc(1, MANY + 1);

	cr_assert_not_null(file);
	sink_init(&s, fileno(file));
	sink_put(&s, data, MANY);
	sink_fini(&s);
	cr_assert_eq(lseek(fileno(file), 0, SEEK_SET), 0);
	cr_assert_eq(read_all(fileno(file), got, MANY + 1), MANY);
	cr_assert_eq(memcmp(got, data, MANY), 0);
	free(data);
	free(got);
	fclose(file);
}

Test(sink, leaves_the_descriptor_it_was_given_as_it_was)
{
	int fd[2], flags;
	struct sink s;

	cr_assert_eq(pipe(fd), 0);
	flags = fcntl(fd[1], F_GETFL);
	sink_init(&s, fd[1]);
	put(&s, "x\n");
	sink_fini(&s);
	cr_assert_eq(fcntl(fd[1], F_GETFL), flags);
	cr_assert_eq(write(fd[1], "y", 1), 1); /* still open */
}

/* A terminal that nobody reads: poll(2) calls it writable with less room than a write needs. */
Test(sink, abandons_a_terminal_that_nobody_reads)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), terminal;
	struct sink s;
	atomic_bool give_up = true;
	uint8_t *data = malloc(MANY);

	cr_assert_geq(master, 0);
	cr_assert_eq(grantpt(master) | unlockpt(master), 0);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(terminal, 0);
	memset(data, '\n', MANY);
	sink_init(&s, terminal);
	s.give_up = &give_up;
	sink_put(&s, data, MANY);
	cr_assert_eq(s.failed, EAGAIN);
	cr_assert_not(fcntl(terminal, F_GETFL) & O_NONBLOCK);
	sink_fini(&s);
	free(data);
}

Test(sink, writes_to_the_master_of_a_terminal_itself)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct sink s;

	cr_assert_geq(master, 0);
	sink_init(&s, master);
	cr_assert_eq(s.to, master);
	sink_fini(&s);
}

#define WRITERS 4
#define LINES   500

static void *put_lines(void *self)
{
	for (int i = 0; i < LINES; i++)
		put(self, "0123456789\n");
	return NULL;
}

Test(sink, mixes_no_lines_of_several_threads)
{
	struct sink s;
	FILE *file = tmpfile();
	pthread_t threads[WRITERS];
	char line[64];
	int lines = 0;

	sink_init(&s, fileno(file));
	for (size_t i = 0; i < WRITERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, put_lines, &s), 0);
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	sink_fini(&s);
	rewind(file);
	for (; fgets(line, sizeof(line), file); lines++)
		cr_assert_str_eq(line, "0123456789\n");
	cr_assert_eq(lines, WRITERS * LINES);
	cr_assert_eq(s.total, WRITERS * LINES * 11u);
	fclose(file);
}

Test(sink, a_prefix_stands_before_each_line_and_no_line_goes_in_parts)
{
	struct packets p;

	packets_open(&p);
	p.sink.prefix = "debug: ";
	put(&p.sink, "one\nt");
	put(&p.sink, "wo");
	sink_try_flush(&p.sink);
	cr_assert_str_eq(packets_next(&p), "debug: one\n");
	cr_assert_str_eq(packets_next(&p), "", "the rest has no end yet");
	cr_assert_not(sink_waits(&p.sink), "and nobody need come back for it");
	put(&p.sink, "\n\n");
	cr_assert_str_eq(packets_next(&p), "debug: two\n");
	cr_assert_str_eq(packets_next(&p), "debug: \n");
	packets_close(&p);
}

/* Whether it is put at once, byte by byte, or flushed in between. */
Test(sink, beside_our_messages_no_line_begins_as_one)
{
	static const char text[] = "snpvmm: a\rsnpvmm: b\n snpvmm: c\nsnpvm: d\nsnpvmm:snpvmm:\n";

	for (int way = 0; way < 3; way++) {
		struct packets p;
		char all[256] = "";

		packets_open(&p);
		cr_expect(sink_shares(&p.sink, p.fd[1]));
		cr_expect_not(sink_shares(&p.sink, p.fd[0]));
		p.sink.beside_ours = true;
		for (size_t i = 0; i < strlen(text); i += way ? 1 : strlen(text)) {
			sink_put(&p.sink, (const uint8_t *)text + i, way ? 1 : strlen(text));
			if (way == 2)
				cr_expect_eq(sink_flush(&p.sink), 0);
			while (packets_next(&p)[0])
				strcat(all, p.text);
		}
		cr_expect_str_eq(all, "snpvmm : a\rsnpvmm : b\n snpvmm: c\nsnpvm: d\n"
		                      "snpvmm :snpvmm:\n");
		packets_close(&p);
	}
}

/* Whatever a CI system treats as a line begins with the prefix, and nothing in it is a command. */
Test(sink, with_a_prefix_no_line_is_a_command)
{
	static const char *const rows[][2] = {
		{ "::error::x\n", "s: : :error::x\n" },
		{ "a\n::x\n", "s: a\ns: : :x\n" },
		{ "a\r::x\n", "s: a\rs: : :x\n" },
		{ "a\r\r\n::x\n", "s: a\r\r\ns: : :x\n" },
		{ "a\n\r::x\n", "s: a\ns: \rs: : :x\n" },
		{ "a ##[error]x\n", "s: a ## [error]x\n" },
		{ "##vso[task.x]\n", "s: ##vso [task.x]\n" },
		{ "50%\r51%\r\n", "s: 50%\rs: 51%\r\n" },
		{ "a::b [c]\n", "s: a::b [c]\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int whole = 0; whole < 2; whole++) {
			char text[64];
			struct sink s;
			ssize_t n;
			int fd[2];

			cr_assert_eq(pipe(fd), 0);
			sink_init(&s, fd[1]);
			s.prefix = "s: ";
			for (const char *c = rows[i][0]; !whole && *c; c++)
				sink_put(&s, (const uint8_t *)c, 1);
			if (whole)
				put(&s, rows[i][0]);
			cr_assert_eq(sink_flush(&s), 0);
			n = read(fd[0], text, sizeof(text) - 1);
			text[n] = '\0';
			cr_expect_str_eq(text, rows[i][1], "row %zu", i);
			sink_fini(&s);
			close(fd[0]);
			close(fd[1]);
		}
}

Test(sink, with_a_prefix_the_last_line_gets_an_end_and_goes_when_all_is_over)
{
	atomic_bool over = false;
	struct packets p;

	packets_open(&p);
	p.sink.prefix = "serial: ";
	p.sink.give_up = &over;
	put(&p.sink, "last words");
	sink_try_flush(&p.sink);
	cr_assert_str_eq(packets_next(&p), "");
	atomic_store(&over, true);
	sink_end_line(&p.sink);
	sink_end_line(&p.sink);
	cr_assert(sink_waits(&p.sink));
	sink_try_flush(&p.sink);
	cr_assert_str_eq(packets_next(&p), "serial: last words\n");
	packets_close(&p);
}

Test(sink, without_a_prefix_no_line_is_given_an_end)
{
	struct packets p;

	packets_open(&p);
	put(&p.sink, "prompt> ");
	sink_end_line(&p.sink);
	sink_try_flush(&p.sink);
	cr_assert_str_eq(packets_next(&p), "prompt> ");
	packets_close(&p);
}

Test(sink, a_line_without_end_is_cut_where_the_room_ends)
{
	static char line[2 * SINK_CAP];
	struct packets p;
	size_t total = 0, n;

	memset(line, 'x', sizeof(line) - 1);
	packets_open(&p);
	p.sink.prefix = "debug: ";
	put(&p.sink, line);
	cr_assert_eq(sink_flush(&p.sink), 0);
	for (; (n = strlen(packets_next(&p))) > 0; total += n)
		cr_expect_eq(strncmp(p.text, "debug: ", 7) == 0, total == 0);
	cr_expect_eq(total, strlen(line) + 7);
	packets_close(&p);
}

Test(sink, remembers_when_the_first_byte_came)
{
	struct sink s;

	sink_init(&s, -1);
	put(&s, "");
	cr_assert_eq(s.first_ns, 0u);
	put(&s, "x");
	cr_assert_gt(s.first_ns, 0u);
	sink_fini(&s);
}

Test(sink, after_its_end_nothing_is_written_whoever_speaks)
{
	struct packets p;

	packets_open(&p);
	put(&p.sink, "the last");
	cr_expect_eq(sink_end(&p.sink), 0);
	cr_expect_str_eq(packets_next(&p), "the last");
	put(&p.sink, "and one more\n");
	sink_flush(&p.sink);
	cr_expect_str_eq(packets_next(&p), "");
	packets_close(&p);
}

Test(sink, knows_whether_a_line_has_no_end)
{
	static const struct {
		const char *text;
		bool midline;
	} rows[] = {
		{ "a", true },     { "\n", false },   { "50%\r", true },  { "\r", true },
		{ "\r\n", false }, { "\r\r", false }, { "a\n\r", false },
	};
	struct sink s;

	sink_init(&s, -1);
	cr_expect_not(sink_midline(&s));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(&s, rows[i].text);
		cr_expect_eq(sink_midline(&s), rows[i].midline, "row %zu", i);
	}
	sink_fini(&s);
}
