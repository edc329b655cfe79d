/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux_fields.c: boot_params by name, with the names of Linux's
 * Documentation/arch/x86/boot.rst and zero-page.rst.
 */
#include "core/base/array.h"
#include "core/plan/page_field.h"
#include "firmware/linux.h"
#include "firmware/linux_priv.h"

#define HEADER "the setup header of the kernel's file"
#define OURS   "the version of snpvmm"
#define EFI    "there are EFI tables if the kernel accepts memory itself"

const struct page_field linux_boot_fields[] = {
	{ "acpi_rsdp_addr", 0x070, 8, NULL, OURS },
	{ "ext_ramdisk_image", 0x0c0, 4, "boot.initrd", NULL },
	{ "ext_ramdisk_size", 0x0c4, 4, "boot.initrd", NULL },
	{ "ext_cmd_line_ptr", 0x0c8, 4, NULL, OURS },
	{ "efi_loader_signature", 0x1c0, 4, "boot.accept", EFI },
	{ "efi_systab", 0x1c4, 4, "boot.accept", EFI },
	{ "efi_memdesc_size", 0x1c8, 4, "boot.accept", EFI },
	{ "efi_memdesc_version", 0x1cc, 4, "boot.accept", EFI },
	{ "efi_memmap", 0x1d0, 4, "boot.accept", EFI },
	{ "efi_memmap_size", 0x1d4, 4, "boot.accept", EFI },
	{ "e820_entries", 0x1e8, 1, "memory", NULL },
	{ "secure_boot", 0x1ec, 1, "boot.accept", EFI },
	{ "setup_sects", 0x1f1, 1, "boot.kernel", HEADER },
	{ "root_flags", 0x1f2, 2, "boot.kernel", HEADER },
	{ "syssize", 0x1f4, 4, "boot.kernel", HEADER },
	{ "ram_size", 0x1f8, 2, "boot.kernel", HEADER },
	{ "vid_mode", 0x1fa, 2, "boot.kernel", HEADER },
	{ "root_dev", 0x1fc, 2, "boot.kernel", HEADER },
	{ "boot_flag", 0x1fe, 2, "boot.kernel", HEADER },
	{ "jump", 0x200, 2, "boot.kernel", HEADER },
	{ "header", 0x202, 4, "boot.kernel", HEADER },
	{ "version", 0x206, 2, "boot.kernel", HEADER },
	{ "realmode_swtch", 0x208, 4, "boot.kernel", HEADER },
	{ "start_sys_seg", 0x20c, 2, "boot.kernel", HEADER },
	{ "kernel_version", 0x20e, 2, "boot.kernel", HEADER },
	{ "type_of_loader", 0x210, 1, NULL, OURS },
	{ "loadflags", 0x211, 1, "boot.kernel", HEADER },
	{ "setup_move_size", 0x212, 2, "boot.kernel", HEADER },
	{ "code32_start", 0x214, 4, "boot.kernel", HEADER },
	{ "ramdisk_image", 0x218, 4, "boot.initrd",
	  "as high as memory and kernel allow, or behind the kernel if that accepts memory "
	  "itself" },
	{ "ramdisk_size", 0x21c, 4, "boot.initrd", NULL },
	{ "bootsect_kludge", 0x220, 4, "boot.kernel", HEADER },
	{ "heap_end_ptr", 0x224, 2, "boot.kernel", HEADER },
	{ "ext_loader_ver", 0x226, 1, "boot.kernel", HEADER },
	{ "ext_loader_type", 0x227, 1, "boot.kernel", HEADER },
	{ "cmd_line_ptr", 0x228, 4, NULL, OURS },
	{ "initrd_addr_max", 0x22c, 4, "boot.kernel", HEADER },
	{ "kernel_alignment", 0x230, 4, "boot.kernel", HEADER },
	{ "relocatable_kernel", 0x234, 1, "boot.kernel", HEADER },
	{ "min_alignment", 0x235, 1, "boot.kernel", HEADER },
	{ "xloadflags", 0x236, 2, "boot.kernel", HEADER },
	{ "cmdline_size", 0x238, 4, "boot.kernel", HEADER },
	{ "hardware_subarch", 0x23c, 4, "boot.kernel", HEADER },
	{ "hardware_subarch_data", 0x240, 8, "boot.kernel", HEADER },
	{ "payload_offset", 0x248, 4, "boot.kernel", HEADER },
	{ "payload_length", 0x24c, 4, "boot.kernel", HEADER },
	{ "setup_data", 0x250, 8, NULL, OURS },
	{ "pref_address", 0x258, 8, "boot.kernel", HEADER },
	{ "init_size", 0x260, 4, "boot.kernel", HEADER },
	{ "handover_offset", 0x264, 4, "boot.kernel", HEADER },
	{ "kernel_info_offset", 0x268, 4, "boot.kernel", HEADER },
	{ 0 },
};

size_t linux_e820_read(const uint8_t page[static PAGE_SIZE],
                       struct linux_e820 ret[static LINUX_E820_MAX])
{
	size_t n = MIN(page[E820_ENTRIES], LINUX_E820_MAX);

	for (size_t i = 0; i < n; i++) {
		struct reader r =
			reader_over(page, PAGE_SIZE, E820_TABLE + i * E820_ENTRY, E820_ENTRY);

		ret[i].start = reader_le64(&r);
		ret[i].size = reader_le64(&r);
		ret[i].type = reader_le32(&r);
	}
	return n;
}
