/* SPDX-License-Identifier: MIT */
/* core/vm/devices.c: the table of devices, and which guests have them. */
#include "core/vm/devices.h"

#include <stdlib.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/dev/acpi_pm.h"
#include "core/dev/blk.h"
#include "core/dev/cmos.h"
#include "core/dev/debug.h"
#include "core/dev/flash.h"
#include "core/dev/fwcfg.h"
#include "core/dev/hvc.h"
#include "core/dev/pci_host.h"
#include "core/dev/ports.h"
#include "core/dev/rng.h"
#include "core/dev/serial.h"
#include "core/vm/abi.h"
#include "core/vm/irq.h"
#include "core/vm/vm_priv.h"
#include "core/vm/vsock.h"

/* Which guests have a device. */
enum {
	ANY_GUEST = 1 << 0,
	GUEST_WITH_EXIT_PORT = 1 << 1,
	GUEST_WITH_FIRMWARE = 1 << 2,
	GUEST_WITH_PCI = 1 << 3,
	GUEST_WITH_RNG = 1 << 4,
	GUEST_WITH_FLASH = 1 << 5,
	GUEST_WITH_HVC = 1 << 6,
};

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
	/* The PC that OVMF expects: an i440FX. */
	{ GUEST_WITH_FIRMWARE, &fwcfg_device },
	{ GUEST_WITH_FIRMWARE | GUEST_WITH_PCI, &pci_host_device },
	{ GUEST_WITH_FIRMWARE, &cmos_device },
	{ GUEST_WITH_FIRMWARE, &a20_port_device },
	{ GUEST_WITH_FLASH, &flash_device },
	/* In slots of the PCI bus, in this order. */
	{ GUEST_WITH_RNG, &rng_device },
	{ GUEST_WITH_HVC, &hvc_device },
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
                      struct error *err)
{
	struct vm_device *d = &vm->devices[vm->n_devices];
	const char *name = kind->name ? kind->name : kind->ranges[0].name;
	int r = 0;

	if (vm->n_devices == ARRAY_SIZE(vm->devices))
		return error_set(err, ERROR_INTERNAL, "no room for the device '%s'", name);
	*d = (struct vm_device){ .vm = vm, .kind = kind };
	if (kind->size > 0) {
		d->state = calloc(1, kind->size);
		if (!d->state)
			return error_nomem(err, name);
	}
	env.irq_self = d;
	if (kind->init)
		r = kind->init(d->state, &env, err);
	if (r < 0) {
		free(d->state);
		return r;
	}
	vm->n_devices++;
	return bus_add_device(vm->bus, kind, d->state, &env, err);
}

int devices_init(struct vm *vm, const struct plan *p, const struct vm_devices *d, struct error *err)
{
	struct device_env env = { .console = &vm->streams[STREAM_SERIAL],
		                  .debug = &vm->streams[STREAM_DEBUG],
		                  .merge = d->hvc ? &vm->merge : NULL,
		                  .irq = device_irq,
		                  .memory = device_memory,
		                  .memory_self = &vm->memory,
		                  .give_up = &vm->stopping,
		                  .exit_port = d->exit_port,
		                  .pci_window = plan_settings(p)->pci_window,
		                  .flash = &d->flash,
		                  .msi = irq_msi,
		                  .notify_at = irq_notify_at,
		                  .vm = vm };
	unsigned guest = ANY_GUEST | (d->exit_port_given ? GUEST_WITH_EXIT_PORT : 0) |
	                 (env.pci_window ? GUEST_WITH_PCI : 0) | (d->rng ? GUEST_WITH_RNG : 0) |
	                 (d->flash.size > 0 ? GUEST_WITH_FLASH : 0) | (d->hvc ? GUEST_WITH_HVC : 0);
	int r = 0;

	env.n_items = plan_items(p, &env.items);
	if (env.n_items > 0) /* only a firmware reads fw_cfg */
		guest |= GUEST_WITH_FIRMWARE;
	for (int i = 0; i < BUS_KINDS; i++) {
		vm->bus[i].kind = (enum bus_kind)i;
		vm->bus[i].lock = &vm->bus_lock;
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		env.pci = devices_find(vm, &pci_host_device);
		if (rows[i].guests & guest)
			r = device_add(vm, rows[i].kind, env, err);
	}
	for (size_t i = 0; r == 0 && i < d->n_disks; i++) {
		env.settings = &d->disks[i];
		r = device_add(vm, &blk_device, env, err);
	}
	env.settings = &d->vsock_cid;
	if (r == 0 && d->vsock_cid)
		r = device_add(vm, &vsock_device, env, err);
	for (size_t i = 0; r == 0 && d->more && d->more[i]; i++)
		r = device_add(vm, d->more[i], env, err);
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

const uint8_t *devices_flash(const struct vm *vm, bool *ret_changed)
{
	const struct flash *f = devices_find(vm, &flash_device);

	*ret_changed = f && f->changed;
	return f ? f->array : NULL;
}

int devices_last_read(const struct vm *vm)
{
	const struct fwcfg *f = devices_find(vm, &fwcfg_device);
	uint16_t key;

	return f && fwcfg_read_whole(f, &key) ? key : -1;
}
