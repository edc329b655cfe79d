/* SPDX-License-Identifier: MIT */
/* core/vm/snp_exit.h: exits that only an SNP guest has: page states, memory faults, termination. */
#ifndef CORE_VM_SNP_EXIT_H
#define CORE_VM_SNP_EXIT_H

#include "core/vm/vm.h"

/* struct platform's exit: EXIT_ACTION_STOP with *ret filled, or EXIT_ACTION_RESUME. */
enum exit_action snp_exit(struct vm *vm, struct vcpu *v, struct outcome *ret);

#endif
