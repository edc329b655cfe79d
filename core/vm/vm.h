/* SPDX-License-Identifier: MIT */
/* core/vm/vm.h: what a launch needs besides the plan: devices and a platform. */
#ifndef CORE_VM_VM_H
#define CORE_VM_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dev/flash.h"
#include "core/plan/plan.h"
#include "core/vm/outcome.h"
#include "core/vm/streams.h"

struct confine;      /* core/base/confine.h */
struct error;        /* core/base/error.h */
struct watch;        /* core/vm/watch.h */
struct report_lines; /* core/snp/report_lines.h */
struct device;       /* core/dev/device.h */
struct disk;         /* core/dev/disk.h */
struct vcpu;         /* core/vm/vm_priv.h */
struct vm;           /* core/vm/vm_priv.h */

/* A file with the certificates that the guest gets with its attestation report. */
struct vm_certs {
	const char *path;              /* NULL: none. Borrowed */
	const struct confine *confine; /* where it must lie; NULL: anywhere. Borrowed */
	bool pinned;                   /* it must have this hash */
	uint8_t sha256[32];
};

/* What the guest is connected to. None of it is measured. */
struct vm_devices {
	struct stream_target streams[VM_STREAMS];
	bool exit_port_given;
	uint16_t exit_port;
	struct flash_content flash; /* a firmware's variables; no platform but kvm has it */
	struct vm_certs certs;      /* no platform but snp hands them out */
	struct disk *disks;         /* open, in the order of their slots. Borrowed */
	size_t n_disks;
	bool rng;           /* a virtio-rng */
	bool hvc;           /* a virtio-console, whose output joins COM1's */
	uint64_t vsock_cid; /* 0: no vsock; VSOCK_CID_AUTO (core/vm/vsock.h): any */
	/* Both get what the consoles write; NULL: there is none. Borrowed */
	struct watch *watch;
	struct report_lines *report;
	/* More devices than those of core/vm/devices.c, ended by NULL; NULL: none. */
	const struct device *const *more;
};

enum exit_action { EXIT_ACTION_RESUME, EXIT_ACTION_STOP };

/* A capability of KVM that a platform needs, checked before the VM is created. */
struct requirement {
	int capability;
	unsigned bits;                /* all of these in KVM_CHECK_EXTENSION's answer */
	const char *name;             /* of the check, in snpvmm doctor's list */
	const char *has;              /* the sentence if KVM has it */
	const char *what, *why, *fix; /* the sentences if it doesn't */
};

struct platform {
	const char *name;      /* as the manifest spells it */
	unsigned long vm_type; /* KVM_CREATE_VM */
	bool measured;         /* launches have a digest of everything that is loaded */
	unsigned c_bit;        /* set in our page tables; 0: memory is not encrypted */
	bool private_memory;   /* slots get a guest_memfd and start private */
	const struct requirement *requirements; /* ended by one whose `what` is NULL */
	/* Called once the VM exists and before its first vCPU. */
	int (*open)(struct vm *vm, const struct plan *p, struct error *err);
	struct plan_ops load; /* self: struct vm */
	/* Handles exits that only this platform has; EXIT_ACTION_STOP with *ret filled. */
	enum exit_action (*exit)(struct vm *vm, struct vcpu *v, struct outcome *ret);
	void (*close)(struct vm *vm); /* or NULL */
};

#endif
