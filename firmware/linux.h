/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux.h: the setup header of a bzImage, the layout of kernel and initrd in memory, and
 * boot_params. Fields have the names of Linux's Documentation/arch/x86/boot.rst.
 */
#ifndef FIRMWARE_LINUX_H
#define FIRMWARE_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/plan/page_field.h"

struct error; /* core/base/error.h */

#define LINUX_E820_MAX    128 /* entries that fit in boot_params */
#define LINUX_E820_OURS   16
#define LINUX_CMDLINE_MAX (PAGE_SIZE - 1) /* without the NUL */
#define LINUX_ENTRY       0x200           /* from the load address to the 64-bit entry point */

/* A bzImage's setup header, checked. It holds no pointers into the image. */
struct linux_kernel {
	uint32_t setup_size;   /* bytes before the protected-mode part */
	uint64_t payload_size; /* bytes of that part, to the end of the file */
	uint64_t pref_address; /* preferred load address; the only one if not relocatable */
	uint32_t init_size;    /* bytes used from the load address on, before it has a memory map */
	uint32_t kernel_alignment; /* a power of two */
	bool relocatable;
	uint32_t cmdline_size;    /* without the NUL */
	uint64_t initrd_addr_max; /* the highest address that a byte of the initrd may have */
	uint16_t version;         /* of the boot protocol, 0x20f for 2.15 */
	char release[64]; /* first word of kernel_version: "6.12.9-amd64"; "" if malformed */
	char kernel_version[160];         /* its printable ASCII; "" if there is none */
	uint8_t loadflags, min_alignment; /* min_alignment: a power of two's exponent */
	uint16_t xloadflags;
	uint32_t handover_offset; /* of the EFI handover entry; see xloadflags */
};

/*
 * Reads and checks the setup header; nothing is allocated. Refuses files that are not a bzImage
 * (and says what they look like), are cut short, or can't be entered in 64-bit mode. Errors don't
 * name the file. *ret is written only on success.
 */
int linux_parse(const uint8_t *bytes, size_t size, struct linux_kernel *ret, struct error *err);

/*
 * Whether the kernel accepts memory itself that nobody accepted before it (Linux 6.5 and later with
 * CONFIG_UNACCEPTED_MEMORY): its decompressor then has the GUID of the table of unaccepted memory.
 * The packed kernel is not searched, as any bytes may occur there. The image may hold anything.
 */
bool linux_accepts_memory(const uint8_t *bytes, size_t size);

/* Whether the file has the magic of a setup header. */
bool linux_probe(const uint8_t *bytes, size_t size);

/*
 * "LOADED_HIGH", "XLF_KERNEL_64", ... (linux: arch/x86/include/uapi/asm/bootparam.h); NULL: the bit
 * has no name.
 */
const char *linux_loadflag_name(unsigned bit);
const char *linux_xloadflag_name(unsigned bit);

/* Guest physical addresses. */
struct linux_layout {
	uint64_t load, entry; /* of the protected-mode part; entry is load + LINUX_ENTRY */
	uint64_t initrd;      /* 0: there is none */
	uint64_t kernel_end;  /* after init_size bytes, in whole pages */
	uint64_t initrd_end;  /* in whole pages; kernel_end if there is none */
};

/*
 * Lays out kernel and initrd in low memory, which ends at low_end. The kernel is loaded at its
 * preferred address, or at 16 MiB if that is lower and the kernel relocatable, with init_size bytes
 * of memory. The initrd lies above it in whole pages: directly, or as high as memory and kernel
 * allow. ERROR_MEMORY_TOO_SMALL if more memory would help, ERROR_UNSUPPORTED if none would. *k may
 * hold any numbers. *ret is written only on success.
 */
int linux_layout_of(const struct linux_kernel *k, uint64_t low_end, uint64_t initrd_size,
                    bool initrd_directly, struct linux_layout *ret, struct error *err);

enum linux_e820_type { LINUX_RAM = 1, LINUX_RESERVED = 2, LINUX_ACPI = 3 };

struct linux_e820 {
	uint64_t start, size;
	uint32_t type; /* an enum linux_e820_type */
};

/* Guest physical addresses; 0: none. */
struct linux_boot {
	uint64_t initrd, initrd_size, cmdline, rsdp, setup_data;
	bool efi; /* there are the tables of firmware/efi.h */
	const struct linux_e820 *e820;
	size_t n_e820; /* at most LINUX_E820_MAX */
};

/*
 * Makes boot_params: the image's setup header, the fields that a loader sets, and zeros. The image
 * is checked as by linux_parse(). The page is written only on success.
 */
int linux_boot_params(const uint8_t *image, size_t size, const struct linux_boot *b,
                      uint8_t page[static PAGE_SIZE], struct error *err);

/* The fields of boot_params that are numbers. */
extern const struct page_field linux_boot_fields[];
/* Its memory map, from a page that may hold anything. Returns the number of entries. */
size_t linux_e820_read(const uint8_t page[static PAGE_SIZE],
                       struct linux_e820 ret[static LINUX_E820_MAX]);

/* Refuses a command line that the kernel would truncate, or that exceeds a direct boot's page. */
int linux_cmdline_check(const char *cmdline, const struct linux_kernel *k, bool direct,
                        struct error *err);

/* The checked command line (NULL: "") and zeros. The page is written only on success. */
int linux_cmdline_page(const char *cmdline, const struct linux_kernel *k,
                       uint8_t page[static PAGE_SIZE], struct error *err);

/*
 * The memory map of a guest that stage0 starts. Low memory ends at low_end; high memory is from 4
 * GiB to high_end (none if that is not above 4 GiB). `tables` bytes of page tables end at 640 KiB
 * and are not memory. Returns the number of entries, which ascend and don't overlap.
 */
size_t linux_e820_of(uint64_t tables, uint64_t low_end, uint64_t high_end,
                     struct linux_e820 ret[static LINUX_E820_OURS]);

#endif
