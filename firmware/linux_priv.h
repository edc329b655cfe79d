/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux_priv.h: where the fields of a bzImage's setup header and of boot_params lie, by
 * Linux's Documentation/arch/x86/boot.rst ("The Real-Mode Kernel Header") and zero-page.rst.
 */
#ifndef FIRMWARE_LINUX_PRIV_H
#define FIRMWARE_LINUX_PRIV_H

/* Offsets of the setup header's fields, in the file and in boot_params alike. */
#define SETUP_SECTS        0x1f1 /* the first field */
#define SYSSIZE            0x1f4
#define BOOT_FLAG          0x1fe
#define HEADER_LENGTH      0x201 /* from 0x202 on: the operand of the short jump over the header */
#define HEADER_MAGIC       0x202
#define VERSION            0x206
#define KERNEL_VERSION     0x20e
#define TYPE_OF_LOADER     0x210
#define LOADFLAGS          0x211
#define RAMDISK_IMAGE      0x218
#define RAMDISK_SIZE       0x21c
#define CMD_LINE_PTR       0x228
#define INITRD_ADDR_MAX    0x22c
#define KERNEL_ALIGNMENT   0x230
#define RELOCATABLE_KERNEL 0x234
#define MIN_ALIGNMENT      0x235
#define XLOADFLAGS         0x236
#define CMDLINE_SIZE       0x238
#define PAYLOAD_OFFSET     0x248
#define PAYLOAD_LENGTH     0x24c
#define SETUP_DATA         0x250
#define PREF_ADDRESS       0x258
#define INIT_SIZE          0x260
#define HANDOVER_OFFSET    0x264
#define HEADER_END_2_12    0x268 /* in protocol 2.12, which ends with handover_offset */
#define HEADER_END_MAX     0x290 /* edd_mbr_sig_buffer of boot_params begins here */

/* Offsets of fields that only boot_params has. */
#define ACPI_RSDP_ADDR    0x070
#define EXT_RAMDISK_IMAGE 0x0c0
#define EXT_RAMDISK_SIZE  0x0c4
#define EXT_CMD_LINE_PTR  0x0c8
#define EFI_INFO          0x1c0 /* struct efi_info: eight fields of 32 bits */
#define E820_ENTRIES      0x1e8
#define SECURE_BOOT       0x1ec
#define E820_TABLE        0x2d0
#define E820_ENTRY        20

/* The lowest load address of a kernel that isn't relocatable. */
#define KERNEL_FLOOR_ANY 0x100000

#endif
