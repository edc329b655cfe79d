/* SPDX-License-Identifier: MIT */
/* core/vm/vcpu.c: creates vCPUs and sets their initial state. */
#include "core/vm/vcpu.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/vm/abi.h"
#include "core/vm/refusal.h"
#include "core/vm/sys.h"
#include "core/vm/vm_priv.h"

/* AMD64 Architecture Programmer's Manual, volume 1, 11.5.5: XSTATE_BV, at 512 in XSAVE's area. */
#define XSTATE_X87 (1U << 0)
#define XSTATE_SSE (1U << 1)

/* The same, volume 2, 7.7.2. */
#define MSR_IA32_CR_PAT   0x277
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MTRR_ENABLE       (1U << 11)
#define MTRR_FIXED_ENABLE (1U << 10)
#define MTRR_WRITE_BACK   6

static struct kvm_cpuid2 *cpuid_buffer(struct error *err)
{
	struct kvm_cpuid2 *c =
		calloc(1, sizeof(*c) + CPUID_MAX_LEAVES * sizeof(struct kvm_cpuid_entry2));

	if (c)
		c->nent = CPUID_MAX_LEAVES;
	else
		error_nomem(err, "CPUID");
	return c;
}

static int vcpu_refused(unsigned index, enum launch_call call, int errnum, struct error *err)
{
	refusal_set(err, call, errnum);
	return error_wrap(err, "vCPU %u", index);
}

int vcpu_read_supported(struct vm *vm, const struct plan *p, struct error *err)
{
	auto_free struct kvm_cpuid2 *c = cpuid_buffer(err);
	const struct cpuid_leaf *leaf;
	int r = c ? vm_ioctl(vm, vm->kvm, KVM_GET_SUPPORTED_CPUID, c) : err->code;

	if (!c)
		return r;
	if (r < 0)
		return refusal_set(err, CALL_SUPPORTED_CPUID, -r);
	vm->cpuid.count = MIN(c->nent, (uint32_t)CPUID_MAX_LEAVES);
	for (size_t i = 0; i < vm->cpuid.count; i++) {
		const struct kvm_cpuid_entry2 *e = &c->entries[i];

		vm->cpuid.leaves[i] = (struct cpuid_leaf){
			.function = e->function,
			.index = e->index,
			.indexed = e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
			.reg = { e->eax, e->ebx, e->ecx, e->edx },
		};
	}
	leaf = cpuid_find(&vm->cpuid, 0x80000001, 0);
	if (!plan_settings(p)->gib_pages || (leaf && leaf->reg[CPUID_EDX] >> 26 & 1))
		return 0;
	error_set(err, ERROR_HOST_UNSUPPORTED,
	          "KVM on this host doesn't offer guests 1 GiB pages (pdpe1gb)");
	error_why(err, "the page tables that a directly booted kernel starts with use them");
	return error_fix(err, "run it on another host, or boot the kernel through a firmware");
}

static void leaf_set(struct cpuid_table *t, uint32_t function, uint32_t index,
                     const uint32_t reg[CPUID_REGS])
{
	struct cpuid_leaf *leaf = cpuid_add(t, function, index, true);

	if (leaf)
		memcpy(leaf->reg, reg, sizeof(leaf->reg));
}

/*
 * Describes one package of single-threaded cores whose APIC ids are their indices. KVM reports the
 * host's values: its core count, and the APIC id of the CPU that this thread happens to run on (APM
 * volume 3, E.3.2, E.3.9, E.4.7, E.4.15).
 */
void vcpu_cpuid_for(const struct vm *vm, unsigned index, struct cpuid_table *ret)
{
	unsigned n = vm->n_vcpus, bits = 0;
	struct cpuid_leaf *leaf;

	while (1U << bits < n)
		bits++;
	*ret = vm->cpuid;
	leaf = cpuid_find(ret, 0x1, 0);
	if (leaf) {
		leaf->reg[CPUID_EBX] = (leaf->reg[CPUID_EBX] & 0xffff) | n << 16 | index << 24;
		leaf->reg[CPUID_ECX] |= 1U << 31; /* hypervisor present */
		leaf->reg[CPUID_EDX] = (leaf->reg[CPUID_EDX] & ~(1U << 28)) | (n > 1) << 28;
	}
	leaf = cpuid_find(ret, 0x0, 0);
	if (leaf && leaf->reg[CPUID_EAX] >= 0xb) {
		leaf_set(ret, 0xb, 0, (uint32_t[]){ 0, 1, 0x100, index });
		leaf_set(ret, 0xb, 1, (uint32_t[]){ bits, n, 0x201, index });
	}
	leaf = cpuid_find(ret, 0x80000008, 0);
	if (leaf)
		leaf->reg[CPUID_ECX] = bits << 12 | (n - 1);
	leaf = cpuid_find(ret, 0x8000001e, 0);
	if (leaf)
		memcpy(leaf->reg, (uint32_t[]){ index, index & 0xff, 0, 0 }, sizeof(leaf->reg));
}

static int cpuid_put(const struct vcpu *v, struct error *err)
{
	auto_free struct kvm_cpuid2 *c = cpuid_buffer(err);
	auto_free struct cpuid_table *own = calloc(1, sizeof(*own));
	int r;

	if (!c || !own)
		return error_nomem(err, "CPUID");
	vcpu_cpuid_for(v->vm, v->index, own);
	c->nent = (uint32_t)own->count;
	for (size_t i = 0; i < own->count; i++) {
		const struct cpuid_leaf *leaf = &own->leaves[i];

		c->entries[i] = (struct kvm_cpuid_entry2){
			.function = leaf->function,
			.index = leaf->indexed ? leaf->index : 0,
			.flags = leaf->indexed ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
			.eax = leaf->reg[CPUID_EAX],
			.ebx = leaf->reg[CPUID_EBX],
			.ecx = leaf->reg[CPUID_ECX],
			.edx = leaf->reg[CPUID_EDX],
		};
	}
	r = vm_ioctl(v->vm, v->fd, KVM_SET_CPUID2, c);
	return r < 0 ? vcpu_refused(v->index, CALL_SET_CPUID2, -r, err) : 0;
}

int vcpu_create(struct vm *vm, unsigned index, struct error *err)
{
	struct vcpu *v = &vm->vcpus[index];
	int error = 0, r = vm_ioctl(vm, vm->fd, KVM_CREATE_VCPU, (void *)(uintptr_t)index);

	if (r < 0)
		return vcpu_refused(index, CALL_CREATE_VCPU, -r, err);
	v->fd = r;
	v->run = vm->sys->map(vm->sys->self, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
	                      v->fd, &error);
	if (!v->run)
		return vcpu_refused(index, CALL_MAP_VCPU, -error, err);
	/* a plain VM's registers come with each exit, so that those before a triple fault are known */
	if (!vm->memory.private_memory)
		v->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	return 0;
}

void vcpu_close(struct vcpu *v)
{
	const struct kvm_sys *sys = v->vm->sys;

	if (v->run)
		sys->unmap(sys->self, v->run, v->vm->run_size);
	if (v->fd >= 0)
		sys->close(sys->self, v->fd);
	v->run = NULL;
	v->fd = -1;
}

void vcpu_kick(const struct vcpu *v)
{
	pthread_kill(v->thread, SIGRTMIN);
}

static struct kvm_segment segment_kvm(const struct segment *s)
{
	bool present = s->attrib >> 7 & 1;

	return (struct kvm_segment){
		.base = s->base,
		.limit = s->limit,
		.selector = s->selector,
		.type = s->attrib & 15,
		.s = s->attrib >> 4 & 1,
		.dpl = s->attrib >> 5 & 3,
		.present = present,
		.avl = s->attrib >> 8 & 1,
		.l = s->attrib >> 9 & 1,
		.db = s->attrib >> 10 & 1,
		.g = s->attrib >> 11 & 1,
		.unusable = !present,
	};
}

static int sregs_put(const struct vcpu *v, const struct vcpu_state *s, struct error *err)
{
	struct kvm_sregs sregs;
	int r = vm_ioctl(v->vm, v->fd, KVM_GET_SREGS, &sregs); /* only for apic_base */

	if (r < 0)
		return vcpu_refused(v->index, CALL_GET_SREGS, -r, err);
	sregs.cs = segment_kvm(&s->cs);
	sregs.ds = segment_kvm(&s->ds);
	sregs.es = segment_kvm(&s->es);
	sregs.fs = segment_kvm(&s->fs);
	sregs.gs = segment_kvm(&s->gs);
	sregs.ss = segment_kvm(&s->ss);
	sregs.tr = segment_kvm(&s->tr);
	sregs.ldt = segment_kvm(&s->ldt);
	sregs.gdt = (struct kvm_dtable){ .base = s->gdt.base, .limit = (uint16_t)s->gdt.limit };
	sregs.idt = (struct kvm_dtable){ .base = s->idt.base, .limit = (uint16_t)s->idt.limit };
	sregs.cr0 = s->cr0;
	sregs.cr3 = s->cr3;
	sregs.cr4 = s->cr4;
	sregs.efer = s->efer;
	r = vm_ioctl(v->vm, v->fd, KVM_SET_SREGS, &sregs);
	return r < 0 ? vcpu_refused(v->index, CALL_SET_SREGS, -r, err) : 0;
}

void vcpu_log_state(const struct vcpu *v)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	if (!log_on(LOG_INFO) || vm_ioctl(v->vm, v->fd, KVM_GET_REGS, &r) < 0 ||
	    vm_ioctl(v->vm, v->fd, KVM_GET_SREGS, &s) < 0)
		return;
	log_info(
		"vCPU %u: rip 0x%llx rsp 0x%llx rflags 0x%llx cs 0x%x+0x%llx cr0 0x%llx cr2 0x%llx "
		"cr3 0x%llx cr4 0x%llx efer 0x%llx",
		v->index, r.rip, r.rsp, r.rflags, s.cs.selector, s.cs.base, s.cr0, s.cr2, s.cr3,
		s.cr4, s.efer);
	log_info("vCPU %u: rax 0x%llx rbx 0x%llx rcx 0x%llx rdx 0x%llx rsi 0x%llx rdi 0x%llx rbp "
	         "0x%llx",
	         v->index, r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp);
}

static int msr_put(const struct vcpu *v, uint32_t index, uint64_t value, struct error *err)
{
	union {
		struct kvm_msrs msrs;
		uint8_t bytes[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} one = { .msrs.nmsrs = 1 };
	int r;

	one.msrs.entries[0] = (struct kvm_msr_entry){ .index = index, .data = value };
	r = vm_ioctl(v->vm, v->fd, KVM_SET_MSRS, &one);
	/* KVM_SET_MSRS returns how many MSRs it set. */
	return r == 1 ? 0 : vcpu_refused(v->index, CALL_SET_MSRS, r < 0 ? -r : EINVAL, err);
}

/* Only what differs from the reset values: those are there already. */
static int more_put(const struct vcpu *v, const struct vcpu_more *m, struct error *err)
{
	struct kvm_debugregs debug = { .dr6 = m->dr6, .dr7 = m->dr7 };
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0] = { .value = m->xcr0 } };
	/* FXSAVE's layout, then the header of XSAVE; KVM_SET_FPU leaves MXCSR alone */
	struct kvm_xsave xsave = {
		.region = { [0] = m->fcw, [6] = m->mxcsr, [128] = XSTATE_X87 | XSTATE_SSE }
	};
	int r = 0;

	if (m->dr6 != VCPU_RESET_DR6 || m->dr7 != VCPU_RESET_DR7)
		r = vm_ioctl(v->vm, v->fd, KVM_SET_DEBUGREGS, &debug);
	if (r < 0)
		return vcpu_refused(v->index, CALL_SET_DEBUGREGS, -r, err);
	if (m->xcr0 != VCPU_RESET_XCR0)
		r = vm_ioctl(v->vm, v->fd, KVM_SET_XCRS, &xcrs);
	if (r < 0)
		return vcpu_refused(v->index, CALL_SET_XCRS, -r, err);
	if (m->mxcsr != VCPU_RESET_MXCSR || m->fcw != VCPU_RESET_FCW)
		r = vm_ioctl(v->vm, v->fd, KVM_SET_XSAVE, &xsave);
	if (r < 0)
		return vcpu_refused(v->index, CALL_SET_XSAVE, -r, err);
	return m->g_pat == VCPU_RESET_PAT ? 0 : msr_put(v, MSR_IA32_CR_PAT, m->g_pat, err);
}

/*
 * A vCPU starts with its MTRRs disabled, like a processor, and firmware enables them. If there is
 * no firmware, we must: Linux before 6.2 disables PAT if the MTRRs are off
 * (arch/x86/kernel/cpu/mtrr/mtrr.c, mtrr_bp_init()), and an SNP guest then hangs silently. KVM
 * keeps MTRRs outside the VMSA, so this doesn't change the launch digest.
 */
int vcpu_set_state(struct vcpu *v, const struct vcpu_state *s, struct error *err)
{
	struct kvm_regs regs = {
		.rip = s->rip,
		.rsp = s->rsp,
		.rflags = s->rflags | 2,
		.rax = s->rax,
		.rbx = s->rbx,
		.rcx = s->rcx,
		.rdx = s->rdx,
		.rsi = s->rsi,
		.rdi = s->rdi,
		.rbp = s->rbp,
		.r8 = s->r8_15[0],
		.r9 = s->r8_15[1],
		.r10 = s->r8_15[2],
		.r11 = s->r8_15[3],
		.r12 = s->r8_15[4],
		.r13 = s->r8_15[5],
		.r14 = s->r8_15[6],
		.r15 = s->r8_15[7],
	};
	/* CPUID first: KVM checks the C-bit in CR3 and the bits of CR4 against it. */
	int r = cpuid_put(v, err);

	if (r == 0)
		r = sregs_put(v, s, err);
	if (r < 0)
		return r;
	r = vm_ioctl(v->vm, v->fd, KVM_SET_REGS, &regs);
	if (r < 0)
		return vcpu_refused(v->index, CALL_SET_REGS, -r, err);
	r = s->more.set ? more_put(v, &s->more, err) : 0;
	if (r < 0 || !v->vm->mtrrs_on)
		return r;
	return msr_put(v, MSR_MTRR_DEF_TYPE, MTRR_ENABLE | MTRR_FIXED_ENABLE | MTRR_WRITE_BACK,
	               err);
}
