/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/pci.c: libFuzzer target: a guest that does anything with a PCI bus on which a scratch
 * disk and an rng are. Its memory changes only where it is shared and only while a device runs, a
 * reset ends that, eventfds are where BARs are decoded, and messages are as the MSI-X tables say.
 */
#include <fcntl.h>
#include <sys/eventfd.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/dev/blk.h"
#include "core/dev/bus.h"
#include "core/dev/pci_host.h"
#include "core/dev/rng.h"
#include "core/dev/virtio.h"
#include "tests/fuzz/driver.h"

/* Of AddressSanitizer, which also looks at what system calls read and write. */
void __asan_poison_memory_region(const volatile void *at, size_t size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);

#define PAGES  8u /* of memory */
#define WINDOW 0x80000000u
#define WALKS  5000 /* looks at guest memory, after which a device is told to end */

enum { DEVICES = 2, FIRST_SLOT = 2 };

struct guest {
	struct bus bus[BUS_KINDS];
	struct pci_host pci;
	struct disk disk;
	struct virtio *devices[DEVICES];
	uint8_t reset_config[DEVICES][256];
	uint8_t *ram, *before;  /* what RAM has to be if nobody may change it */
	unsigned private_pages; /* a bit for each */
	unsigned walks, messages;
	/* Where each device wants its eventfd signalled, and whether that was granted. */
	uint64_t asked[DEVICES];
	bool granted[DEVICES], no_eventfds;
	struct input in;
};

static uint8_t *guest_memory(void *self, uint64_t gpa, uint64_t size)
{
	struct guest *g = self;

	must(size > 0);
	if (++g->walks > WALKS)
		for (unsigned i = 0; i < DEVICES; i++)
			atomic_store(&g->devices[i]->ended, true);
	if (gpa >= PAGES * PAGE_SIZE || size > PAGES * PAGE_SIZE - gpa)
		return NULL;
	for (uint64_t page = gpa / PAGE_SIZE; page <= (gpa + size - 1) / PAGE_SIZE; page++)
		if (g->private_pages >> page & 1)
			return NULL;
	return g->ram + gpa;
}

/* Whether the vector may speak, by what the guest wrote. */
static bool vector_open(const struct virtio *v, unsigned i)
{
	uint16_t control = (uint16_t)le_get(v->pci.config + MSIX_CONTROL, 2);

	return (control & MSIX_ENABLE) && !(control & MSIX_MASK_ALL) && !v->msix.vectors[i].masked;
}

static void guest_msi(void *self, uint64_t address, uint32_t data)
{
	struct guest *g = self;
	bool known = false;

	for (unsigned d = 0; d < DEVICES; d++)
		for (unsigned i = 0; i < g->devices[d]->msix.count; i++) {
			const struct msix_message *m = &g->devices[d]->msix.vectors[i].message;

			known |= vector_open(g->devices[d], i) && m->address == address &&
			         m->data == data;
		}
	must(known);
	g->messages++;
}

/* As KVM: one eventfd at an address. */
static bool guest_notify_at(void *self, int fd, uint64_t gpa, bool on)
{
	struct guest *g = self;
	unsigned d = fd == g->devices[1]->kick[0], other = !d;

	must(fd == g->devices[d]->kick[0]);
	must(on ? !g->granted[d] : g->granted[d] && g->asked[d] == gpa);
	g->granted[d] = on && !g->no_eventfds && !(g->granted[other] && g->asked[other] == gpa);
	g->asked[d] = on ? gpa : 0;
	return g->granted[d];
}

/* Where the function decodes BAR0, by its registers; 0: nowhere. */
static uint64_t decoded_at(const struct virtio *v)
{
	uint64_t at = le_get(v->pci.config + PCI_BAR0, 4) & ~(uint64_t)(DRIVER_BAR - 1);
	bool on = v->pci.config[PCI_COMMAND] & PCI_COMMAND_MEMORY;

	return on && at >= WINDOW && at + DRIVER_BAR <= PCI_WINDOW_END ? at : 0;
}

/* RAM as it is now is what it has to be. */
static void ram_keep(struct guest *g)
{
	for (unsigned page = 0; page < PAGES; page++)
		if (!(g->private_pages >> page & 1))
			memcpy(g->before + page * PAGE_SIZE, g->ram + page * PAGE_SIZE, PAGE_SIZE);
}

static void ram_check(const struct guest *g)
{
	for (unsigned page = 0; page < PAGES; page++)
		must(g->private_pages >> page & 1 ||
		     !memcmp(g->before + page * PAGE_SIZE, g->ram + page * PAGE_SIZE, PAGE_SIZE));
}

static void guest_check(struct guest *g)
{
	ram_check(g);
	for (unsigned d = 0; d < DEVICES; d++) {
		const struct virtio *v = g->devices[d];
		const struct virtqueue *q = &v->queues[0];
		uint64_t at = decoded_at(v);

		must(at ? g->asked[d] == at + R_NOTIFY : !g->granted[d]);
		must(q->max == v->type->queue_max && q->size > 0 && q->size <= q->max &&
		     (q->size & (q->size - 1)) == 0);
		must(!v->running || (v->started && !(v->status & 0x40)));
		for (unsigned i = 0; i < v->msix.count; i++)
			must(!v->msix.vectors[i].pending || !vector_open(v, i));
		for (unsigned i = 0; i < sizeof(v->pci.config); i++)
			must(!((v->pci.config[i] ^ g->reset_config[d][i]) & ~v->pci.writable[i]));
	}
}

static void convert(struct guest *g, unsigned page)
{
	uint8_t *at = g->ram + page * PAGE_SIZE;

	g->private_pages ^= 1u << page;
	if (g->private_pages >> page & 1) {
		__asan_poison_memory_region(at, PAGE_SIZE);
	} else {
		__asan_unpoison_memory_region(at, PAGE_SIZE);
		memset(at, 0, PAGE_SIZE);
	}
	ram_keep(g);
}

/* What the guest's own CPU writes to shared memory; the rest is nobody's business. */
static void put(struct guest *g, uint64_t gpa, uint64_t value, size_t size)
{
	le64 bytes = le64_of(value);
	uint8_t *to = guest_memory(g, gpa, size);

	if (to)
		memcpy(to, bytes.b, size);
	ram_keep(g);
}

static void port_write(struct guest *g, uint16_t port, uint32_t value, size_t size)
{
	static uint8_t *exact[5]; /* so that a byte beyond is noticed */
	enum io_action asked;

	if (!exact[size])
		exact[size] = malloc(size);
	memcpy(exact[size], le32_of(value).b, size);
	bus_write(&g->bus[BUS_PORTS], port, exact[size], size, &asked);
	must(asked == IO_GO_ON);
	bus_read(&g->bus[BUS_PORTS], port, exact[size], size);
}

static void config_write(struct guest *g, unsigned slot, unsigned reg, uint32_t value, size_t size)
{
	port_write(g, PCI_ADDRESS_PORT, 0x80000000u | slot << 11 | (reg & 0xfcu), 4);
	port_write(g, (uint16_t)(PCI_DATA_PORT + reg % 4), value, size);
}

/* The device that answers at gpa; NULL: none. */
static struct virtio *device_at(struct guest *g, uint64_t gpa)
{
	for (unsigned d = 0; d < DEVICES; d++) {
		uint64_t at = decoded_at(g->devices[d]);

		if (at && gpa >= at && gpa - at < DRIVER_BAR)
			return g->devices[d];
	}
	return NULL;
}

static void mmio_write(struct guest *g, uint64_t gpa, uint64_t value, size_t size)
{
	static uint8_t *exact[9];
	struct virtio *v = device_at(g, gpa);
	uint64_t offset = v ? gpa - decoded_at(v) : 0;
	bool status = v && offset <= R_STATUS && R_STATUS < offset + size;
	bool running[DEVICES];
	enum io_action asked;

	for (unsigned d = 0; d < DEVICES; d++) {
		running[d] = g->devices[d]->running;
		if (size == 2 && g->granted[d] && g->asked[d] == gpa) {
			eventfd_write(g->devices[d]->kick[0], 1);
			return;
		}
	}
	if (!exact[size])
		exact[size] = malloc(size);
	memcpy(exact[size], le64_of(value).b, size);
	bus_write(&g->bus[BUS_MMIO], gpa, exact[size], size, &asked);
	must(asked == IO_GO_ON);
	/* A driver's reset stops the device, and only a write to its status starts it. */
	if (status && (value >> (8 * (R_STATUS - offset)) & 0xff) == 0) {
		const struct virtqueue *q = &v->queues[0];

		must(!v->running && !v->started && !v->status && !q->enabled);
		must(!q->desc && !q->avail && !q->used && !q->next && !q->used_idx);
	}
	for (unsigned d = 0; d < DEVICES; d++)
		must(!g->devices[d]->running || running[d] || (status && v == g->devices[d]));
}

static void mmio_read(struct guest *g, uint64_t gpa, size_t size)
{
	uint8_t *exact = malloc(size);
	bool found = bus_read(&g->bus[BUS_MMIO], gpa, exact, size);

	must(found == (gpa >= WINDOW && gpa < PCI_WINDOW_END));
	for (size_t i = 0; i < size && !device_at(g, gpa); i++)
		must(exact[i] == 0xff);
	free(exact);
}

/* What the guest can do; parameters are of the input. */

static void do_config(struct guest *g)
{
	static const uint32_t values[] = { 0,          ~0u,        WINDOW,     WINDOW + DRIVER_BAR,
		                           0xfbffe000, 0xfc000000, 0xfee00000, PAGE_SIZE,
		                           0x7fffe000, 0x40000000, 0x8000,     0xc000 };
	static const unsigned regs[] = { PCI_COMMAND, PCI_BAR0, MSIX_CONTROL, MSIX_CONTROL + 1 };
	unsigned how = (unsigned)take(&g->in, 1), which = (unsigned)take(&g->in, 1);
	unsigned reg = how & 1 ? regs[which % 4] : which;
	uint32_t value = how & 2 ? values[(unsigned)take(&g->in, 1) % ARRAY_SIZE(values)]
	                         : (uint32_t)take(&g->in, 4);

	config_write(g, how & 4 ? (how >> 3) % PCI_SLOTS : FIRST_SLOT + (how >> 3 & 1), reg, value,
	             (size_t)1 << which % 3);
}

static void do_port(struct guest *g)
{
	uint16_t port = (uint16_t)(PCI_ADDRESS_PORT + take(&g->in, 1) % 8);

	port_write(g, port, (uint32_t)take(&g->in, 4), (size_t)1 << take(&g->in, 1) % 3);
}

static void do_access(struct guest *g)
{
	unsigned how = (unsigned)take(&g->in, 1);
	uint64_t base = decoded_at(g->devices[how & 1]);
	uint64_t offset = take(&g->in, how & 2 ? 1 : 2) % (DRIVER_BAR + 8);
	size_t size = (size_t)1 << (how >> 2) % 4;

	if (how & 0x10 && offset < 0x100)
		offset += R_TABLE;
	if (how & 0x20)
		mmio_read(g, (base ? base : WINDOW) + offset, size);
	else
		mmio_write(g, (base ? base : WINDOW) + offset, take(&g->in, how & 0x40 ? 8 : 1),
		           size);
}

static void do_put(struct guest *g)
{
	uint64_t gpa = take(&g->in, 2) % (PAGES * PAGE_SIZE);

	put(g, gpa, take(&g->in, 8), (size_t)1 << gpa % 4);
}

static void do_convert(struct guest *g)
{
	convert(g, (unsigned)take(&g->in, 1) % PAGES);
}

static void do_eventfds(struct guest *g)
{
	g->no_eventfds = !g->no_eventfds;
}

/* As a driver, with rings anywhere in the first pages, and perhaps two BARs at one address. */
static void do_begin(struct guest *g)
{
	unsigned d = (unsigned)take(&g->in, 1) % DEVICES, place = (unsigned)take(&g->in, 1);
	uint64_t bar = WINDOW + place % 4 * DRIVER_BAR, rings = take(&g->in, 2);
	const struct driver_setup setup = {
		.features = g->devices[d]->offered,
		.number = d,
		.queue_size = (uint16_t)(1u << place / 4 % 8),
		.desc = rings % 4 * PAGE_SIZE,
		.avail = (rings >> 2) % 4 * PAGE_SIZE + (rings >> 8 & 0xf0),
		.used = (rings >> 4) % 4 * PAGE_SIZE + 0x800,
	};
	struct driver_step steps[DRIVER_STEPS];

	driver_steps(&setup, steps);
	config_write(g, FIRST_SLOT + d, PCI_BAR0, (uint32_t)bar, 4);
	config_write(g, FIRST_SLOT + d, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	config_write(g, FIRST_SLOT + d, MSIX_CONTROL, MSIX_ENABLE, 2);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		mmio_write(g, bar + steps[i].reg, steps[i].value, steps[i].size);
	/* The rings are empty, as a driver leaves them. */
	put(g, g->devices[d]->queues[0].avail, 0, 4);
}

/* A request: descriptors in a row, the first with a header of virtio-blk. */
static void do_offer(struct guest *g)
{
	static const uint32_t lengths[] = { 16, 1, 512, 513, 1024, 4096, 8, 0 };
	static const uint8_t types[] = { 0, 1, 4, 8, 11, 0, 1, 1 };
	const struct virtqueue *q = &g->devices[take(&g->in, 1) % DEVICES]->queues[0];
	unsigned how = (unsigned)take(&g->in, 1), n = 1 + how % 4;
	const uint8_t *avail = guest_memory(g, q->avail, 4);
	uint16_t index = avail ? (uint16_t)le_get(avail + 2, 2) : 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned shape = (unsigned)take(&g->in, 1);
		uint64_t gpa = (shape & 7) * PAGE_SIZE + (shape & 0x80 ? 0xff8 : 0x400);
		unsigned length = i == 0 && shape & 8 ? 0 : shape >> 4 & 7;
		bool written = i + 1 == n || (i > 0 && shape & 8);

		put(g, q->desc + 16 * i, gpa, 8);
		put(g, q->desc + 16 * i + 8, lengths[length], 4);
		put(g, q->desc + 16 * i + 12,
		    (i + 1 < n) | written << 1 | (i + 1 == n && how == 0xff) << 2, 2);
		put(g, q->desc + 16 * i + 14, i + 1, 2);
		if (i == 0) {
			put(g, gpa, types[how >> 2 & 7], 8);
			put(g, gpa + 8, how >> 5, 8);
		}
	}
	put(g, q->avail + 4 + 2 * (index & (q->size - 1u)), 0, 2);
	put(g, q->avail + 2, index + 1u, 2);
}

/* The device's thread runs until it has nothing to do. */
static void do_work(struct guest *g)
{
	struct virtio *v = g->devices[take(&g->in, 1) % DEVICES];
	bool running = v->running;
	unsigned messages = g->messages;

	g->walks = 0;
	virtio_work(v);
	for (unsigned d = 0; d < DEVICES; d++)
		atomic_store(&g->devices[d]->ended, false);
	if (running)
		ram_keep(g);
	else
		must(g->messages == messages);
}

static void (*const actions[])(struct guest *g) = {
	do_config, do_port,  do_access, do_access, do_put,  do_convert,  do_begin,
	do_begin,  do_offer, do_offer,  do_work,   do_work, do_eventfds,
};

static void guest_open(struct guest *g, int image)
{
	static const struct device *const kinds[DEVICES] = { &blk_device, &rng_device };
	struct device_env env = { .memory = guest_memory,
		                  .memory_self = g,
		                  .pci_window = WINDOW,
		                  .pci = &g->pci,
		                  .msi = guest_msi,
		                  .notify_at = guest_notify_at,
		                  .vm = g,
		                  .settings = &g->disk };
	struct error err = { 0 };

	g->bus[BUS_MMIO].kind = BUS_MMIO;
	g->ram = aligned_alloc(PAGE_SIZE, PAGES * PAGE_SIZE);
	g->before = calloc(PAGES, PAGE_SIZE);
	memset(g->ram, 0, PAGES * PAGE_SIZE);
	g->disk = (struct disk){ .name = "disk0",
		                 .serial = "disk0",
		                 .path = "image",
		                 .size = DRIVER_IMAGE,
		                 .fd = image };
	must(disk_begin(&g->disk, &err) == 0);
	must(pci_host_device.init(&g->pci, &env, &err) == 0);
	must(bus_add_device(g->bus, &pci_host_device, &g->pci, &env, &err) == 0);
	for (unsigned d = 0; d < DEVICES; d++) {
		struct virtio *v = calloc(1, kinds[d]->size);

		g->devices[d] = v;
		must(kinds[d]->init(v, &env, &err) == 0);
		memcpy(g->reset_config[d], v->pci.config, sizeof(v->pci.config));
		v->reported = true; /* nobody reads it */
		/* So that its thread returns instead of waiting. */
		must(fcntl(v->kick[0], F_SETFL, O_NONBLOCK) == 0);
	}
	convert(g, 5);
	convert(g, 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int image = driver_image();
	struct guest *g = calloc(1, sizeof(*g));

	log_set_level(LOG_QUIET);
	g->in = (struct input){ data, size };
	guest_open(g, image);
	guest_check(g);
	while (g->in.left > 0) {
		actions[take(&g->in, 1) % ARRAY_SIZE(actions)](g);
		guest_check(g);
	}
	for (unsigned d = 0; d < DEVICES; d++) {
		virtio_fini(g->devices[d]);
		free(g->devices[d]);
	}
	driver_image_check(image);
	g->disk.fd = -1; /* the image is used again */
	disk_close(&g->disk);
	__asan_unpoison_memory_region(g->ram, PAGES * PAGE_SIZE);
	free(g->ram);
	free(g->before);
	free(g);
	return 0;
}
