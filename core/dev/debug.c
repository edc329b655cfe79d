/* SPDX-License-Identifier: MIT */
/* core/dev/debug.c: the devices of a single port: debug console, exit, and the two ways to reset a PC. */
#include "core/dev/debug.h"

#include <string.h>

#include "core/dev/sink.h"

/* What OVMF's PlatformDebugLibIoPort looks for before it writes (BOCHS_DEBUG_PORT_MAGIC). */
#define DEBUG_PRESENT 0xe9
/* Reset control register, bit 2, RCPU (Intel 82371SB data sheet): OVMF and Linux write it to reset. */
#define RESET_CPU 0x04
/* 8042 command: pulse output line 0, which is wired to the processor's reset. */
#define KEYBOARD_PULSE_RESET 0xfe

static void ones_read(struct io_dev *d, uint16_t offset, uint8_t *data, size_t size)
{
	(void)d, (void)offset;
	memset(data, 0xff, size);
}

/* A register of one byte: what lies beyond it is nobody's, and floats. */
static void byte_read(uint8_t value, uint16_t offset, uint8_t *data, size_t size)
{
	memset(data, 0xff, size);
	if (offset == 0)
		data[0] = value;
}

static void debug_read(struct io_dev *d, uint16_t offset, uint8_t *data, size_t size)
{
	(void)d;
	byte_read(DEBUG_PRESENT, offset, data, size);
}

/* Firmware ends its lines with CR and LF; an empty one says nothing worth remembering. */
static void line_put(struct debug_port *d, uint8_t byte)
{
	if (byte == '\r')
		return;
	if (byte != '\n') {
		if (d->held < DEBUG_LINE)
			d->now[d->held++] = byte >= ' ' && byte < 0x7f ? (char)byte : '?';
		d->now[d->held] = '\0';
		return;
	}
	if (d->held > 0)
		memcpy(d->before, d->now, d->held + 1);
	d->held = 0;
}

const char *debug_port_line(const struct debug_port *d)
{
	return d->held > 0 ? d->now : d->before;
}

static enum io_verdict debug_write(struct io_dev *d, uint16_t offset, const uint8_t *data,
                                   size_t size)
{
	struct debug_port *port = (struct debug_port *)d;

	(void)offset;
	for (size_t i = 0; i < size; i++)
		line_put(port, data[i]);
	sink_put(port->out, data, size);
	return IO_GO_ON;
}

void debug_port_init(struct debug_port *d, struct sink *out)
{
	*d = (struct debug_port){
		.dev = { .name = "debug port",
		         .base = DEBUG_PORT,
		         .len = 1,
		         .read = debug_read,
		         .write = debug_write },
		.out = out,
	};
}

static enum io_verdict exit_write(struct io_dev *d, uint16_t offset, const uint8_t *data,
                                  size_t size)
{
	(void)d, (void)offset, (void)data, (void)size;
	return IO_EXIT;
}

/* One port, though a wider write carries a wider status: the next port may be another device's. */
void exit_port_init(struct exit_port *d, uint16_t port)
{
	*d = (struct exit_port){
		.dev = { .name = "exit port",
		         .base = port,
		         .len = 1,
		         .read = ones_read,
		         .write = exit_write },
	};
}

static void reset_read(struct io_dev *d, uint16_t offset, uint8_t *data, size_t size)
{
	(void)d;
	byte_read(0, offset, data, size);
}

static enum io_verdict reset_write(struct io_dev *d, uint16_t offset, const uint8_t *data,
                                   size_t size)
{
	(void)d, (void)size;
	return offset == 0 && data[0] & RESET_CPU ? IO_RESET : IO_GO_ON;
}

void reset_port_init(struct reset_port *d)
{
	*d = (struct reset_port){
		.dev = { .name = "reset port",
		         .base = RESET_PORT,
		         .len = 1,
		         .read = reset_read,
		         .write = reset_write },
	};
}

static enum io_verdict keyboard_write(struct io_dev *d, uint16_t offset, const uint8_t *data,
                                      size_t size)
{
	(void)d, (void)size;
	return offset == 0 && data[0] == KEYBOARD_PULSE_RESET ? IO_RESET : IO_GO_ON;
}

void keyboard_port_init(struct keyboard_port *d)
{
	*d = (struct keyboard_port){
		.dev = { .name = "keyboard port",
		         .base = KEYBOARD_PORT,
		         .len = 1,
		         .read = ones_read,
		         .write = keyboard_write },
	};
}
