/* SPDX-License-Identifier: MIT */
/* core/vm/launch.c: the steps of a launch, in their only order. */
#include "core/vm/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/vm/abi.h"
#include "core/vm/devices.h"
#include "core/vm/platforms.h"
#include "core/vm/refusal.h"
#include "core/vm/signals.h"
#include "core/vm/streams.h"
#include "core/vm/sys.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm_priv.h"

static int launch_vm(struct vm *vm, struct error *err)
{
	int r;

	vm->kvm = platform_host_open(vm->sys, vm->platform, err);
	if (vm->kvm < 0)
		return vm->kvm;
	do
		r = vm_ioctl(vm, vm->kvm, KVM_CREATE_VM, (void *)(uintptr_t)vm->platform->vm_type);
	while (r == -EINTR);
	if (r < 0) {
		refusal_set(err, CALL_CREATE_VM, -r);
		return error_wrap(err, "platform '%s' (VM type %lu)", vm->platform->name,
		                  vm->platform->vm_type);
	}
	vm->fd = r;
	r = vm_ioctl(vm, vm->kvm, KVM_GET_VCPU_MMAP_SIZE, NULL);
	if (r < 0)
		return refusal_set(err, CALL_VCPU_MMAP_SIZE, -r);
	if (r < (int)sizeof(struct kvm_run))
		return error_set(err, ERROR_KVM, "KVM maps %d bytes for a vCPU, too few", r);
	vm->run_size = (size_t)r;
	return 0;
}

/* Signals are blocked during a launch, so that none interrupts a call; checks for pending ones. */
static int launch_stopped(struct error *err)
{
	return signals_pending()
	               ? error_sys(err, RUN_SIGNALLED, EINTR, "a signal interrupted the launch")
	               : 0;
}

static int launch_vcpus(struct vm *vm, unsigned count, struct error *err)
{
	int r = 0;

	vm->vcpus = calloc(count, sizeof(*vm->vcpus));
	if (!vm->vcpus)
		return error_nomem(err, "vCPUs");
	vm->n_vcpus = count;
	for (unsigned i = 0; i < count; i++)
		vm->vcpus[i] = (struct vcpu){ .vm = vm, .index = i, .fd = -1, .certs_fd = -1 };
	for (unsigned i = 0; r == 0 && i < count; i++) {
		r = launch_stopped(err);
		if (r == 0)
			r = vcpu_create(vm, i, err);
	}
	return r;
}

/* The platform's functions; each adds up the time that it takes. */
static int timed_begin(void *self, const struct plan *p, struct error *err)
{
	struct vm *vm = self;
	const struct plan_ops *load = &vm->platform->load;
	uint64_t from = clock_us();
	int r = load->begin ? load->begin(vm, p, err) : 0;

	vm->times.start_us += clock_us() - from;
	return r;
}

static int timed_region(void *self, const struct region *region, struct error *err)
{
	struct vm *vm = self;
	uint64_t from = clock_us();
	int r = launch_stopped(err);

	if (r == 0)
		r = vm->platform->load.region(vm, region, err);
	vm->times.update_us += clock_us() - from;
	return r;
}

static int timed_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct vm *vm = self;
	int r = launch_stopped(err);

	return r == 0 ? vm->platform->load.vcpu(vm, index, s, err) : r;
}

static int timed_end(void *self, const struct plan *p, struct error *err)
{
	struct vm *vm = self;
	const struct plan_ops *load = &vm->platform->load;
	uint64_t from = clock_us();
	int r = load->end ? load->end(vm, p, err) : 0;

	vm->times.finish_us += clock_us() - from;
	return r;
}

static const struct plan_ops timed_load = { timed_begin, timed_region, timed_vcpu, timed_end };

static int launch_steps(struct vm *vm, const struct plan *p, const struct vm_devices *d,
                        struct error *err)
{
	int r;

	streams_init(vm, d);
	r = devices_init(vm, p, d, err);
	if (r == 0)
		r = launch_vm(vm, err);
	if (r == 0)
		r = vm->platform->open(vm, p, err);
	if (r == 0)
		r = memory_init(&vm->memory, vm->sys, vm->fd, p, vm->platform->private_memory, err);
	if (r == 0 && d->flash.size > 0)
		r = memory_add_read_only(&vm->memory, d->flash.gpa, d->flash.bytes, d->flash.size,
		                         err);
	vm->memory.give_up = &vm->stopping;
	/*
	 * The irqchip comes after the slots and before the first vCPU: since Linux 6.18 it leaves
	 * an SRCU grace period pending (virt/kvm/kvm_main.c, kvm_io_bus_register_dev()), and a slot
	 * registered then waits 4 to 8 ms for it.
	 */
	if (r == 0) {
		r = vm_ioctl(vm, vm->fd, KVM_CREATE_IRQCHIP, NULL);
		r = r < 0 ? refusal_set(err, CALL_IRQCHIP, -r) : launch_stopped(err);
	}
	if (r == 0)
		r = launch_vcpus(vm, plan_vcpus(p), err);
	if (r == 0)
		r = plan_replay(p, &timed_load, vm, err);
	return r == 0 ? launch_stopped(err) : r;
}

int vm_launch(const struct kvm_sys *sys, const struct platform *on, const struct plan *p,
              const struct vm_devices *d, struct vm **ret, struct error *err)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	sigset_t all, before;
	int r;

	if (!vm)
		return error_nomem(err, "VM");
	if (plan_settings(p)->measure_only) {
		free(vm);
		return error_set(err, ERROR_UNSUPPORTED,
		                 "this manifest can only be measured, not launched: %s",
		                 plan_settings(p)->measure_only);
	}
	vm->sys = sys;
	vm->platform = on;
	vm->kvm = vm->fd = vm->sev = -1;
	vm->certs.file = d->certs;
	pthread_mutex_init(&vm->certs.lock, NULL);
	pthread_mutex_init(&vm->bus_lock, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	vm->mtrrs_on = plan_settings(p)->mtrrs_on;
	r = launch_steps(vm, p, d, err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0) {
		vm_free(vm);
		return r;
	}
	*ret = vm;
	return 0;
}

static void vm_close(const struct vm *vm, int fd)
{
	if (fd >= 0)
		vm->sys->close(vm->sys->self, fd);
}

bool vm_abandoned(const struct vm *vm)
{
	return vm->abandoned;
}

const char *vm_backing(const struct vm *vm)
{
	return vm->memory.backing;
}

struct launch_times vm_launch_times(const struct vm *vm)
{
	return vm->times;
}

void vm_free(struct vm *vm)
{
	struct kvm_userspace_memory_region2 no_slot = { .slot = 0 };

	if (!vm || vm->abandoned)
		return;
	atomic_store(&vm->stopping, true); /* output that a stalled reader blocks is given up */
	devices_fini(vm);
	streams_fini(vm);
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		vcpu_close(&vm->vcpus[i]);
		fd_cleanup(&vm->vcpus[i].certs_fd);
	}
	free(vm->vcpus);
	/*
	 * Closing a VM waits for the grace period that KVM_CREATE_IRQCHIP left, some 4 ms.
	 * Removing a slot forces it to end, which matters for a guest that runs for less than that.
	 * An SNP launch takes longer anyway.
	 */
	if (vm->n_vcpus > 0 && !vm->memory.private_memory)
		vm_ioctl(vm, vm->fd, KVM_SET_USER_MEMORY_REGION, &no_slot);
	memory_fini(&vm->memory);
	vm_close(vm, vm->fd);
	if (vm->platform->close)
		vm->platform->close(vm);
	vm_close(vm, vm->kvm);
	pthread_mutex_destroy(&vm->certs.lock);
	pthread_mutex_destroy(&vm->bus_lock);
	free(vm);
}
