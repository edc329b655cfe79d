/* SPDX-License-Identifier: MIT */
/*
 * core/vm/devices.h: which devices a VM has: the table, made before the VM and gone after its last
 * vCPU.
 */
#ifndef CORE_VM_DEVICES_H
#define CORE_VM_DEVICES_H

struct device;     /* core/dev/device.h */
struct error;      /* core/base/error.h */
struct plan;       /* core/plan/plan.h */
struct vm;         /* core/vm/vm_priv.h */
struct vm_devices; /* core/vm/vm.h */

/*
 * Every device that this plan's guest expects, on its bus. After a failure, too, devices_fini() is
 * due.
 */
int devices_init(struct vm *vm, const struct plan *p, const struct vm_devices *d,
                 struct error *err);
void devices_fini(struct vm *vm);

/* The device's state in this VM; NULL: the VM has no such device, or one without a state. */
void *devices_find(const struct vm *vm, const struct device *kind);

/* The key of what firmware read from fw_cfg last, if it read it to the end; -1: none. */
int devices_last_read(const struct vm *vm);

#endif
