/* SPDX-License-Identifier: MIT */
/* core/vm/devices.h: creates a VM's devices and adds them to its buses. */
#ifndef CORE_VM_DEVICES_H
#define CORE_VM_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

struct device;     /* core/dev/device.h */
struct error;      /* core/base/error.h */
struct plan;       /* core/plan/plan.h */
struct vm;         /* core/vm/vm_priv.h */
struct vm_devices; /* core/vm/vm.h */

/* Creates the devices that the plan's guest expects. Call devices_fini() even after a failure. */
int devices_init(struct vm *vm, const struct plan *p, const struct vm_devices *d,
                 struct error *err);
void devices_fini(struct vm *vm);

/* The device's state; NULL: the VM doesn't have the device, or it has no state. */
void *devices_find(const struct vm *vm, const struct device *kind);

/* What the flash holds, and whether that changed since the launch; NULL: there is none. */
const uint8_t *devices_flash(const struct vm *vm, bool *ret_changed);

/* The key of the fw_cfg item that firmware selected last, if it was read completely; else -1. */
int devices_last_read(const struct vm *vm);

#endif
