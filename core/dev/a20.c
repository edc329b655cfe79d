/* SPDX-License-Identifier: MIT */
/* core/dev/a20.c: a line that is always open, whatever is written. */
#include "core/dev/a20.h"

#include <string.h>

#define A20_OPEN 0x02 /* ALT_A20_GATE (Intel 82371AB data sheet, port 92h) */

static void a20_read(struct io_dev *d, uint16_t offset, uint8_t *data, size_t size)
{
	(void)d;
	memset(data, 0xff, size);
	if (offset == 0)
		data[0] = A20_OPEN;
}

/* Bit 0 would reset the processor at once; firmware only ever sets bit 1 (edk2 PlatformInitLib). */
static enum io_verdict a20_write(struct io_dev *d, uint16_t offset, const uint8_t *data,
                                 size_t size)
{
	(void)d, (void)offset, (void)data, (void)size;
	return IO_GO_ON;
}

void a20_port_init(struct a20_port *d)
{
	*d = (struct a20_port){
		.dev = { .name = "A20 port",
		         .base = A20_PORT,
		         .len = 1,
		         .read = a20_read,
		         .write = a20_write },
	};
}
