/* SPDX-License-Identifier: MIT */
/* tests/fake/vm.c: ioctls of /dev/kvm and of a VM, except those about memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/state.h"

static int vm_new(struct fake_kvm *f, unsigned long type)
{
	int fd;

	f->vm_types |= 1ULL << (type & 63);
	if (type != KVM_X86_DEFAULT_VM && (type != KVM_X86_SNP_VM || f->flags & FAKE_NO_SNP))
		return -EINVAL;
	if (f->vm.open)
		return fake_complain(f, EBUSY, "a second VM beside the first");
	fd = fake_fd_new(f, FD_VM);
	if (fd >= 0) {
		for (unsigned i = 0; i < f->vm.n_vcpus; i++)
			free(f->vm.vcpus[i]);
		f->vm = (struct fake_vm){ .type = type, .open = true, .sev_fd = -1 };
	}
	return fd;
}

/* KVM_CHECK_EXTENSION, on /dev/kvm (vm false) and on a VM, which answers for itself. */
static int extension(struct fake_kvm *f, unsigned long capability, bool vm)
{
	bool snp = !(f->flags & FAKE_NO_SNP), private = vm ? f->vm.type == KVM_X86_SNP_VM : snp;

	switch (capability) {
	case KVM_CAP_VM_TYPES:
		return snp ? 1 << KVM_X86_DEFAULT_VM | 1 << KVM_X86_SNP_VM
		           : 1 << KVM_X86_DEFAULT_VM;
	case KVM_CAP_USER_MEMORY2:
	case KVM_CAP_MEMORY_FAULT_INFO:
		return 1;
	case KVM_CAP_GUEST_MEMFD:
		return private || f->flags & FAKE_GMEM_MMAP;
	case KVM_CAP_MEMORY_ATTRIBUTES:
		return private ? (int)KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
	case KVM_CAP_SET_GUEST_DEBUG2:
		return KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP |
		       KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_INJECT_DB | KVM_GUESTDBG_INJECT_BP |
		       KVM_GUESTDBG_BLOCKIRQ;
	case KVM_CAP_EXIT_HYPERCALL:
		return 1 << KVM_HC_MAP_GPA_RANGE;
	case KVM_CAP_GUEST_MEMFD_FLAGS:
		if (!(f->flags & FAKE_GMEM_MMAP))
			return 0;
		return (int)(GUEST_MEMFD_FLAG_MMAP | (private ? 0 : GUEST_MEMFD_FLAG_INIT_SHARED));
	default:
		return 0;
	}
}

static int supported_cpuid(const struct fake_kvm *f, struct kvm_cpuid2 *c)
{
	struct kvm_cpuid_entry2 entries[FAKE_CPUID_ENTRIES];
	uint32_t n = fake_host_cpuid(f, entries);

	if (c->nent < n)
		return -E2BIG;
	memcpy(c->entries, entries, n * sizeof(*entries));
	c->nent = n;
	return 0;
}

int fake_dev_ioctl(struct fake_kvm *f, unsigned long request, void *arg)
{
	switch (request) {
	case KVM_GET_API_VERSION:
		return KVM_API_VERSION;
	case KVM_CHECK_EXTENSION:
		return extension(f, (uintptr_t)arg, false);
	case KVM_CREATE_VM:
		return vm_new(f, (uintptr_t)arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return FAKE_RUN_SIZE;
	case KVM_GET_SUPPORTED_CPUID:
		return supported_cpuid(f, arg);
	case KVM_GET_DEVICE_ATTR:
		return fake_sev_attribute(f, arg);
	default:
		return fake_complain(f, EINVAL, "/dev/kvm: ioctl 0x%lx", request);
	}
}

static int irq_line(struct fake_kvm *f, const struct kvm_irq_level *irq)
{
	bool before;

	if (!f->vm.irqchip)
		return fake_complain(f, ENXIO, "KVM_IRQ_LINE without interrupt controllers");
	if (irq->irq >= FAKE_IRQS)
		return -EINVAL;
	before = f->vm.lines[irq->irq];
	f->vm.lines[irq->irq] = irq->level;
	f->vm.rises[irq->irq] += !before && irq->level;
	pthread_cond_broadcast(&f->waits);
	return 0;
}

static int enable_cap(struct fake_kvm *f, const struct kvm_enable_cap *cap)
{
	if (cap->cap != KVM_CAP_EXIT_HYPERCALL || cap->flags ||
	    cap->args[0] & ~(1ULL << KVM_HC_MAP_GPA_RANGE))
		return fake_complain(f, EINVAL, "KVM_ENABLE_CAP %u, 0x%llx", cap->cap,
		                     (unsigned long long)cap->args[0]);
	f->vm.hypercalls = cap->args[0];
	return 0;
}

int fake_vm_ioctl(struct fake_kvm *f, unsigned long request, void *arg)
{
	bool known = false;
	int r;

	switch (request) {
	case KVM_CHECK_EXTENSION:
		return extension(f, (uintptr_t)arg, true);
	case KVM_CREATE_IRQCHIP:
		if (f->vm.irqchip)
			return fake_complain(f, EEXIST, "a second set of interrupt controllers");
		if (f->vm.n_vcpus > 0)
			return fake_complain(f, EINVAL, "interrupt controllers after a vCPU");
		f->vm.irqchip = true;
		return 0;
	case KVM_CREATE_VCPU:
		return fake_vcpu_new(f, (unsigned)(uintptr_t)arg);
	case KVM_ENABLE_CAP:
		return enable_cap(f, arg);
	case KVM_IRQ_LINE:
		return irq_line(f, arg);
	case KVM_MEMORY_ENCRYPT_OP:
		return fake_sev_command(f, arg);
	default:
		r = fake_irq_ioctl(f, request, arg, &known);
		if (!known)
			r = fake_memory_ioctl(f, request, arg, &known);
		return known ? r : fake_complain(f, ENOTTY, "VM: ioctl 0x%lx", request);
	}
}
