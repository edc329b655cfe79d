/* SPDX-License-Identifier: MIT */
/* core/dev/debug.c: passes bytes on, and keeps the last line. */
#include "core/dev/debug.h"

#include <string.h>

#include "core/base/text.h"
#include "core/dev/sink.h"

/* OVMF's PlatformDebugLibIoPort writes only if it reads this (BOCHS_DEBUG_PORT_MAGIC). */
#define DEBUG_PRESENT 0xe9

/* Firmware ends lines with CR and LF. Ignores empty lines. */
static void line_put(struct debug_port *d, uint8_t byte)
{
	if (byte == '\r')
		return;
	if (byte != '\n') {
		if (d->held < DEBUG_LINE)
			d->now[d->held++] = text_is_ascii(byte) ? (char)byte : '?';
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

static enum io_action debug_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct debug_port *port = self;

	(void)offset;
	for (size_t i = 0; i < size; i++)
		line_put(port, data[i]);
	sink_put(port->out, data, size);
	return IO_GO_ON;
}

static int debug_init(void *self, const struct device_env *env, struct error *err)
{
	struct debug_port *port = self;

	(void)err;
	port->out = env->debug;
	return 0;
}

const struct device debug_port_device = {
	.ranges = { { .name = "debug port",
	              .base = DEBUG_PORT,
	              .len = 1,
	              .value = DEBUG_PRESENT,
	              .write = debug_write } },
	.size = sizeof(struct debug_port),
	.init = debug_init,
};
