/* SPDX-License-Identifier: MIT */
/*
 * core/dev/pci_host.c: configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2), and
 * the window in which functions decode their BAR0.
 */
#include "core/dev/pci_host.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"

#define ADDRESS_ENABLE   0x80000000u
#define ADDRESS_BITS     0x80fffffcu /* the others are reserved and read as 0 */
#define ADDRESS_FUNCTION 0x00ffff00u
#define ADDRESS_SLOT     0x0000f800u
#define ADDRESS_REGISTER 0x000000fcu

#define DATA_PORTS 4

#define MULTIFUNCTION 0x80
#define PIIX4_PMBA    PCI_OWN /* base of the power management ports (Intel 82371AB, 7.1.1) */
#define PMBA_IO       0x01

/*
 * OVMF takes 8086:1237 for an i440FX and then looks for the PIIX4's power management at 00:01.3.
 * Only an ISA bridge makes it take COM1 for its console, and set the bridge's interrupt routing,
 * which we keep and ignore. Who scans the bus finds functions beyond 0 by the MULTIFUNCTION of 0.
 */
static const struct {
	uint32_t at; /* bus, device and function, as in the address register */
	uint16_t device, class;
	uint8_t revision, header, pmba;
} board[PCI_BOARD] = {
	[PCI_HOST_BRIDGE] = { .at = 0, .device = 0x1237, .class = 0x0600 },
	[PCI_ISA_BRIDGE] = { .at = 1 << 11,
	                     .device = 0x7000,
	                     .class = 0x0601,
	                     .header = MULTIFUNCTION },
	[PCI_POWER] = { .at = 1 << 11 | 3 << 8,
	                .device = 0x7113,
	                .class = 0x0680,
	                .revision = 3, /* Linux mistrusts the timer of earlier ones */
	                .header = MULTIFUNCTION,
	                .pmba = PMBA_IO },
};

/* The function that the address register selects; NULL: none. */
static struct pci_function *function_at(struct pci_host *p)
{
	uint32_t at = p->address & ADDRESS_FUNCTION;

	if (!(p->address & ADDRESS_ENABLE))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(board); i++)
		if (at == board[i].at)
			return &p->board[i];
	return at & ~ADDRESS_SLOT ? NULL : p->slots[at >> 11];
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
	const struct pci_function *f = function_at(p);
	unsigned reg = p->address & ADDRESS_REGISTER;

	memset(data, 0xff, size);
	for (size_t i = 0; f && i < size && offset + i < DATA_PORTS; i++)
		data[i] = f->config[reg + offset + i];
}

/* Decodes BAR0 where its registers say, or nowhere. Who sizes it moves it for a moment. */
static void function_place(const struct pci_host *p, struct pci_function *f)
{
	uint64_t at = le_get(f->config + PCI_BAR0, 4);

	if (!(f->config[PCI_COMMAND] & PCI_COMMAND_MEMORY) || !p->window || at < p->window ||
	    at > PCI_WINDOW_END - f->bar_size)
		at = 0;
	if (at == f->at)
		return;
	f->at = at;
	if (f->placed)
		f->placed(f->self, at);
}

static enum io_action data_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct pci_host *p = self;
	struct pci_function *f = function_at(p);
	unsigned reg = (p->address & ADDRESS_REGISTER) + offset;

	if (!f)
		return IO_GO_ON;
	for (size_t i = 0; i < size && offset + i < DATA_PORTS; i++) {
		uint8_t *at = &f->config[reg + i], writable = f->writable[reg + i];

		*at = (uint8_t)((*at & ~writable) | (data[i] & writable));
	}
	if (f->bar_size)
		function_place(p, f);
	if (reg >= PCI_OWN && f->configured)
		f->configured(f->self);
	return IO_GO_ON;
}

/* The function with this address in its BAR0; of several, the one in the first slot. */
static struct pci_function *function_decoding(const struct pci_host *p, uint64_t gpa)
{
	for (size_t i = 0; i < PCI_SLOTS; i++) {
		struct pci_function *f = p->slots[i];

		if (!f || !f->at || gpa < f->at || gpa - f->at >= f->bar_size)
			continue;
		f->exits++;
		return f;
	}
	return NULL;
}

static void window_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	const struct pci_host *p = self;
	uint64_t gpa = p->window + offset;
	struct pci_function *f = function_decoding(p, gpa);

	if (f)
		f->read(f->self, (unsigned)(gpa - f->at), data, size);
	else
		memset(data, 0xff, size);
}

static enum io_action window_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	const struct pci_host *p = self;
	uint64_t gpa = p->window + offset;
	struct pci_function *f = function_decoding(p, gpa);

	if (f)
		f->write(f->self, (unsigned)(gpa - f->at), data, size);
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

	(void)err;
	p->window = env->pci_window;
	for (size_t i = 0; i < ARRAY_SIZE(board); i++) {
		struct pci_function *f = &p->board[i];

		word_put(f->config + PCI_VENDOR, 0x8086);
		word_put(f->config + PCI_DEVICE, board[i].device);
		word_put(f->config + PCI_CLASS + 1, board[i].class);
		f->config[PCI_REVISION] = board[i].revision;
		f->config[PCI_HEADER_TYPE] = board[i].header;
		f->config[PIIX4_PMBA] = board[i].pmba;
		f->writable[PCI_COMMAND] = f->writable[PCI_COMMAND + 1] = 0xff;
		f->writable[PCI_INTERRUPT_LINE] = 0xff;
		memset(f->writable + PCI_OWN, 0xff, sizeof(f->writable) - PCI_OWN);
	}
	return 0;
}

int pci_host_add(struct pci_host *p, struct pci_function *f, struct error *err)
{
	if (!p || !p->window)
		return error_set(err, ERROR_INTERNAL, "there is no PCI bus for '%s'", f->name);
	for (size_t i = PCI_FIRST_SLOT; i < PCI_SLOTS; i++) {
		if (p->slots[i])
			continue;
		for (unsigned b = 0; f->bar_size && b < 4; b++)
			f->writable[PCI_BAR0 + b] = (uint8_t)(~(f->bar_size - 1) >> (8 * b));
		p->slots[i] = f;
		return 0;
	}
	return error_set(err, ERROR_INTERNAL, "no slot is left for '%s'", f->name);
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
	              .write = data_write },
	            { .name = "PCI window",
	              .bus = BUS_MMIO,
	              .place = AT_PCI_WINDOW,
	              .read = window_read,
	              .write = window_write } },
	.size = sizeof(struct pci_host),
	.init = pci_host_init,
};
