/* SPDX-License-Identifier: MIT */
/* core/vm/launch.h: from a sealed plan to a VM that is ready to run. */
#ifndef CORE_VM_LAUNCH_H
#define CORE_VM_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

struct error;      /* core/base/error.h */
struct kvm_sys;    /* core/vm/sys.h */
struct plan;       /* core/plan/plan.h */
struct platform;   /* core/vm/vm.h */
struct vm;         /* core/vm/vm_priv.h */
struct vm_devices; /* core/vm/vm.h */

/*
 * Creates the VM, its memory, vCPUs and devices, and replays the plan into the platform. On failure
 * nothing is left open or mapped. The plan and the descriptors in *d must outlive the VM. This
 * thread's signals are blocked meanwhile: a signal during LAUNCH_UPDATE would make it fail.
 */
int vm_launch(const struct kvm_sys *sys, const struct platform *on, const struct plan *p,
              const struct vm_devices *d, struct vm **ret, struct error *err);

/* A vCPU is stuck in KVM_RUN: vm_free() frees nothing, and what the VM borrowed stays in use. */
bool vm_abandoned(const struct vm *vm);

/* What the guest's memory is in, for -v: "private guest_memfd", "anonymous memory", ... */
const char *vm_backing(const struct vm *vm);

/* How long the platform took for each part of the launch. */
struct launch_times {
	uint64_t start_us, update_us, finish_us;
};
struct launch_times vm_launch_times(const struct vm *vm);

/* Frees everything but the plan, in an order that frees the guest's ASID at once. NULL is fine. */
void vm_free(struct vm *vm);

#endif
