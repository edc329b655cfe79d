/* SPDX-License-Identifier: MIT */
/*
 * core/vm/refusal.h: error messages for calls that a launch needs and the host refused: errno or
 * firmware status -> why, fix.
 */
#ifndef CORE_VM_REFUSAL_H
#define CORE_VM_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/reason.h"

struct error; /* core/base/error.h */

/* The calls that a launch can't do without, in the order of a launch. */
enum launch_call {
	CALL_OPEN_KVM,
	CALL_API_VERSION,
	CALL_CREATE_VM,
	CALL_VCPU_MMAP_SIZE,
	CALL_OPEN_VHOST, /* this and the next three only with vsock */
	CALL_VHOST_OWNER,
	CALL_VSOCK_CID,
	CALL_VHOST_FEATURES,
	CALL_OPEN_SEV,
	CALL_SUPPORTED_CPUID,
	CALL_ENABLE_CAP,
	CALL_SEV_INIT2,
	CALL_ENABLE_REQ_CERTS, /* only with snp.certs */
	CALL_GUEST_MEMFD,
	CALL_CLOEXEC,
	CALL_MAP_MEMORY,
	CALL_MEMORY_REGION,
	CALL_MEMORY_REGION2,
	CALL_MEMORY_ATTRIBUTES,
	CALL_IRQCHIP,
	CALL_CREATE_VCPU,
	CALL_MAP_VCPU,
	CALL_LAUNCH_START,
	CALL_LAUNCH_UPDATE,
	CALL_SET_CPUID2,
	CALL_GET_SREGS,
	CALL_SET_SREGS,
	CALL_SET_REGS,
	CALL_SET_DEBUGREGS, /* this and the next two only for IGVM files */
	CALL_SET_XCRS,
	CALL_SET_XSAVE,
	CALL_SET_MSRS,
	CALL_SET_MP_STATE,
	CALL_LAUNCH_FINISH,
	LAUNCH_CALLS
};

/* What an errno of one call means. */
struct refusal {
	enum launch_call call; /* LAUNCH_CALLS: every call without a row for this errno */
	int errnum;            /* 0, in the last row alone: any */
	enum reason kind;
	const char *why, *fix; /* never NULL, never "" */
};

/* What a firmware status means for one command, if core/snp/status.h is less precise. */
struct firmware_refusal {
	enum launch_call call;
	uint32_t status;
	const char *why, *fix; /* never NULL, never "" */
};

/* The tables, for tests. The last row is for every other errno: a bug of snpvmm or the kernel. */
extern const struct refusal refusals[];
extern const size_t refusals_count;
extern const struct firmware_refusal firmware_refusals[];
extern const size_t firmware_refusals_count;

/* "cannot create a VM (KVM_CREATE_VM)"; never NULL. */
const char *refusal_what(enum launch_call call);

/* Fills *err for a call that failed with errnum: kind, sentence, why and fix. Returns -errnum. */
int refusal_set(struct error *err, enum launch_call call, int errnum);
/* The same for an SEV command; `status` is the firmware's, 0 if it reported none. */
int refusal_sev(struct error *err, enum launch_call call, int errnum, uint32_t status);

#endif
