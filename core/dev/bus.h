/* SPDX-License-Identifier: MIT */
/* core/dev/bus.h: who answers at which port or address. Overlap is refused at insertion. */
#ifndef CORE_DEV_BUS_H
#define CORE_DEV_BUS_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/dev/device.h"

#define BUS_MAX_DEVICES 16

struct bus_device {
	struct device_range range;
	void *self;             /* borrowed */
	uint64_t reads, writes; /* counted by the bus */
};

/* Zero-initialise, but for these two: */
struct bus {
	enum bus_kind kind;
	pthread_mutex_t *lock; /* held while a device answers; NULL: one thread only. Borrowed */
	struct bus_device devices[BUS_MAX_DEVICES]; /* by rising base */
	size_t count;
	atomic_ullong unclaimed; /* accesses that nobody answered */
};

/*
 * The range is copied. 0, or -EINVAL: empty, past the last address, overlapping, or the bus is
 * full.
 */
int bus_add(struct bus *b, const struct device_range *r, void *self, struct error *err);

/* False: nobody is there. Reads then give all ones, as a bus without a device does. */
bool bus_read(struct bus *b, uint64_t at, uint8_t *data, size_t size);
bool bus_write(struct bus *b, uint64_t at, const uint8_t *data, size_t size, enum io_action *ret);

#endif
