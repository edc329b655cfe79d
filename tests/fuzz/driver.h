/* SPDX-License-Identifier: MIT */
/* tests/fuzz/driver.h: what a guest's driver of a virtio device does, and an image for a disk. */
#ifndef TESTS_FUZZ_DRIVER_H
#define TESTS_FUZZ_DRIVER_H

#include <sys/mman.h>
#include <unistd.h>

#include "core/dev/disk.h"
#include "core/dev/msix.h"
#include "core/dev/pci_function.h"
#include "tests/fuzz/fuzz.h"

#define DRIVER_BAR   0x2000u /* bytes of a BAR */
#define DRIVER_IMAGE (13 * DISK_SECTOR)

/* Registers in the BAR; up to R_USED, the common configuration (virtio 1.2, 4.1.4.3). */
enum {
	R_FEATURE_SELECT = 0x08,
	R_FEATURE = 0x0c,
	R_CONFIG_VECTOR = 0x10,
	R_STATUS = 0x14,
	R_QUEUE_SELECT = 0x16,
	R_QUEUE_SIZE = 0x18,
	R_QUEUE_VECTOR = 0x1a,
	R_QUEUE_ENABLE = 0x1c,
	R_DESC = 0x20,
	R_AVAIL = 0x28,
	R_USED = 0x30,
	R_TABLE = 0x800,
	R_NOTIFY = 0x1000,
};
enum { MSIX_CONTROL = 0x9a }; /* in configuration space */
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { DRIVER_STEPS = 20 };

/* A write to a register in the BAR. */
struct driver_step {
	unsigned reg;
	uint64_t value;
	size_t size;
};

/* From reset to DRIVER_OK with one queue. */
struct driver_setup {
	uint64_t features;
	unsigned number; /* of the device, by which its messages are told apart */
	unsigned queue;
	uint16_t queue_size;
	uint64_t desc, avail, used; /* guest addresses */
};

static inline void driver_steps(const struct driver_setup *d,
                                struct driver_step ret[static DRIVER_STEPS])
{
	const struct driver_step steps[DRIVER_STEPS] = {
		{ R_STATUS, 0, 1 },
		{ R_STATUS, ACKNOWLEDGE | DRIVER, 1 },
		{ R_FEATURE_SELECT, 1, 4 },
		{ R_FEATURE, d->features >> 32, 4 },
		{ R_FEATURE_SELECT, 0, 4 },
		{ R_FEATURE, (uint32_t)d->features, 4 },
		{ R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK, 1 },
		{ R_TABLE, 0xfee00000 + 0x1000 * (d->number % 16), 8 },
		{ R_TABLE + 8, 0x40, 8 }, /* and not masked */
		{ R_TABLE + 16, 0xfee00000, 8 },
		{ R_TABLE + 24, 0x41 + d->number, 8 },
		{ R_CONFIG_VECTOR, 0, 2 },
		{ R_QUEUE_SELECT, d->queue, 2 },
		{ R_QUEUE_SIZE, d->queue_size, 2 },
		{ R_QUEUE_VECTOR, 1, 2 },
		{ R_DESC, d->desc, 8 },
		{ R_AVAIL, d->avail, 8 },
		{ R_USED, d->used, 8 },
		{ R_QUEUE_ENABLE, 1, 2 },
		{ R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK, 1 },
	};

	memcpy(ret, steps, sizeof(steps));
}

/* An image in memory, whose byte at i is i. */
static inline int driver_image(void)
{
	static int fd = -1;
	uint8_t bytes[DRIVER_IMAGE];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	if (fd < 0)
		fd = memfd_create("image", MFD_CLOEXEC);
	must(pwrite(fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes));
	return fd;
}

static inline void driver_image_check(int fd)
{
	uint8_t bytes[DRIVER_IMAGE];

	must(pread(fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		must(bytes[i] == (uint8_t)i);
}

#endif
