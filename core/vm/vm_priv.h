/* SPDX-License-Identifier: MIT */
/*
 * core/vm/vm_priv.h: struct vm and struct vcpu, for core/vm only; callers use the functions of
 * launch.h, run.h, streams.h, devices.h and stats.h.
 */
#ifndef CORE_VM_VM_PRIV_H
#define CORE_VM_VM_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/dev/bus.h"
#include "core/dev/merge.h"
#include "core/dev/sink.h"
#include "core/snp/cpuid.h"
#include "core/vm/irq.h"
#include "core/vm/launch.h"
#include "core/vm/memory.h"
#include "core/vm/stats.h"
#include "core/vm/streams.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"

struct debug;   /* core/vm/debug.c */
struct kvm_run; /* linux/kvm.h */
struct run;     /* core/vm/run.c */

#define VM_MAX_DEVICES 40

/* core/vm/snp_certs.c */
struct vm_certs_state {
	struct vm_certs file;
	pthread_mutex_t lock;   /* for what follows */
	char reported[768];     /* the failure that was reported last; "": none since */
	bool unlocked_reported; /* that the file can't be locked */
};

struct vm_device {
	struct vm *vm;
	const struct device *kind;
	void *state;      /* NULL: it has none */
	pthread_t worker; /* if kind->work, from core/vm/run.c's start of the guest on */
	bool working;
};

struct vcpu {
	struct vm *vm;
	unsigned index;
	int fd;
	struct kvm_run *run;
	/* memory faults at one address that changed nothing, since one that did */
	unsigned vain_faults;
	uint64_t vain_gpa;
	uint64_t exit_rip; /* at its last exit but triple faults; 0: unknown, as in SNP guests */
	int certs_fd; /* locked until the firmware has the guest's request; -1: there is none */
	pthread_t thread;
	atomic_bool halt_asked; /* core/vm/halt.c wants its thread to set halt_answer */
	atomic_int halt_answer; /* whether the vCPU is halted */
};

struct vm {
	const struct kvm_sys *sys;
	const struct platform *platform;
	int kvm, fd;
	/* /dev/sev; must stay open as long as the VM: KVM keeps its number. -1: not an SNP guest */
	int sev;
	const struct plan *plan; /* set while its pages are loaded, for error messages */
	unsigned asids;          /* of this host for SEV-ES and SNP guests; 0: unknown */
	uint64_t sev_features;   /* of its VMSAs; 0: not an SNP guest */
	bool mtrrs_on;           /* vCPUs start with their MTRRs enabled */
	bool ap_creation;        /* vCPUs other than the first wait in reset for AP creation */
	struct memory memory;
	struct cpuid_table cpuid; /* of every vCPU, without what vcpu_cpuid_for() adds */
	struct vcpu *vcpus;
	unsigned n_vcpus;
	size_t run_size;

	struct vm_device devices[VM_MAX_DEVICES];
	size_t n_devices;
	struct bus bus[BUS_KINDS];
	struct irq_route routes[IRQ_ROUTES];
	uint64_t vsock_cid;       /* 0: it has no vsock */
	pthread_mutex_t bus_lock; /* devices see one access at a time */
	struct sink streams[VM_STREAMS];
	struct merge merge;          /* of COM1 and hvc0, if there is one */
	struct watch *watch;         /* NULL: none. Borrowed */
	struct report_lines *report; /* the same */
	struct vm_certs_state certs;
	struct stats stats;
	struct launch_times times;
	struct run *run;      /* NULL while it isn't running */
	struct debug *debug;  /* NULL: no debugger may come */
	bool abandoned;       /* a vCPU's thread is still inside KVM_RUN: nothing may be freed */
	atomic_bool stopping; /* the run is over: threads end, and writes that block are given up */
};

/* fd: vm->kvm, vm->fd or a vCPU's. The result, or a negative errno. */
static inline int vm_ioctl(const struct vm *vm, int fd, unsigned long request, void *arg)
{
	return vm->sys->ioctl(vm->sys->self, fd, request, arg);
}

#endif
