/* SPDX-License-Identifier: MIT */
/*
 * core/vm/debug.c: KVM_SET_GUEST_DEBUG and the exits that it causes
 * (Documentation/virt/kvm/api.rst, 4.87 and KVM_EXIT_DEBUG).
 */
#include "core/vm/debug.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/vm/abi.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm_priv.h"

#define INT3               0xcc
#define VECTOR_BP          3
#define DR7_FIXED          0x400U
#define MSR_KERNEL_GS_BASE 0xc0000102U

enum { POINTS_MAX = 1024, DEBUG_REGISTERS = 4 };

/* A breakpoint or watchpoint that the debugger has set. */
struct point {
	enum gdb_point kind;
	uint64_t address, length;
	/* Of a software breakpoint: where the address led, and what the guest has there. */
	gpa_t gpa;
	uint8_t saved;
	bool inserted;
};

/* Guarded by debug.lock, or belongs to the thread that controls the run while the guest is held. */
struct debug_vcpu {
	bool held;
	struct kvm_guest_debug set; /* KVM_SET_GUEST_DEBUG's last */
	bool has_missed;
	struct gdb_stop missed; /* a watchpoint hit while another vCPU's stop was reported */
	bool at_breakpoint;
	uint64_t pc; /* of the breakpoint that it has come to, linear */
};

struct debug {
	struct vm *vm;
	void (*wake)(void *self);
	void *wake_self;
	unsigned step_control; /* for KVM_SET_GUEST_DEBUG */

	pthread_mutex_t lock;
	pthread_cond_t go;
	unsigned held;        /* vCPUs */
	atomic_bool stopping; /* all are to be held */
	bool interrupted;     /* ... because the debugger asked */
	bool event;           /* ... because a vCPU stopped by itself, for `stop` */
	struct gdb_stop stop;
	struct debug_vcpu *vcpus;

	/* Only changed while the guest is held. */
	struct point points[POINTS_MAX];
	size_t n_points;
	bool stepping_over; /* vCPUs run alone, without breakpoints, for one instruction */
	enum gdb_action next[GDB_THREADS_MAX]; /* what to do after that */
};

/* --- in a vCPU's thread --- */

static void vcpu_hold(struct vcpu *v)
{
	struct debug *d = v->vm->debug;
	struct debug_vcpu *own = &d->vcpus[v->index];

	pthread_mutex_lock(&d->lock);
	own->held = true;
	if (++d->held == v->vm->n_vcpus)
		d->wake(d->wake_self);
	while (own->held && !atomic_load(&v->vm->stopping))
		pthread_cond_wait(&d->go, &d->lock);
	d->held -= own->held;
	own->held = false;
	pthread_mutex_unlock(&d->lock);
}

void debug_begin(struct vcpu *v)
{
	if (v->vm->debug)
		vcpu_hold(v);
}

static int linear_to_gpa(const struct vcpu *v, uint64_t address, gpa_t *ret)
{
	struct kvm_translation t = { .linear_address = address };
	int r = vm_ioctl(v->vm, v->fd, KVM_TRANSLATE, &t);

	*ret = t.physical_address;
	return r < 0 ? r : t.valid ? 0 : -EFAULT;
}

/* The n-th point that needs a debug register; NULL: there are fewer. */
static const struct point *point_hardware(const struct debug *d, size_t n)
{
	for (size_t i = 0; i < d->n_points; i++)
		if (d->points[i].kind != GDB_POINT_SOFTWARE && n-- == 0)
			return &d->points[i];
	return NULL;
}

/* What the debugger wanted of this exit. False: it is the guest's own breakpoint or trap. */
static bool exit_wanted(struct vcpu *v, struct gdb_stop *ret)
{
	const struct kvm_debug_exit_arch *arch = &v->run->debug.arch;
	const struct debug *d = v->vm->debug;
	gpa_t gpa = 0;

	*ret = (struct gdb_stop){ .thread = v->index, .kind = GDB_STOP_POINT, .address = arch->pc };
	if (arch->exception == VECTOR_BP) {
		if (linear_to_gpa(v, arch->pc, &gpa) < 0)
			return false;
		for (size_t i = 0; i < d->n_points; i++)
			if (d->points[i].inserted && d->points[i].gpa == gpa)
				return true;
		return false;
	}
	for (size_t i = 0; i < DEBUG_REGISTERS; i++) {
		const struct point *p = point_hardware(d, i);

		if (!p || !(arch->dr6 >> i & 1))
			continue;
		ret->point = p->kind;
		ret->address = p->address;
		return true;
	}
	ret->kind = GDB_STOP_STEPPED;
	return d->vcpus[v->index].set.control & KVM_GUESTDBG_SINGLESTEP;
}

bool debug_exit(struct vcpu *v, int result)
{
	struct debug *d = v->vm->debug;
	struct debug_vcpu *own;
	struct kvm_guest_debug inject;
	struct gdb_stop stop;

	if (!d || (result == -EINTR ? !atomic_load(&d->stopping)
	                            : result != 0 || v->run->exit_reason != KVM_EXIT_DEBUG))
		return false;
	own = &d->vcpus[v->index];
	if (result == 0 && !exit_wanted(v, &stop)) {
		inject = own->set;
		inject.control |= KVM_GUESTDBG_ENABLE | (v->run->debug.arch.exception == VECTOR_BP
		                                                 ? KVM_GUESTDBG_INJECT_BP
		                                                 : KVM_GUESTDBG_INJECT_DB);
		vm_ioctl(v->vm, v->fd, KVM_SET_GUEST_DEBUG, &inject);
		return true;
	}
	if (result == 0) {
		pthread_mutex_lock(&d->lock);
		own->pc = v->run->debug.arch.pc;
		own->at_breakpoint = stop.kind == GDB_STOP_POINT && stop.point < GDB_POINT_WRITE;
		own->has_missed = d->event && stop.kind == GDB_STOP_POINT && !own->at_breakpoint;
		if (own->has_missed)
			own->missed = stop;
		else if (!d->event)
			d->stop = stop;
		d->event = true;
		pthread_mutex_unlock(&d->lock);
		debug_interrupt(d);
	}
	vcpu_hold(v);
	return true;
}

void debug_release(struct vm *vm)
{
	if (!vm->debug)
		return;
	pthread_mutex_lock(&vm->debug->lock);
	pthread_cond_broadcast(&vm->debug->go);
	pthread_mutex_unlock(&vm->debug->lock);
}

/* --- stopping and resuming, in the thread that controls the run --- */

void debug_interrupt(struct debug *d)
{
	struct vm *vm = d->vm;

	atomic_store(&d->stopping, true);
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		__atomic_store_n(&vm->vcpus[i].run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		vcpu_kick(&vm->vcpus[i]);
	}
}

bool debug_held(struct debug *d)
{
	bool held;

	pthread_mutex_lock(&d->lock);
	held = d->held == d->vm->n_vcpus;
	pthread_mutex_unlock(&d->lock);
	return held;
}

/*
 * Breakpoints are in the guest's memory only while it runs, so the debugger sees what the guest
 * has. A byte that the guest has overwritten meanwhile stays.
 */
static void points_insert(struct debug *d, bool in)
{
	for (size_t i = 0; i < d->n_points; i++) {
		struct point *p = &d->points[i];
		uint8_t *at =
			p->kind == GDB_POINT_SOFTWARE ? memory_at(&d->vm->memory, p->gpa, 1) : NULL;

		if (!at || p->inserted == in)
			continue;
		p->inserted = in;
		if (in) {
			p->saved = *at;
			*at = INT3;
		} else if (*at == INT3) {
			*at = p->saved;
		}
	}
}

/*
 * DR7 has 2 bits a register from bit 0 on to enable it, and 4 from bit 16 on for kind and length.
 */
static int vcpu_set_debug(struct debug *d, unsigned index, bool points, bool step)
{
	static const unsigned kinds[] = { [GDB_POINT_WRITE] = 1,
		                          [GDB_POINT_READ] = 3, /* x86 cannot watch reads alone */
		                          [GDB_POINT_ACCESS] = 3 },
			      lengths[] = { 0, 0, 1, 0, 3, 0, 0, 0, 2 };
	struct debug_vcpu *own = &d->vcpus[index];
	struct kvm_guest_debug g = { .control = step ? d->step_control : 0,
		                     .arch.debugreg[7] = DR7_FIXED };
	const struct point *p;
	int r = 0;

	for (size_t i = 0; points && i < d->n_points; i++)
		if (d->points[i].kind == GDB_POINT_SOFTWARE)
			g.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	for (size_t i = 0; points && (p = point_hardware(d, i)); i++) {
		g.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
		g.arch.debugreg[i] = p->address;
		g.arch.debugreg[7] |= 2U << 2 * i;
		if (p->kind != GDB_POINT_HARDWARE)
			g.arch.debugreg[7] |= (kinds[p->kind] | lengths[p->length] << 2)
			                      << (16 + 4 * i);
	}
	/* KVM notes RIP for a step, so each step needs the call. */
	if (step || memcmp(&g, &own->set, sizeof(g)) != 0)
		r = vm_ioctl(d->vm, d->vm->vcpus[index].fd, KVM_SET_GUEST_DEBUG, &g);
	if (r >= 0)
		own->set = g;
	return r;
}

static const struct kvm_guest_debug no_debug = { .arch.debugreg[7] = DR7_FIXED };

/* Releases the vCPUs that are to run. */
static int vcpus_resume(struct debug *d, const enum gdb_action *actions, bool points)
{
	struct vm *vm = d->vm;
	int r = 0;

	for (unsigned i = 0; r >= 0 && i < vm->n_vcpus; i++)
		if (actions[i] != GDB_HOLD)
			r = vcpu_set_debug(d, i, points, actions[i] == GDB_STEP);
	if (r < 0)
		return r;
	points_insert(d, points);
	pthread_mutex_lock(&d->lock);
	d->event = d->interrupted = false;
	atomic_store(&d->stopping, false);
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		if (actions[i] == GDB_HOLD)
			continue;
		__atomic_store_n(&vm->vcpus[i].run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		d->vcpus[i].held = false;
		d->held--;
	}
	pthread_cond_broadcast(&d->go);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

static bool vcpu_at_breakpoint(struct debug *d, unsigned index)
{
	const struct vcpu *v = &d->vm->vcpus[index];
	const struct debug_vcpu *own = &d->vcpus[index];
	struct kvm_sregs s;
	struct kvm_regs r;

	if (!own->at_breakpoint || vm_ioctl(d->vm, v->fd, KVM_GET_REGS, &r) < 0 ||
	    vm_ioctl(d->vm, v->fd, KVM_GET_SREGS, &s) < 0 ||
	    own->pc != (s.cs.l ? r.rip : (uint32_t)(s.cs.base + r.rip)))
		return false;
	for (size_t i = 0; i < d->n_points; i++)
		if (d->points[i].kind <= GDB_POINT_HARDWARE && d->points[i].address == own->pc)
			return true;
	return false;
}

/*
 * GDB takes RIP as a linear address. Where that is right, it steps over a breakpoint itself before
 * it sets it again; where CS has a base, as in real mode, it doesn't know that it is at one, and
 * the guest would never get past it. So here a vCPU that is still where its breakpoint was reported
 * executes one instruction before all of them are set.
 */
static int debug_resume(void *self, const enum gdb_action actions[static GDB_THREADS_MAX])
{
	struct debug *d = ((struct vm *)self)->debug;
	enum gdb_action over[GDB_THREADS_MAX] = { GDB_HOLD };
	bool any = false, steps = false;

	for (unsigned i = 0; i < d->vm->n_vcpus; i++) {
		if (actions[i] != GDB_HOLD && d->vcpus[i].has_missed) {
			d->stop = d->vcpus[i].missed;
			d->event = true;
			d->vcpus[i].has_missed = false;
			d->wake(d->wake_self);
			return 0;
		}
		if (actions[i] != GDB_HOLD && vcpu_at_breakpoint(d, i)) {
			over[i] = GDB_STEP;
			any = true;
			steps |= actions[i] == GDB_STEP;
		}
	}
	if (!any)
		return vcpus_resume(d, actions, true);
	memcpy(d->next, actions, sizeof(d->next));
	d->stepping_over = !steps; /* else that is the step that was asked for */
	return vcpus_resume(d, over, false);
}

static void debug_ask(void *self)
{
	struct debug *d = ((struct vm *)self)->debug;

	d->interrupted = true;
	debug_interrupt(d);
}

bool debug_settle(struct debug *d, struct gdb_stop *ret)
{
	bool over = d->stepping_over;

	points_insert(d, false);
	d->stepping_over = false;
	if (!d->event)
		d->stop.kind = GDB_STOP_INTERRUPTED;
	*ret = d->stop;
	return !over || d->interrupted || vcpus_resume(d, d->next, true) < 0;
}

void debug_detach(struct debug *d)
{
	enum gdb_action all[GDB_THREADS_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		all[i] = GDB_CONTINUE;
	d->n_points = 0;
	/* errors don't matter: the guest must not wait for a debugger that is gone */
	for (unsigned i = 0; i < d->vm->n_vcpus; i++) {
		vcpu_set_debug(d, i, false, false);
		d->vcpus[i].set = no_debug;
	}
	vcpus_resume(d, all, false);
}

/* --- registers, memory and breakpoints --- */

/* KVM_GET_MSRS and KVM_SET_MSRS return how many they did. */
static int msr_access(const struct vcpu *v, unsigned long request, uint64_t *value)
{
	union {
		struct kvm_msrs msrs;
		uint8_t bytes[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} one = { .msrs.nmsrs = 1 };
	int r;

	one.msrs.entries[0] = (struct kvm_msr_entry){ MSR_KERNEL_GS_BASE, .data = *value };
	r = vm_ioctl(v->vm, v->fd, request, &one);
	*value = one.msrs.entries[0].data;
	return r == 1 ? 0 : r < 0 ? r : -EINVAL;
}

static int debug_regs_get(void *self, unsigned thread, struct guest_regs *ret)
{
	struct vm *vm = self;
	const struct vcpu *v = &vm->vcpus[thread];
	int r;

	memset(ret, 0, sizeof(*ret));
	r = vm_ioctl(vm, v->fd, KVM_GET_REGS, &ret->regs);
	if (r >= 0)
		r = vm_ioctl(vm, v->fd, KVM_GET_SREGS, &ret->sregs);
	if (r >= 0)
		r = vm_ioctl(vm, v->fd, KVM_GET_FPU, &ret->fpu);
	return r >= 0 ? msr_access(v, KVM_GET_MSRS, &ret->kernel_gs_base) : r;
}

/* Sets only what has changed: KVM checks the whole of what it gets. */
static int debug_regs_set(void *self, unsigned thread, const struct guest_regs *regs)
{
	struct vm *vm = self;
	const struct vcpu *v = &vm->vcpus[thread];
	struct guest_regs was, now = *regs;
	int r = debug_regs_get(self, thread, &was);

	if (r >= 0 && memcmp(&now.sregs, &was.sregs, sizeof(now.sregs)) != 0)
		r = vm_ioctl(vm, v->fd, KVM_SET_SREGS, &now.sregs);
	if (r >= 0 && memcmp(&now.fpu, &was.fpu, sizeof(now.fpu)) != 0)
		r = vm_ioctl(vm, v->fd, KVM_SET_FPU, &now.fpu);
	if (r >= 0 && now.kernel_gs_base != was.kernel_gs_base)
		r = msr_access(v, KVM_SET_MSRS, &now.kernel_gs_base);
	if (r >= 0 && memcmp(&now.regs, &was.regs, sizeof(now.regs)) != 0)
		r = vm_ioctl(vm, v->fd, KVM_SET_REGS, &now.regs);
	return r;
}

/* Goes page by page, and stops where there is no memory, as at a device. */
static int memory_access(struct vm *vm, unsigned thread, uint64_t address, uint8_t *bytes,
                         size_t size, bool write)
{
	size_t done = 0;
	int r = 0;

	while (done < size) {
		size_t n = MIN(size - done, PAGE_SIZE - (address + done) % PAGE_SIZE);
		gpa_t gpa;
		uint8_t *at;

		r = linear_to_gpa(&vm->vcpus[thread], address + done, &gpa);
		at = r < 0 ? NULL : memory_at(&vm->memory, gpa, n);
		if (!at)
			break;
		memcpy(write ? at : bytes + done, write ? bytes + done : at, n);
		done += n;
	}
	return done ? (int)done : r < 0 ? r : -EFAULT;
}

static int debug_read(void *self, unsigned thread, uint64_t address, uint8_t *to, size_t size)
{
	return memory_access(self, thread, address, to, size, false);
}

static int debug_write(void *self, unsigned thread, uint64_t address, const uint8_t *from,
                       size_t size)
{
	return memory_access(self, thread, address, (uint8_t *)from, size, true);
}

static int debug_point(void *self, unsigned thread, bool set, enum gdb_point kind, uint64_t address,
                       uint64_t length)
{
	struct vm *vm = self;
	struct debug *d = vm->debug;
	struct point new = { .kind = kind, .address = address, .length = length };
	size_t at = 0;
	int r;

	while (at < d->n_points &&
	       (d->points[at].kind != kind || d->points[at].address != address ||
	        d->points[at].length != length))
		at++;
	if (at < d->n_points) { /* the debugger may set one twice */
		if (!set)
			d->points[at] = d->points[--d->n_points];
		return 0;
	}
	if (!set)
		return 0;
	if (kind == GDB_POINT_SOFTWARE) {
		r = linear_to_gpa(&vm->vcpus[thread], address, &new.gpa);
		if (r < 0 || !memory_at(&vm->memory, new.gpa, 1))
			return -EFAULT;
	} else if (point_hardware(d, DEBUG_REGISTERS - 1)) {
		return -ENOSPC;
	} else if (kind != GDB_POINT_HARDWARE &&
	           ((length != 1 && length != 2 && length != 4 && length != 8) ||
	            address % length)) {
		return -EINVAL;
	}
	if (d->n_points == POINTS_MAX)
		return -ENOSPC;
	d->points[d->n_points++] = new;
	return 0;
}

struct gdb_target debug_target(struct vm *vm)
{
	return (struct gdb_target){
		.self = vm,
		.threads = vm->n_vcpus,
		.regs_get = debug_regs_get,
		.regs_set = debug_regs_set,
		.read = debug_read,
		.write = debug_write,
		.point = debug_point,
		.resume = debug_resume,
		.interrupt = debug_ask,
	};
}

int debug_new(struct vm *vm, void (*wake)(void *self), void *self, struct error *err)
{
	struct debug *d = calloc(1, sizeof(*d));
	int flags;

	if (d)
		d->vcpus = calloc(vm->n_vcpus, sizeof(*d->vcpus));
	if (!d || !d->vcpus) {
		free(d);
		return error_nomem(err, "the debugger");
	}
	d->vm = vm;
	d->wake = wake;
	d->wake_self = self;
	d->stopping = true;
	/* Since Linux 5.15: an interrupt that is pending would lead each step into its handler. */
	flags = vm_ioctl(vm, vm->kvm, KVM_CHECK_EXTENSION, (void *)KVM_CAP_SET_GUEST_DEBUG2);
	d->step_control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
	if (flags > 0)
		d->step_control |= (unsigned)flags & KVM_GUESTDBG_BLOCKIRQ;
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		d->vcpus[i].set = no_debug;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->go, NULL);
	vm->debug = d;
	return 0;
}

void debug_free(struct vm *vm)
{
	struct debug *d = vm->debug;

	if (!d)
		return;
	vm->debug = NULL;
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->go);
	free(d->vcpus);
	free(d);
}
