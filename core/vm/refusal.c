/* SPDX-License-Identifier: MIT */
/* core/vm/refusal.c: finds the row of a refused call and makes the error of it. */
#include "core/vm/refusal.h"

#include <assert.h>
#include <stdbool.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/snp/status.h"

static const char *const calls[] = {
	[CALL_OPEN_KVM] = "cannot open /dev/kvm",
	[CALL_API_VERSION] = "cannot ask KVM for its version (KVM_GET_API_VERSION)",
	[CALL_CREATE_VM] = "cannot create a VM (KVM_CREATE_VM)",
	[CALL_VCPU_MMAP_SIZE] =
		"cannot ask KVM how much it maps for a vCPU (KVM_GET_VCPU_MMAP_SIZE)",
	[CALL_OPEN_SEV] = "cannot open /dev/sev",
	[CALL_SUPPORTED_CPUID] =
		"cannot ask KVM which CPUID guests can have (KVM_GET_SUPPORTED_CPUID)",
	[CALL_ENABLE_CAP] = "cannot have page-state changes handed over (KVM_ENABLE_CAP)",
	[CALL_SEV_INIT2] = "cannot make the VM an SNP guest (SEV_INIT2)",
	[CALL_GUEST_MEMFD] = "cannot create guest memory (KVM_CREATE_GUEST_MEMFD)",
	[CALL_CLOEXEC] = "cannot keep guest memory from child processes (fcntl F_SETFD)",
	[CALL_MAP_MEMORY] = "cannot map guest memory (mmap)",
	[CALL_MEMORY_REGION] = "cannot put memory into the guest (KVM_SET_USER_MEMORY_REGION)",
	[CALL_MEMORY_REGION2] = "cannot put memory into the guest (KVM_SET_USER_MEMORY_REGION2)",
	[CALL_MEMORY_ATTRIBUTES] = "cannot make guest memory private (KVM_SET_MEMORY_ATTRIBUTES)",
	[CALL_IRQCHIP] = "cannot create the interrupt controllers (KVM_CREATE_IRQCHIP)",
	[CALL_CREATE_VCPU] = "cannot create a vCPU (KVM_CREATE_VCPU)",
	[CALL_MAP_VCPU] = "cannot map a vCPU's state (mmap)",
	[CALL_LAUNCH_START] = "cannot begin the launch (LAUNCH_START)",
	[CALL_LAUNCH_UPDATE] = "cannot load pages (LAUNCH_UPDATE)",
	[CALL_SET_CPUID2] = "cannot set a vCPU's CPUID (KVM_SET_CPUID2)",
	[CALL_GET_SREGS] = "cannot read a vCPU's system registers (KVM_GET_SREGS)",
	[CALL_SET_SREGS] = "cannot set a vCPU's system registers (KVM_SET_SREGS)",
	[CALL_SET_REGS] = "cannot set a vCPU's registers (KVM_SET_REGS)",
	[CALL_SET_MSRS] = "cannot enable a vCPU's MTRRs (KVM_SET_MSRS)",
	[CALL_SET_MP_STATE] = "cannot hold a vCPU in reset (KVM_SET_MP_STATE)",
	[CALL_LAUNCH_FINISH] = "cannot finish the launch (LAUNCH_FINISH)",
};
static_assert(ARRAY_SIZE(calls) == LAUNCH_CALLS, "a call without words");

const char *refusal_what(enum launch_call call)
{
	return (unsigned)call < LAUNCH_CALLS ? calls[call] : "cannot do what the launch needs";
}

/* The call's own row, else the errno's, else the last one, which takes any. */
static const struct refusal *refusal_find(enum launch_call call, int errnum)
{
	const struct refusal *common = &refusals[refusals_count - 1];

	for (size_t i = 0; i < refusals_count; i++) {
		const struct refusal *r = &refusals[i];

		if (r->errnum != errnum)
			continue;
		if (r->call == call)
			return r;
		if (r->call == LAUNCH_CALLS)
			common = r;
	}
	return common;
}

/* Groups and rules that hold for users are nothing to root, whom something else keeps from the device. */
static int refusal_root(struct error *err, enum launch_call call)
{
	const char *device = call == CALL_OPEN_KVM ? "/dev/kvm" : "/dev/sev";

	error_why(err, "even root may not open it here: the device rules of a container or cgroup, "
	               "a user namespace or a security module (SELinux, AppArmor) forbid it");
	return error_fix(err, "pass %s into the container (--device %s), or allow it there", device,
	                 device);
}

int refusal_set(struct error *err, enum launch_call call, int errnum)
{
	const struct refusal *r = refusal_find(call, errnum);
	bool device = call == CALL_OPEN_KVM || call == CALL_OPEN_SEV;

	error_sys(err, r->kind, errnum, "%s", refusal_what(call));
	if (device && r->kind == ERROR_HOST_PERMISSION && geteuid() == 0)
		return refusal_root(err, call);
	error_why(err, "%s", r->why);
	return error_fix(err, "%s", r->fix);
}

static int refusal_firmware(struct error *err, enum launch_call call, int errnum, uint32_t status)
{
	const struct snp_status *s = snp_status(status);
	const char *why = s->cause, *fix = s->cure;

	for (size_t i = 0; i < firmware_refusals_count; i++)
		if (firmware_refusals[i].call == call && firmware_refusals[i].status == status) {
			why = firmware_refusals[i].why;
			fix = firmware_refusals[i].fix;
		}
	error_set(err, ERROR_FIRMWARE_REFUSED, "%s: the SNP firmware says %s (0x%02x)",
	          refusal_what(call), s->name, status);
	err->code = -errnum;
	error_why(err, "%s", why);
	return error_fix(err, "%s", fix);
}

int refusal_sev(struct error *err, enum launch_call call, int errnum, uint32_t status)
{
	if (status != 0 && status != SNP_STATUS_NOT_ASKED)
		return refusal_firmware(err, call, errnum, status);
	return refusal_set(err, call, errnum);
}
