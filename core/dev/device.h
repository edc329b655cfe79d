/* SPDX-License-Identifier: MIT */
/* core/dev/device.h: a device: constants (ports, functions), and its state in each VM. */
#ifndef CORE_DEV_DEVICE_H
#define CORE_DEV_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;         /* core/base/error.h */
struct flash_content; /* core/dev/flash.h */
struct fw_item;       /* core/plan/plan.h */
struct merge;         /* core/dev/merge.h */
struct pci_host;      /* core/dev/pci_host.h */
struct sink;          /* core/dev/sink.h */

/* What a write asks for. IO_EXIT: end the run with the written value, little-endian, as status. */
enum io_action { IO_GO_ON, IO_EXIT, IO_RESET, IO_POWER_OFF };

#define DEVICE_RANGES 3

enum bus_kind { BUS_PORTS, BUS_MMIO, BUS_KINDS };

/* Where a range lies; of all but the first the launch decides, and there may be none. */
enum device_place { AT_BASE, AT_EXIT_PORT, AT_FLASH, AT_PCI_WINDOW };

/*
 * A device's ports or addresses: base .. base + len - 1. Its functions get the offset from base and
 * a size of 1, 2 or 4 bytes, for MMIO at most 8; an access may extend past the end of the range.
 */
struct device_range {
	const char *name; /* in statistics and errors */
	enum bus_kind bus;
	enum device_place place;
	uint64_t base, len; /* as far as `place` leaves them to the device */
	void (*read)(void *self, unsigned offset, uint8_t *data, size_t size);
	enum io_action (*write)(void *self, unsigned offset, const uint8_t *data, size_t size);
	/* If read is NULL: the value of the first byte; others read as ones. */
	uint8_t value;
	/* If write is NULL: `action` if the first byte, masked with `mask`, is `match`. */
	uint8_t mask, match;
	enum io_action action;
};

/* What a device is connected to. Everything in it outlives the device. */
struct device_env {
	struct sink *console, *debug;
	struct merge *merge; /* of COM1 and hvc0 into `console`; NULL: COM1 is alone */
	void (*irq)(void *self, bool level); /* sets the device's interrupt line */
	void *irq_self;
	/*
	 * `size` bytes of guest memory; NULL: private, no memory, or not contiguous in our
	 * mappings.
	 */
	uint8_t *(*memory)(void *self, uint64_t gpa, uint64_t size);
	void *memory_self;
	const atomic_bool *give_up;  /* once set, long operations end early; NULL: never */
	const struct fw_item *items; /* of fw_cfg */
	size_t n_items;
	uint16_t exit_port;
	const struct flash_content *flash; /* where it is and what it holds; or NULL */
	uint64_t pci_window;  /* where the PCI window begins; 0: the machine has none */
	struct pci_host *pci; /* for devices in its slots; NULL: the machine has no PCI bus */
	void (*msi)(void *self, uint64_t address, uint32_t data); /* from any thread */
	/*
	 * From now on (`on`), or no longer, the guest's two-byte writes to gpa signal the eventfd
	 * without an exit. False: they can't, and come as accesses to the device.
	 */
	bool (*notify_at)(void *self, int fd, uint64_t gpa, bool on);
	void *vm;             /* `self` of the two, and for devices of core/vm its struct vm */
	const void *settings; /* of this one among several devices of a kind; or NULL */
};

struct device {
	const char *name;                          /* in errors; NULL: that of its first range */
	struct device_range ranges[DEVICE_RANGES]; /* ended by one without a name */
	int irq;                                   /* its interrupt line; 0: none */
	size_t size;                               /* of its state, which is zero-initialised */
	int (*init)(void *self, const struct device_env *env, struct error *err); /* or NULL */
	void (*fini)(void *self); /* called after the last vCPU, if init succeeded; or NULL */
	/*
	 * Runs in a thread of its own while the guest runs, and returns soon after work_end(),
	 * which is called from another thread and may come first. Must not take the bus's lock. Or
	 * NULL.
	 */
	void (*work)(void *self);
	void (*work_end)(void *self);
};

#endif
