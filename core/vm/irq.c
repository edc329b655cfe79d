/* SPDX-License-Identifier: MIT */
/* core/vm/irq.c: Documentation/virt/kvm/api.rst, 4.71 and 4.59. */
#include "core/vm/irq.h"

#include "core/vm/abi.h"
#include "core/vm/vm_priv.h"

void irq_msi(void *self, uint64_t address, uint32_t data)
{
	struct vm *vm = self;
	struct kvm_msi msi = { .address_lo = (uint32_t)address,
		               .address_hi = (uint32_t)(address >> 32),
		               .data = data };

	/* It fails for a message to nobody, which is the guest's affair. */
	vm_ioctl(vm, vm->fd, KVM_SIGNAL_MSI, &msi);
}

bool irq_notify_at(void *self, int fd, uint64_t gpa, bool on)
{
	struct vm *vm = self;
	struct kvm_ioeventfd e = {
		.addr = gpa, .len = 2, .fd = fd, .flags = on ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN
	};

	return vm_ioctl(vm, vm->fd, KVM_IOEVENTFD, &e) >= 0;
}
