/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/state.h: the state of the fake, for its own files: descriptors, VM, vCPUs, guest
 * context.
 */
#ifndef TESTS_FAKE_STATE_H
#define TESTS_FAKE_STATE_H

#include <linux/kvm.h>
#include <pthread.h>

#include "core/vm/abi.h"
#include "tests/fake/kvm.h"

enum {
	FAKE_FD_FIRST = 1000,
	FAKE_FDS = 1024,
	FAKE_MAPS = 512,
	FAKE_VCPUS = 256,
	FAKE_SLOTS = 16,
	FAKE_SCRIPT = 64,
	FAKE_EVENTS = 64,
	FAKE_CPUID_ENTRIES = 100,
	FAKE_RUN_SIZE = 3 * 4096,
	FAKE_NOTIFIES = 16,
};

enum fake_fd_kind { FD_FREE, FD_KVM, FD_SEV, FD_VM, FD_VCPU, FD_GMEM, FD_VHOST };

struct fake_fd {
	enum fake_fd_kind kind;
	bool cloexec;
	unsigned index; /* of a vCPU */
	uint64_t size;  /* of memory */
	uint64_t flags; /* of a guest_memfd */
	uint8_t *bytes; /* of memory: its pages */
	bool bound;     /* a guest_memfd that a slot uses */
};

struct fake_map {
	uint8_t *at; /* NULL: free */
	size_t size;
	bool borrowed; /* the pages are the descriptor's */
};

struct fake_slot {
	bool used;
	gpa_t gpa;
	uint64_t size;
	uint8_t *at;
	int gmem; /* -1: none */
	uint64_t gmem_offset;
	uint8_t *private, *loaded; /* a byte a page */
};

struct fake_vcpu {
	struct kvm_run *run; /* NULL: not mapped */
	int mp_state;        /* -1: never set */
	bool sealed;         /* its VMSA belongs to the firmware: the state can't be read */
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	struct kvm_fpu fpu;
	uint64_t mtrr_def_type, kernel_gs_base, pat, xcr0;
	struct kvm_guest_debug debug;
	unsigned injected;
	uint64_t pc; /* linear, of the instruction of the script */
	struct kvm_debugregs debug_registers;
	uint16_t fcw;
	uint32_t mxcsr;
	struct kvm_cpuid_entry2 cpuid[FAKE_CPUID_ENTRIES];
	uint32_t n_cpuid;
	uint8_t vmsa[4096];

	struct fake_exit script[FAKE_SCRIPT];
	struct fake_answer answers[FAKE_SCRIPT];
	size_t n_script, at; /* at: the next exit */
	bool pending;        /* the exit before `at` has not been answered yet */
	bool waiting;
	bool begun; /* its script */
};

struct fake_vm {
	unsigned long type;
	bool open;
	bool irqchip, hypercalls, req_certs;
	struct fake_slot slots[FAKE_SLOTS];
	struct fake_vcpu *vcpus[FAKE_VCPUS]; /* by creation */
	unsigned n_vcpus;
	unsigned rises[FAKE_LINES];
	bool lines[FAKE_LINES];
	struct fake_notify {
		gpa_t gpa; /* 0: free */
		int fd;    /* an eventfd of the process */
	} notify[FAKE_NOTIFIES];
	unsigned irqfds;            /* assigned now */
	uint32_t routed[FAKE_MSIS]; /* the data of GSI 24 + i; 0: none */

	/* The state of the PSP and of KVM's SEV code. */
	bool initialised, started, finished;
	uint64_t features, policy;
	int sev_fd;
	uint8_t digest[48];
	unsigned updates; /* calls of LAUNCH_UPDATE */
	unsigned refusals;
	uint64_t prefaulted;
	unsigned prefaults; /* calls */
};

struct fake_kvm {
	struct kvm_sys sys;
	unsigned flags;
	pthread_mutex_t lock;
	pthread_cond_t waits; /* a vCPU began to wait, or a line changed */
	struct fake_fd fds[FAKE_FDS];
	struct fake_map maps[FAKE_MAPS];
	struct fake_vm vm;                                 /* one at a time */
	struct fake_exit scripts[FAKE_VCPUS][FAKE_SCRIPT]; /* until the vCPU exists */
	size_t n_scripts[FAKE_VCPUS];

	unsigned calls, calls_of[FAKE_CALL_KINDS];
	unsigned fail_at;
	int fail_errnum;
	uint32_t fail_status;
	bool failed;
	struct fake_call failed_call;
	unsigned prefault_fails; /* how many times more */
	int prefault_errnum;
	const char *no_path; /* cannot be opened */
	int no_path_errnum;

	struct fake_vhost {
		bool owned, running;
		uint64_t cid, features;
		unsigned regions, starts;
		unsigned rings[2]; /* what was set of them */
	} vhost;
	uint64_t taken_cid; /* 0: none */
	bool every_cid_taken;

	const char *lock_path; /* NULL: none */
	uint64_t vm_types;
	char complaint[256];
	struct fake_memory_event events[FAKE_EVENTS];
	size_t n_events;
};

/* A rule was broken; the first one is kept. Returns -errnum. */
int fake_complain(struct fake_kvm *f, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The descriptor, or NULL; and a new one. */
struct fake_fd *fake_fd(struct fake_kvm *f, int fd);
int fake_fd_new(struct fake_kvm *f, enum fake_fd_kind kind);
void *fake_pages(size_t size);

/* tests/fake/vm.c: ioctls of /dev/kvm and of a VM. */
int fake_dev_ioctl(struct fake_kvm *f, unsigned long request, void *arg);
int fake_vm_ioctl(struct fake_kvm *f, unsigned long request, void *arg);

/* tests/fake/irq.c: VM ioctls of messages and eventfds. */
int fake_irq_ioctl(struct fake_kvm *f, unsigned long request, void *arg, bool *known);
/* Whether this exit is a write that only signals an eventfd, which it then does. */
bool fake_irq_notified(struct fake_kvm *f, const struct kvm_run *run);

/* tests/fake/vhost.c: ioctls of /dev/vhost-vsock. */
int fake_vhost_ioctl(struct fake_kvm *f, unsigned long request, void *arg);

/* tests/fake/psp.c: ioctls of /dev/sev, and what KVM offers of SEV. */
int fake_sev_issue(struct fake_kvm *f, unsigned long request, void *arg);
int fake_sev_attribute(const struct fake_kvm *f, const struct kvm_device_attr *a);

/* tests/fake/memory.c: VM ioctls about memory, and discards. */
int fake_memory_ioctl(struct fake_kvm *f, unsigned long request, void *arg, bool *known);
int fake_memory_discard(struct fake_kvm *f, int fd, void *at, uint64_t offset, uint64_t size);
int fake_memory_prefault(struct fake_kvm *f, struct kvm_pre_fault_memory *p);
struct fake_slot *fake_slot_of(struct fake_kvm *f, gpa_t gpa);
/* Whether [at, at + size) touches memory that a slot hands to the guest. */
bool fake_guest_side(struct fake_kvm *f, const void *at, uint64_t size);
/* Whether each of these bytes is mapped in this process. */
bool fake_readable(const void *at, uint64_t size);
void fake_slot_drop(struct fake_slot *s);

/*
 * tests/fake/vcpu.c: vCPU ioctls. Called with the lock held, which KVM_RUN gives up while it waits.
 */
int fake_vcpu_new(struct fake_kvm *f, unsigned index);
int fake_vcpu_ioctl(struct fake_kvm *f, struct fake_vcpu *v, unsigned long request, void *arg);
uint32_t fake_host_cpuid(const struct fake_kvm *f,
                         struct kvm_cpuid_entry2 ret[static FAKE_CPUID_ENTRIES]);

/* tests/fake/trace.c: vCPU ioctls of debuggers. */
int fake_debug_ioctl(struct fake_kvm *f, struct fake_vcpu *v, unsigned long request, void *arg,
                     bool *known);
/* Executes the instruction that is next in the script. True: KVM_RUN returns, for the debugger. */
bool fake_trace(struct fake_kvm *f, struct fake_vcpu *v);

/* tests/fake/psp.c: KVM_MEMORY_ENCRYPT_OP. */
int fake_sev_command(struct fake_kvm *f, struct kvm_sev_cmd *cmd);

#endif
