/* SPDX-License-Identifier: MIT */
/* core/vm/vm.h: struct vm and struct platform: types alone. */
#ifndef CORE_VM_VM_H
#define CORE_VM_VM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dev/bus.h"
#include "core/dev/sink.h"
#include "core/plan/plan.h"
#include "core/snp/cpuid.h"
#include "core/vm/memory.h"
#include "core/vm/outcome.h"
#include "core/vm/stats.h"

struct error;    /* core/base/error.h */
struct log_file; /* core/dev/log_file.h */
struct kvm_run;  /* linux/kvm.h */
struct kvm_sys;  /* core/vm/sys.h */
struct watch;    /* core/vm/watch.h */
struct vm;

/* What stands around the guest and isn't measured. */
struct vm_devices {
	int serial_fd,
		debug_fd; /* where COM1's and the debug port's bytes go; -1: nowhere. Borrowed */
	bool exit_port_given;
	uint16_t exit_port;
	const char *serial_prefix, *debug_prefix; /* before each line; NULL: none. Borrowed */
	/* Files that get the same bytes, as they come; 0 or less: none. Borrowed. */
	int serial_log_fd, debug_log_fd;
	/* What keeps the files behind these within a size; NULL: nothing does. Borrowed. */
	struct log_file *serial_file, *debug_file, *serial_log, *debug_log;
	struct watch *watch; /* sees what COM1 writes; NULL: nobody. Borrowed */
	const struct device *const
		*more; /* beyond those that every guest has, ended by NULL; NULL: none */
};

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

enum verdict { VERDICT_RESUME, VERDICT_STOP };

/* What the host must offer for a platform: checked before anything is made. */
struct need {
	int capability;
	unsigned bits;                /* all of these in KVM_CHECK_EXTENSION's answer */
	const char *name;             /* the check's, in listings */
	const char *has;              /* what there is to say where it's met */
	const char *what, *why, *fix; /* and where it isn't */
};

/* How long the platform took over each part of the plan. */
struct launch_times {
	uint64_t start_us, update_us, finish_us;
};

struct platform {
	const char *name;      /* as the manifest spells it */
	unsigned long vm_type; /* KVM_CREATE_VM */
	bool measured;         /* launches have a digest that stands for all that is loaded */
	unsigned c_bit;        /* which page tables of ours have set; 0: memory is not encrypted */
	bool private_memory;   /* slots get a guest_memfd and start private */
	const struct need *needs; /* ended by one whose `what` is NULL */
	/* Once the VM exists, before its first vCPU. */
	int (*open)(struct vm *vm, const struct plan *p, struct error *err);
	struct plan_ops load; /* self: struct vm */
	/* Exits that only this platform has; VERDICT_STOP with *ret filled, or VERDICT_RESUME. */
	enum verdict (*exit)(struct vm *vm, struct vcpu *v, struct outcome *ret);
	void (*close)(struct vm *vm);
};

struct vm {
	const struct kvm_sys *sys;
	const struct platform *platform;
	int kvm, fd;
	int sev; /* /dev/sev: KVM remembers its number, so it stays open as long as the VM; -1 elsewhere */
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
	struct sink serial_out, debug_out, serial_log, debug_log;
	struct watch *watch; /* NULL: none. Borrowed */
	struct stats stats;
	struct launch_times times;
	bool abandoned; /* a vCPU's thread is still inside KVM_RUN: nothing of it may be freed */
	atomic_bool stopping; /* the run is over: threads leave, blocked output is given up */
};

#endif
