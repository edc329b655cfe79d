/* SPDX-License-Identifier: MIT */
/* tests/dev/debug_test.c: the debug console: what it reads as, passes on and keeps. */
#include "core/dev/debug.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "core/dev/sink.h"
#include "tests/dev/ports.h"

/* The debug console, writing to a pipe. */
struct fixture {
	struct bus bus;
	struct sink out;
	int pipe[2];
	struct debug_port debug;
};

static void fixture_open(struct fixture *d)
{
	struct device_env env = { .debug = &d->out };

	memset(d, 0, sizeof(*d));
	cr_assert_eq(pipe(d->pipe), 0);
	sink_init(&d->out, d->pipe[1]);
	bus_make(&d->bus, &debug_port_device, &d->debug, &env);
}

static void fixture_close(struct fixture *d)
{
	sink_fini(&d->out);
	close(d->pipe[0]);
	close(d->pipe[1]);
}

Test(debug, console_shows_that_it_is_there)
{
	struct fixture d;

	fixture_open(&d);
	cr_assert_eq(in(&d.bus, 0x402, 1), 0xe9);
	cr_assert_eq(in(&d.bus, 0x402, 2), 0xffe9);
	cr_assert_eq(in(&d.bus, 0x402, 4), 0xffffffe9);
	fixture_close(&d);
}

Test(debug, console_puts_out_each_byte_of_a_write)
{
	struct fixture d;
	char text[16] = { 0 };

	fixture_open(&d);
	cr_assert_eq(out(&d.bus, 0x402, 'a', 1), IO_GO_ON);
	cr_assert_eq(out(&d.bus, 0x402, 'b' | 'c' << 8, 2), IO_GO_ON);
	cr_assert_eq(out(&d.bus, 0x402, 'd' | 'e' << 8 | 'f' << 16 | '\n' << 24, 4), IO_GO_ON);
	cr_assert_eq(read(d.pipe[0], text, sizeof(text)), 7);
	cr_assert_str_eq(text, "abcdef\n");
	cr_assert_eq(d.out.total, 7);
	fixture_close(&d);
}

Test(debug, bears_any_width_at_any_offset)
{
	struct fixture d;

	fixture_open(&d);
	d.out.fd = -1;
	bus_hammer_all(&debug_port_device, &d.debug);
	d.out.fd = d.pipe[1];
	fixture_close(&d);
}

static void say(struct fixture *d, const char *text)
{
	for (; *text; text++)
		out(&d->bus, 0x402, (uint8_t)*text, 1);
}

Test(debug, console_remembers_its_last_line)
{
	struct fixture d;

	fixture_open(&d);
	cr_expect_str_eq(debug_port_line(&d.debug), "");
	say(&d, "first\r\n");
	cr_expect_str_eq(debug_port_line(&d.debug), "first");
	say(&d, "second\r\n\r\n\n");
	cr_expect_str_eq(debug_port_line(&d.debug), "second", "empty lines say nothing");
	say(&d, "ASS");
	cr_expect_str_eq(debug_port_line(&d.debug), "ASS", "a line need not have ended");
	say(&d, "ERT");
	cr_expect_str_eq(debug_port_line(&d.debug), "ASSERT");
	fixture_close(&d);
}

Test(debug, what_is_remembered_is_printable_and_cut)
{
	char line[3 * DEBUG_LINE];
	struct fixture d;

	fixture_open(&d);
	say(&d, "\033[2Jx\x80\n");
	cr_expect_str_eq(debug_port_line(&d.debug), "?[2Jx?");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	say(&d, line);
	cr_expect_eq(strlen(debug_port_line(&d.debug)), DEBUG_LINE);
	say(&d, "\n");
	cr_expect_eq(strlen(debug_port_line(&d.debug)), DEBUG_LINE);
	fixture_close(&d);
}
