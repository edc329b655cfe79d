/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/irq.c: VM ioctls of message-signalled interrupts and eventfds (virt/kvm/eventfd.c,
 * irqchip.c). A message raises the line FAKE_MSI plus the last octal digit of its data.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "core/base/array.h"
#include "tests/fake/state.h"

static int msi_send(struct fake_kvm *f, const struct kvm_msi *msi)
{
	unsigned line = FAKE_MSI + msi->data % FAKE_MSIS;

	if (!f->vm.irqchip)
		return fake_complain(f, ENXIO, "KVM_SIGNAL_MSI without interrupt controllers");
	if (msi->flags)
		return -EINVAL;
	if (msi->address_lo >> 20 != 0xfee)
		return 0; /* to nobody */
	f->vm.lines[line] = true;
	f->vm.rises[line]++;
	pthread_cond_broadcast(&f->waits);
	return 1;
}

static int ioeventfd(struct fake_kvm *f, const struct kvm_ioeventfd *e)
{
	bool off = e->flags & KVM_IOEVENTFD_FLAG_DEASSIGN;
	struct fake_notify *n = NULL;

	if (e->flags & ~KVM_IOEVENTFD_FLAG_DEASSIGN || e->len != 2)
		return fake_complain(f, EINVAL, "KVM_IOEVENTFD of %u bytes, flags 0x%x", e->len,
		                     e->flags);
	for (size_t i = 0; i < ARRAY_SIZE(f->vm.notify); i++) {
		struct fake_notify *at = &f->vm.notify[i];

		if (at->gpa == e->addr && (!off || at->fd == e->fd)) {
			if (!off)
				return -EEXIST;
			*at = (struct fake_notify){ 0 };
			return 0;
		}
		if (!at->gpa)
			n = at;
	}
	if (off)
		return fake_complain(f, ENOENT, "no ioeventfd at 0x%llx",
		                     (unsigned long long)e->addr);
	if (!n)
		return -ENOSPC;
	*n = (struct fake_notify){ .gpa = e->addr, .fd = e->fd };
	return 0;
}

/* COM1's line must stay what it is: the call replaces all routes. */
static int routing_set(struct fake_kvm *f, const struct kvm_irq_routing *r)
{
	bool com1_ioapic = false, com1_pic = false;

	memset(f->vm.routed, 0, sizeof(f->vm.routed));
	for (uint32_t i = 0; i < r->nr; i++) {
		const struct kvm_irq_routing_entry *e = &r->entries[i];

		if (e->type == KVM_IRQ_ROUTING_IRQCHIP && e->gsi == 4) {
			com1_ioapic |=
				e->u.irqchip.irqchip == KVM_IRQCHIP_IOAPIC && e->u.irqchip.pin == 4;
			com1_pic |= e->u.irqchip.irqchip == KVM_IRQCHIP_PIC_MASTER &&
			            e->u.irqchip.pin == 4;
		} else if (e->type == KVM_IRQ_ROUTING_MSI) {
			if (e->gsi < FAKE_IRQS || e->gsi >= FAKE_LINES)
				return fake_complain(f, EINVAL, "a message at GSI %u", e->gsi);
			f->vm.routed[e->gsi - FAKE_IRQS] = e->u.msi.data;
		}
	}
	return com1_ioapic && com1_pic ? 0 : fake_complain(f, EINVAL, "COM1's line leads nowhere");
}

static int irqfd(struct fake_kvm *f, const struct kvm_irqfd *i)
{
	if (i->gsi < FAKE_IRQS || i->gsi >= FAKE_LINES)
		return fake_complain(f, EINVAL, "an irqfd for GSI %u", i->gsi);
	f->vm.irqfds += i->flags & KVM_IRQFD_FLAG_DEASSIGN ? -1u : 1;
	return 0;
}

unsigned fake_kvm_irqfds(struct fake_kvm *f)
{
	return f->vm.irqfds;
}

uint32_t fake_kvm_routed(struct fake_kvm *f, unsigned route)
{
	return f->vm.routed[route];
}

int fake_irq_ioctl(struct fake_kvm *f, unsigned long request, void *arg, bool *known)
{
	*known = true;
	switch (request) {
	case KVM_SIGNAL_MSI:
		return msi_send(f, arg);
	case KVM_IOEVENTFD:
		return ioeventfd(f, arg);
	case KVM_SET_GSI_ROUTING:
		return routing_set(f, arg);
	case KVM_IRQFD:
		return irqfd(f, arg);
	default:
		*known = false;
		return 0;
	}
}

bool fake_irq_notified(struct fake_kvm *f, const struct kvm_run *run)
{
	if (run->exit_reason != KVM_EXIT_MMIO || !run->mmio.is_write || run->mmio.len != 2)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(f->vm.notify); i++) {
		const struct fake_notify *n = &f->vm.notify[i];

		if (n->gpa == run->mmio.phys_addr && n->gpa)
			return eventfd_write(n->fd, 1) == 0;
	}
	return false;
}
