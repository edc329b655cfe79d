/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux_boot.c: what a loader decides in a direct boot, and gives the kernel: where kernel
 * and initrd lie, boot_params, the command line and the memory map. 64-bit entry of the x86 boot
 * protocol (Linux's Documentation/arch/x86/boot.rst and zero-page.rst).
 */
#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "firmware/efi.h"
#include "firmware/linux.h"
#include "firmware/linux_priv.h"
#include "firmware/ram.h"
#include "firmware/stage0/params.h"

#define MIB ((uint64_t)1 << 20)

#define SECURE_BOOT_OFF  2          /* enum efi_secureboot_mode: known to be disabled */
#define LOADER_UNDEFINED 0xff       /* type_of_loader: a loader without a number of its own */
#define KERNEL_FLOOR     (16 * MIB) /* stage0's pages and PC legacy areas lie below */

static_assert(E820_TABLE + LINUX_E820_MAX * E820_ENTRY <= PAGE_SIZE, "the map fits boot_params");

/* Rounds up to a multiple; false: it is not below 2^64. */
static bool round_up(uint64_t v, uint64_t to, uint64_t *ret)
{
	return !__builtin_add_overflow(v, (to - v % to) % to, ret);
}

/* The memory that kernel and initrd need. */
struct needs {
	uint64_t load, kernel_end; /* kernel_end: after init_size bytes, in whole pages */
	uint64_t initrd_pages;     /* the initrd's size in whole pages, in bytes */
	uint64_t end;              /* memory has to reach at least this far */
};

/* False: past 2^64. */
static bool needs_of(const struct linux_kernel *k, uint64_t initrd_size, struct needs *ret)
{
	uint64_t align = k->kernel_alignment > PAGE_SIZE ? k->kernel_alignment : PAGE_SIZE;
	uint64_t from = k->pref_address > KERNEL_FLOOR ? k->pref_address : KERNEL_FLOOR;
	uint64_t end;

	ret->load = k->pref_address;
	if (k->relocatable && !round_up(from, align, &ret->load))
		return false;
	if (__builtin_add_overflow(ret->load, (uint64_t)k->init_size, &end))
		return false;
	return round_up(end, PAGE_SIZE, &ret->kernel_end) &&
	       round_up(initrd_size, PAGE_SIZE, &ret->initrd_pages) &&
	       !__builtin_add_overflow(ret->kernel_end, ret->initrd_pages, &ret->end);
}

static int never_fits(const struct linux_kernel *k, uint64_t initrd_size, struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED,
	          "the kernel (%u bytes from 0x%llx on) and the initrd (%llu bytes) do not fit any "
	          "guest's memory",
	          k->init_size, (unsigned long long)k->pref_address,
	          (unsigned long long)initrd_size);
	error_why(err, "both must lie above 1 MiB and below 3 GiB, however much memory there is");
	return error_fix(err, "use a smaller initrd, or a kernel with a lower pref_address");
}

int linux_layout_of(const struct linux_kernel *k, uint64_t low_end, uint64_t initrd_size,
                    bool initrd_directly, struct linux_layout *ret, struct error *err)
{
	uint64_t top = low_end;
	struct needs n;

	if (!needs_of(k, initrd_size, &n) || n.load < KERNEL_FLOOR_ANY)
		return never_fits(k, initrd_size, err);
	if (initrd_size && n.end - 1 > k->initrd_addr_max) {
		error_set(err, ERROR_UNSUPPORTED,
		          "the initrd (%llu bytes) does not fit between the kernel's end at 0x%llx "
		          "and 0x%llx, the highest address that this kernel accepts for one",
		          (unsigned long long)initrd_size, (unsigned long long)n.kernel_end,
		          (unsigned long long)k->initrd_addr_max);
		return error_fix(err, "use a smaller initrd");
	}
	if (n.end > low_end && n.end > RAM_LOW_MAX)
		return never_fits(k, initrd_size, err);
	if (n.end > low_end) {
		error_set(err, ERROR_MEMORY_TOO_SMALL,
		          "the kernel (%u bytes from 0x%llx on) and the initrd (%llu bytes) need "
		          "memory up to 0x%llx, and it ends at 0x%llx",
		          k->init_size, (unsigned long long)n.load, (unsigned long long)initrd_size,
		          (unsigned long long)n.end, (unsigned long long)low_end);
		error_why(err, "the kernel unpacks itself into the memory after it, so the initrd "
		               "has to lie above that");
		return error_fix(err, "set 'memory' to at least %lluM",
		                 (unsigned long long)((n.end + MIB - 1) / MIB));
	}
	if (k->initrd_addr_max < top) /* so adding 1 can't wrap */
		top = k->initrd_addr_max + 1;
	top -= top % PAGE_SIZE;
	if (initrd_directly || !initrd_size)
		top = n.end;
	*ret = (struct linux_layout){
		.load = n.load,
		.entry = n.load + LINUX_ENTRY,
		.initrd = initrd_size ? top - n.initrd_pages : 0,
		.kernel_end = n.kernel_end,
		.initrd_end = top,
	};
	return 0;
}

static void field_put(uint8_t *page, size_t at, size_t width, uint64_t v)
{
	for (size_t i = 0; i < width; i++)
		page[at + i] = (uint8_t)(v >> (8 * i));
}

/*
 * The fields that a loader sets, whatever the image has there. The rest of boot_params stays zero.
 * For three of its fields that matters to the kernel: sentinel (0x1ef), or it would clear what we
 * set; efi_info, unless it gets EFI's tables; cc_blob_address (0x13c), which the decompressor sets.
 */
static void loader_fields_put(uint8_t *page, const struct linux_boot *b)
{
	const struct {
		uint16_t at, width;
		uint64_t value;
	} rows[] = {
		/* with this, the kernel doesn't scan low memory for the RSDP */
		{ ACPI_RSDP_ADDR, 8, b->rsdp },      { TYPE_OF_LOADER, 1, LOADER_UNDEFINED },
		{ RAMDISK_IMAGE, 4, b->initrd },     { EXT_RAMDISK_IMAGE, 4, b->initrd >> 32 },
		{ RAMDISK_SIZE, 4, b->initrd_size }, { EXT_RAMDISK_SIZE, 4, b->initrd_size >> 32 },
		{ CMD_LINE_PTR, 4, b->cmdline },     { EXT_CMD_LINE_PTR, 4, b->cmdline >> 32 },
		{ SETUP_DATA, 8, b->setup_data },    { E820_ENTRIES, 1, b->n_e820 },
	};
	static const struct {
		uint16_t at;
		uint32_t value;
	} efi[] = {
		{ EFI_INFO, EFI_LOADER },
		{ EFI_INFO + 0x04, EFI_SYSTAB },
		{ EFI_INFO + 0x08, EFI_MEMMAP_ENTRY },
		{ EFI_INFO + 0x0c, 1 }, /* the version of an entry */
		{ EFI_INFO + 0x10, EFI_MEMMAP },
		{ EFI_INFO + 0x14, EFI_MEMMAP_ENTRY }, /* the map's size */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		field_put(page, rows[i].at, rows[i].width, rows[i].value);
	for (size_t i = 0; b->efi && i < ARRAY_SIZE(efi); i++)
		field_put(page, efi[i].at, 4, efi[i].value);
	if (b->efi) /* else kernels warn that they can't tell */
		field_put(page, SECURE_BOOT, 1, SECURE_BOOT_OFF);
}

int linux_boot_params(const uint8_t *image, size_t size, const struct linux_boot *b,
                      uint8_t page[static PAGE_SIZE], struct error *err)
{
	struct linux_kernel k;
	int r = linux_parse(image, size, &k, err);

	if (r < 0)
		return r;
	if (b->n_e820 > LINUX_E820_MAX)
		return error_set(err, ERROR_INTERNAL,
		                 "the memory map has %zu entries, and boot_params has room for %d",
		                 b->n_e820, LINUX_E820_MAX);
	memset(page, 0, PAGE_SIZE);
	memcpy(page + SETUP_SECTS, image + SETUP_SECTS,
	       HEADER_MAGIC + image[HEADER_LENGTH] - SETUP_SECTS);
	loader_fields_put(page, b);
	for (size_t i = 0; i < b->n_e820; i++) {
		size_t at = E820_TABLE + i * E820_ENTRY;

		field_put(page, at, 8, b->e820[i].start);
		field_put(page, at + 8, 8, b->e820[i].size);
		field_put(page, at + 16, 4, b->e820[i].type);
	}
	return 0;
}

int linux_cmdline_check(const char *cmdline, const struct linux_kernel *k, bool direct,
                        struct error *err)
{
	size_t n = strlen(cmdline), most = k->cmdline_size;
	bool ours = direct && most >= LINUX_CMDLINE_MAX;

	if (ours)
		most = LINUX_CMDLINE_MAX;
	if (n <= most)
		return 0;
	error_set(err, ERROR_BAD_VALUE, "the command line has %zu bytes, and %s takes at most %zu",
	          n, ours ? "a direct boot" : "this kernel", most);
	return error_fix(err, "shorten boot.cmdline by %zu bytes", n - most);
}

int linux_cmdline_page(const char *cmdline, const struct linux_kernel *k,
                       uint8_t page[static PAGE_SIZE], struct error *err)
{
	size_t n = cmdline ? strlen(cmdline) : 0;
	int r = linux_cmdline_check(cmdline ? cmdline : "", k, true, err);

	if (r < 0)
		return r;
	memset(page, 0, PAGE_SIZE);
	if (n)
		memcpy(page, cmdline, n);
	return 0;
}

/*
 * Linux must not reuse what it keeps reading: secrets, CPUID, boot_params, the CC blob among the
 * parameters, the command line. The ACPI tables must be of type 3: under SEV, Linux maps reserved
 * memory as shared, and would read garbage. stage0's code and stack are free once the kernel runs.
 */
static const struct linux_e820 low_rows[] = {
	{ 0, STAGE0_PML4, LINUX_RAM },
	{ STAGE0_PML4, STAGE0_ACPI - STAGE0_PML4, LINUX_RESERVED },
	{ STAGE0_ACPI, PAGE_SIZE, LINUX_ACPI },
	{ STAGE0_ACPI + PAGE_SIZE, RAM_HOLE - STAGE0_ACPI - PAGE_SIZE, LINUX_RAM },
};
static_assert(ARRAY_SIZE(low_rows) + 2 <= LINUX_E820_OURS, "and two of memory above 1 MiB");

size_t linux_e820_of(uint64_t tables, uint64_t low_end, uint64_t high_end,
                     struct linux_e820 ret[static LINUX_E820_OURS])
{
	uint64_t low = MIN(low_end, RAM_HIGH);
	size_t n = ARRAY_SIZE(low_rows);

	memcpy(ret, low_rows, sizeof(low_rows));
	ret[n - 1].size -= tables;
	if (low > RAM_HOLE_END)
		ret[n++] = (struct linux_e820){ RAM_HOLE_END, low - RAM_HOLE_END, LINUX_RAM };
	if (high_end > RAM_HIGH)
		ret[n++] = (struct linux_e820){ RAM_HIGH, high_end - RAM_HIGH, LINUX_RAM };
	return n;
}
