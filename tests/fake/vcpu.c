/* SPDX-License-Identifier: MIT */
/* tests/fake/vcpu.c: a vCPU's registers as KVM checks them, and KVM_RUN, which plays a script. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/array.h"
#include "tests/fake/state.h"

#define CR0_PE   (1ULL << 0)
#define CR0_NW   (1ULL << 29)
#define CR0_CD   (1ULL << 30)
#define CR0_PG   (1ULL << 31)
#define CR4_PAE  (1ULL << 5)
#define CR4_OK   0x7ffULL /* a feature of every CPU of the last twenty years */
#define EFER_SCE (1ULL << 0)
#define EFER_LME (1ULL << 8)
#define EFER_LMA (1ULL << 10)
#define EFER_NX  (1ULL << 11)
#define PDPE1GB  (1U << 26) /* CPUID 0x80000001 EDX */

/* What an EPYC supports; FAKE_CPUID_REFUSED_ONCE clears a bit of the last leaf. */
static const struct kvm_cpuid_entry2 host_cpuid[] = {
	{ .function = 0x0, .eax = 0x10, .ebx = 0x68747541, .ecx = 0x444d4163, .edx = 0x69746e65 },
	{ .function = 0x1,
	  .eax = 0xa10f11,
	  .ebx = 0x03800800,
	  .ecx = 0x7ffaf23f,
	  .edx = 0x178bfbff },
	{ .function = 0x7,
	  .flags = 1,
	  .eax = 1,
	  .ebx = 0xf1bf97ab,
	  .ecx = 0x00405fce,
	  .edx = 0xfc000010 },
	{ .function = 0xb, .index = 0, .flags = 1, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 0x33 },
	{ .function = 0xb,
	  .index = 1,
	  .flags = 1,
	  .eax = 7,
	  .ebx = 0x60,
	  .ecx = 0x201,
	  .edx = 0x33 },
	{ .function = 0xd, .index = 0, .flags = 1, .eax = 0x2e7, .ebx = 0x988, .ecx = 0x988 },
	{ .function = 0xd, .index = 1, .flags = 1, .eax = 0xf, .ebx = 0x988, .ecx = 0x1800 },
	{ .function = 0xd, .index = 2, .flags = 1, .eax = 0x100, .ebx = 0x240 },
	{ .function = 0x14 }, /* all zero: may be missing from the page */
	{ .function = 0x40000000,
	  .eax = 0x40000001,
	  .ebx = 0x4b4d564b,
	  .ecx = 0x564b4d56,
	  .edx = 0x4d },
	{ .function = 0x40000001, .eax = 0x01007afb },
	{ .function = 0x80000000,
	  .eax = 0x80000021,
	  .ebx = 0x68747541,
	  .ecx = 0x444d4163,
	  .edx = 0x69746e65 },
	{ .function = 0x80000001,
	  .eax = 0xa10f11,
	  .ebx = 0x40000000,
	  .ecx = 0x004003f7,
	  .edx = 0x2fd3fbff },
	{ .function = 0x80000008, .eax = 0x3934, .ebx = 0x0f0ffffd, .ecx = 0x5f },
	{ .function = 0x8000001d,
	  .index = 0,
	  .flags = 1,
	  .eax = 0x121,
	  .ebx = 0x01c0003f,
	  .ecx = 0x3f },
	{ .function = 0x8000001e, .eax = 0x33, .ebx = 0x119, .ecx = 0x2 },
	{ .function = 0x8000001f, .eax = 0x1a, .ebx = FAKE_C_BIT, .edx = FAKE_ASIDS + 1 },
	{ .function = FAKE_REFUSED_LEAF,
	  .eax = 0x18000445 | 1U << FAKE_REFUSED_BIT,
	  .ecx = FAKE_SYNTHESISED },
};
static_assert(ARRAY_SIZE(host_cpuid) <= FAKE_CPUID_ENTRIES, "room for the host's CPUID");

uint32_t fake_host_cpuid(const struct fake_kvm *f,
                         struct kvm_cpuid_entry2 ret[static FAKE_CPUID_ENTRIES])
{
	memcpy(ret, host_cpuid, sizeof(host_cpuid));
	for (size_t i = 0; f->flags & FAKE_NO_GIB_PAGES && i < ARRAY_SIZE(host_cpuid); i++)
		if (ret[i].function == 0x80000001)
			ret[i].edx &= ~PDPE1GB;
	return ARRAY_SIZE(host_cpuid);
}

static const struct kvm_cpuid_entry2 *cpuid_of(const struct fake_vcpu *v, uint32_t leaf,
                                               uint32_t subleaf)
{
	for (uint32_t i = 0; i < v->n_cpuid; i++)
		if (v->cpuid[i].function == leaf &&
		    (!(v->cpuid[i].flags & 1) || v->cpuid[i].index == subleaf))
			return &v->cpuid[i];
	return NULL;
}

/* The reset state, arch/x86/kvm/svm/svm.c: init_vmcb(). */
static void vcpu_reset(struct fake_vcpu *v, unsigned index)
{
	struct kvm_segment data = { .limit = 0xffff, .type = 2, .s = 1, .present = 1 };
	struct kvm_sregs *s = &v->sregs;

	v->mp_state = -1;
	s->ds = s->es = s->fs = s->gs = s->ss = s->cs = data;
	s->cs.selector = 0xf000;
	s->cs.base = 0xffff0000;
	s->cs.type = 10;
	s->ldt = (struct kvm_segment){ .limit = 0xffff, .type = 2, .present = 1 };
	s->tr = (struct kvm_segment){ .limit = 0xffff, .type = 3, .present = 1 };
	s->gdt.limit = s->idt.limit = 0xffff;
	s->cr0 = 0x60000010;
	s->apic_base = 0xfee00800 | (index == 0 ? 0x100 : 0);
	v->regs = (struct kvm_regs){ .rip = 0xfff0, .rflags = 2, .rdx = 0x600 };
	v->debug_registers = (struct kvm_debugregs){ .dr6 = 0xffff0ff0, .dr7 = 0x400 };
	v->fcw = 0x37f;
	v->mxcsr = 0x1f80;
	v->pat = 0x0007040600070406;
	v->xcr0 = 1;
}

int fake_vcpu_new(struct fake_kvm *f, unsigned index)
{
	struct fake_vcpu *v;
	int fd;

	if (index >= FAKE_VCPUS)
		return -EINVAL;
	/* Ids have to follow the order of creation, in which KVM measures; KVM itself takes any. */
	if (index != f->vm.n_vcpus)
		return fake_complain(f, EEXIST, "vCPU %u created as number %u", index,
		                     f->vm.n_vcpus);
	if (!f->vm.irqchip)
		fake_complain(f, 0, "a vCPU before the interrupt controllers");
	fd = fake_fd_new(f, FD_VCPU);
	v = fd < 0 ? NULL : calloc(1, sizeof(*v));
	if (!v)
		return fd < 0 ? fd : -ENOMEM;
	fake_fd(f, fd)->index = index;
	vcpu_reset(v, index);
	v->n_script = f->n_scripts[index];
	memcpy(v->script, f->scripts[index], sizeof(v->script));
	f->vm.vcpus[f->vm.n_vcpus++] = v;
	return fd;
}

static int cpuid_set(struct fake_kvm *f, struct fake_vcpu *v, const struct kvm_cpuid2 *c)
{
	const struct kvm_cpuid_entry2 *leaf;
	unsigned index = 0;

	while (f->vm.vcpus[index] != v)
		index++;
	if (v->sealed || c->nent > FAKE_CPUID_ENTRIES)
		return fake_complain(f, v->sealed ? EINVAL : E2BIG, "KVM_SET_CPUID2 of vCPU %u",
		                     index);
	memcpy(v->cpuid, c->entries, c->nent * sizeof(*c->entries));
	v->n_cpuid = c->nent;
	leaf = cpuid_of(v, 0x80000008, 0);
	if (leaf && (leaf->eax >> 8 & 0xff) != 0 && (leaf->eax >> 8 & 0xff) != 48 &&
	    (leaf->eax >> 8 & 0xff) != 57)
		return fake_complain(f, EINVAL, "a linear address of %u bits",
		                     leaf->eax >> 8 & 0xff);
	/* AP creation and x2APIC look vCPUs up by this number. */
	leaf = cpuid_of(v, 0x1, 0);
	if (!leaf || leaf->ebx >> 24 != index)
		fake_complain(f, 0, "vCPU %u has another APIC id in its CPUID", index);
	leaf = cpuid_of(v, 0xb, 0);
	if (leaf && leaf->edx != index)
		fake_complain(f, 0, "vCPU %u has another x2APIC id in its CPUID", index);
	return 0;
}

/*
 * arch/x86/kvm/x86.c: kvm_is_valid_sregs(), as far as it depends on CPUID through what a launch may
 * set.
 */
static bool sregs_valid(const struct fake_vcpu *v, const struct kvm_sregs *s)
{
	const struct kvm_cpuid_entry2 *ext = cpuid_of(v, 0x80000001, 0),
				      *sev = cpuid_of(v, 0x8000001f, 0);
	uint64_t efer_ok = EFER_SCE, cr3_bad = ~0xfffffffffffULL; /* 44 address bits are plenty */

	if (ext && ext->edx >> 29 & 1)
		efer_ok |= EFER_LME | EFER_LMA;
	if (ext && ext->edx >> 20 & 1)
		efer_ok |= EFER_NX;
	if (sev)
		cr3_bad &= ~(1ULL << (sev->ebx & 63));
	if (s->efer & ~efer_ok || s->cr4 & ~CR4_OK || s->cr0 >> 32)
		return false;
	if ((s->cr0 & CR0_NW && !(s->cr0 & CR0_CD)) || (s->cr0 & CR0_PG && !(s->cr0 & CR0_PE)))
		return false;
	if (s->efer & EFER_LME && s->cr0 & CR0_PG)
		return s->cr4 & CR4_PAE && s->efer & EFER_LMA && !(s->cr3 & cr3_bad);
	return !(s->efer & EFER_LMA) && !s->cs.l;
}

static int sregs_set(struct fake_kvm *f, struct fake_vcpu *v, const struct kvm_sregs *s)
{
	if (v->sealed)
		return fake_complain(f, EINVAL, "KVM_SET_SREGS after LAUNCH_FINISH");
	if (!sregs_valid(v, s))
		return fake_complain(f, EINVAL,
		                     "CR0 0x%llx, CR3 0x%llx, CR4 0x%llx, EFER 0x%llx, CS.L %u",
		                     s->cr0, s->cr3, s->cr4, s->efer, s->cs.l);
	if (s->apic_base != v->sregs.apic_base)
		return fake_complain(f, EINVAL, "the local APIC moved");
	v->sregs = *s;
	return 0;
}

static int regs_set(struct fake_kvm *f, struct fake_vcpu *v, const struct kvm_regs *r)
{
	if (v->sealed)
		return fake_complain(f, EINVAL, "KVM_SET_REGS after LAUNCH_FINISH");
	v->regs = *r;
	v->regs.rflags |= 2;
	return 0;
}

/* For what has no rules of its own: arch/x86/kvm/x86.c refuses it only once it is sealed. */
static int state_set(struct fake_kvm *f, struct fake_vcpu *v, void *to, const void *from,
                     size_t size)
{
	if (v->sealed)
		return fake_complain(f, EINVAL, "registers after LAUNCH_FINISH");
	memcpy(to, from, size);
	return 0;
}

/* arch/x86/kernel/fpu/xstate.c, copy_uabi_to_xstate(): what XSTATE_BV lacks has reset values. */
static int xsave_set(struct fake_kvm *f, struct fake_vcpu *v, const struct kvm_xsave *x)
{
	if (v->sealed || x->region[128] != 3 || x->region[6] >> 16)
		return fake_complain(f, EINVAL, "XSTATE_BV 0x%x, MXCSR 0x%x", x->region[128],
		                     x->region[6]);
	v->fcw = (uint16_t)x->region[0];
	v->mxcsr = x->region[6];
	return 0;
}

static int xcrs_set(struct fake_kvm *f, struct fake_vcpu *v, const struct kvm_xcrs *x)
{
	if (x->nr_xcrs != 1 || x->xcrs[0].xcr || !(x->xcrs[0].value & 1))
		return fake_complain(f, EINVAL, "XCR%u 0x%llx", x->xcrs[0].xcr, x->xcrs[0].value);
	return state_set(f, v, &v->xcr0, &x->xcrs[0].value, sizeof(v->xcr0));
}

static int mp_state_set(struct fake_kvm *f, struct fake_vcpu *v, const struct kvm_mp_state *state)
{
	if (state->mp_state > KVM_MP_STATE_AP_RESET_HOLD || v->at > 0)
		return fake_complain(f, EINVAL, "KVM_SET_MP_STATE %u, or after KVM_RUN",
		                     state->mp_state);
	v->mp_state = (int)state->mp_state;
	return 0;
}

/*
 * Takes them one by one and returns how many; a value with reserved bits ends it
 * (arch/x86/kvm/mtrr.c, kvm_mtrr_valid()).
 */
static int msrs_set(struct fake_kvm *f, struct fake_vcpu *v, const struct kvm_msrs *m)
{
	uint32_t i;

	for (i = 0; i < m->nmsrs; i++) {
		const struct kvm_msr_entry *e = &m->entries[i];

		if (v->sealed || (e->index == 0x2ff && e->data & ~0xcffULL))
			break;
		if (e->index == 0x2ff)
			v->mtrr_def_type = e->data;
		else if (e->index == 0x277)
			v->pat = e->data;
		else if (e->index == 0xc0000102)
			v->kernel_gs_base = e->data;
		else
			break;
	}
	if (i < m->nmsrs)
		fake_complain(f, 0, "MSR 0x%x = 0x%llx%s", m->entries[i].index, m->entries[i].data,
		              v->sealed ? " after LAUNCH_FINISH" : "");
	return (int)i;
}

/* Reading sealed registers breaks no rule: that is how one learns that they are sealed. */
static int regs_get(const struct fake_vcpu *v, void *to, const void *from, size_t size)
{
	if (v->sealed)
		return -EINVAL;
	memcpy(to, from, size);
	return 0;
}

/*
 * arch/x86/kvm/x86.h: kvm_is_valid_map_gpa_range_ret(), Linux 7.1; older kernels take any number.
 */
static bool answer_valid(const struct fake_exit *e, const struct fake_answer *a)
{
	return e->reason != KVM_EXIT_HYPERCALL || e->payload[0] != KVM_HC_MAP_GPA_RANGE ||
	       a->ret == 0 || a->ret == EINVAL || a->ret == EAGAIN;
}

/*
 * arch/x86/kvm/svm/sev.c, snp_complete_req_certs(), Linux 7.0: with 0 the request goes to the
 * firmware, and what is in the pages must be right as long as that takes.
 */
static int certs_complete(struct fake_kvm *f, const struct fake_vcpu *v, struct fake_answer *a)
{
	const struct exit_snp_req_certs *call = (const void *)&v->run->hw;
	const struct flock write = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = f->lock_path ? open(f->lock_path, O_RDWR | O_CLOEXEC) : -1;

	a->ret = call->ret;
	a->npages = call->npages;
	a->locked = fd >= 0 && fcntl(fd, F_OFD_SETLK, &write) < 0 && errno == EAGAIN;
	if (fd >= 0)
		close(fd);
	if (a->ret == 0 && a->locked && !v->run->immediate_exit)
		fake_complain(f, 0, "the file with certificates stays locked while the guest runs");
	if (a->ret == 0 || a->ret == ENOSPC || a->ret == EAGAIN || a->ret == EIO)
		return 0;
	return fake_complain(f, EINVAL, "a request for certificates was answered by %lld",
	                     (long long)a->ret);
}

/* KVM completes an exit at the next KVM_RUN: only now does it read what the VMM left. */
static int answer_take(struct fake_kvm *f, struct fake_vcpu *v)
{
	const uint8_t *run = (const uint8_t *)v->run;
	const struct fake_exit *e;
	struct fake_answer *a;

	if (!v->pending)
		return 0;
	v->pending = false;
	e = &v->script[v->at - 1];
	a = &v->answers[v->at - 1];
	a->seen = true;
	if (e->reason == KVM_EXIT_SNP_REQ_CERTS)
		return certs_complete(f, v, a);
	if (e->reason == KVM_EXIT_IO && !e->io.out)
		memcpy(a->in, run + v->run->io.data_offset, (size_t)e->io.size * e->io.count);
	memcpy(&a->mmio, v->run->mmio.data, sizeof(a->mmio));
	a->ret = ((const struct exit_hypercall *)(run + offsetof(struct kvm_run, hw)))->ret;
	if (answer_valid(e, a))
		return 0;
	return fake_complain(f, EINVAL, "a page-state change was answered by %lld",
	                     (long long)a->ret);
}

static bool kicked(const struct fake_vcpu *v)
{
	return __atomic_load_n(&v->run->immediate_exit, __ATOMIC_SEQ_CST);
}

/* Like KVM, checks the flag on entry; later only a signal ends KVM_RUN. */
static int run_wait(struct fake_kvm *f, struct fake_vcpu *v, bool halted)
{
	sigset_t kick, before, inside;

	sigemptyset(&kick);
	sigaddset(&kick, SIGRTMIN);
	v->waiting = true;
	pthread_cond_broadcast(&f->waits);
	pthread_mutex_unlock(&f->lock);
	pthread_sigmask(SIG_BLOCK, &kick, &before);
	inside = before;
	sigdelset(&inside, SIGRTMIN);
	if (!kicked(v))
		ppoll(NULL, 0, NULL, &inside);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_mutex_lock(&f->lock);
	v->waiting = false;
	v->run->if_flag = !halted;
	v->run->exit_reason = KVM_EXIT_INTR;
	return -EINTR;
}

static void irq_wait(struct fake_kvm *f, const struct fake_vcpu *v, unsigned irq)
{
	while (!f->vm.lines[irq] && !kicked(v)) {
		struct timespec soon;

		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_sec += 1; /* only to notice a kick; the line itself wakes us */
		pthread_cond_timedwait(&f->waits, &f->lock, &soon);
	}
}

static int run_exit(struct fake_vcpu *v, const struct fake_exit *e)
{
	struct kvm_run *run = v->run;

	run->exit_reason = e->reason;
	if (e->reason == KVM_EXIT_IO) {
		run->io.direction = e->io.out ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
		run->io.size = e->io.size;
		run->io.port = e->io.port;
		run->io.count = e->io.count;
		run->io.data_offset = PAGE_SIZE;
		memcpy((uint8_t *)run + PAGE_SIZE, e->io.data, sizeof(e->io.data));
	} else {
		memcpy(&run->hw, e->payload, sizeof(e->payload));
	}
	/* arch/x86/kvm/svm/svm.c, shutdown_interception() */
	if (e->reason == KVM_EXIT_SHUTDOWN) {
		v->regs = (struct kvm_regs){ .rip = 0xfff0, .rflags = 2 };
		v->sregs.cs.base = 0xffff0000;
	}
	if (run->kvm_valid_regs && !v->sealed)
		run->s.regs.regs = v->regs;
	v->pending = true;
	return e->result;
}

static int vcpu_run(struct fake_kvm *f, struct fake_vcpu *v)
{
	const struct fake_exit *e;
	int r;

	if (!v->run || v->run->kvm_valid_regs & ~(uint64_t)KVM_SYNC_X86_REGS ||
	    v->run->kvm_dirty_regs)
		return fake_complain(f, EINVAL,
		                     "KVM_RUN of a vCPU that isn't mapped, or with registers");
	r = answer_take(f, v);
	if (r < 0)
		return r;
	if (f->vm.type == KVM_X86_SNP_VM && !v->sealed)
		return fake_complain(f, EINVAL, "KVM_RUN before LAUNCH_FINISH");
	if (kicked(v))
		return -EINTR;
	v->begun |= v->n_script > 0;
	while (v->at < v->n_script && v->script[v->at].trace)
		if (fake_trace(f, v))
			return 0;
	if (v->at == v->n_script)
		return run_wait(f, v, false);
	e = &v->script[v->at];
	if (e->rip)
		v->regs.rip = e->rip;
	if (e->wait && (run_wait(f, v, e->halt) < 0 && !kicked(v)))
		return -EINTR; /* a signal that doesn't end the run: it waits again */
	v->at++;
	if (e->rise)
		irq_wait(f, v, e->rise);
	if (e->wait && !e->reason)
		return -EINTR;
	r = run_exit(v, e);
	if (!fake_irq_notified(f, v->run))
		return r;
	v->pending = false; /* KVM went on by itself */
	return vcpu_run(f, v);
}

/* Without a script, the state after creation: the first vCPU runs, the others wait for INIT. */
static int mp_state_get(const struct fake_kvm *f, const struct fake_vcpu *v,
                        struct kvm_mp_state *ret)
{
	if (f->flags & FAKE_NO_MP_STATE)
		return -EINVAL;
	if (v->begun || v == f->vm.vcpus[0])
		ret->mp_state = KVM_MP_STATE_HALTED;
	else
		ret->mp_state =
			v->mp_state >= 0 ? (uint32_t)v->mp_state : KVM_MP_STATE_UNINITIALIZED;
	return 0;
}

int fake_vcpu_ioctl(struct fake_kvm *f, struct fake_vcpu *v, unsigned long request, void *arg)
{
	bool known;
	int r = fake_debug_ioctl(f, v, request, arg, &known);

	if (known)
		return r;
	switch (request) {
	case KVM_RUN:
		return vcpu_run(f, v);
	case KVM_SET_CPUID2:
		return cpuid_set(f, v, arg);
	case KVM_GET_SREGS:
		return regs_get(v, arg, &v->sregs, sizeof(v->sregs));
	case KVM_GET_REGS:
		return regs_get(v, arg, &v->regs, sizeof(v->regs));
	case KVM_GET_MP_STATE:
		return mp_state_get(f, v, arg);
	case KVM_SET_MP_STATE:
		return mp_state_set(f, v, arg);
	case KVM_PRE_FAULT_MEMORY:
		return fake_memory_prefault(f, arg);
	case KVM_SET_SREGS:
		return sregs_set(f, v, arg);
	case KVM_SET_REGS:
		return regs_set(f, v, arg);
	case KVM_SET_MSRS:
		return msrs_set(f, v, arg);
	case KVM_SET_DEBUGREGS:
		return state_set(f, v, &v->debug_registers, arg, sizeof(v->debug_registers));
	case KVM_SET_XCRS:
		return xcrs_set(f, v, arg);
	case KVM_SET_XSAVE:
		return xsave_set(f, v, arg);
	default:
		return fake_complain(f, EINVAL, "vCPU: ioctl 0x%lx", request);
	}
}

bool fake_kvm_cpuid(struct fake_kvm *f, unsigned index, uint32_t leaf, uint32_t subleaf,
                    uint32_t ret[4])
{
	const struct kvm_cpuid_entry2 *e =
		index < f->vm.n_vcpus ? cpuid_of(f->vm.vcpus[index], leaf, subleaf) : NULL;

	if (e)
		memcpy(ret, (uint32_t[]){ e->eax, e->ebx, e->ecx, e->edx }, 4 * sizeof(*ret));
	return e;
}
