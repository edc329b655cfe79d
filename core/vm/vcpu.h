/* SPDX-License-Identifier: MIT */
/* core/vm/vcpu.h: vCPUs: made in index order, told their CPUID, given their registers. */
#ifndef CORE_VM_VCPU_H
#define CORE_VM_VCPU_H

#include <stdint.h>

struct cpuid_table; /* core/snp/cpuid.h */
struct error;       /* core/base/error.h */
struct plan;        /* core/plan/plan.h */
struct vcpu;        /* core/vm/vm_priv.h */
struct vcpu_state;  /* core/plan/vcpu.h */
struct vm;          /* core/vm/vm_priv.h */

/*
 * This host's CPUID as KVM offers it to guests, into vm->cpuid. Refuses a host whose vCPUs lack
 * what the plan's page tables need.
 */
int vcpu_read_supported(struct vm *vm, const struct plan *p, struct error *err);

/* Makes vCPU `index`, which is also its APIC id; KVM measures vCPUs in the order they were made. */
int vcpu_create(struct vm *vm, unsigned index, struct error *err);
void vcpu_close(struct vcpu *v);

/* CPUID of vm->cpuid, made this vCPU's own, and the registers of *s. */
int vcpu_set_state(struct vcpu *v, const struct vcpu_state *s, struct error *err);

/* Where the vCPU stands, at level info; nothing where its registers are the guest's secret. */
void vcpu_log_state(const struct vcpu *v);

/* vm->cpuid as vCPU `index` sees it: its APIC id, and how many vCPUs there are. */
void vcpu_cpuid_for(const struct vm *vm, unsigned index, struct cpuid_table *ret);

#endif
