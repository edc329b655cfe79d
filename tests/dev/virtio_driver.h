/* SPDX-License-Identifier: MIT */
/*
 * tests/dev/virtio_driver.h: a PCI bus with a virtio device on it, and what a driver does with its
 * registers. Interrupts and eventfds are written down.
 */
#ifndef TESTS_DEV_VIRTIO_DRIVER_H
#define TESTS_DEV_VIRTIO_DRIVER_H

#include "core/dev/pci_host.h"
#include "core/dev/virtio.h"
#include "tests/dev/driver.h"
#include "tests/dev/ports.h"

#define MACHINE_WINDOW 0x80000000u
#define MACHINE_BAR    0x80004000u

/* Registers in BAR0. */
enum {
	R_OFFERED_WORD = 0x00,
	R_OFFERED = 0x04,
	R_ACCEPTED_WORD = 0x08,
	R_ACCEPTED = 0x0c,
	R_CONFIG_VECTOR = 0x10,
	R_QUEUES = 0x12,
	R_STATUS = 0x14,
	R_SELECT = 0x16,
	R_SIZE = 0x18,
	R_VECTOR = 0x1a,
	R_ENABLE = 0x1c,
	R_NOTIFY_OFF = 0x1e,
	R_DESC = 0x20,
	R_AVAIL = 0x28,
	R_USED = 0x30,
	R_ISR = 0x100,
	R_CONFIG = 0x200,
	R_TABLE = 0x800,
	R_PENDING = 0xc00,
	R_NOTIFY = 0x1000,
};

struct machine {
	struct driver driver; /* guest memory, and rings */
	struct bus bus[BUS_KINDS];
	struct pci_host pci;
	struct device_env env;
	unsigned messages; /* sent so far */
	uint64_t address;  /* the last one */
	uint32_t data;
	unsigned registered; /* eventfds now */
	uint64_t notify_gpa; /* where the last one is */
	bool no_eventfds;    /* KVM refuses them */
};

static inline void machine_msi(void *self, uint64_t address, uint32_t data)
{
	struct machine *m = self;

	m->address = address;
	m->data = data;
	__atomic_fetch_add(&m->messages, 1, __ATOMIC_SEQ_CST);
}

static inline bool machine_notify_at(void *self, int fd, uint64_t gpa, bool on)
{
	struct machine *m = self;

	cr_assert_geq(fd, 0);
	if (m->no_eventfds)
		return false;
	m->registered += on ? 1 : -1u;
	m->notify_gpa = on ? gpa : 0;
	return true;
}

/* A bus without devices; `queue` entries in the rings. */
static inline void machine_open(struct machine *m, uint16_t queue)
{
	struct error err = { 0 };

	memset(m, 0, sizeof(*m));
	driver_open(&m->driver, queue, queue);
	m->env = (struct device_env){ .memory = driver_memory,
		                      .memory_self = &m->driver,
		                      .pci_window = MACHINE_WINDOW,
		                      .pci = &m->pci,
		                      .msi = machine_msi,
		                      .notify_at = machine_notify_at,
		                      .vm = m };
	m->bus[BUS_MMIO].kind = BUS_MMIO;
	cr_assert_eq(pci_host_device.init(&m->pci, &m->env, &err), 0);
	cr_assert_eq(bus_add_device(m->bus, &pci_host_device, &m->pci, &m->env, &err), 0, "%s",
	             err.text);
}

static inline void machine_close(struct machine *m)
{
	driver_close(&m->driver);
}

/* Configuration space of the function in a slot. */
static inline uint32_t config_get(struct machine *m, unsigned slot, unsigned reg, size_t size)
{
	out(&m->bus[BUS_PORTS], 0xcf8, 0x80000000u | slot << 11 | (reg & ~3u), 4);
	return in(&m->bus[BUS_PORTS], (uint16_t)(0xcfc + reg % 4), size);
}

static inline void config_set(struct machine *m, unsigned slot, unsigned reg, uint32_t value,
                              size_t size)
{
	out(&m->bus[BUS_PORTS], 0xcf8, 0x80000000u | slot << 11 | (reg & ~3u), 4);
	out(&m->bus[BUS_PORTS], (uint16_t)(0xcfc + reg % 4), value, size);
}

static inline uint64_t mmio_get(struct machine *m, uint64_t gpa, size_t size)
{
	uint8_t data[8] = { 0 };

	cr_assert(bus_read(&m->bus[BUS_MMIO], gpa, data, size), "0x%llx", (unsigned long long)gpa);
	return le_get(data, size);
}

static inline void mmio_set(struct machine *m, uint64_t gpa, uint64_t value, size_t size)
{
	le64 data = le64_of(value);
	enum io_action asked;

	cr_assert(bus_write(&m->bus[BUS_MMIO], gpa, data.b, size, &asked), "0x%llx",
	          (unsigned long long)gpa);
	cr_assert_eq(asked, IO_GO_ON);
}

static inline uint64_t reg_get(struct machine *m, unsigned reg, size_t size)
{
	return mmio_get(m, MACHINE_BAR + reg, size);
}

static inline void reg_set(struct machine *m, unsigned reg, uint64_t value, size_t size)
{
	mmio_set(m, MACHINE_BAR + reg, value, size);
}

/* The first device at MACHINE_BAR, as a bus driver does it, and MSI-X on. */
static inline void machine_place(struct machine *m)
{
	config_set(m, 2, 0x10, MACHINE_BAR, 4);
	config_set(m, 2, 0x04, 0x0406, 2);
	config_set(m, 2, 0x9a, 0x8000, 2);
}

static inline uint64_t features_get(struct machine *m)
{
	uint64_t low;

	reg_set(m, R_OFFERED_WORD, 0, 4);
	low = reg_get(m, R_OFFERED, 4);
	reg_set(m, R_OFFERED_WORD, 1, 4);
	return reg_get(m, R_OFFERED, 4) << 32 | low;
}

static inline void features_set(struct machine *m, uint64_t features)
{
	for (unsigned word = 0; word < 2; word++) {
		reg_set(m, R_ACCEPTED_WORD, word, 4);
		reg_set(m, R_ACCEPTED, (uint32_t)(features >> (32 * word)), 4);
	}
}

static inline void vector_set(struct machine *m, unsigned vector, uint64_t address, uint32_t data,
                              bool masked)
{
	reg_set(m, R_TABLE + 16 * vector, address, 8);
	reg_set(m, R_TABLE + 16 * vector + 8, data, 4);
	reg_set(m, R_TABLE + 16 * vector + 12, masked, 4);
}

/* As Linux up to FEATURES_OK: vector 0 is for the configuration, 1 + q for queue q. */
static inline void machine_begin(struct machine *m, uint64_t features, unsigned queues)
{
	machine_place(m);
	reg_set(m, R_STATUS, 0, 1);
	reg_set(m, R_STATUS, 1, 1);
	reg_set(m, R_STATUS, 3, 1);
	features_set(m, features);
	reg_set(m, R_STATUS, 11, 1);
	for (unsigned v = 0; v <= queues; v++)
		vector_set(m, v, 0xfee00000 + 0x1000 * v, 0x40 + v, false);
	reg_set(m, R_CONFIG_VECTOR, 0, 2);
}

/* The rings of queue `q` lie where the driver has them, `queue` pages further for each. */
static inline void queue_set(struct machine *m, unsigned q)
{
	reg_set(m, R_SELECT, q, 2);
	reg_set(m, R_SIZE, m->driver.q.size, 2);
	reg_set(m, R_VECTOR, 1 + q, 2);
	reg_set(m, R_DESC, DRIVER_DESC, 4);
	reg_set(m, R_DESC + 4, 0, 4);
	reg_set(m, R_AVAIL, DRIVER_AVAIL, 8);
	reg_set(m, R_USED, DRIVER_USED, 8);
	reg_set(m, R_ENABLE, 1, 2);
}

static inline void machine_ok(struct machine *m)
{
	reg_set(m, R_STATUS, 15, 1);
}

#endif
