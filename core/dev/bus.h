/* SPDX-License-Identifier: MIT */
/* core/dev/bus.h: assigns ports or addresses to devices. */
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
	struct bus_device devices[BUS_MAX_DEVICES]; /* by ascending base */
	size_t count;
	atomic_ullong unclaimed; /* accesses without a device */
};

/*
 * Copies the range. 0, or -EINVAL: the range is empty, exceeds the last address or overlaps
 * another, or the bus is full.
 */
int bus_add(struct bus *b, const struct device_range *r, void *self, struct error *err);

/* All ranges of a device, each on the bus of its kind. */
int bus_add_device(struct bus b[static BUS_KINDS], const struct device *kind, void *self,
                   const struct device_env *env, struct error *err);

/* False: there is no device, and reads give all ones. *ret: what the write asks for. */
bool bus_read(struct bus *b, uint64_t at, uint8_t *data, size_t size);
bool bus_write(struct bus *b, uint64_t at, const uint8_t *data, size_t size, enum io_action *ret);

#endif
