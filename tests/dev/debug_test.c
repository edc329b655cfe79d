/* SPDX-License-Identifier: MIT */
/* tests/dev/debug_test.c: debug console, exit, reset: what each reads as and what each write asks for. */
#include "core/dev/debug.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/dev/sink.h"

/* The four of them on one bus, the debug console writing to a pipe. */
struct desk {
	struct bus bus;
	struct sink out;
	int pipe[2];
	struct debug_port debug;
	struct exit_port exit;
	struct reset_port reset;
	struct keyboard_port keyboard;
};

static void desk_open(struct desk *d)
{
	struct error err = { 0 };

	memset(d, 0, sizeof(*d));
	cr_assert_eq(pipe(d->pipe), 0);
	sink_init(&d->out, d->pipe[1]);
	debug_port_init(&d->debug, &d->out);
	exit_port_init(&d->exit, 0xf4);
	reset_port_init(&d->reset);
	keyboard_port_init(&d->keyboard);
	cr_assert_eq(bus_add(&d->bus, &d->debug.dev, &err), 0);
	cr_assert_eq(bus_add(&d->bus, &d->exit.dev, &err), 0);
	cr_assert_eq(bus_add(&d->bus, &d->reset.dev, &err), 0);
	cr_assert_eq(bus_add(&d->bus, &d->keyboard.dev, &err), 0);
}

static void desk_close(struct desk *d)
{
	sink_fini(&d->out);
	close(d->pipe[0]);
	close(d->pipe[1]);
}

static uint32_t in(struct desk *d, uint16_t port, size_t size)
{
	uint8_t data[4] = { 0 };

	cr_assert(bus_read(&d->bus, port, data, size));
	return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

static enum io_verdict out(struct desk *d, uint16_t port, uint32_t value, size_t size)
{
	uint8_t data[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		            (uint8_t)(value >> 24) };
	enum io_verdict v;

	cr_assert(bus_write(&d->bus, port, data, size, &v));
	return v;
}

Test(debug, console_shows_that_it_is_there)
{
	struct desk d;

	desk_open(&d);
	cr_assert_eq(in(&d, 0x402, 1), 0xe9);
	cr_assert_eq(in(&d, 0x402, 2), 0xffe9);
	cr_assert_eq(in(&d, 0x402, 4), 0xffffffe9);
	desk_close(&d);
}

Test(debug, console_puts_out_each_byte_of_a_write)
{
	struct desk d;
	char text[16] = { 0 };

	desk_open(&d);
	cr_assert_eq(out(&d, 0x402, 'a', 1), IO_GO_ON);
	cr_assert_eq(out(&d, 0x402, 'b' | 'c' << 8, 2), IO_GO_ON);
	cr_assert_eq(out(&d, 0x402, 'd' | 'e' << 8 | 'f' << 16 | '\n' << 24, 4), IO_GO_ON);
	cr_assert_eq(read(d.pipe[0], text, sizeof(text)), 7);
	cr_assert_str_eq(text, "abcdef\n");
	cr_assert_eq(d.out.total, 7);
	desk_close(&d);
}

Test(debug, exit_port_ends_the_run_whatever_is_written)
{
	struct desk d;

	desk_open(&d);
	cr_assert_eq(out(&d, 0xf4, 0, 1), IO_EXIT);
	cr_assert_eq(out(&d, 0xf4, 0xff, 1), IO_EXIT);
	cr_assert_eq(out(&d, 0xf4, 0x1234, 2), IO_EXIT);
	cr_assert_eq(out(&d, 0xf4, 0x12345678, 4), IO_EXIT);
	desk_close(&d);
}

Test(debug, exit_port_reads_ones)
{
	struct desk d;

	desk_open(&d);
	cr_assert_eq(in(&d, 0xf4, 1), 0xff);
	cr_assert_eq(in(&d, 0xf4, 4), 0xffffffff);
	desk_close(&d);
}

Test(debug, exit_port_is_one_port_and_stands_where_it_is_put)
{
	static const uint16_t ports[] = { 0, 0xf4, 0x501, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		struct exit_port p;

		exit_port_init(&p, ports[i]);
		cr_assert_eq(p.dev.base, ports[i]);
		cr_assert_eq(p.dev.len, 1);
	}
}

Test(debug, reset_port_resets_on_bit_2_alone)
{
	struct desk d;

	desk_open(&d);
	for (unsigned value = 0; value < 256; value++)
		cr_assert_eq(out(&d, 0xcf9, value, 1), value & 4 ? IO_RESET : IO_GO_ON, "0x%x",
		             value);
	cr_assert_eq(out(&d, 0xcf9, 0x0400, 2), IO_GO_ON); /* port 0xcfa's bit */
	cr_assert_eq(out(&d, 0xcf9, 0x0006, 2), IO_RESET);
	desk_close(&d);
}

Test(debug, reset_port_reads_zero)
{
	struct desk d;

	desk_open(&d);
	cr_assert_eq(in(&d, 0xcf9, 1), 0);
	cr_assert_eq(in(&d, 0xcf9, 2), 0xff00);
	desk_close(&d);
}

Test(debug, reset_port_leaves_a_pci_address_alone)
{
	struct desk d;
	uint8_t ones[4] = { 0xff, 0xff, 0xff, 0xff };
	enum io_verdict v;

	desk_open(&d);
	cr_assert_not(bus_write(&d.bus, 0xcf8, ones, 4, &v));
	cr_assert_eq(v, IO_GO_ON);
	desk_close(&d);
}

Test(debug, keyboard_port_resets_on_one_command_alone)
{
	struct desk d;

	desk_open(&d);
	for (unsigned value = 0; value < 256; value++)
		cr_assert_eq(out(&d, 0x64, value, 1), value == 0xfe ? IO_RESET : IO_GO_ON, "0x%x",
		             value);
	cr_assert_eq(out(&d, 0x64, 0xfe00, 2), IO_GO_ON);
	desk_close(&d);
}

Test(debug, keyboard_port_reads_ones)
{
	struct desk d;

	desk_open(&d);
	cr_assert_eq(in(&d, 0x64, 1), 0xff);
	cr_assert_eq(in(&d, 0x64, 2), 0xffff);
	desk_close(&d);
}

Test(debug, resets_on_the_port_itself_alone)
{
	struct desk d;
	uint8_t reset[] = { 0x06, 0x06 }, pulse[] = { 0xfe, 0xfe };

	desk_open(&d);
	cr_assert_eq(d.reset.dev.write(&d.reset.dev, 1, reset, 2), IO_GO_ON);
	cr_assert_eq(d.keyboard.dev.write(&d.keyboard.dev, 1, pulse, 2), IO_GO_ON);
	desk_close(&d);
}

/* The devices themselves, past the bus's guard: any size, any offset, buffers of just that size. */
Test(debug, devices_bear_any_width_and_offset)
{
	struct desk d;
	struct io_dev *devices[4];
	unsigned seed = 1;

	desk_open(&d);
	d.out.fd = -1;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		devices[i] = d.bus.devices[i];
	for (int i = 0; i < 4 * 255; i++) {
		size_t size = (size_t)1 << (seed = seed * 1103515245 + 12345) / 65536 % 3;
		uint16_t offset = (uint16_t)((seed = seed * 1103515245 + 12345) / 65536);
		struct io_dev *dev = devices[i % 4];
		uint8_t *data = malloc(size);

		memset(data, i, size);
		dev->write(dev, i & 4 ? offset % 8 : offset, data, size);
		memset(data, 0x55, size);
		dev->read(dev, i & 4 ? offset % 8 : offset, data, size);
		cr_assert_neq(data[size - 1], 0x55); /* every byte is answered */
		free(data);
	}
	d.out.fd = d.pipe[1];
	desk_close(&d);
}

static void say(struct desk *d, const char *text)
{
	for (; *text; text++)
		out(d, 0x402, (uint8_t)*text, 1);
}

Test(debug, console_remembers_its_last_line)
{
	struct desk d;

	desk_open(&d);
	cr_expect_str_eq(debug_port_line(&d.debug), "");
	say(&d, "first\r\n");
	cr_expect_str_eq(debug_port_line(&d.debug), "first");
	say(&d, "second\r\n\r\n\n");
	cr_expect_str_eq(debug_port_line(&d.debug), "second", "empty lines say nothing");
	say(&d, "ASS");
	cr_expect_str_eq(debug_port_line(&d.debug), "ASS", "a line need not have ended");
	say(&d, "ERT");
	cr_expect_str_eq(debug_port_line(&d.debug), "ASSERT");
	desk_close(&d);
}

Test(debug, what_is_remembered_is_printable_and_cut)
{
	char line[3 * DEBUG_LINE];
	struct desk d;

	desk_open(&d);
	say(&d, "\033[2Jx\x80\n");
	cr_expect_str_eq(debug_port_line(&d.debug), "?[2Jx?");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	say(&d, line);
	cr_expect_eq(strlen(debug_port_line(&d.debug)), DEBUG_LINE);
	say(&d, "\n");
	cr_expect_eq(strlen(debug_port_line(&d.debug)), DEBUG_LINE);
	desk_close(&d);
}
