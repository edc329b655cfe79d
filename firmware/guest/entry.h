/* SPDX-License-Identifier: MIT */
/* firmware/guest/entry.h: what our own guests and the launcher share: descriptors, memory map. */
#ifndef FIRMWARE_GUEST_ENTRY_H
#define FIRMWARE_GUEST_ENTRY_H

/* All memory is mapped a second time without the C-bit, at its address plus 2^39. */
#define GUEST_ALIAS_SHIFT 39

/* Offsets of the descriptors in the code (entry.S), for the registers that the launcher sets. */
#define GUEST_GDT_OFFSET  0x10
#define GUEST_GDT_ENTRIES 4
#define GUEST_CS          0x10
#define GUEST_DS          0x18
#define GUEST_TSS_OFFSET  0x30
#define GUEST_TSS_SIZE    0x68

#endif
