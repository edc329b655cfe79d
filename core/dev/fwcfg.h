/* SPDX-License-Identifier: MIT */
/* core/dev/fwcfg.h: fw_cfg, where OVMF finds the memory map, the ACPI tables and the kernel. */
#ifndef CORE_DEV_FWCFG_H
#define CORE_DEV_FWCFG_H

#include <stdatomic.h>

#include "core/dev/device.h"

struct error; /* core/base/error.h */

#define FWCFG_PORT     0x510
#define FWCFG_ITEMS    32 /* signature, id and directory among them */
#define FWCFG_NAME_MAX 55 /* characters of a file's name */

/* Items that firmware selects by number (QEMU docs/specs/fw_cfg; edk2 QemuFwCfg.h). */
enum fwcfg_key {
	FWCFG_SIGNATURE = 0x00,
	FWCFG_ID = 0x01,
	FWCFG_BOOT_CPUS = 0x05, /* u16 */
	FWCFG_KERNEL_SIZE = 0x08,
	FWCFG_INITRD_SIZE = 0x0b,
	FWCFG_BOOT_MENU = 0x0e,   /* u16 */
	FWCFG_MAX_CPUS = 0x0f,    /* u16 */
	FWCFG_KERNEL_DATA = 0x11, /* the file after its setup sectors */
	FWCFG_INITRD_DATA = 0x12,
	FWCFG_CMDLINE_SIZE = 0x14, /* the NUL counts */
	FWCFG_CMDLINE_DATA = 0x15,
	FWCFG_SETUP_SIZE = 0x17,
	FWCFG_SETUP_DATA = 0x18, /* (setup_sects + 1) * 512 bytes */
	FWCFG_DIRECTORY = 0x19,
	FWCFG_FILES = 0x20, /* of the first file; the others follow in the order of adding */
};

struct fwcfg_item {
	uint16_t key;
	const uint8_t *bytes; /* borrowed */
	uint32_t size;
};

/* One file in the directory; numbers big-endian. */
struct fwcfg_entry {
	uint8_t size[4], key[2], reserved[2];
	char name[FWCFG_NAME_MAX + 1];
};

struct fwcfg_directory {
	uint8_t count[4]; /* big-endian */
	struct fwcfg_entry entries[FWCFG_ITEMS];
};

struct fwcfg_stats {
	uint64_t port_bytes; /* read byte by byte */
	uint64_t dma_count;  /* transfers started */
	uint64_t dma_bytes;  /* copied to guest memory */
	/* transfers that failed: with the error bit, or without a control word to set it in */
	uint64_t dma_refused;
};

/* Must not be moved once initialised. */
struct fwcfg {
	/* As struct device_env's memory. */
	uint8_t *(*at)(void *self, uint64_t gpa, uint64_t size);
	void *self;
	/* Once set, a transfer in progress ends early; NULL: never. */
	const atomic_bool *give_up;
	struct fwcfg_item items[FWCFG_ITEMS];
	size_t count, files;
	struct fwcfg_directory directory;
	const struct fwcfg_item *selected; /* NULL: a key without an item, which reads as zeros */
	uint32_t offset;                   /* in the selected item, never past its end */
	uint64_t dma_address;
	struct fwcfg_stats stats;
};

/* Sets up signature, id (port and DMA interface) and an empty directory. */
void fwcfg_init(struct fwcfg *f, uint8_t *(*at)(void *self, uint64_t gpa, uint64_t size),
                void *self);

/*
 * Call these before the guest runs; the bytes are borrowed. -EINVAL: the key or name exists, the
 * name is too long, there are more than 4 GiB - 1 bytes or too many items. Firmware searches the
 * directory entry by entry for each file: keep it short, and add first what is read most
 * (etc/e820).
 */
int fwcfg_add(struct fwcfg *f, uint16_t key, const void *bytes, size_t size, struct error *err);
int fwcfg_add_file(struct fwcfg *f, const char *name, const void *bytes, size_t size,
                   struct error *err);

/* Whether the item selected last has been read completely; *ret_key is then its key. */
bool fwcfg_read_whole(const struct fwcfg *f, uint16_t *ret_key);

extern const struct device fwcfg_device;

#endif
