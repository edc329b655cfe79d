/* SPDX-License-Identifier: MIT */
/* core/vm/look.c: registers and memory of a guest that has ended. */
#include "core/vm/look.h"

#include "core/vm/abi.h"
#include "core/vm/vm_priv.h"

#define RESET_LINEAR 0xfffffff0
#define CR0_PG       ((uint64_t)1 << 31)

bool vm_position(const struct vm *vm, unsigned vcpu, struct vm_position *ret)
{
	const struct vcpu *v = &vm->vcpus[vcpu];
	struct kvm_translation t = { 0 };
	struct kvm_sregs s;
	struct kvm_regs r;

	/* reading the registers of a vCPU that is still in KVM_RUN would block */
	if (vcpu >= vm->n_vcpus || vm->memory.private_memory || vm->abandoned ||
	    vm_ioctl(vm, v->fd, KVM_GET_REGS, &r) < 0 || vm_ioctl(vm, v->fd, KVM_GET_SREGS, &s) < 0)
		return false;
	*ret = (struct vm_position){ .rip = s.cs.base + r.rip };
	if (v->run->exit_reason == KVM_EXIT_SHUTDOWN && ret->rip == RESET_LINEAR) {
		ret->rip = v->exit_rip;
		ret->is_earlier = true;
	}
	t.linear_address = ret->rip;
	ret->is_physical = !(s.cr0 & CR0_PG) || (vm_ioctl(vm, v->fd, KVM_TRANSLATE, &t) == 0 &&
	                                         t.valid && t.physical_address == ret->rip);
	return ret->rip != 0;
}

unsigned vm_vcpus(const struct vm *vm)
{
	return vm->n_vcpus;
}

const uint8_t *vm_look(void *self, uint64_t gpa, uint64_t size)
{
	struct vm *vm = self;

	return memory_at(&vm->memory, gpa, size);
}
