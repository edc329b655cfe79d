/* SPDX-License-Identifier: MIT */
/* tests/dev/serial_test.c: the 16550A register by register, and every rule of its interrupt. */
#include "core/dev/serial.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/dev/sink.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };
#define FCR  IIR
#define DLL  DATA
#define DLM  IER
#define DLAB 0x80
#define LOOP 0x10

/* A UART with its line to the interrupt controller: the level, and how often it changed. */
struct port {
	struct serial uart;
	struct sink out;
	bool level;
	int changes;
};

static void port_irq(void *self, bool level)
{
	struct port *p = self;

	cr_assert_neq(p->level, level, "called without a change of level");
	p->level = level;
	p->changes++;
}

static void port_open(struct port *p, int fd)
{
	memset(p, 0, sizeof(*p));
	sink_init(&p->out, fd);
	serial_init(&p->uart, &p->out, port_irq, p);
}

static uint8_t in(struct port *p, uint16_t reg)
{
	uint8_t byte;

	serial_device.ranges[0].read(&p->uart, reg, &byte, 1);
	return byte;
}

static void out(struct port *p, uint16_t reg, uint8_t byte)
{
	cr_assert_eq(serial_device.ranges[0].write(&p->uart, reg, &byte, 1), IO_GO_ON);
}

static size_t feed(struct port *p, const char *text)
{
	return serial_input(&p->uart, (const uint8_t *)text, strlen(text));
}

Test(serial, begins_as_after_a_reset)
{
	static const uint8_t expected[] = { 0, 0, 0x01, 0, 0, 0x60, 0xb0, 0 };
	struct port p;

	port_open(&p, -1);
	for (uint16_t reg = 0; reg < ARRAY_SIZE(expected); reg++)
		cr_assert_eq(in(&p, reg), expected[reg], "register %u", reg);
	cr_assert_eq(serial_device.ranges[0].base, 0x3f8);
	cr_assert_eq(serial_device.ranges[0].len, 8);
	cr_assert_eq(p.changes, 0);
}

Test(serial, puts_out_what_is_written_to_thr)
{
	struct port p;
	int fd[2];
	char text[8] = { 0 };

	cr_assert_eq(pipe(fd), 0);
	port_open(&p, fd[1]);
	out(&p, DATA, 'h');
	out(&p, DATA, 'i');
	out(&p, DATA, '\n');
	cr_assert_eq(read(fd[0], text, sizeof(text)), 3);
	cr_assert_str_eq(text, "hi\n");
	cr_assert_eq(in(&p, LSR), 0x60);
}

Test(serial, keeps_the_bits_that_each_register_has)
{
	static const struct {
		uint16_t reg;
		uint8_t mask;
	} rows[] = { { IER, 0x0f }, { LCR, 0xff }, { MCR, 0x1f }, { SCR, 0xff } };
	struct port p;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		port_open(&p, -1);
		for (unsigned value = 0; value < 256; value++) {
			out(&p, rows[i].reg, (uint8_t)value);
			cr_assert_eq(in(&p, rows[i].reg), value & rows[i].mask, "register %u",
			             rows[i].reg);
		}
	}
}

Test(serial, lays_the_divisor_over_the_first_two_registers)
{
	struct port p;

	port_open(&p, -1);
	out(&p, IER, 0x05);
	out(&p, LCR, DLAB | 3);
	cr_assert_neq(in(&p, DLL) | in(&p, DLM), 0, "a driver divides by it");
	out(&p, DLL, 0x34);
	out(&p, DLM, 0x12);
	cr_assert_eq(in(&p, DLL), 0x34);
	cr_assert_eq(in(&p, DLM), 0x12);
	cr_assert_eq(in(&p, SCR), 0);
	out(&p, LCR, 3);
	cr_assert_eq(in(&p, IER), 0x05);
	cr_assert_eq(in(&p, DATA), 0);
	cr_assert_eq(p.out.total, 0);
	out(&p, LCR, DLAB);
	cr_assert_eq(in(&p, DLL), 0x34);
}

Test(serial, ignores_writes_to_lsr_and_msr)
{
	struct port p;

	port_open(&p, -1);
	out(&p, LSR, 0x1f);
	out(&p, MSR, 0x4f);
	cr_assert_eq(in(&p, LSR), 0x60);
	cr_assert_eq(in(&p, MSR), 0xb0);
}

Test(serial, tells_enabled_fifos_in_iir)
{
	struct port p;

	port_open(&p, -1);
	cr_assert_eq(in(&p, IIR), 0x01);
	out(&p, FCR, 0x01);
	cr_assert_eq(in(&p, IIR), 0xc1);
	out(&p, FCR, 0xc7);
	cr_assert_eq(in(&p, IIR), 0xc1);
	out(&p, FCR, 0xc6); /* without the enabling bit the others have no effect */
	cr_assert_eq(in(&p, IIR), 0x01);
	cr_assert_eq(p.uart.fcr, 0);
}

Test(serial, forgets_its_input_when_the_fifo_is_cleared)
{
	struct port p;

	port_open(&p, -1);
	out(&p, FCR, 0x01);
	out(&p, IER, 0x01);
	cr_assert_eq(feed(&p, "abc"), 3);
	cr_assert(p.level);
	out(&p, FCR, 0x05); /* the other FIFO */
	cr_assert_eq(in(&p, LSR), 0x61);
	out(&p, FCR, 0x02); /* not enabled: FIFOs go off and lose their content */
	cr_assert_eq(in(&p, LSR), 0x60);
	out(&p, FCR, 0x01);
	feed(&p, "abc");
	out(&p, FCR, 0x03);
	cr_assert_eq(in(&p, LSR), 0x60);
	cr_assert_not(p.level);
	feed(&p, "z");
	cr_assert_eq(in(&p, DATA), 'z');
}

Test(serial, forgets_its_input_when_fifos_are_turned_on_or_off)
{
	struct port p;

	port_open(&p, -1);
	feed(&p, "a");
	out(&p, FCR, 0x01);
	cr_assert_eq(in(&p, LSR), 0x60);
	feed(&p, "abc");
	out(&p, FCR, 0x01); /* no change */
	cr_assert_eq(in(&p, LSR), 0x61);
	out(&p, FCR, 0x00);
	cr_assert_eq(in(&p, LSR), 0x60);
}

Test(serial, keeps_its_input_when_fifos_that_are_off_are_cleared)
{
	struct port p;

	port_open(&p, -1);
	feed(&p, "a");
	out(&p, FCR, 0x02);
	cr_assert_eq(in(&p, DATA), 'a');
}

Test(serial, takes_as_much_input_as_it_has_room_for)
{
	struct port p;

	port_open(&p, -1);
	cr_assert_eq(serial_room(&p.uart), 1);
	cr_assert_eq(feed(&p, "abc"), 1);
	cr_assert_eq(serial_room(&p.uart), 0);
	cr_assert_eq(feed(&p, "bc"), 0);
	cr_assert_eq(in(&p, DATA), 'a');
	out(&p, FCR, 0x01);
	cr_assert_eq(serial_room(&p.uart), 16);
	cr_assert_eq(feed(&p, "0123456789abcdefXYZ"), 16);
	cr_assert_eq(serial_room(&p.uart), 0);
	cr_assert_eq(in(&p, LSR), 0x61, "input from outside never overruns");
	cr_assert_eq(feed(&p, ""), 0);
}

Test(serial, listens_once_the_guest_wants_interrupts_or_polls)
{
	struct port p;

	port_open(&p, -1);
	cr_assert_not(serial_listens(&p.uart));
	out(&p, IER, 1);
	cr_assert(serial_listens(&p.uart), "interrupts for input");
	out(&p, IER, 0);
	for (int i = 0; i < 100; i++) { /* as Linux prints */
		in(&p, LSR);
		in(&p, LSR);
		out(&p, DATA, 'x');
	}
	cr_assert_not(serial_listens(&p.uart), "it only prints");
	for (int i = 0; i < 16; i++)
		in(&p, LSR);
	cr_assert(serial_listens(&p.uart), "it polls");
	out(&p, FCR, 7);
	cr_assert_not(serial_listens(&p.uart), "another driver starts");
}

Test(serial, gives_its_input_in_order_around_the_fifo_end)
{
	struct port p;
	uint8_t next = 0, seen = 0;

	port_open(&p, -1);
	out(&p, FCR, 0x01);
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 11; i++)
			next += (uint8_t)serial_input(&p.uart, &next, 1);
		for (int i = 0; i < 11; i++)
			cr_assert_eq(in(&p, DATA), seen++);
		cr_assert_eq(in(&p, LSR), 0x60);
	}
	cr_assert_eq(in(&p, DATA), 0, "empty");
}

Test(serial, interrupts_for_input_until_it_is_read)
{
	struct port p;

	port_open(&p, -1);
	out(&p, FCR, 0x01);
	feed(&p, "ab");
	cr_assert_not(p.level);
	cr_assert_eq(in(&p, IIR), 0xc1);
	out(&p, IER, 0x01);
	cr_assert(p.level);
	cr_assert_eq(in(&p, IIR), 0xc4);
	cr_assert_eq(in(&p, IIR), 0xc4, "reading IIR doesn't clear it");
	in(&p, DATA);
	cr_assert(p.level);
	in(&p, DATA);
	cr_assert_not(p.level);
	cr_assert_eq(in(&p, IIR), 0xc1);
	feed(&p, "c");
	cr_assert(p.level);
	out(&p, IER, 0x00);
	cr_assert_not(p.level);
	cr_assert_eq(p.changes, 4);
}

Test(serial, interrupts_for_an_empty_thr_as_soon_as_that_is_enabled)
{
	struct port p;

	port_open(&p, -1);
	out(&p, IER, 0x02);
	cr_assert(p.level);
	cr_assert_eq(in(&p, IIR), 0x02);
	cr_assert_not(p.level, "reading IIR clears it");
	cr_assert_eq(in(&p, IIR), 0x01);
	out(&p, IER, 0x02); /* was enabled already */
	cr_assert_not(p.level);
}

/* The test Linux makes for UART_BUG_THRE: off and on again must interrupt again. */
Test(serial, interrupts_for_an_empty_thr_each_time_that_is_enabled)
{
	struct port p;

	port_open(&p, -1);
	for (int i = 0; i < 3; i++) {
		out(&p, IER, 0x02);
		cr_assert(p.level);
		cr_assert_eq(in(&p, IIR), 0x02);
		out(&p, IER, 0x00);
	}
	out(&p, IER, 0x02);
	out(&p, IER, 0x00);
	cr_assert_not(p.level);
}

Test(serial, interrupts_after_each_byte_sent)
{
	struct port p;

	port_open(&p, -1);
	out(&p, DATA, 'a');
	cr_assert_not(p.level);
	out(&p, IER, 0x02);
	in(&p, IIR);
	out(&p, DATA, 'b');
	cr_assert(p.level);
	cr_assert_eq(p.changes, 3);
	out(&p, DATA, 'c'); /* cleared by the write, raised by the empty register: an edge */
	cr_assert(p.level);
	cr_assert_eq(p.changes, 5);
	cr_assert_eq(in(&p, IIR), 0x02);
	cr_assert_not(p.level);
}

Test(serial, keeps_the_thr_interrupt_while_iir_names_another)
{
	struct port p;

	port_open(&p, -1);
	out(&p, FCR, 0x01);
	feed(&p, "a");
	out(&p, IER, 0x03);
	cr_assert_eq(in(&p, IIR), 0xc4);
	cr_assert_eq(in(&p, IIR), 0xc4);
	cr_assert_eq(in(&p, DATA), 'a');
	cr_assert(p.level);
	cr_assert_eq(in(&p, IIR), 0xc2);
	cr_assert_eq(in(&p, IIR), 0xc1);
	cr_assert_not(p.level);
}

Test(serial, names_interrupts_by_priority)
{
	struct port p;

	port_open(&p, -1);
	out(&p, FCR, 0x01);
	out(&p, MCR, LOOP); /* the modem's lines fall */
	for (int i = 0; i < 17; i++)
		out(&p, DATA, 'x'); /* one too many */
	out(&p, IER, 0x0f);
	cr_assert_eq(in(&p, IIR), 0xc6);
	cr_assert_eq(in(&p, LSR), 0x63);
	cr_assert_eq(in(&p, IIR), 0xc4);
	for (int i = 0; i < 16; i++)
		in(&p, DATA);
	cr_assert_eq(in(&p, IIR), 0xc2);
	cr_assert_eq(in(&p, IIR), 0xc0);
	cr_assert(p.level);
	cr_assert_eq(in(&p, MSR), 0x0b);
	cr_assert_eq(in(&p, IIR), 0xc1);
	cr_assert_not(p.level);
	cr_assert_eq(p.changes, 2);
}

Test(serial, raises_only_what_is_enabled)
{
	static const struct {
		uint8_t ier, iir;
	} rows[] = { { 0x01, 0x04 }, { 0x02, 0x02 }, { 0x04, 0x06 }, { 0x08, 0x00 }, { 0, 0x01 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct port p;

		port_open(&p, -1);
		out(&p, MCR, LOOP);
		out(&p, DATA, 'x');
		out(&p, DATA, 'y');
		out(&p, IER, rows[i].ier);
		cr_assert_eq(p.level, rows[i].ier != 0);
		cr_assert_eq(in(&p, IIR), rows[i].iir, "IER 0x%x", rows[i].ier);
	}
}

Test(serial, does_not_ask_out2_for_the_interrupt)
{
	struct port p;

	port_open(&p, -1);
	out(&p, MCR, 0x08);
	out(&p, IER, 0x02);
	cr_assert(p.level);
	out(&p, MCR, 0x00);
	cr_assert(p.level);
}

Test(serial, loops_what_it_sends_back)
{
	struct port p;

	port_open(&p, -1);
	out(&p, FCR, 0x01);
	out(&p, MCR, LOOP);
	out(&p, IER, 0x01);
	out(&p, DATA, 'q');
	cr_assert(p.level);
	cr_assert_eq(in(&p, LSR), 0x61);
	cr_assert_eq(in(&p, DATA), 'q');
	cr_assert_not(p.level);
	cr_assert_eq(p.out.total, 0, "nothing leaves");
	out(&p, MCR, 0);
	out(&p, DATA, 'r');
	cr_assert_eq(in(&p, LSR), 0x60);
	cr_assert_eq(p.out.total, 1);
}

Test(serial, takes_no_input_while_looped_back)
{
	struct port p;

	port_open(&p, -1);
	out(&p, MCR, LOOP);
	cr_assert_eq(serial_room(&p.uart), 0);
	cr_assert_eq(feed(&p, "a"), 0);
	cr_assert_eq(in(&p, LSR), 0x60);
	out(&p, MCR, 0);
	cr_assert_eq(feed(&p, "a"), 1);
}

Test(serial, wires_mcr_to_msr_while_looped_back)
{
	static const struct {
		uint8_t mcr, msr;
	} rows[] = {
		{ 0x00, 0x00 }, { 0x01, 0x20 }, { 0x02, 0x10 }, { 0x04, 0x40 },
		{ 0x08, 0x80 }, { 0x0a, 0x90 }, /* the pair that Linux's autoconfig() looks at */
		{ 0x0f, 0xf0 },
	};
	struct port p;

	port_open(&p, -1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		out(&p, MCR, LOOP | rows[i].mcr);
		cr_assert_eq(in(&p, MSR) & 0xf0, rows[i].msr, "MCR 0x%x", rows[i].mcr);
		out(&p, MCR, rows[i].mcr);
		cr_assert_eq(in(&p, MSR) & 0xf0, 0xb0);
	}
}

Test(serial, notes_changes_of_the_modem_lines_until_msr_is_read)
{
	struct port p;

	port_open(&p, -1);
	out(&p, MCR, LOOP | 0x0b); /* same as outside: nothing changes */
	cr_assert_eq(in(&p, MSR), 0xb0);
	out(&p, MCR, LOOP | 0x0f); /* the ring begins, which isn't recorded */
	cr_assert_eq(in(&p, MSR), 0xf0);
	out(&p, MCR, LOOP | 0x0b); /* and ends */
	cr_assert_eq(in(&p, MSR), 0xb4);
	cr_assert_eq(in(&p, MSR), 0xb0);
	out(&p, MCR, LOOP);
	out(&p, MCR, LOOP | 0x0b);
	cr_assert_eq(in(&p, MSR), 0xbb);
}

Test(serial, loses_the_newest_byte_of_an_overrun_fifo)
{
	struct port p;

	port_open(&p, -1);
	out(&p, FCR, 0x01);
	out(&p, MCR, LOOP);
	out(&p, IER, 0x04);
	for (uint8_t i = 0; i < 16; i++)
		out(&p, DATA, i);
	cr_assert_not(p.level);
	out(&p, DATA, 99);
	cr_assert(p.level);
	cr_assert_eq(in(&p, IIR), 0xc6);
	cr_assert_eq(in(&p, LSR), 0x63);
	cr_assert_not(p.level, "reading LSR clears it");
	cr_assert_eq(in(&p, LSR), 0x61);
	for (uint8_t i = 0; i < 16; i++)
		cr_assert_eq(in(&p, DATA), i);
	cr_assert_eq(in(&p, LSR), 0x60);
}

Test(serial, loses_the_older_byte_of_an_overrun_without_fifos)
{
	struct port p;

	port_open(&p, -1);
	out(&p, MCR, LOOP);
	out(&p, DATA, 'a');
	out(&p, DATA, 'b');
	cr_assert_eq(in(&p, LSR), 0x63);
	cr_assert_eq(in(&p, DATA), 'b');
	cr_assert_eq(in(&p, LSR), 0x60);
}

Test(serial, takes_a_wide_access_as_bytes_at_rising_registers)
{
	struct port p;
	uint8_t data[4] = { 0x03, 0x0b, 0, 0 };

	port_open(&p, -1);
	serial_device.ranges[0].write(&p.uart, LCR, data, 2);
	cr_assert_eq(in(&p, LCR), 0x03);
	cr_assert_eq(in(&p, MCR), 0x0b);
	serial_device.ranges[0].read(&p.uart, LCR, data, 4);
	cr_assert_arr_eq(data, ((uint8_t[]){ 0x03, 0x0b, 0x60, 0xb0 }), 4);
}

Test(serial, ends_at_its_last_register)
{
	struct port p;
	uint8_t data[4] = { 0x5a, 1, 2, 3 };

	port_open(&p, -1);
	serial_device.ranges[0].write(&p.uart, SCR, data, 4);
	cr_assert_eq(in(&p, SCR), 0x5a);
	cr_assert_eq(p.out.total, 0);
	cr_assert_eq(in(&p, IER), 0);
	serial_device.ranges[0].read(&p.uart, SCR, data, 4);
	cr_assert_arr_eq(data, ((uint8_t[]){ 0x5a, 0xff, 0xff, 0xff }), 4);
}

Test(serial, needs_nobody_at_its_interrupt)
{
	struct port p;

	port_open(&p, -1);
	serial_init(&p.uart, &p.out, NULL, NULL);
	out(&p, IER, 0x02);
	cr_assert_eq(in(&p, IIR), 0x02);
}

/* The steps by which Linux's autoconfig() tells a 16550A from similar UARTs (8250_port.c). */
Test(serial, is_a_16550a_to_linux)
{
	struct port p;

	port_open(&p, -1);
	out(&p, IER, 0x0f);
	cr_assert_eq(in(&p, IER) & 0x0f, 0x0f);
	out(&p, IER, 0);
	cr_assert_eq(in(&p, IER) & 0x0f, 0);
	out(&p, FCR, 0x01);
	cr_assert_eq(in(&p, IIR) >> 6, 3);
	out(&p, LCR, DLAB); /* a 16650 would have an EFR here, which can be 0 */
	cr_assert_neq(in(&p, FCR), 0);
	out(&p, LCR, 0);
	out(&p, FCR, 0x21); /* a 16750 would report 64 bytes, in bit 5 */
	cr_assert_eq(in(&p, IIR) >> 5, 6);
	out(&p, IER, 0x40); /* an XScale would keep this one */
	cr_assert_eq(in(&p, IER), 0);
}

/* Whatever a guest does, no access leaves the device, and the level always matches its cause. */
Test(serial, bears_any_width_and_offset)
{
	struct port p;
	unsigned seed = 1;
	bool level;

	port_open(&p, -1);
	for (int i = 0; i < 100 * 255; i++) {
		size_t size = (size_t)1 << (seed = seed * 1103515245 + 12345) / 65536 % 3;
		uint16_t offset = (seed = seed * 1103515245 + 12345) / 65536 % 9;
		uint8_t *data = malloc(size);

		offset = i % 16 == 0 ? (uint16_t)seed : offset;
		for (size_t k = 0; k < size; k++)
			data[k] = (uint8_t)((seed = seed * 1103515245 + 12345) / 65536);
		if (i & 1)
			serial_device.ranges[0].read(&p.uart, offset, data, size);
		else
			serial_device.ranges[0].write(&p.uart, offset, data, size);
		serial_input(&p.uart, data, size);
		free(data);
		cr_assert_leq(serial_room(&p.uart), SERIAL_FIFO);
		cr_assert_leq(p.uart.fifo_held, p.uart.fcr & 1 ? SERIAL_FIFO : 1);
		cr_assert_eq(p.level, p.uart.level);
		level = p.level;
		cr_assert_eq((in(&p, IIR) & 1) == 0, level);
	}
}
