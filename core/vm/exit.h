/* SPDX-License-Identifier: MIT */
/* core/vm/exit.h: handles one return of KVM_RUN. */
#ifndef CORE_VM_EXIT_H
#define CORE_VM_EXIT_H

#include "core/vm/vm.h"

/*
 * Handles the exit described in v->run; `result` is what KVM_RUN returned, 0 or a negative errno.
 * Called by the vCPU's own thread.
 */
enum exit_action exit_serve(struct vcpu *v, int result, struct outcome *ret);

#endif
