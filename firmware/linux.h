/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux.h: a bzImage's setup header, where kernel and initrd go, and what the kernel is
 * told.
 */
#ifndef FIRMWARE_LINUX_H
#define FIRMWARE_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error; /* core/base/error.h */

#define LINUX_PAGE        4096
#define LINUX_E820_MAX    128 /* as many entries as boot_params has room for */
#define LINUX_E820_OURS   16
#define LINUX_CMDLINE_MAX (LINUX_PAGE - 1) /* without the NUL */
#define LINUX_ENTRY       0x200            /* from the load address to the 64-bit entry point */

/* What a bzImage's setup header says, checked. Nothing points into the image. */
struct linux_kernel {
	uint32_t setup_size;   /* bytes before the protected-mode part */
	uint64_t payload_size; /* bytes after it */
	uint64_t
		/* where the kernel would like to lie, or must if it isn't relocatable */
		pref_address;
	uint32_t init_size; /* bytes it takes from its load address on, before it knows of memory */
	uint32_t alignment; /* a power of two */
	bool relocatable;
	uint32_t cmdline_max; /* without the NUL */
	uint64_t initrd_max;  /* the highest address that a byte of the initrd may have */
	uint16_t version;     /* of the boot protocol, 0x20f for 2.15 */
	char release[64]; /* "6.12.9-amd64": kernel_version up to its first blank; "" if not sane */
	char banner[160]; /* kernel_version as far as it is printable ASCII; "" if there is none */
	uint8_t loadflags, min_alignment; /* min_alignment: a power of two's exponent */
	uint16_t xloadflags;
	uint32_t handover_offset; /* of the EFI handover entry; see xloadflags */
};

/*
 * Reads and checks the setup header; nothing is allocated. Refuses what is no bzImage (and says
 * what else it looks like), what is cut short, and what can't be entered in 64-bit mode. The
 * sentence of a failure doesn't name the file. *ret is touched only on success.
 */
int linux_parse(const uint8_t *bytes, size_t size, struct linux_kernel *ret, struct error *err);

/* Whether it has a setup header's magic, so that linux_parse() is the one to ask. */
bool linux_probe(const uint8_t *bytes, size_t size);

/*
 * "LOADED_HIGH", "XLF_KERNEL_64", ... (linux: arch/x86/include/uapi/asm/bootparam.h); NULL without
 * a name.
 */
const char *linux_loadflag_name(unsigned bit);
const char *linux_xloadflag_name(unsigned bit);

/* Guest physical addresses. */
struct linux_layout {
	uint64_t load, entry; /* the protected-mode part's first byte, and load + LINUX_ENTRY */
	uint64_t initrd;      /* 0: there is none */
};

/*
 * Places kernel and initrd in low memory, which ends at low_end: the kernel where it likes best but
 * not below 16 MiB unless it has no choice, with init_size bytes after it; the initrd in whole
 * pages above that, as high as memory and kernel allow. ERROR_MEMORY_TOO_SMALL where more memory
 * would do, ERROR_UNSUPPORTED where none would. *k may hold any numbers. *ret is touched only on
 * success.
 */
int linux_place(const struct linux_kernel *k, uint64_t low_end, uint64_t initrd_size,
                struct linux_layout *ret, struct error *err);

enum linux_e820_type { LINUX_RAM = 1, LINUX_RESERVED = 2, LINUX_ACPI = 3 };

struct linux_e820 {
	uint64_t start, size;
	uint32_t type; /* an enum linux_e820_type */
};

/* Guest physical addresses, 0 for what there isn't. */
struct linux_boot {
	uint64_t initrd, initrd_size, cmdline, rsdp, setup_data;
	const struct linux_e820 *e820;
	size_t n_e820; /* at most LINUX_E820_MAX */
};

/*
 * boot_params: the setup header as the image has it, what a loader has to fill in, and zero. The
 * image is checked as by linux_parse(). The page is touched only on success.
 */
int linux_boot_params(const uint8_t *image, size_t size, const struct linux_boot *b,
                      uint8_t page[static LINUX_PAGE], struct error *err);

/*
 * Refuses a command line that the kernel would cut, or that is too long for the page of a direct
 * boot.
 */
int linux_cmdline_check(const char *cmdline, const struct linux_kernel *k, bool direct,
                        struct error *err);

/*
 * The command line (NULL: "") and zeros; refuses one that the kernel would cut. Touched only on
 * success.
 */
int linux_cmdline_page(const char *cmdline, const struct linux_kernel *k,
                       uint8_t page[static LINUX_PAGE], struct error *err);

/*
 * The memory map of a guest started by our stage0: low memory ends at low_end, more of it lies from
 * 4 GiB to high_end (0, or anything up to 4 GiB: there is none). So many bytes of tables below 640
 * KiB are not memory. Rising, disjoint; returns how many.
 */
size_t linux_e820_of(uint64_t tables, uint64_t low_end, uint64_t high_end,
                     struct linux_e820 ret[static LINUX_E820_OURS]);

#endif
