/* SPDX-License-Identifier: MIT */
/*
 * core/vm/debug.h: stops, inspects and resumes the vCPUs of a running VM for a debugger.
 *
 * Each vCPU's thread holds it between two calls of KVM_RUN, where its state is complete; the
 * caller's thread may then read and change it. The guest is held once all of them are.
 */
#ifndef CORE_VM_DEBUG_H
#define CORE_VM_DEBUG_H

#include <stdbool.h>

#include "core/vm/gdb.h"

struct debug; /* core/vm/debug.c */
struct error; /* core/base/error.h */
struct vcpu;  /* core/vm/vm_priv.h */
struct vm;    /* core/vm/vm_priv.h */

/*
 * Sets vm->debug, so that all vCPUs are held before their first instruction. Calls wake(self) in a
 * vCPU's thread once the guest is held. 0, or a negative errno with *err filled.
 */
int debug_new(struct vm *vm, void (*wake)(void *self), void *self, struct error *err);
/* After the vCPUs' threads have ended. */
void debug_free(struct vm *vm);

/* For a vCPU's thread: before its first KVM_RUN, while the guest is to be held. */
void debug_begin(struct vcpu *v);
/* The same after each KVM_RUN with its result. True: the exit was for the debugger alone. */
bool debug_exit(struct vcpu *v, int result);
/* Once vm->stopping is set: no vCPU is held any more. */
void debug_release(struct vm *vm);

/*
 * For the thread that controls the run. The functions of gdb.h's target, which is this VM, need
 * a guest that is held.
 */
struct gdb_target debug_target(struct vm *vm);
/* Asks all vCPUs to stop; wake() is called when they have. */
void debug_interrupt(struct debug *d);
bool debug_held(struct debug *d);
/*
 * Once the guest is held: takes breakpoints out of its memory and says why it stopped.
 * False: only to step over a breakpoint that was reported before, and it runs again.
 */
bool debug_settle(struct debug *d, struct gdb_stop *ret);
/* Forgets all breakpoints and resumes the guest. */
void debug_detach(struct debug *d);

#endif
