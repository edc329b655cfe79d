/* SPDX-License-Identifier: MIT */
/* core/vm/vcpu.h: creates vCPUs in index order and sets their CPUID and registers. */
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
 * Reads the CPUID that KVM supports on this host into vm->cpuid. ERROR_HOST_UNSUPPORTED if it lacks
 * what the plan's page tables need.
 */
int vcpu_read_supported(struct vm *vm, const struct plan *p, struct error *err);

/* Creates vCPU `index`, its APIC id too. KVM measures vCPUs in the order of their creation. */
int vcpu_create(struct vm *vm, unsigned index, struct error *err);
void vcpu_close(struct vcpu *v);
/* Makes KVM_RUN in the vCPU's thread return EINTR. */
void vcpu_kick(const struct vcpu *v);

/* Sets CPUID (vcpu_cpuid_for()) and the registers of *s. */
int vcpu_set_state(struct vcpu *v, const struct vcpu_state *s, struct error *err);

/* Logs the registers at level info, or nothing if KVM can't read them (a protected guest). */
void vcpu_log_state(const struct vcpu *v);

/* The CPUID of vCPU `index`: vm->cpuid with its APIC id and the number of vCPUs filled in. */
void vcpu_cpuid_for(const struct vm *vm, unsigned index, struct cpuid_table *ret);

#endif
