/* SPDX-License-Identifier: MIT */
/* core/vm/halt.h: detects that no vCPU will run again: all are halted with interrupts off. */
#ifndef CORE_VM_HALT_H
#define CORE_VM_HALT_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu; /* core/vm/vm_priv.h */
struct vm;   /* core/vm/vm_priv.h */

/* Used by the main thread only. */
struct halt {
	struct vm *vm;
	uint64_t at_ms;    /* when halt_look() is due, by clock_ms() */
	uint64_t exits;    /* of all vCPUs, when it last looked */
	unsigned pause_ms; /* until the next look; grows while vCPUs are found running */
	unsigned found;    /* consecutive looks that found all vCPUs halted */
	bool asked;        /* the vCPUs were asked; their answers are read at at_ms */
};

void halt_init(struct halt *h, struct vm *vm);

/*
 * Call it at h->at_ms; earlier calls do nothing. KVM_RUN doesn't return while a vCPU is halted, so
 * after a while without exits, this kicks each vCPU and asks for its state. True: two checks in a
 * row found all vCPUs halted, so none will run again.
 */
bool halt_look(struct halt *h);

/*
 * Called by a vCPU's thread after a signal interrupted KVM_RUN. True if halt_look() was the cause:
 * the exit then doesn't count as one of the guest's.
 */
bool halt_answer(struct vcpu *v);

#endif
