/* SPDX-License-Identifier: MIT */
/*
 * firmware/guest/entry.h: what each guest of ours and its launcher agree on: descriptors, views of
 * memory.
 */
#ifndef FIRMWARE_GUEST_ENTRY_H
#define FIRMWARE_GUEST_ENTRY_H

/* The same memory once more without the C-bit: the alias of an address is the address plus this. */
#define GUEST_ALIAS_SHIFT 39

/*
 * Where the code keeps its descriptors (entry.S): the launcher loads the registers that point at
 * them.
 */
#define GUEST_GDT_OFFSET  0x10
#define GUEST_GDT_ENTRIES 4
#define GUEST_CS          0x10
#define GUEST_DS          0x18
#define GUEST_TSS_OFFSET  0x30
#define GUEST_TSS_SIZE    0x68

#endif
