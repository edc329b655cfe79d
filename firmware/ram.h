/* SPDX-License-Identifier: MIT */
/* firmware/ram.h: where a guest's memory lies, with a hole below 4 GiB. */
#ifndef FIRMWARE_RAM_H
#define FIRMWARE_RAM_H

#include <stdint.h>

#include "config/manifest.h"
#include "core/dev/pci_function.h"

/*
 * As on a PC, the addresses from 3 GiB to 4 GiB are for MMIO, the APICs and the firmware: memory
 * fills the addresses from 0 on, and what does not fit there begins at 4 GiB.
 */
#define RAM_LOW_MAX ((uint64_t)3 << 30)
#define RAM_HIGH    ((uint64_t)4 << 30)
/* PCs have no memory in between: a guest's is there, but nobody uses it. */
#define RAM_HOLE     0xa0000
#define RAM_HOLE_END 0x100000

/* The end of low memory, for a guest with `memory` bytes. */
static inline uint64_t ram_low_end(uint64_t memory)
{
	return memory < RAM_LOW_MAX ? memory : RAM_LOW_MAX;
}

/* The end of high memory; 0 if there is none. */
static inline uint64_t ram_high_end(uint64_t memory)
{
	return memory > RAM_LOW_MAX ? RAM_HIGH + memory - RAM_LOW_MAX : 0;
}

/* Where the devices of the PCI bus have their registers; 0: the guest has none. */
static inline uint64_t ram_pci_window(const struct manifest *m)
{
	return manifest_has_pci(m) ? pci_window_of(ram_low_end(m->memory)) : 0;
}

#endif
