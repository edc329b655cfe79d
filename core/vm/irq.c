/* SPDX-License-Identifier: MIT */
/* core/vm/irq.c: Documentation/virt/kvm/api.rst, 4.71, 4.59, 4.52 and 4.75. */
#include "core/vm/irq.h"

#include "core/vm/abi.h"
#include "core/vm/vm_priv.h"

/* KVM's own routes: the lines of two PICs and of the IOAPIC (arch/x86/kvm/irq_comm.c). */
enum { PIC_LINES = 16, IOAPIC_LINES = 24, FIRST_GSI = IOAPIC_LINES };

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

static struct kvm_irq_routing_entry chip_route(uint32_t gsi, uint32_t chip, uint32_t pin)
{
	return (struct kvm_irq_routing_entry){ .gsi = gsi,
		                               .type = KVM_IRQ_ROUTING_IRQCHIP,
		                               .u.irqchip = { .irqchip = chip, .pin = pin } };
}

/* The call replaces the whole table, so KVM's own routes come first. */
static int routes_set(const struct vm *vm)
{
	union {
		struct kvm_irq_routing head;
		uint8_t bytes[sizeof(struct kvm_irq_routing) +
		              (PIC_LINES + IOAPIC_LINES + IRQ_ROUTES) *
		                      sizeof(struct kvm_irq_routing_entry)];
	} table = { .bytes = { 0 } };
	struct kvm_irq_routing_entry *rows = table.head.entries;
	uint32_t n = 0;

	for (uint32_t line = 0; line < IOAPIC_LINES; line++) {
		rows[n++] = chip_route(line, KVM_IRQCHIP_IOAPIC, line);
		if (line < PIC_LINES)
			rows[n++] = chip_route(
				line, line < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE,
				line % 8);
	}
	for (uint32_t i = 0; i < IRQ_ROUTES; i++) {
		const struct irq_route *r = &vm->routes[i];

		if (r->on)
			rows[n++] = (struct kvm_irq_routing_entry){
				.gsi = FIRST_GSI + i,
				.type = KVM_IRQ_ROUTING_MSI,
				.u.msi = { .address_lo = (uint32_t)r->message.address,
				           .address_hi = (uint32_t)(r->message.address >> 32),
				           .data = r->message.data },
			};
	}
	table.head.nr = n;
	return vm_ioctl(vm, vm->fd, KVM_SET_GSI_ROUTING, &table);
}

void irq_route(struct vm *vm, unsigned route, int fd, const struct msix_message *m)
{
	struct kvm_irqfd irqfd = { .fd = (uint32_t)fd, .gsi = FIRST_GSI + route };
	struct irq_route *r = &vm->routes[route];

	if (r->on) {
		irqfd.flags = KVM_IRQFD_FLAG_DEASSIGN;
		vm_ioctl(vm, vm->fd, KVM_IRQFD, &irqfd);
	}
	r->on = m;
	if (!m)
		return; /* what comes meanwhile waits in the eventfd */
	r->message = *m;
	irqfd.flags = 0;
	/* If it fails, the guest's message was none, and it gets no interrupt. */
	r->on = routes_set(vm) >= 0 && vm_ioctl(vm, vm->fd, KVM_IRQFD, &irqfd) >= 0;
}
