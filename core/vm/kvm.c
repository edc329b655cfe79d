/* SPDX-License-Identifier: MIT */
/*
 * core/vm/kvm.c: platform "kvm", for development: regions are copied into RAM; nothing is
 * protected.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/vm/abi.h"
#include "core/vm/platforms.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm_priv.h"

static int kvm_open(struct vm *vm, const struct plan *p, struct error *err)
{
	int r = vcpu_read_supported(vm, p, err);
	struct cpuid_leaf *sev = cpuid_find(&vm->cpuid, 0x8000001f, 0);

	/*
	 * KVM reports the host's SEV features, but this guest lacks the MSR that belongs to them.
	 */
	if (sev)
		memset(sev->reg, 0, sizeof(sev->reg));
	return r;
}

/* Pages without bytes are zero in fresh memory; there is no PSP to write secrets or CPUID. */
static int kvm_region(void *self, const struct region *r, struct error *err)
{
	struct vm *vm = self;
	uint8_t *to;

	if (!r->bytes)
		return 0;
	to = memory_at(&vm->memory, r->gpa, r->size);
	if (!to)
		return error_set(err, ERROR_INTERNAL, "%s at 0x%llx is outside memory", r->label,
		                 (unsigned long long)r->gpa);
	memcpy(to, r->bytes, r->size);
	return 0;
}

static int kvm_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct vm *vm = self;

	return vcpu_set_state(&vm->vcpus[index], s, err);
}

/* core/vm/exit.c handles every exit that a VM of this platform can have. */
static enum exit_action kvm_exit(struct vm *vm, struct vcpu *v, struct outcome *ret)
{
	(void)vm;
	outcome_set(ret, GUEST_REJECTED, v->run->exit_reason,
	            "KVM exit %u, which a VM of platform 'kvm' can't have", v->run->exit_reason);
	return EXIT_ACTION_STOP;
}

static const struct requirement kvm_requirements[] = { { 0 } };

const struct platform platform_kvm = {
	.name = "kvm",
	.vm_type = KVM_X86_DEFAULT_VM,
	.requirements = kvm_requirements,
	.open = kvm_open,
	.load = { .region = kvm_region, .vcpu = kvm_vcpu },
	.exit = kvm_exit,
};
