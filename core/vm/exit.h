/* SPDX-License-Identifier: MIT */
/* core/vm/exit.h: what one return of KVM_RUN means. */
#ifndef CORE_VM_EXIT_H
#define CORE_VM_EXIT_H

#include "core/vm/vm.h"

/*
 * Serves the exit that KVM_RUN left in v->run; `result` is what KVM_RUN returned, 0 or a negative
 * errno. Called by the vCPU's own thread.
 */
enum exit_action exit_serve(struct vcpu *v, int result, struct outcome *ret);

#endif
