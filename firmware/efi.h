/* SPDX-License-Identifier: MIT */
/*
 * firmware/efi.h: the EFI tables by which a kernel learns, without a firmware, which memory it has
 * to accept itself. They are in the page of stage0's parameters, so they cost no measured page.
 */
#ifndef FIRMWARE_EFI_H
#define FIRMWARE_EFI_H

#include <stdint.h>

#include "firmware/stage0/params.h"

/* Guest physical addresses. */
#define EFI_SYSTAB     STAGE0_EFI           /* the system table, of 32 bits */
#define EFI_CONFIG     (STAGE0_EFI + 0x80)  /* its configuration tables */
#define EFI_MEMMAP     (STAGE0_EFI + 0x100) /* the memory map */
#define EFI_VENDOR     (STAGE0_EFI + 0x200)
#define EFI_SETUP_DATA (STAGE0_EFI + 0x240) /* a node of Linux's setup_data */
#define EFI_RT_PROPS   (STAGE0_EFI + 0x2c0)
#define EFI_END        (STAGE0_EFI + 0x2c8)

#define EFI_MEMMAP_ENTRY 40         /* bytes of the memory map's only entry */
#define EFI_LOADER       0x32334c45 /* "EL32": the tables are of 32 bits */

/* Writes the tables; `at` is where STAGE0_EFI is, and zero. */
void efi_tables_put(uint8_t at[static EFI_END - STAGE0_EFI]);

#endif
