/* SPDX-License-Identifier: MIT */
/*
 * core/vm/vm_priv.h: struct vm and struct vcpu, for core/vm alone: whoever runs a VM asks its
 * functions.
 */
#ifndef CORE_VM_VM_PRIV_H
#define CORE_VM_VM_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/dev/bus.h"
#include "core/dev/sink.h"
#include "core/snp/cpuid.h"
#include "core/vm/launch.h"
#include "core/vm/memory.h"
#include "core/vm/stats.h"
#include "core/vm/streams.h"
#include "core/vm/vm.h"

struct kvm_run; /* linux/kvm.h */
struct kvm_sys; /* core/vm/sys.h */

#define VM_MAX_DEVICES 16

struct vm_device {
	struct vm *vm;
	const struct device *kind;
	void *state; /* NULL: it has none */
};

struct vcpu {
	struct vm *vm;
	unsigned index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	uint64_t exits;
	/* Between its thread and core/vm/halt.h. */
	atomic_bool asked;
	atomic_int said;
};

struct vm {
	const struct kvm_sys *sys;
	const struct platform *platform;
	int kvm, fd;
	/* /dev/sev: KVM remembers its number, so it stays open as long as the VM; -1 elsewhere */
	int sev;
	const struct plan *plan; /* while its pages are loaded, for errors; NULL otherwise */
	unsigned asids;          /* that SEV-ES and SNP guests share on this host; 0: not known */
	uint64_t sev_features;   /* of its VMSAs; 0 where there are none */
	bool mtrrs_on;           /* vCPUs begin with their MTRRs enabled */
	bool ap_creation;        /* other vCPUs are held in reset until the guest creates them */
	struct memory memory;
	struct cpuid_table cpuid; /* what vCPUs are told, but for their own number */
	struct vcpu *vcpus;
	unsigned n_vcpus;
	size_t run_size;

	struct vm_device devices[VM_MAX_DEVICES];
	size_t n_devices;
	struct bus bus[BUS_KINDS];
	pthread_mutex_t bus_lock; /* devices see one access at a time */
	struct sink streams[VM_STREAMS];
	struct watch *watch; /* NULL: none. Borrowed */
	struct stats stats;
	struct launch_times times;
	bool abandoned; /* a vCPU's thread is still inside KVM_RUN: nothing of it may be freed */
	atomic_bool stopping; /* the run is over: threads leave, blocked output is given up */
};

#endif
