/* SPDX-License-Identifier: MIT */
/* core/dev/pci_function.h: a device's function on the PCI bus, and the window for its registers. */
#ifndef CORE_DEV_PCI_FUNCTION_H
#define CORE_DEV_PCI_FUNCTION_H

#include <stdint.h>

#include "core/dev/device.h"

struct error;    /* core/base/error.h */
struct pci_host; /* core/dev/pci_host.h */

/*
 * Where the window in guest memory begins in which functions have their registers, for a guest
 * whose RAM below 4 GiB ends at low_ram. OVMF computes the same (edk2's PlatformInitLib), and our
 * ACPI tables have to agree, or Linux moves what OVMF has placed.
 */
#define PCI_WINDOW_END 0xfc000000u
static inline uint64_t pci_window_of(uint64_t low_ram)
{
	return low_ram <= 0x80000000u ? 0x80000000u : 0xc0000000u;
}

/* Registers in configuration space (PCI Local Bus 3.0, 6.1). */
enum pci_register {
	PCI_VENDOR = 0x00,
	PCI_DEVICE = 0x02,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_REVISION = 0x08,
	PCI_CLASS = 0x09, /* interface, subclass, base class */
	PCI_HEADER_TYPE = 0x0e,
	PCI_BAR0 = 0x10,
	PCI_SUBSYSTEM_VENDOR = 0x2c,
	PCI_SUBSYSTEM = 0x2e,
	PCI_CAPABILITIES = 0x34,
	PCI_INTERRUPT_LINE = 0x3c,
	PCI_OWN = 0x40, /* from here on, registers are specific to the function */
};

enum { PCI_COMMAND_MEMORY = 1 << 1, PCI_COMMAND_MASTER = 1 << 2, PCI_COMMAND_NO_INTX = 1 << 10 };
enum { PCI_STATUS_CAPABILITIES = 1 << 4 };

/* All functions are called with the bus locked. */
struct pci_function {
	const char *name;      /* in statistics. Borrowed */
	uint8_t config[256];   /* BAR0 aside, as it is at reset */
	uint8_t writable[256]; /* the bits in `config` that the guest can change */
	/* BAR0, 32-bit memory, not prefetchable: a power of two, at least a page; 0: none. */
	uint32_t bar_size;
	void *self;
	/* A register from PCI_OWN on was written; or NULL. */
	void (*configured)(void *self);
	/* BAR0 is now decoded at gpa; 0: nowhere. Or NULL. */
	void (*placed)(void *self, uint64_t gpa);
	/* In BAR0: 1 to 8 bytes, which may extend past its end. */
	void (*read)(void *self, unsigned offset, uint8_t *data, size_t size);
	void (*write)(void *self, unsigned offset, const uint8_t *data, size_t size);
	/* Set by the bus. */
	uint64_t at;    /* where BAR0 is decoded; 0: nowhere */
	uint64_t exits; /* accesses to BAR0 */
};

/* Gives the function the next free slot, where it stays until the last vCPU has ended. */
int pci_host_add(struct pci_host *p, struct pci_function *f, struct error *err);

#endif
