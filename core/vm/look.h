/* SPDX-License-Identifier: MIT */
/* core/vm/look.h: what can be seen of a guest after its run, unless SNP protects it. */
#ifndef CORE_VM_LOOK_H
#define CORE_VM_LOOK_H

#include <stdbool.h>
#include <stdint.h>

struct vm; /* core/vm/vm_priv.h */

struct vm_position {
	uint64_t rip; /* the linear address of the next instruction */
	/*
	 * It is that of the vCPU's last exit before a triple fault: on AMD, KVM resets a vCPU whose
	 * triple fault it reports (arch/x86/kvm/svm/svm.c, shutdown_interception()).
	 */
	bool is_earlier;
	/* Its page tables map that address to itself, as a firmware's do and an OS's don't. */
	bool is_physical;
};

/* False: a protected guest, whose registers KVM doesn't have, or a vCPU that never left KVM_RUN. */
bool vm_position(const struct vm *vm, unsigned vcpu, struct vm_position *ret);
unsigned vm_vcpus(const struct vm *vm);

/*
 * The bytes at a guest-physical address; NULL: no memory is there, or it is private. self: the VM
 */
const uint8_t *vm_look(void *self, uint64_t gpa, uint64_t size);

#endif
