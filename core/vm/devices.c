/* SPDX-License-Identifier: MIT */
/* core/vm/devices.c: the table of devices, and which guests have them. */
#include "core/vm/devices.h"

#include <stdlib.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/dev/acpi_pm.h"
#include "core/dev/cmos.h"
#include "core/dev/debug.h"
#include "core/dev/fwcfg.h"
#include "core/dev/pci_host.h"
#include "core/dev/ports.h"
#include "core/dev/serial.h"
#include "core/vm/abi.h"
#include "core/vm/vm_priv.h"

/* Which guests have a device. */
enum { ANY_GUEST = 1, GUEST_WITH_EXIT_PORT = 2, GUEST_WITH_FIRMWARE = 4 };

/* To add a device: a row here, and a file in core/dev. */
static const struct {
	unsigned guests;
	const struct device *kind;
} rows[] = {
	{ ANY_GUEST, &serial_device },
	{ ANY_GUEST, &debug_port_device },
	{ ANY_GUEST, &reset_port_device },
	{ ANY_GUEST, &keyboard_port_device },
	{ ANY_GUEST, &acpi_pm_device },
	{ GUEST_WITH_EXIT_PORT, &exit_port_device },
	/* The PC that OVMF expects: an i440FX without its slots. */
	{ GUEST_WITH_FIRMWARE, &fwcfg_device },
	{ GUEST_WITH_FIRMWARE, &pci_host_device },
	{ GUEST_WITH_FIRMWARE, &cmos_device },
	{ GUEST_WITH_FIRMWARE, &a20_port_device },
};

/* Sets a line of KVM's PIC and IOAPIC. If it fails, the guest only gets no input. */
static void device_irq(void *self, bool level)
{
	struct vm_device *d = self;
	struct kvm_irq_level irq = { .irq = (uint32_t)d->kind->irq, .level = level };

	vm_ioctl(d->vm, d->vm->fd, KVM_IRQ_LINE, &irq);
}

static uint8_t *device_memory(void *self, uint64_t gpa, uint64_t size)
{
	return memory_at(self, gpa, size);
}

static int device_add(struct vm *vm, const struct device *kind, struct device_env env,
                      uint16_t exit_port, struct error *err)
{
	struct vm_device *d = &vm->devices[vm->n_devices];
	int r = 0;

	if (vm->n_devices == ARRAY_SIZE(vm->devices))
		return error_set(err, ERROR_INTERNAL, "no room for the device '%s'",
		                 kind->ranges[0].name);
	*d = (struct vm_device){ .vm = vm, .kind = kind };
	if (kind->size > 0) {
		d->state = calloc(1, kind->size);
		if (!d->state)
			return error_nomem(err, kind->ranges[0].name);
	}
	env.irq_self = d;
	if (kind->init)
		r = kind->init(d->state, &env, err);
	if (r < 0) {
		free(d->state);
		return r;
	}
	vm->n_devices++;
	for (size_t i = 0; r == 0 && i < DEVICE_RANGES && kind->ranges[i].name; i++) {
		struct device_range range = kind->ranges[i];

		if (kind->at_exit_port)
			range.base = exit_port;
		r = bus_add(&vm->bus[range.bus], &range, d->state, err);
	}
	return r;
}

int devices_init(struct vm *vm, const struct plan *p, const struct vm_devices *d, struct error *err)
{
	struct device_env env = { .console = &vm->streams[STREAM_SERIAL],
		                  .debug = &vm->streams[STREAM_DEBUG],
		                  .irq = device_irq,
		                  .memory = device_memory,
		                  .memory_self = &vm->memory,
		                  .give_up = &vm->stopping };
	unsigned guest = ANY_GUEST | (d->exit_port_given ? GUEST_WITH_EXIT_PORT : 0);
	int r = 0;

	env.n_items = plan_items(p, &env.items);
	if (env.n_items > 0) /* only a firmware reads fw_cfg */
		guest |= GUEST_WITH_FIRMWARE;
	for (int i = 0; i < BUS_KINDS; i++) {
		vm->bus[i].kind = (enum bus_kind)i;
		vm->bus[i].lock = &vm->bus_lock;
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		if (rows[i].guests & guest)
			r = device_add(vm, rows[i].kind, env, d->exit_port, err);
	for (size_t i = 0; r == 0 && d->more && d->more[i]; i++)
		r = device_add(vm, d->more[i], env, d->exit_port, err);
	return r;
}

void devices_fini(struct vm *vm)
{
	while (vm->n_devices > 0) {
		struct vm_device *d = &vm->devices[--vm->n_devices];

		if (d->kind->fini)
			d->kind->fini(d->state);
		free(d->state);
	}
}

void *devices_find(const struct vm *vm, const struct device *kind)
{
	for (size_t i = 0; i < vm->n_devices; i++)
		if (vm->devices[i].kind == kind)
			return vm->devices[i].state;
	return NULL;
}

int devices_last_read(const struct vm *vm)
{
	const struct fwcfg *f = devices_find(vm, &fwcfg_device);
	uint16_t key;

	return f && fwcfg_read_whole(f, &key) ? key : -1;
}
