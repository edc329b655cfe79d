/* SPDX-License-Identifier: MIT */
/*
 * core/dev/flash.c: the commands of an Intel 28F flash that OVMF's variable driver uses (edk2:
 * OvmfPkg/QemuFlashFvbServicesRuntimeDxe/QemuFlash.c), with the answers of QEMU's.
 */
#include "core/dev/flash.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"

enum {
	PROGRAM = 0x10,
	PROGRAM_TOO = 0x40,
	ERASE = 0x20,
	CLEAR_STATUS = 0x50,
	READ_STATUS = 0x70,
	CONFIRM = 0xd0,
};

#define STATUS_READY 0x80
#define ERASED       0xff

/*
 * What reads give from now on. A flash that shows its status has it at every address; the driver
 * takes a device for a flash only if it does.
 */
static void flash_show(struct flash *f, bool array)
{
	uint8_t *to = f->memory(f->memory_self, f->gpa, f->size);

	if (to && array)
		memcpy(to, f->array, f->size);
	else if (to)
		memset(to, f->status, f->size);
	f->shows = array ? FLASH_ARRAY : FLASH_STATUS;
}

static void flash_change(struct flash *f, uint64_t offset, const uint8_t *data, size_t size)
{
	if (memcmp(f->array + offset, data, size) == 0)
		return;
	memcpy(f->array + offset, data, size);
	f->changed = true;
}

/* The second write of a command. */
static void flash_execute(struct flash *f, uint64_t offset, const uint8_t *data, size_t size)
{
	uint8_t block[FLASH_BLOCK];

	if (f->setup != ERASE) {
		flash_change(f, offset, data, MIN(size, f->size - offset));
	} else if (data[0] == CONFIRM) {
		memset(block, ERASED, sizeof(block));
		flash_change(f, offset - offset % FLASH_BLOCK, block, FLASH_BLOCK);
	}
	f->setup = 0;
	/* the driver programs many bytes in a row, and looks at nothing meanwhile */
	if (f->status != STATUS_READY || f->shows != FLASH_STATUS) {
		f->status = STATUS_READY;
		flash_show(f, false);
	}
}

static enum io_action flash_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct flash *f = self;

	if (f->setup) {
		flash_execute(f, offset, data, size);
		return IO_GO_ON;
	}
	switch (data[0]) {
	case PROGRAM:
	case PROGRAM_TOO:
	case ERASE:
		f->setup = data[0];
		break;
	case READ_STATUS:
		flash_show(f, false);
		break;
	case CLEAR_STATUS:
		f->status = 0;
		/* fall through */
	default: /* 0xff; so do commands that the flash doesn't know */
		if (f->shows != FLASH_ARRAY)
			flash_show(f, true);
	}
	return IO_GO_ON;
}

/* Only if the memory isn't there, as reads are no exits. */
static void flash_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	struct flash *f = self;

	memset(data, 0xff, size);
	for (size_t i = 0; i < size && offset + i < f->size; i++)
		data[i] = f->shows == FLASH_ARRAY ? f->array[offset + i] : f->status;
}

static int flash_init(void *self, const struct device_env *env, struct error *err)
{
	const struct flash_content *c = env->flash;
	struct flash *f = self;

	*f = (struct flash){ .array = malloc(c->size),
		             .gpa = c->gpa,
		             .size = c->size,
		             .status = STATUS_READY,
		             .memory = env->memory,
		             .memory_self = env->memory_self };
	if (!f->array)
		return error_nomem(err, "the variables");
	memcpy(f->array, c->bytes, c->size);
	return 0;
}

static void flash_fini(void *self)
{
	struct flash *f = self;

	free(f->array);
}

const struct device flash_device = {
	.ranges = { { .name = "variables",
	              .bus = BUS_MMIO,
	              .place = AT_FLASH,
	              .read = flash_read,
	              .write = flash_write } },
	.size = sizeof(struct flash),
	.init = flash_init,
	.fini = flash_fini,
};
