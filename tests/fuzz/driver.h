/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/driver.h: what a guest's driver of a virtio device does, and an image for a disk.
 */
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

enum { R_STATUS = 0x14, R_TABLE = 0x800, R_NOTIFY = 0x1000, MSIX_CONTROL = 0x9a };
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
		{ R_STATUS, 3, 1 },
		{ 0x08, 1, 4 },
		{ 0x0c, d->features >> 32, 4 },
		{ 0x08, 0, 4 },
		{ 0x0c, (uint32_t)d->features, 4 },
		{ R_STATUS, 11, 1 },
		{ R_TABLE, 0xfee00000 + 0x1000 * (d->number % 16), 8 },
		{ R_TABLE + 8, 0x40, 8 }, /* and not masked */
		{ R_TABLE + 16, 0xfee00000, 8 },
		{ R_TABLE + 24, 0x41 + d->number, 8 },
		{ 0x10, 0, 2 },
		{ 0x16, d->queue, 2 },
		{ 0x18, d->queue_size, 2 },
		{ 0x1a, 1, 2 },
		{ 0x20, d->desc, 8 },
		{ 0x28, d->avail, 8 },
		{ 0x30, d->used, 8 },
		{ 0x1c, 1, 2 },
		{ R_STATUS, 15, 1 },
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
