/* SPDX-License-Identifier: MIT */
/*
 * core/vm/refusal.c: what each errno of each call of a launch means, and the error that is made of
 * it. Source: Linux 6.12, virt/kvm/kvm_main.c, virt/kvm/guest_memfd.c, arch/x86/kvm/x86.c,
 * arch/x86/kvm/cpuid.c, arch/x86/kvm/svm/sev.c, drivers/crypto/ccp/sev-dev.c; what later kernels
 * add is marked.
 */
#include "core/vm/refusal.h"

#include <assert.h>
#include <errno.h>
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

#define LOG    "read the kernel log (dmesg)"
#define REPORT "report this, with the kernel's version and its log (dmesg)"
#define ANEW   "launch anew; if it happens again, " REPORT

#define NO_KVM     "KVM is not loaded, or virtualisation is off in the BIOS or not nested here"
#define NO_KVM_FIX "modprobe kvm_amd (or kvm_intel); in a container pass /dev/kvm in"
#define NO_SEV     "the module ccp is not loaded, or the BIOS hides the PSP"
#define NO_SEV_FIX "modprobe ccp; in a container pass /dev/sev in beside /dev/kvm"
#define SEV_RULE   "give your user access to /dev/sev (a udev rule, or root)"

#define VIRT_TAKEN                                                                                 \
	"another hypervisor holds the CPUs' virtualisation, it is locked in the BIOS, or the "     \
	"host is about to reboot"
#define VIRT_TAKEN_FIX "end other hypervisors (VirtualBox, VMware) and " LOG

#define PSP_DEAD     "the PSP didn't answer in time; the kernel leaves it alone until reboot"
#define PSP_DEAD_FIX "reboot the host, and update the SEV firmware if it happens again"
#define PSP_BUSY                                                                                   \
	"the kernel has given up the PSP after a command that timed out, or is busy with others"
#define PSP_GONE      "the PSP's driver (ccp) has no SEV firmware to talk to"
#define PSP_GONE_FIX  "load ccp before kvm_amd, and look for 'ccp' in the kernel log (dmesg)"
#define PSP_LOST      "the PSP's driver (ccp), which was there at SEV_INIT2, went away"
#define NO_MEMORY     "the kernel has no memory for it, or this cgroup's memory limit is reached"
#define NO_MEMORY_FIX "lower 'memory', free some on the host, or raise memory.max of this cgroup"
#define VM_DEAD                                                                                    \
	"KVM has given this VM up after an earlier failure, or it belongs to another process"

/* By call, in the order of a launch; then what an errno means elsewhere. */
const struct refusal refusals[] = {
	{ CALL_OPEN_KVM, ENOENT, ERROR_HOST_UNSUPPORTED, NO_KVM, NO_KVM_FIX },
	{ CALL_OPEN_KVM, ENODEV, ERROR_HOST_UNSUPPORTED, NO_KVM, NO_KVM_FIX },
	{ CALL_OPEN_KVM, ENXIO, ERROR_HOST_UNSUPPORTED, NO_KVM, NO_KVM_FIX },
	{ CALL_OPEN_KVM, EACCES, ERROR_HOST_PERMISSION,
	  "your user may not open the device; on most hosts the group 'kvm' may",
	  "join the group 'kvm' (usermod -aG kvm USER, then log in anew)" },
	{ CALL_OPEN_KVM, EPERM, ERROR_HOST_PERMISSION,
	  "the device rules of a container or cgroup keep the device from you",
	  "pass /dev/kvm into the container (--device /dev/kvm), or join the group 'kvm'" },

	{ CALL_API_VERSION, ENOTTY, ERROR_HOST_UNSUPPORTED, "/dev/kvm is not KVM's device",
	  "see what /dev/kvm is (ls -l; KVM's has numbers 10, 232), and make it anew" },

	{ CALL_CREATE_VM, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "KVM has no VMs of the type that 'platform' stands for",
	  "'platform: snp' needs Linux 6.11 or later with SNP on; see /sys/module/kvm_amd/"
	  "parameters/sev_snp" },
	{ CALL_CREATE_VM, EBUSY, ERROR_HOST_BUSY, VIRT_TAKEN, VIRT_TAKEN_FIX },
	{ CALL_CREATE_VM, EIO, ERROR_HOST_BUSY, VIRT_TAKEN, VIRT_TAKEN_FIX },
	{ CALL_CREATE_VM, EAGAIN, ERROR_HOST_BUSY,
	  "KVM could not start a task of its own: a limit on tasks is reached",
	  "raise pids.max of this cgroup, or the limit on processes (ulimit -u)" },

	{ CALL_OPEN_SEV, ENOENT, ERROR_HOST_UNSUPPORTED, NO_SEV, NO_SEV_FIX },
	{ CALL_OPEN_SEV, ENODEV, ERROR_HOST_UNSUPPORTED, NO_SEV, NO_SEV_FIX },
	{ CALL_OPEN_SEV, ENXIO, ERROR_HOST_UNSUPPORTED, NO_SEV, NO_SEV_FIX },
	{ CALL_OPEN_SEV, EACCES, ERROR_HOST_PERMISSION,
	  "your user may not open the device; by default only root may", SEV_RULE },
	{ CALL_OPEN_SEV, EPERM, ERROR_HOST_PERMISSION,
	  "the device rules of a container or cgroup keep the device from you",
	  "pass /dev/sev into the container (--device /dev/sev), or " SEV_RULE },
	{ CALL_OPEN_SEV, EBUSY, ERROR_HOST_BUSY,
	  "another program holds the SEV firmware's device alone",
	  "end that program (fuser -v /dev/sev) and try again" },

	{ CALL_ENABLE_CAP, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "this kernel's KVM can't hand over page-state changes (KVM_CAP_EXIT_HYPERCALL)",
	  "use Linux 6.11 or later" },

	{ CALL_SEV_INIT2, EBUSY, ERROR_HOST_BUSY,
	  "all ASIDs for SNP guests are in use, or the cgroup's misc.max for sev_es is reached",
	  "end left-over guests, raise misc.max (its line sev_es; misc.current counts), or raise "
	  "the SEV-ES ASID limit in the BIOS" },
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
	  "the host has more reserved ranges of memory than SNP_INIT_EX can name",
	  "update BIOS and kernel, and look for 'SNP_INIT_EX' in the kernel log (dmesg)" },
	{ CALL_SEV_INIT2, ETIMEDOUT, ERROR_KVM, PSP_DEAD, PSP_DEAD_FIX },

	{ CALL_GUEST_MEMFD, EINVAL, ERROR_KVM,
	  "this kernel doesn't take guest memory of this size or with these flags",
	  "set 'memory' to whole pages of 4 KiB; else " REPORT },
	{ CALL_GUEST_MEMFD, ENOTTY, ERROR_HOST_UNSUPPORTED,
	  "the kernel is older than 6.8 or built without guest_memfd", "use Linux 6.11 or later" },
	{ CALL_GUEST_MEMFD, ENOMEM, ERROR_HOST_MEMORY, NO_MEMORY, NO_MEMORY_FIX },

	{ CALL_MAP_MEMORY, ENOMEM, ERROR_HOST_MEMORY,
	  "this process has no room for the guest's memory: the host overcommits none, or a limit "
	  "on address space (ulimit -v) or mappings (vm.max_map_count) is reached",
	  "lower 'memory', or raise the limit" },
	{ CALL_MAP_MEMORY, EAGAIN, ERROR_HOST_MEMORY,
	  "more memory would be locked than this process may lock",
	  "lower 'memory', or raise the limit on locked memory (ulimit -l)" },
	{ CALL_MAP_MEMORY, ENODEV, ERROR_HOST_UNSUPPORTED,
	  "this kernel's guest_memfd can't be mapped",
	  "use another kernel; guest_memfd can be mapped since Linux 6.18" },

	{ CALL_MEMORY_REGION, EINVAL, ERROR_KVM,
	  "the memory ends beyond the guest addresses that this CPU has, or KVM wants it otherwise",
	  "lower 'memory'; else " REPORT },
	{ CALL_MEMORY_REGION2, EINVAL, ERROR_KVM,
	  "the memory ends beyond the guest addresses that this CPU has, the guest_memfd is "
	  "another VM's, or KVM wants it otherwise",
	  "lower 'memory'; else " REPORT },

	{ CALL_MEMORY_ATTRIBUTES, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "this VM's memory can't be private", "use Linux 6.11 or later" },
	{ CALL_MEMORY_ATTRIBUTES, ENOTTY, ERROR_HOST_UNSUPPORTED,
	  "the kernel was built without private memory", "use Linux 6.11 or later" },
	{ CALL_MEMORY_ATTRIBUTES, ENOMEM, ERROR_HOST_MEMORY,
	  "the kernel has no memory to note which pages are private", NO_MEMORY_FIX },

	{ CALL_IRQCHIP, ENOTTY, ERROR_HOST_UNSUPPORTED,
	  "this kernel has no PIC and IOAPIC of its own (CONFIG_KVM_IOAPIC is off)",
	  "use a kernel with CONFIG_KVM_IOAPIC" }, /* Linux 6.17 */

	{ CALL_CREATE_VCPU, EINVAL, ERROR_KVM,
	  "KVM takes no further vCPU, or none with this number", "lower 'vcpus'; else " REPORT },
	{ CALL_CREATE_VCPU, EBUSY, ERROR_HOST_BUSY,
	  "another vCPU is being created, or KVM has no more interrupt tables for vCPUs",
	  "lower 'vcpus', or end other guests" },
	{ CALL_CREATE_VCPU, ENOMEM, ERROR_HOST_MEMORY,
	  "the kernel has no memory for the vCPU, or this cgroup's memory limit is reached",
	  "lower 'vcpus', free some memory on the host, or raise memory.max of this cgroup" },

	{ CALL_MAP_VCPU, ENOMEM, ERROR_HOST_MEMORY,
	  "a limit of this process on address space (ulimit -v) or mappings (vm.max_map_count) "
	  "is reached",
	  "lower 'vcpus', or raise the limit" },

	{ CALL_LAUNCH_START, EINVAL, ERROR_BAD_POLICY,
	  "KVM refuses a bit of snp.policy; kernels before 6.17 want SMT allowed and "
	  "single_socket off, none takes bit 18",
	  "try snp.policy: 0x30000 (0xb0000 with debug)" },
	{ CALL_LAUNCH_START, ENOTTY, ERROR_KVM,
	  "the kernel could not make a guest context: out of memory, or /dev/sev is not the SEV "
	  "device",
	  "read the kernel log (dmesg) for 'Failed to create SEV-SNP context'" },
	{ CALL_LAUNCH_START, EIO, ERROR_KVM, "the PSP failed without saying why", ANEW },
	{ CALL_LAUNCH_START, EBUSY, ERROR_HOST_BUSY, PSP_BUSY, PSP_DEAD_FIX },
	{ CALL_LAUNCH_START, ETIMEDOUT, ERROR_KVM, PSP_DEAD, PSP_DEAD_FIX },
	{ CALL_LAUNCH_START, ENODEV, ERROR_KVM, PSP_LOST, ANEW },

	{ CALL_LAUNCH_UPDATE, EIO, ERROR_KVM,
	  "the page was loaded before, is not private, or the host had no memory for it",
	  NO_MEMORY_FIX "; else " LOG },
	{ CALL_LAUNCH_UPDATE, EBUSY, ERROR_HOST_BUSY, PSP_BUSY, PSP_DEAD_FIX },
	{ CALL_LAUNCH_UPDATE, ETIMEDOUT, ERROR_KVM, PSP_DEAD, PSP_DEAD_FIX },
	{ CALL_LAUNCH_UPDATE, ENODEV, ERROR_KVM, PSP_LOST, ANEW },

	{ CALL_SET_CPUID2, EINVAL, ERROR_KVM,
	  "KVM doesn't take back the CPUID that it offered (address widths, or after the vCPU "
	  "ran)",
	  "report this, with the host's CPU model and the kernel's version" },
	{ CALL_SET_CPUID2, E2BIG, ERROR_KVM, "there are more CPUID leaves than KVM takes",
	  "report this, with the host's CPU model and the kernel's version" },
	{ CALL_SET_CPUID2, EPERM, ERROR_KVM,
	  "the CPUID has state (AMX) that this process has no permission to give to guests",
	  "report this, with the host's CPU model and the kernel's version" },

	{ CALL_GET_SREGS, EINVAL, ERROR_KVM, "the vCPU's state was sealed before", ANEW },
	{ CALL_SET_SREGS, EINVAL, ERROR_KVM,
	  "KVM holds CR0, CR3, CR4, EFER and CS against each other and against CPUID",
	  "report this, with the manifest, the host's CPU model and the kernel's version" },
	{ CALL_SET_REGS, EINVAL, ERROR_KVM, "the vCPU's state was sealed before", ANEW },
	{ CALL_SET_MSRS, EINVAL, ERROR_KVM, "KVM doesn't take MTRRdefType 0xc06",
	  "report this, with the host's CPU model and the kernel's version" },
	{ CALL_SET_MP_STATE, EINVAL, ERROR_KVM,
	  "KVM knows no vCPU held in reset, or the VM has no interrupt controllers",
	  "use Linux 6.11 or later; else " REPORT },

	{ CALL_LAUNCH_FINISH, EINVAL, ERROR_KVM,
	  "a vCPU's state was sealed before, or its debug registers are not as after reset", ANEW },
	{ CALL_LAUNCH_FINISH, EFAULT, ERROR_KVM,
	  "a vCPU's VMSA page could not be assigned to the guest (RMPUPDATE)",
	  "look for 'RMPUPDATE failed' in the kernel log (dmesg)" },
	{ CALL_LAUNCH_FINISH, EBUSY, ERROR_HOST_BUSY, PSP_BUSY, PSP_DEAD_FIX },
	{ CALL_LAUNCH_FINISH, EIO, ERROR_KVM, "the PSP failed without saying why", ANEW },
	{ CALL_LAUNCH_FINISH, ENOTTY, ERROR_KVM, "KVM doesn't hold this VM for an SNP guest",
	  REPORT },
	{ CALL_LAUNCH_FINISH, ETIMEDOUT, ERROR_KVM, PSP_DEAD, PSP_DEAD_FIX },
	{ CALL_LAUNCH_FINISH, ENODEV, ERROR_KVM, PSP_LOST, ANEW },

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
	{ LAUNCH_CALLS, EMFILE, ERROR_HOST_BUSY, "this process has as many files open as it may",
	  "raise the limit (ulimit -n); a guest needs some 20, and one for each of 'vcpus'" },
	{ LAUNCH_CALLS, ENFILE, ERROR_HOST_BUSY, "this host has as many files open as it may",
	  "raise fs.file-max (sysctl), or end what holds so many" },
	{ LAUNCH_CALLS, ENOTTY, ERROR_HOST_UNSUPPORTED, "this kernel's KVM doesn't know the call",
	  "use Linux 6.11 or later" },
	{ LAUNCH_CALLS, ENOSYS, ERROR_HOST_UNSUPPORTED, "this kernel's KVM doesn't know the call",
	  "use Linux 6.11 or later" },
	{ LAUNCH_CALLS, EOPNOTSUPP, ERROR_HOST_UNSUPPORTED,
	  "this kernel or this CPU doesn't support the call",
	  "use Linux 6.11 or later; else " LOG },
	{ LAUNCH_CALLS, EIO, ERROR_KVM, VM_DEAD, LOG ", and launch anew" },
	{ LAUNCH_CALLS, EINTR, ERROR_KVM, "a signal ended the call",
	  "launch anew, and see who sends signals to snpvmm" },
	/* Nothing of the manifest's or the host's is known to cause it. */
	{ LAUNCH_CALLS, 0, ERROR_KVM, "the kernel doesn't take the call as snpvmm makes it",
	  REPORT },
};
const size_t refusals_count = ARRAY_SIZE(refusals);

/*
 * SEV-SNP firmware ABI, chapter 8: the statuses of SNP_INIT_EX, of SNP_LAUNCH_START, _UPDATE,
 * _FINISH and SNP_ACTIVATE.
 */
const struct firmware_refusal firmware_refusals[] = {
	{ CALL_LAUNCH_START, SNP_STATUS_POLICY_FAILURE,
	  "snp.policy asks for what this platform doesn't have",
	  "try snp.policy: 0x30000 (0xb0000 with debug), or update the SEV firmware" },
	{ CALL_LAUNCH_START, SNP_STATUS_INVALID_PARAM,
	  "the firmware doesn't know a bit that snp.policy sets",
	  "try snp.policy: 0x30000 (0xb0000 with debug), or update the SEV firmware" },
	{ CALL_LAUNCH_START, SNP_STATUS_UNSUPPORTED,
	  "the firmware doesn't support a bit that snp.policy sets",
	  "try snp.policy: 0x30000 (0xb0000 with debug), or update the SEV firmware" },
	{ CALL_LAUNCH_UPDATE, SNP_STATUS_INVALID_PARAM,
	  "the firmware doesn't take the page as it is: a reserved field is set, or the kind of "
	  "page is unknown to it",
	  "update the SEV firmware; else " REPORT },
	{ CALL_LAUNCH_UPDATE, SNP_STATUS_INVALID_PAGE_STATE,
	  "the page is not in the state the firmware wants; a page can be loaded once only",
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
	  "make the ID block anew with this snp.policy, or set snp.policy as the block has it" },
};
const size_t firmware_refusals_count = ARRAY_SIZE(firmware_refusals);

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

/*
 * Groups and rules that hold for users are nothing to root, whom something else keeps from the
 * device.
 */
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
	const char *why = s->why, *fix = s->fix;

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
