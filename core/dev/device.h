/* SPDX-License-Identifier: MIT */
/* core/dev/device.h: what a device is: a row of constants, and a state of its own in each VM. */
#ifndef CORE_DEV_DEVICE_H
#define CORE_DEV_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;   /* core/base/error.h */
struct fw_item; /* core/plan/plan.h */
struct sink;    /* core/dev/sink.h */

/* What a write asks of the run. IO_EXIT: the status is the value written, little-endian. */
enum io_action { IO_GO_ON, IO_EXIT, IO_RESET, IO_POWER_OFF };

#define DEVICE_RANGES 2

enum bus_kind { BUS_PORTS, BUS_MMIO, BUS_KINDS };

/*
 * Where a device answers: base .. base + len - 1. Its functions see the offset from base. size is
 * 1, 2 or 4, for MMIO at most 8; an access may reach past the end of the range.
 */
struct device_range {
	const char *name; /* as statistics and errors have it */
	enum bus_kind bus;
	uint64_t base, len;
	void (*read)(void *self, unsigned offset, uint8_t *data, size_t size);
	enum io_action (*write)(void *self, unsigned offset, const uint8_t *data, size_t size);
	/* read NULL: the first byte is this, and those beyond it float high. */
	uint8_t value;
	/* write NULL: asks for `action` if the first byte is `match` in the bits of `mask`. */
	uint8_t mask, match;
	enum io_action action;
};

/* What a device finds around it when it is made. All of it outlives the device. */
struct device_env {
	struct sink *console, *debug;
	void (*irq)(void *self, bool level); /* the level of the device's interrupt line */
	void *irq_self;
	/*
	 * size bytes of guest memory we may touch; NULL: private, not memory, or not in one piece.
	 */
	uint8_t *(*memory)(void *self, uint64_t gpa, uint64_t size);
	void *memory_self;
	const atomic_bool *give_up;  /* once set, what takes long ends early; NULL: never */
	const struct fw_item *items; /* what fw_cfg hands over */
	size_t n_items;
};

struct device {
	struct device_range ranges[DEVICE_RANGES]; /* up to one without a name */
	bool at_exit_port; /* its port is the one that the manifest names, not `base` */
	int irq;           /* its line at the interrupt controllers; 0: none */
	size_t size;       /* of its state, which begins as zeros */
	int (*init)(void *self, const struct device_env *env, struct error *err); /* or NULL */
	void (*fini)(void *self); /* once no vCPU runs any more, if init succeeded; or NULL */
};

#endif
