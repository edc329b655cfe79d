/* SPDX-License-Identifier: MIT */
/*
 * core/dev/pci_host.h: a PCI bus as OVMF needs it, with a host bridge, an ISA bridge, a power
 * function and slots for devices.
 */
#ifndef CORE_DEV_PCI_HOST_H
#define CORE_DEV_PCI_HOST_H

#include "core/dev/device.h"
#include "core/dev/pci_function.h"

#define PCI_ADDRESS_PORT 0xcf8
#define PCI_DATA_PORT    0xcfc

enum { PCI_HOST_BRIDGE, PCI_ISA_BRIDGE, PCI_POWER, PCI_BOARD };
enum { PCI_FIRST_SLOT = 2, PCI_SLOTS = 32 }; /* of devices, each with one function */

/* Two ranges of ports: 0xcf9, in the middle of the address register, is the reset port. */
struct pci_host {
	uint32_t address;
	uint64_t window; /* where BARs are decoded, up to PCI_WINDOW_END; 0: nowhere */
	struct pci_function board[PCI_BOARD];
	struct pci_function *slots[PCI_SLOTS]; /* NULL: empty. Borrowed */
};
extern const struct device pci_host_device;

#endif
