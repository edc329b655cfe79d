/* SPDX-License-Identifier: MIT */
/*
 * firmware/efi.c: EFI's tables in the shape that makes Linux say the least. The system table is of
 * 32 bits, which a 64-bit kernel takes for a firmware that it can't call (mixed mode): runtime
 * services stay off without an error. With a table of 64 bits it would try to call them. Layouts:
 * UEFI 2.10, 4.3 (system table), 4.6 (configuration tables), 7.2 (memory map).
 */
#include "firmware/efi.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "core/base/bytes.h"

struct systab {
	le64 signature;
	le32 revision, size, crc, reserved;
	le32 vendor, vendor_revision;
	le32 console[6]; /* input, output, errors: a handle and a protocol each */
	le32 runtime, boot, nr_tables, tables;
};
static_assert(offsetof(struct systab, vendor) == 24, "efi_system_table_32_t.fw_vendor");
static_assert(offsetof(struct systab, runtime) == 56, "efi_system_table_32_t.runtime");
static_assert(offsetof(struct systab, tables) == 68, "efi_system_table_32_t.tables");
static_assert(sizeof(struct systab) == 72, "efi_system_table_32_t");

struct config {
	uint8_t guid[16];
	le32 table;
};
static_assert(sizeof(struct config) == 20, "efi_config_table_32_t");

struct memory {
	le32 type, pad;
	le64 phys, virt, pages, attribute;
};
static_assert(sizeof(struct memory) == EFI_MEMMAP_ENTRY, "efi_memory_desc_t");

/* Linux, arch/x86/include/asm/efi.h: with this node it doesn't enter virtual mode. */
struct setup_efi {
	le64 next;
	le32 type, size;
	le64 vendor, unused, tables, smbios, reserved[8];
};
static_assert(offsetof(struct setup_efi, vendor) == 16, "setup_data.data");
static_assert(sizeof(struct setup_efi) == 16 + 96, "efi_setup_data");

struct rt_properties {
	le16 version, size;
	le32 supported;
};
static_assert(sizeof(struct rt_properties) == 8, "efi_rt_properties_table_t");

static_assert(sizeof(struct systab) <= EFI_CONFIG - EFI_SYSTAB, "ends before the next");
static_assert(2 * sizeof(struct config) <= EFI_MEMMAP - EFI_CONFIG, "ends before the next");
static_assert(EFI_VENDOR + 200 <= STAGE0_PARAMS + 0x1000, "Linux maps 200 bytes of the name");
static_assert(EFI_SETUP_DATA + sizeof(struct setup_efi) <= EFI_RT_PROPS, "ends before the next");
static_assert(EFI_END <= STAGE0_CC_BLOB, "ends before the CC blob");

enum { SETUP_EFI = 4, ACPI_RECLAIM = 9, WRITE_BACK = 8 };

void efi_tables_put(uint8_t at[static EFI_END - STAGE0_EFI])
{
	static const char vendor[] = "s\0n\0p\0v\0m\0m\0"; /* UTF-16; the literal ends with a NUL */
	const struct systab systab = {
		.signature = le64_of(0x5453595320494249), /* "IBI SYST" */
		.revision = le32_of(2 << 16 | 70),
		.size = le32_of(sizeof(systab)),
		.vendor = le32_of(EFI_VENDOR),
		.nr_tables = le32_of(2),
		.tables = le32_of(EFI_CONFIG),
	};
	const struct config config[2] = {
		/* LINUX_EFI_UNACCEPTED_MEM_TABLE_GUID, d5d1de3c-105c-44f9-9ea9-bcef98120031 */
		{ { 0x3c, 0xde, 0xd1, 0xd5, 0x5c, 0x10, 0xf9, 0x44, 0x9e, 0xa9, 0xbc, 0xef, 0x98,
		    0x12, 0x00, 0x31 },
		  le32_of(STAGE0_UNACCEPTED) },
		/* EFI_RT_PROPERTIES_TABLE_GUID, eb66918a-7eef-402a-842e-931d21c38ae9 */
		{ { 0x8a, 0x91, 0x66, 0xeb, 0xef, 0x7e, 0x2a, 0x40, 0x84, 0x2e, 0x93, 0x1d, 0x21,
		    0xc3, 0x8a, 0xe9 },
		  le32_of(EFI_RT_PROPS) },
	};
	/*
	 * The map has to have an entry. RAM in it would let the decompressor move the kernel
	 * anywhere, and accept its place by an exit for each 4 KiB.
	 */
	const struct memory memory = {
		.type = le32_of(ACPI_RECLAIM),
		.phys = le64_of(STAGE0_PARAMS),
		.pages = le64_of(1),
		.attribute = le64_of(WRITE_BACK),
	};
	const struct setup_efi setup = {
		.type = le32_of(SETUP_EFI),
		.size = le32_of(sizeof(setup) - offsetof(struct setup_efi, vendor)),
		.vendor = le64_of(EFI_VENDOR),
		.tables = le64_of(EFI_CONFIG),
	};
	const struct rt_properties rt = { le16_of(1), le16_of(sizeof(rt)), le32_of(0) };

	memcpy(at, &systab, sizeof(systab));
	memcpy(at + (EFI_CONFIG - STAGE0_EFI), config, sizeof(config));
	memcpy(at + (EFI_MEMMAP - STAGE0_EFI), &memory, sizeof(memory));
	memcpy(at + (EFI_VENDOR - STAGE0_EFI), vendor, sizeof(vendor) - 1);
	memcpy(at + (EFI_SETUP_DATA - STAGE0_EFI), &setup, sizeof(setup));
	memcpy(at + (EFI_RT_PROPS - STAGE0_EFI), &rt, sizeof(rt));
}
