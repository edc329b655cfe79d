/* SPDX-License-Identifier: MIT */
/* core/dev/bus.h: which device has which ports or addresses. bus_add() refuses overlaps. */
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

/* Zero-initialise all but the first two members. */
struct bus {
	enum bus_kind kind;
	pthread_mutex_t *lock; /* held during an access; NULL: only one thread. Borrowed */
	struct bus_device devices[BUS_MAX_DEVICES]; /* by rising base */
	size_t count;
	atomic_ullong unclaimed; /* accesses without a device */
};

/*
 * The range is copied. 0, or -EINVAL: empty, past the last address, overlapping, or the bus is
 * full.
 */
int bus_add(struct bus *b, const struct device_range *r, void *self, struct error *err);

/* False: there is no device. Reads then give all ones. */
bool bus_read(struct bus *b, uint64_t at, uint8_t *data, size_t size);
bool bus_write(struct bus *b, uint64_t at, const uint8_t *data, size_t size, enum io_action *ret);

#endif
