/* SPDX-License-Identifier: MIT */
/*
 * core/dev/pci_host.h: PCI configuration space as OVMF needs it: a host bridge, an ISA
 * bridge and a power function.
 */
#ifndef CORE_DEV_PCI_HOST_H
#define CORE_DEV_PCI_HOST_H

#include "core/dev/device.h"

#define PCI_ADDRESS_PORT 0xcf8
#define PCI_DATA_PORT    0xcfc

enum { PCI_HOST_BRIDGE, PCI_ISA_BRIDGE, PCI_POWER, PCI_FUNCTIONS };

/* Two ranges: 0xcf9, in the middle of the address register, belongs to the reset port. */
struct pci_host {
	uint32_t address;
	uint8_t config[PCI_FUNCTIONS][256];
};
extern const struct device pci_host_device;

#endif
