/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/trace.c: instructions that a script names, for a debugger: breakpoints, watchpoints
 * and steps as KVM reports them (arch/x86/kvm/x86.c, kvm_arch_vcpu_ioctl_set_guest_debug(), and
 * svm/svm.c, db_interception() and bp_interception()).
 */
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/fake/state.h"

#define CR0_PG             (1ULL << 31)
#define DR6_BS             (1ULL << 14)
#define DR6_FIXED          0xffff0ff0ULL
#define MSR_KERNEL_GS_BASE 0xc0000102U

/* Without paging, a linear address is one of memory; with it, memory is at FAKE_LINEAR. */
static int translate(const struct fake_vcpu *v, struct kvm_translation *t)
{
	bool paging = v->sregs.cr0 & CR0_PG;

	t->valid = !paging || t->linear_address >= FAKE_LINEAR;
	t->physical_address = t->linear_address - (paging ? FAKE_LINEAR : 0);
	if (!t->valid)
		t->physical_address = ~0ULL;
	return 0;
}

static uint8_t byte_at(struct fake_kvm *f, const struct fake_vcpu *v, uint64_t linear)
{
	struct kvm_translation t = { .linear_address = linear };
	const struct fake_slot *s;

	translate(v, &t);
	s = t.valid ? fake_slot_of(f, t.physical_address) : NULL;
	return s ? s->at[t.physical_address - s->gpa] : 0;
}

static int guest_debug(struct fake_kvm *f, struct fake_vcpu *v, const struct kvm_guest_debug *d)
{
	const unsigned inject = KVM_GUESTDBG_INJECT_DB | KVM_GUESTDBG_INJECT_BP;
	const unsigned known = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP |
	                       KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_USE_HW_BP |
	                       KVM_GUESTDBG_BLOCKIRQ | inject;

	if (v->sealed)
		return fake_complain(f, EINVAL, "KVM_SET_GUEST_DEBUG after LAUNCH_FINISH");
	if (d->control & ~known || (d->control && !(d->control & KVM_GUESTDBG_ENABLE)))
		return fake_complain(f, EINVAL, "KVM_SET_GUEST_DEBUG 0x%x", d->control);
	if (d->control & KVM_GUESTDBG_SINGLESTEP && !(d->control & KVM_GUESTDBG_BLOCKIRQ))
		fake_complain(f, 0, "a step that an interrupt may lead astray");
	v->injected |= d->control & inject;
	v->debug = *d;
	v->debug.control &= ~inject;
	return 0;
}

int fake_debug_ioctl(struct fake_kvm *f, struct fake_vcpu *v, unsigned long request, void *arg,
                     bool *known)
{
	struct kvm_msrs *msrs = arg;

	*known = true;
	switch (request) {
	case KVM_SET_GUEST_DEBUG:
		return guest_debug(f, v, arg);
	case KVM_TRANSLATE: /* meaningless for a sealed vCPU, as the next two are */
		return translate(v, arg);
	case KVM_GET_FPU:
		memcpy(arg, &v->fpu, sizeof(v->fpu));
		return 0;
	case KVM_SET_FPU:
		memcpy(&v->fpu, arg, sizeof(v->fpu));
		return 0;
	case KVM_GET_MSRS:
		if (v->sealed || msrs->nmsrs != 1 || msrs->entries[0].index != MSR_KERNEL_GS_BASE)
			return fake_complain(f, EINVAL, "KVM_GET_MSRS of something else");
		msrs->entries[0].data = v->kernel_gs_base;
		return 1;
	default:
		*known = false;
		return 0;
	}
}

/* Which debug registers an access meets: a bit each. `rw`: 0 execution, 1 a write, 2 a read. */
static uint64_t registers_hit(const struct fake_vcpu *v, uint64_t at, uint64_t size, unsigned rw)
{
	const uint64_t *dr = (const uint64_t *)v->debug.arch.debugreg;
	uint64_t hit = 0;

	for (unsigned i = 0; v->debug.control & KVM_GUESTDBG_USE_HW_BP && i < 4; i++) {
		unsigned kind = dr[7] >> (16 + 4 * i) & 3, length = dr[7] >> (18 + 4 * i) & 3;
		uint64_t bytes = length == 2 ? 8 : length + 1;

		if (dr[7] >> 2 * i & 3 && (rw ? kind == 3 || (kind == 1 && rw == 1) : kind == 0) &&
		    dr[i] < at + size && at < dr[i] + bytes)
			hit |= 1ULL << i;
	}
	return hit;
}

static void debug_exit_set(struct fake_vcpu *v, unsigned exception, uint64_t pc, uint64_t dr6)
{
	v->run->exit_reason = KVM_EXIT_DEBUG;
	v->run->debug.arch = (struct kvm_debug_exit_arch){ .exception = exception,
		                                           .pc = pc,
		                                           .dr6 = dr6 | DR6_FIXED };
}

bool fake_trace(struct fake_kvm *f, struct fake_vcpu *v)
{
	const struct fake_exit *e = &v->script[v->at];
	bool soft = v->debug.control & KVM_GUESTDBG_USE_SW_BP;
	uint64_t pc = e->trace == FAKE_ACCESS ? v->pc : e->address, hit;

	v->pc = pc;
	v->regs.rip = pc - v->sregs.cs.base;
	if (e->trace == FAKE_INT3 || (soft && byte_at(f, v, pc) == 0xcc && e->trace == FAKE_STEP)) {
		v->at += e->trace == FAKE_INT3; /* the VMM handles it, or injects it */
		debug_exit_set(v, 3, pc, 0);
		return soft;
	}
	hit = e->trace == FAKE_STEP ? registers_hit(v, pc, 1, 0)
	                            : registers_hit(v, e->address, e->size, e->write ? 1 : 2);
	v->at += e->trace == FAKE_ACCESS || !hit; /* a breakpoint comes before its instruction */
	if (!hit && !(v->debug.control & KVM_GUESTDBG_SINGLESTEP))
		return false;
	if (!hit || e->trace == FAKE_ACCESS) {
		v->pc = pc = v->at < v->n_script && v->script[v->at].trace == FAKE_STEP
		                     ? v->script[v->at].address
		                     : pc + 1;
		v->regs.rip = pc - v->sregs.cs.base;
	}
	debug_exit_set(v, 1, pc, hit ? hit : DR6_BS);
	return true;
}

struct fake_exit fake_step(uint64_t pc)
{
	return (struct fake_exit){ .trace = FAKE_STEP, .address = pc };
}

struct fake_exit fake_int3(uint64_t pc)
{
	return (struct fake_exit){ .trace = FAKE_INT3, .address = pc };
}

struct fake_exit fake_access(uint64_t address, uint64_t size, bool write)
{
	return (struct fake_exit){
		.trace = FAKE_ACCESS, .address = address, .size = size, .write = write
	};
}

unsigned fake_kvm_injected(struct fake_kvm *f, unsigned index)
{
	return index < f->vm.n_vcpus ? f->vm.vcpus[index]->injected : 0;
}

struct kvm_regs *fake_kvm_regs(struct fake_kvm *f, unsigned index)
{
	return &f->vm.vcpus[index]->regs;
}
