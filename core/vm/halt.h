/* SPDX-License-Identifier: MIT */
/* core/vm/halt.h: notices that no vCPU will ever run again: all are halted with interrupts off. */
#ifndef CORE_VM_HALT_H
#define CORE_VM_HALT_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu; /* core/vm/vm_priv.h */
struct vm;   /* core/vm/vm_priv.h */

/* Of the thread that minds the run. */
struct halt {
	struct vm *vm;
	uint64_t at_ms;    /* when halt_look() has something to do, by clock_ms() */
	uint64_t exits;    /* so many there were when it last looked */
	unsigned pause_ms; /* until the next look: longer each time that vCPUs were found running */
	unsigned found;    /* looks in a row that found all of them halted */
	bool asked;        /* the vCPUs were asked; at at_ms their answers are gathered */
};

void halt_init(struct halt *h, struct vm *vm);

/*
 * To be called at h->at_ms, and fine at any other time. KVM keeps a halted vCPU to itself, so once
 * there were no exits for a while each is kicked out and asked. True: two looks in a row found none
 * that could go on, so none ever will.
 */
bool halt_look(struct halt *h);

/*
 * For a vCPU's thread, once a signal took it out of KVM_RUN: answers if it was asked, and is true
 * then; such an exit is ours and not the guest's.
 */
bool halt_answer(struct vcpu *v);

#endif
