/* SPDX-License-Identifier: MIT */
/*
 * core/dev/flash.h: the flash with a firmware's variables, as the first Intel parts have it: bytes
 * are read as memory, and written by commands.
 */
#ifndef CORE_DEV_FLASH_H
#define CORE_DEV_FLASH_H

#include "core/dev/device.h"

#define FLASH_BLOCK 4096 /* that an erase command clears: edk2 expects QEMU's */

/* What the flash holds at first, and where. */
struct flash_content {
	const uint8_t *bytes; /* borrowed until the device is made */
	uint64_t gpa, size;   /* whole blocks; size 0: there is no flash */
};

/*
 * Reads are no exits: the guest sees env->memory at gpa, which it can't write to, and in which we
 * show either the content or what the last command asks for.
 */
struct flash {
	uint8_t *array; /* the content */
	uint64_t gpa, size;
	enum { FLASH_ARRAY, FLASH_STATUS } shows;
	uint8_t setup, status; /* setup: a command that waits for its second byte; 0: none */
	bool changed;          /* the content isn't what it was at first */
	uint8_t *(*memory)(void *self, uint64_t gpa, uint64_t size);
	void *memory_self;
};
extern const struct device flash_device;

#endif
