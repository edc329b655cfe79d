/* SPDX-License-Identifier: MIT */
/* core/dev/bus.h: who answers at which port. A device sees an offset; overlap is refused at insertion. */
#ifndef CORE_DEV_BUS_H
#define CORE_DEV_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error; /* core/base/error.h */

/* What a write asks of the run. */
enum io_verdict { IO_GO_ON, IO_EXIT, IO_RESET, IO_POWER_OFF };

/* A device at ports base .. base + len - 1. size is 1, 2 or 4; an access may reach past the device's end. */
struct io_dev {
	const char *name;
	uint16_t base, len;
	void (*read)(struct io_dev *d, uint16_t offset, uint8_t *data, size_t size);
	/* IO_EXIT: the status is the value written, little-endian. */
	enum io_verdict (*write)(struct io_dev *d, uint16_t offset, const uint8_t *data,
	                         size_t size);
	uint64_t reads, writes; /* counted by the bus */
};

#define BUS_MAX_DEVICES 16

/* Zero-initialise. Accesses are serialised by the caller. */
struct bus {
	struct io_dev *devices[BUS_MAX_DEVICES]; /* borrowed, by rising base */
	size_t count;
	uint64_t unclaimed; /* accesses that nobody answered */
};

/* 0, or -EINVAL: empty, past port 0xffff, overlapping, or the bus is full. */
int bus_add(struct bus *b, struct io_dev *d, struct error *err);

/* False: nobody at that port. Reads then give all ones, as a bus without a device does. */
bool bus_read(struct bus *b, uint16_t port, uint8_t *data, size_t size);
bool bus_write(struct bus *b, uint16_t port, const uint8_t *data, size_t size,
               enum io_verdict *ret);

#endif
