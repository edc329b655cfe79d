/* SPDX-License-Identifier: MIT */
/*
 * core/vm/irq.h: interrupts by message and notifications by eventfd: KVM_SIGNAL_MSI, KVM_IOEVENTFD,
 * and for who can only signal an eventfd, KVM_IRQFD and a GSI that is routed to a message.
 */
#ifndef CORE_VM_IRQ_H
#define CORE_VM_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dev/msix.h"

struct vm; /* core/vm/vm_priv.h */

#define IRQ_ROUTES 2

/* An eventfd whose signals become a message. */
struct irq_route {
	bool on;
	struct msix_message message;
};

/* As in struct device_env; `self` is the struct vm. */
void irq_msi(void *self, uint64_t address, uint32_t data);
bool irq_notify_at(void *self, int fd, uint64_t gpa, bool on);

/*
 * From now on, signals of the eventfd are this message; NULL: they wait in it. `route` is below
 * IRQ_ROUTES, and always has the same eventfd. With the bus locked.
 */
void irq_route(struct vm *vm, unsigned route, int fd, const struct msix_message *m);

#endif
