/* SPDX-License-Identifier: MIT */
/*
 * core/dev/pci_host.c: configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2) over three
 * functions.
 */
#include "core/dev/pci_host.h"

#include <string.h>

#include "core/base/array.h"

#define ADDRESS_ENABLE   0x80000000u
#define ADDRESS_BITS     0x80fffffcu /* the others are reserved and read as 0 */
#define ADDRESS_FUNCTION 0x00ffff00u
#define ADDRESS_REGISTER 0x000000fcu

#define DATA_PORTS 4

enum {
	REG_VENDOR = 0x00,
	REG_DEVICE = 0x02,
	REG_COMMAND = 0x04,
	REG_CLASS = 0x0a,
	REG_HEADER_TYPE = 0x0e,
	REG_INTERRUPT_LINE = 0x3c,
	REG_OWN = 0x40, /* from here on, registers are specific to the function */
};

#define MULTIFUNCTION 0x80
#define PIIX4_PMBA    REG_OWN /* base of the power management ports (Intel 82371AB, 7.1.1) */
#define PMBA_IO       0x01

/*
 * OVMF takes 8086:1237 for an i440FX and then looks for the PIIX4's power management at 00:01.3.
 * Only an ISA bridge makes it take COM1 for its console, and set the bridge's interrupt routing,
 * which we keep and ignore. Who scans the bus finds functions beyond 0 by the MULTIFUNCTION of 0.
 */
static const struct {
	uint32_t at; /* bus, device and function, as in the address register */
	uint16_t device, class;
	uint8_t header, pmba;
} functions[] = {
	[PCI_HOST_BRIDGE] = { .at = 0, .device = 0x1237, .class = 0x0600 },
	[PCI_ISA_BRIDGE] = { .at = 1 << 11,
	                     .device = 0x7000,
	                     .class = 0x0601,
	                     .header = MULTIFUNCTION },
	[PCI_POWER] = { .at = 1 << 11 | 3 << 8,
	                .device = 0x7113,
	                .class = 0x0680,
	                .header = MULTIFUNCTION,
	                .pmba = PMBA_IO },
};

/* The configuration space selected by the address register; NULL: none. */
static uint8_t *config_at(struct pci_host *p)
{
	if (!(p->address & ADDRESS_ENABLE))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if ((p->address & ADDRESS_FUNCTION) == functions[i].at)
			return p->config[i];
	return NULL;
}

/* Only a 32-bit access at offset 0 reaches the register. */
static void address_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	const struct pci_host *p = self;

	memset(data, 0xff, size);
	for (size_t i = 0; offset == 0 && size == 4 && i < size; i++)
		data[i] = (uint8_t)(p->address >> (8 * i));
}

static enum io_action address_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct pci_host *p = self;

	if (offset == 0 && size == 4)
		p->address = (data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
		              (uint32_t)data[3] << 24) &
		             ADDRESS_BITS;
	return IO_GO_ON;
}

static void data_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	struct pci_host *p = self;
	const uint8_t *config = config_at(p);
	unsigned reg = p->address & ADDRESS_REGISTER;

	memset(data, 0xff, size);
	for (size_t i = 0; config && i < size && offset + i < DATA_PORTS; i++)
		data[i] = config[reg + offset + i];
}

static enum io_action data_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct pci_host *p = self;
	uint8_t *config = config_at(p);
	unsigned reg = (p->address & ADDRESS_REGISTER) + offset;

	/* Base address registers ignore writes, which means that the function has none. */
	for (size_t i = 0; config && i < size && offset + i < DATA_PORTS; i++, reg++)
		if (reg >= REG_OWN || reg == REG_COMMAND || reg == REG_COMMAND + 1 ||
		    reg == REG_INTERRUPT_LINE)
			config[reg] = data[i];
	return IO_GO_ON;
}

static void word_put(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static int pci_host_init(void *self, const struct device_env *env, struct error *err)
{
	struct pci_host *p = self;

	(void)env, (void)err;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		word_put(p->config[i] + REG_VENDOR, 0x8086);
		word_put(p->config[i] + REG_DEVICE, functions[i].device);
		word_put(p->config[i] + REG_CLASS, functions[i].class);
		p->config[i][REG_HEADER_TYPE] = functions[i].header;
		p->config[i][PIIX4_PMBA] = functions[i].pmba;
	}
	return 0;
}

const struct device pci_host_device = {
	.ranges = { { .name = "PCI address",
	              .base = PCI_ADDRESS_PORT,
	              .len = 1,
	              .read = address_read,
	              .write = address_write },
	            { .name = "PCI data",
	              .base = PCI_DATA_PORT,
	              .len = DATA_PORTS,
	              .read = data_read,
	              .write = data_write } },
	.size = sizeof(struct pci_host),
	.init = pci_host_init,
};
