/* SPDX-License-Identifier: MIT */
/*
 * core/vm/refusal.c: what each errno of each call of a launch means, and its error message. Source:
 * Linux 6.12, virt/kvm/kvm_main.c, virt/kvm/guest_memfd.c, arch/x86/kvm/x86.c,
 * arch/x86/kvm/cpuid.c, arch/x86/kvm/svm/sev.c, drivers/crypto/ccp/sev-dev.c; what later kernels
 * add is marked.
 */
#include "core/vm/refusal.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/snp/status.h"

static const char *const calls[] = {
	[CALL_OPEN_KVM] = "cannot open /dev/kvm",
	[CALL_API_VERSION] = "cannot ask KVM for its version (KVM_GET_API_VERSION)",
	[CALL_CREATE_VM] = "cannot create a VM (KVM_CREATE_VM)",
	[CALL_VCPU_MMAP_SIZE] =
		"cannot ask KVM for the size of a vCPU's mapping (KVM_GET_VCPU_MMAP_SIZE)",
	[CALL_OPEN_VHOST] = "cannot open /dev/vhost-vsock",
	[CALL_VHOST_OWNER] = "cannot have vhost serve this process (VHOST_SET_OWNER)",
	[CALL_VSOCK_CID] = "cannot give the guest its CID (VHOST_VSOCK_SET_GUEST_CID)",
	[CALL_VHOST_FEATURES] = "cannot ask vhost for its features (VHOST_GET_FEATURES)",
	[CALL_OPEN_SEV] = "cannot open /dev/sev",
	[CALL_SUPPORTED_CPUID] = "cannot ask KVM which CPUID it supports (KVM_GET_SUPPORTED_CPUID)",
	[CALL_ENABLE_CAP] = "cannot enable exits for page-state changes (KVM_ENABLE_CAP)",
	[CALL_SEV_INIT2] = "cannot make the VM an SNP guest (SEV_INIT2)",
	[CALL_ENABLE_REQ_CERTS] = "cannot have KVM ask for certificates (SNP_ENABLE_REQ_CERTS)",
	[CALL_GUEST_MEMFD] = "cannot create guest memory (KVM_CREATE_GUEST_MEMFD)",
	[CALL_CLOEXEC] = "cannot keep child processes from inheriting guest memory (fcntl F_SETFD)",
	[CALL_MAP_MEMORY] = "cannot map guest memory (mmap)",
	[CALL_MEMORY_REGION] = "cannot add memory to the guest (KVM_SET_USER_MEMORY_REGION)",
	[CALL_MEMORY_REGION2] = "cannot add memory to the guest (KVM_SET_USER_MEMORY_REGION2)",
	[CALL_MEMORY_ATTRIBUTES] = "cannot make guest memory private (KVM_SET_MEMORY_ATTRIBUTES)",
	[CALL_IRQCHIP] = "cannot create the interrupt controllers (KVM_CREATE_IRQCHIP)",
	[CALL_CREATE_VCPU] = "cannot create a vCPU (KVM_CREATE_VCPU)",
	[CALL_MAP_VCPU] = "cannot map a vCPU's state (mmap)",
	[CALL_LAUNCH_START] = "cannot start the launch (LAUNCH_START)",
	[CALL_LAUNCH_UPDATE] = "cannot load pages (LAUNCH_UPDATE)",
	[CALL_SET_CPUID2] = "cannot set a vCPU's CPUID (KVM_SET_CPUID2)",
	[CALL_GET_SREGS] = "cannot read a vCPU's system registers (KVM_GET_SREGS)",
	[CALL_SET_SREGS] = "cannot set a vCPU's system registers (KVM_SET_SREGS)",
	[CALL_SET_REGS] = "cannot set a vCPU's registers (KVM_SET_REGS)",
	[CALL_SET_DEBUGREGS] = "cannot set a vCPU's debug registers (KVM_SET_DEBUGREGS)",
	[CALL_SET_XCRS] = "cannot set a vCPU's XCR0 (KVM_SET_XCRS)",
	[CALL_SET_XSAVE] = "cannot set a vCPU's x87 and SSE control (KVM_SET_XSAVE)",
	[CALL_SET_MSRS] = "cannot set a vCPU's MTRRs or PAT (KVM_SET_MSRS)",
	[CALL_SET_MP_STATE] = "cannot hold a vCPU in reset (KVM_SET_MP_STATE)",
	[CALL_LAUNCH_FINISH] = "cannot finish the launch (LAUNCH_FINISH)",
};
static_assert(ARRAY_SIZE(calls) == LAUNCH_CALLS, "a call without a sentence");

#define LOG    "read the kernel log (dmesg)"
#define REPORT "report this, with the kernel's version and its log (dmesg)"
#define AGAIN  "launch again; if it happens again, " REPORT

#define NO_KVM     "KVM is not loaded, or virtualisation is off in the BIOS or in this VM"
#define NO_KVM_FIX "modprobe kvm_amd (or kvm_intel); in a container, pass /dev/kvm in"
#define NO_SEV     "the module ccp is not loaded, or the BIOS hides the PSP"
#define NO_SEV_FIX "modprobe ccp; in a container, pass in /dev/sev as well as /dev/kvm"
#define SEV_RULE   "give your user access to /dev/sev (a udev rule, or root)"

#define NO_VHOST     "vhost_vsock is not loaded, or this container lacks the device"
#define NO_VHOST_FIX "modprobe vhost_vsock; in a container, pass /dev/vhost-vsock in"

#define VIRT_TAKEN                                                                                 \
	"another hypervisor uses the CPUs' virtualisation, it is locked in the BIOS, or the "      \
	"host is about to reboot"
#define VIRT_TAKEN_FIX "stop other hypervisors (VirtualBox, VMware) and " LOG

#define PSP_DEAD     "the PSP didn't answer in time; the kernel doesn't use it again until reboot"
#define PSP_DEAD_FIX "reboot the host, and update the SEV firmware if it happens again"
#define PSP_BUSY                                                                                   \
	"the kernel doesn't use the PSP any more after a command timed out, or the PSP is busy"
#define PSP_GONE      "the PSP's driver (ccp) has no SEV firmware to talk to"
#define PSP_GONE_FIX  "load ccp before kvm_amd, and look for 'ccp' in the kernel log (dmesg)"
#define PSP_LOST      "the PSP's driver (ccp) has gone away since SEV_INIT2"
#define NO_MEMORY     "the kernel is out of memory, or this cgroup's memory limit is reached"
#define NO_MEMORY_FIX "lower 'memory', free memory on the host, or raise memory.max of this cgroup"
#define VM_DEAD       "KVM has killed this VM after a failure, or it belongs to another process"

/* By call, in the order of a launch; then by errno for every other call. */
const struct refusal refusals[] = {
	{ CALL_OPEN_KVM, ENOENT, ERROR_HOST_UNSUPPORTED, NO_KVM, NO_KVM_FIX },
	{ CALL_OPEN_KVM, ENODEV, ERROR_HOST_UNSUPPORTED, NO_KVM, NO_KVM_FIX },
	{ CALL_OPEN_KVM, ENXIO, ERROR_HOST_UNSUPPORTED, NO_KVM, NO_KVM_FIX },
	{ CALL_OPEN_KVM, EACCES, ERROR_HOST_PERMISSION,
	  "your user may not open the device; on most hosts the group 'kvm' may",
	  "join the group 'kvm' (usermod -aG kvm USER, then log in again)" },
	{ CALL_OPEN_KVM, EPERM, ERROR_HOST_PERMISSION,
	  "the device rules of a container or cgroup forbid it",
	  "pass /dev/kvm into the container (--device /dev/kvm), or join the group 'kvm'" },

	{ CALL_API_VERSION, ENOTTY, ERROR_HOST_UNSUPPORTED, "/dev/kvm is not KVM's device",
	  "see what /dev/kvm is (ls -l; KVM's device is 10, 232), and create it again" },

	{ CALL_CREATE_VM, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "KVM doesn't have the VM type that 'platform' needs",
	  "'platform: snp' needs Linux 6.11 or later with SNP enabled; see /sys/module/kvm_amd/"
	  "parameters/sev_snp" },
	{ CALL_CREATE_VM, EBUSY, ERROR_HOST_BUSY, VIRT_TAKEN, VIRT_TAKEN_FIX },
	{ CALL_CREATE_VM, EIO, ERROR_HOST_BUSY, VIRT_TAKEN, VIRT_TAKEN_FIX },
	{ CALL_CREATE_VM, EAGAIN, ERROR_HOST_BUSY,
	  "KVM could not start a kernel thread: a limit on tasks is reached",
	  "raise pids.max of this cgroup, or the limit on processes (ulimit -u)" },

	{ CALL_OPEN_VHOST, ENOENT, ERROR_HOST_UNSUPPORTED, NO_VHOST, NO_VHOST_FIX },
	{ CALL_OPEN_VHOST, ENODEV, ERROR_HOST_UNSUPPORTED, NO_VHOST, NO_VHOST_FIX },
	{ CALL_OPEN_VHOST, ENXIO, ERROR_HOST_UNSUPPORTED, NO_VHOST, NO_VHOST_FIX },
	{ CALL_OPEN_VHOST, EACCES, ERROR_HOST_PERMISSION,
	  "your user may not open the device; on most hosts the group 'kvm' may",
	  "join the group 'kvm' (usermod -aG kvm USER, then log in again)" },
	{ CALL_OPEN_VHOST, EPERM, ERROR_HOST_PERMISSION,
	  "the device rules of a container or cgroup forbid it",
	  "pass /dev/vhost-vsock into the container (--device /dev/vhost-vsock)" },
	{ CALL_VSOCK_CID, EADDRINUSE, ERROR_HOST_BUSY,
	  "another guest has this CID, or this machine is a guest that has it itself",
	  "write vsock: auto, or another CID" },
	{ CALL_VSOCK_CID, EINVAL, ERROR_BAD_VALUE, "the kernel reserves this CID",
	  "write vsock: auto, or a CID from 3 on" },

	{ CALL_OPEN_SEV, ENOENT, ERROR_HOST_UNSUPPORTED, NO_SEV, NO_SEV_FIX },
	{ CALL_OPEN_SEV, ENODEV, ERROR_HOST_UNSUPPORTED, NO_SEV, NO_SEV_FIX },
	{ CALL_OPEN_SEV, ENXIO, ERROR_HOST_UNSUPPORTED, NO_SEV, NO_SEV_FIX },
	{ CALL_OPEN_SEV, EACCES, ERROR_HOST_PERMISSION,
	  "your user may not open the device; by default only root may", SEV_RULE },
	{ CALL_OPEN_SEV, EPERM, ERROR_HOST_PERMISSION,
	  "the device rules of a container or cgroup forbid it",
	  "pass /dev/sev into the container (--device /dev/sev), or " SEV_RULE },
	{ CALL_OPEN_SEV, EBUSY, ERROR_HOST_BUSY,
	  "another program has the SEV firmware's device open exclusively",
	  "end that program (fuser -v /dev/sev) and try again" },

	{ CALL_ENABLE_CAP, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "this kernel's KVM can't pass page-state changes on (KVM_CAP_EXIT_HYPERCALL)",
	  "use Linux 6.11 or later" },

	{ CALL_SEV_INIT2, EBUSY, ERROR_HOST_BUSY,
	  "all ASIDs for SNP guests are in use, or the cgroup's misc.max for sev_es is reached",
	  "end other SNP guests, raise sev_es in misc.max (misc.current has the number in use), "
	  "or raise the SEV-ES ASID limit in the BIOS" },
	{ CALL_SEV_INIT2, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "this kernel doesn't know a feature that snp.guest_features asks for",
	  "use snp.guest_features: 0x1, or a host whose kernel and CPU have it" },
	{ CALL_SEV_INIT2, ENOTTY, ERROR_HOST_UNSUPPORTED,
	  "SEV is off in kvm_amd, or the BIOS reserves no ASIDs for SNP guests",
	  "set the SEV-ES ASID limit in the BIOS to 2 or more; load kvm_amd with sev_snp=1" },
	{ CALL_SEV_INIT2, EOPNOTSUPP, ERROR_HOST_UNSUPPORTED,
	  "the SEV firmware is older than the kernel accepts for SNP (API 1.51)",
	  "update the SEV firmware, by the BIOS or from linux-firmware (amd/amd_sev_*.sbin)" },
	{ CALL_SEV_INIT2, ENODEV, ERROR_HOST_UNSUPPORTED, PSP_GONE, PSP_GONE_FIX },
	{ CALL_SEV_INIT2, EPERM, ERROR_KVM, "the VM is an SNP guest already", REPORT },
	{ CALL_SEV_INIT2, EIO, ERROR_KVM, "the kernel could not initialise the SEV firmware",
	  "look for 'SEV-SNP: failed to INIT' in the kernel log (dmesg)" },
	{ CALL_SEV_INIT2, E2BIG, ERROR_HOST_UNSUPPORTED,
	  "the host has more reserved memory ranges than SNP_INIT_EX can list",
	  "update BIOS and kernel, and look for 'SNP_INIT_EX' in the kernel log (dmesg)" },
	{ CALL_SEV_INIT2, ETIMEDOUT, ERROR_KVM, PSP_DEAD, PSP_DEAD_FIX },

	{ CALL_GUEST_MEMFD, EINVAL, ERROR_KVM,
	  "this kernel doesn't support guest memory of this size or with these flags",
	  "set 'memory' to whole pages of 4 KiB; else " REPORT },
	{ CALL_GUEST_MEMFD, ENOTTY, ERROR_HOST_UNSUPPORTED,
	  "the kernel is older than 6.8 or built without guest_memfd", "use Linux 6.11 or later" },
	{ CALL_GUEST_MEMFD, ENOMEM, ERROR_HOST_MEMORY, NO_MEMORY, NO_MEMORY_FIX },

	{ CALL_MAP_MEMORY, ENOMEM, ERROR_HOST_MEMORY,
	  "the guest's memory doesn't fit into this process: the host doesn't overcommit memory, "
	  "or a limit on address space (ulimit -v) or mappings (vm.max_map_count) is reached",
	  "lower 'memory', or raise the limit" },
	{ CALL_MAP_MEMORY, EAGAIN, ERROR_HOST_MEMORY, "this process may not lock that much memory",
	  "lower 'memory', or raise the limit on locked memory (ulimit -l)" },
	{ CALL_MAP_MEMORY, ENODEV, ERROR_HOST_UNSUPPORTED,
	  "this kernel's guest_memfd can't be mapped",
	  "use another kernel; guest_memfd can be mapped since Linux 6.18" },

	{ CALL_MEMORY_REGION, EINVAL, ERROR_KVM,
	  "the memory exceeds the guest addresses of this CPU, or KVM rejects it for another "
	  "reason",
	  "lower 'memory'; else " REPORT },
	{ CALL_MEMORY_REGION2, EINVAL, ERROR_KVM,
	  "the memory exceeds the guest addresses of this CPU, the guest_memfd belongs to another "
	  "VM, or KVM rejects it for another reason",
	  "lower 'memory'; else " REPORT },

	{ CALL_MEMORY_ATTRIBUTES, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "this VM's memory can't be private", "use Linux 6.11 or later" },
	{ CALL_MEMORY_ATTRIBUTES, ENOTTY, ERROR_HOST_UNSUPPORTED,
	  "the kernel was built without private memory", "use Linux 6.11 or later" },
	{ CALL_MEMORY_ATTRIBUTES, ENOMEM, ERROR_HOST_MEMORY,
	  "the kernel has no memory to record which pages are private", NO_MEMORY_FIX },

	{ CALL_IRQCHIP, ENOTTY, ERROR_HOST_UNSUPPORTED,
	  "this kernel's KVM has no PIC and IOAPIC (CONFIG_KVM_IOAPIC is off)",
	  "use a kernel with CONFIG_KVM_IOAPIC" }, /* Linux 6.17 */

	{ CALL_CREATE_VCPU, EINVAL, ERROR_KVM,
	  "KVM supports no more vCPUs, or none with this number", "lower 'vcpus'; else " REPORT },
	{ CALL_CREATE_VCPU, EBUSY, ERROR_HOST_BUSY,
	  "another vCPU is being created, or KVM has no interrupt tables left for vCPUs",
	  "lower 'vcpus', or end other guests" },
	{ CALL_CREATE_VCPU, ENOMEM, ERROR_HOST_MEMORY,
	  "the kernel has no memory for the vCPU, or this cgroup's memory limit is reached",
	  "lower 'vcpus', free some memory on the host, or raise memory.max of this cgroup" },

	{ CALL_MAP_VCPU, ENOMEM, ERROR_HOST_MEMORY,
	  "a limit of this process on address space (ulimit -v) or mappings (vm.max_map_count) "
	  "is reached",
	  "lower 'vcpus', or raise the limit" },

	{ CALL_LAUNCH_START, EINVAL, ERROR_BAD_POLICY,
	  "KVM refuses a bit of snp.policy; kernels before 6.17 need smt set and single_socket "
	  "clear, no kernel accepts bit 18",
	  "try snp.policy: 0x30000 (0xb0000 with debug)" },
	{ CALL_LAUNCH_START, ENOTTY, ERROR_KVM,
	  "the kernel could not create a guest context: it is out of memory, or /dev/sev is not "
	  "the SEV device",
	  "read the kernel log (dmesg) for 'Failed to create SEV-SNP context'" },
	{ CALL_LAUNCH_START, EIO, ERROR_KVM, "the PSP failed without saying why", AGAIN },
	{ CALL_LAUNCH_START, EBUSY, ERROR_HOST_BUSY, PSP_BUSY, PSP_DEAD_FIX },
	{ CALL_LAUNCH_START, ETIMEDOUT, ERROR_KVM, PSP_DEAD, PSP_DEAD_FIX },
	{ CALL_LAUNCH_START, ENODEV, ERROR_KVM, PSP_LOST, AGAIN },

	{ CALL_LAUNCH_UPDATE, EIO, ERROR_KVM,
	  "the page was loaded before, is not private, or the host had no memory for it",
	  NO_MEMORY_FIX "; else " LOG },
	{ CALL_LAUNCH_UPDATE, EBUSY, ERROR_HOST_BUSY, PSP_BUSY, PSP_DEAD_FIX },
	{ CALL_LAUNCH_UPDATE, ETIMEDOUT, ERROR_KVM, PSP_DEAD, PSP_DEAD_FIX },
	{ CALL_LAUNCH_UPDATE, ENODEV, ERROR_KVM, PSP_LOST, AGAIN },

	{ CALL_SET_CPUID2, EINVAL, ERROR_KVM,
	  "KVM rejects the CPUID that it reported as supported (address widths, or the vCPU has "
	  "run)",
	  "report this, with the host's CPU model and the kernel's version" },
	{ CALL_SET_CPUID2, E2BIG, ERROR_KVM, "there are more CPUID leaves than KVM supports",
	  "report this, with the host's CPU model and the kernel's version" },
	{ CALL_SET_CPUID2, EPERM, ERROR_KVM,
	  "the CPUID has a feature (AMX) that this process may not give to guests",
	  "report this, with the host's CPU model and the kernel's version" },

	{ CALL_GET_SREGS, EINVAL, ERROR_KVM, "the vCPU's state was sealed before", AGAIN },
	{ CALL_SET_SREGS, EINVAL, ERROR_KVM,
	  "CR0, CR3, CR4, EFER and CS contradict each other or the CPUID",
	  "report this, with the manifest, the host's CPU model and the kernel's version" },
	{ CALL_SET_REGS, EINVAL, ERROR_KVM, "the vCPU's state was sealed before", AGAIN },
	{ CALL_SET_DEBUGREGS, EINVAL, ERROR_KVM, "the vCPU's state was sealed before", AGAIN },
	{ CALL_SET_XCRS, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "this host's CPU or KVM lacks a state component that the IGVM file's XCR0 enables",
	  "use a host that has it, or build the file with XCR0 1" },
	{ CALL_SET_XSAVE, EINVAL, ERROR_KVM, "this CPU lacks a bit of the IGVM file's MXCSR",
	  "build the file with MXCSR 0x1f80" },
	{ CALL_SET_MSRS, EINVAL, ERROR_KVM, "KVM doesn't accept MTRRdefType 0xc06, or a PAT",
	  "report this, with the host's CPU model and the kernel's version" },
	{ CALL_SET_MP_STATE, EINVAL, ERROR_KVM,
	  "KVM doesn't support reset hold, or the VM has no interrupt controllers",
	  "use Linux 6.11 or later; else " REPORT },

	{ CALL_LAUNCH_FINISH, EINVAL, ERROR_KVM,
	  "a vCPU's state was sealed before, or its debug registers don't have their reset values",
	  AGAIN },
	{ CALL_LAUNCH_FINISH, EFAULT, ERROR_KVM,
	  "a vCPU's VMSA page could not be assigned to the guest (RMPUPDATE)",
	  "look for 'RMPUPDATE failed' in the kernel log (dmesg)" },
	{ CALL_LAUNCH_FINISH, EBUSY, ERROR_HOST_BUSY, PSP_BUSY, PSP_DEAD_FIX },
	{ CALL_LAUNCH_FINISH, EIO, ERROR_KVM, "the PSP failed without saying why", AGAIN },
	{ CALL_LAUNCH_FINISH, ENOTTY, ERROR_KVM, "KVM doesn't consider this VM an SNP guest",
	  REPORT },
	{ CALL_LAUNCH_FINISH, ETIMEDOUT, ERROR_KVM, PSP_DEAD, PSP_DEAD_FIX },
	{ CALL_LAUNCH_FINISH, ENODEV, ERROR_KVM, PSP_LOST, AGAIN },

	{ LAUNCH_CALLS, EPERM, ERROR_HOST_PERMISSION,
	  "a security policy of this host (seccomp, SELinux, AppArmor) forbids the call",
	  "run snpvmm outside that sandbox, or allow the call in it" },
	{ LAUNCH_CALLS, EACCES, ERROR_HOST_PERMISSION,
	  "a security policy of this host (seccomp, SELinux, AppArmor) forbids the call",
	  "run snpvmm outside that sandbox, or allow the call in it" },
	{ LAUNCH_CALLS, ENOMEM, ERROR_HOST_MEMORY, NO_MEMORY, NO_MEMORY_FIX },
	{ LAUNCH_CALLS, EBUSY, ERROR_HOST_BUSY, "the kernel is busy with what the call needs",
	  "end other guests and try again; else " LOG },
	{ LAUNCH_CALLS, EAGAIN, ERROR_HOST_BUSY, "the kernel has too little of what the call needs",
	  "end other guests and try again; else " LOG },
	{ LAUNCH_CALLS, EMFILE, ERROR_HOST_BUSY, ERROR_EMFILE_WHY, ERROR_EMFILE_FIX },
	{ LAUNCH_CALLS, ENFILE, ERROR_HOST_BUSY, ERROR_ENFILE_WHY, ERROR_ENFILE_FIX },
	{ LAUNCH_CALLS, ENOTTY, ERROR_HOST_UNSUPPORTED, "this kernel's KVM doesn't know the call",
	  "use Linux 6.11 or later" },
	{ LAUNCH_CALLS, ENOSYS, ERROR_HOST_UNSUPPORTED, "this kernel's KVM doesn't know the call",
	  "use Linux 6.11 or later" },
	{ LAUNCH_CALLS, EOPNOTSUPP, ERROR_HOST_UNSUPPORTED,
	  "this kernel or this CPU doesn't support the call",
	  "use Linux 6.11 or later; else " LOG },
	{ LAUNCH_CALLS, EIO, ERROR_KVM, VM_DEAD, LOG ", and launch again" },
	{ LAUNCH_CALLS, EINTR, ERROR_KVM, "a signal ended the call",
	  "launch again, and find out what sends signals to snpvmm" },
	/* Any other errno: neither the manifest nor the host is known to cause it. */
	{ LAUNCH_CALLS, 0, ERROR_KVM, "the kernel rejects the call as snpvmm makes it", REPORT },
};
const size_t refusals_count = ARRAY_SIZE(refusals);

/*
 * SEV-SNP firmware ABI, chapter 8: statuses of SNP_INIT_EX, SNP_LAUNCH_START, _UPDATE, _FINISH and
 * SNP_ACTIVATE.
 */
const struct firmware_refusal firmware_refusals[] = {
	{ CALL_LAUNCH_START, SNP_STATUS_POLICY_FAILURE,
	  "this platform doesn't meet a requirement of snp.policy",
	  "try snp.policy: 0x30000 (0xb0000 with debug), or update the SEV firmware" },
	{ CALL_LAUNCH_START, SNP_STATUS_INVALID_PARAM,
	  "the firmware doesn't know a bit that snp.policy sets",
	  "try snp.policy: 0x30000 (0xb0000 with debug), or update the SEV firmware" },
	{ CALL_LAUNCH_START, SNP_STATUS_UNSUPPORTED,
	  "the firmware doesn't support a bit that snp.policy sets",
	  "try snp.policy: 0x30000 (0xb0000 with debug), or update the SEV firmware" },
	{ CALL_LAUNCH_UPDATE, SNP_STATUS_INVALID_PARAM,
	  "the firmware doesn't accept the page: a reserved field is set, or the page type is "
	  "unknown to it",
	  "update the SEV firmware; else " REPORT },
	{ CALL_LAUNCH_UPDATE, SNP_STATUS_INVALID_PAGE_STATE,
	  "the page is not in the state that the firmware expects; a page can be loaded only once",
	  "update the kernel; else " REPORT },
	{ CALL_LAUNCH_FINISH, SNP_STATUS_INVALID_PARAM,
	  "a reserved field of snp.id_block or snp.id_auth is set, or the firmware doesn't know a "
	  "feature of snp.guest_features",
	  "check the layout of snp.id_auth; try snp.guest_features: 0x1" },
	{ CALL_LAUNCH_FINISH, SNP_STATUS_UNSUPPORTED,
	  "the firmware doesn't support a feature of snp.guest_features, or the kind of "
	  "endorsement key",
	  "try snp.guest_features: 0x1, or update the SEV firmware" },
	{ CALL_LAUNCH_FINISH, SNP_STATUS_POLICY_FAILURE,
	  "the ID block was made for another policy than snp.policy",
	  "create the ID block again with this snp.policy, or set snp.policy to the block's" },
};
const size_t firmware_refusals_count = ARRAY_SIZE(firmware_refusals);

const char *refusal_what(enum launch_call call)
{
	return (unsigned)call < LAUNCH_CALLS ? calls[call] : "cannot do what the launch needs";
}

/* The row of this call and errno, else the errno's row for any call, else the last row. */
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

int refusal_set(struct error *err, enum launch_call call, int errnum)
{
	const struct refusal *r = refusal_find(call, errnum);
	const char *device = call == CALL_OPEN_KVM     ? "/dev/kvm"
	                     : call == CALL_OPEN_SEV   ? "/dev/sev"
	                     : call == CALL_OPEN_VHOST ? "/dev/vhost-vsock"
	                                               : NULL;

	error_sys(err, r->kind, errnum, "%s", refusal_what(call));
	if (!device || r->kind != ERROR_HOST_PERMISSION || geteuid() != 0) {
		error_why(err, "%s", r->why);
		return error_fix(err, "%s", r->fix);
	}
	/* The rows are about users and groups; something else keeps root from the device. */
	error_why(err, "even root may not open it here: the device rules of a container or cgroup, "
	               "a user namespace or a security module (SELinux, AppArmor) forbid it");
	return error_fix(err, "pass %s into the container (--device %s), or allow it there", device,
	                 device);
}

int refusal_sev(struct error *err, enum launch_call call, int errnum, uint32_t status)
{
	const struct snp_status *s = snp_status(status);
	const char *why = s->why, *fix = s->fix;

	if (status == 0 || status == SNP_STATUS_NOT_ASKED)
		return refusal_set(err, call, errnum);
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
