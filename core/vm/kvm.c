/* SPDX-License-Identifier: MIT */
/*
 * core/vm/kvm.c: platform "kvm": regions are copied into RAM; nothing is protected, for
 * development.
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
	 * KVM lists what the host has; a guest that believed it would read an MSR which isn't there
	 */
	if (sev)
		memset(sev->reg, 0, sizeof(sev->reg));
	return r;
}

static int kvm_begin(void *self, const struct plan *p, struct error *err)
{
	(void)self;
	(void)p;
	(void)err;
	return 0;
}

/* Pages that carry no bytes are zero in fresh memory; there is no PSP to write secrets or CPUID. */
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

static int kvm_end(void *self, const struct plan *p, struct error *err)
{
	return kvm_begin(self, p, err);
}

/* Everything a plain VM can exit with, the run loop knows itself. */
static enum exit_action kvm_exit(struct vm *vm, struct vcpu *v, struct outcome *ret)
{
	(void)vm;
	(void)v;
	outcome_set(ret, ERROR_KVM, 0, "an exit that a plain VM cannot have");
	return EXIT_ACTION_STOP;
}

static void kvm_close(struct vm *vm)
{
	(void)vm;
}

static const struct requirement kvm_requirements[] = { { 0 } };

const struct platform platform_kvm = {
	.name = "kvm",
	.vm_type = KVM_X86_DEFAULT_VM,
	.requirements = kvm_requirements,
	.open = kvm_open,
	.load = { kvm_begin, kvm_region, kvm_vcpu, kvm_end },
	.exit = kvm_exit,
	.close = kvm_close,
};
