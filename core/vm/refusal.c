/* SPDX-License-Identifier: MIT */
/* core/vm/refusal.c: the tables behind refusal_set(); source: Linux 6.12, arch/x86/kvm/svm/sev.c. */
#include "core/vm/refusal.h"

#include <errno.h>
#include <stddef.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"

static const struct {
	uint32_t id;
	const char *name;
} commands[] = {
	{ X_SEV_INIT2, "SEV_INIT2" },
	{ X_SNP_LAUNCH_START, "LAUNCH_START" },
	{ X_SNP_LAUNCH_UPDATE, "LAUNCH_UPDATE" },
	{ X_SNP_LAUNCH_FINISH, "LAUNCH_FINISH" },
};

/* KVM's own refusals, before or without the firmware. */
static const struct {
	uint32_t id;
	int errnum;
	enum reason kind;
	const char *why, *fix;
} refusals[] = {
	{ X_SEV_INIT2, EBUSY, ERROR_HOST_BUSY,
	  "all ASIDs for SNP guests are in use, or the cgroup's misc.max for sev_es is reached",
	  "end left-over guests, raise misc.max, or raise the SEV-ES ASID limit in the BIOS" },
	{ X_SEV_INIT2, EINVAL, ERROR_HOST_UNSUPPORTED,
	  "this kernel doesn't know a feature that snp.guest_features asks for",
	  "use snp.guest_features: 0x1, or a newer kernel" },
	{ X_SEV_INIT2, ENOTTY, ERROR_HOST_UNSUPPORTED,
	  "SEV is off in kvm_amd, or the BIOS reserves no ASIDs for SNP guests",
	  "set the SEV-ES ASID limit in the BIOS to 2 or more; load kvm_amd with sev_snp=1" },
	{ X_SNP_LAUNCH_START, EINVAL, ERROR_BAD_POLICY,
	  "KVM refuses a bit of snp.policy; kernels before 6.17 want SMT allowed and "
	  "single_socket off, none takes bit 18",
	  "try snp.policy: 0x30000 (0xb0000 with debug)" },
	{ X_SNP_LAUNCH_START, ENOTTY, ERROR_KVM,
	  "the kernel could not make a guest context: out of memory, or /dev/sev is not the SEV "
	  "device",
	  "read the kernel log for 'Failed to create SEV-SNP context'" },
	{ X_SNP_LAUNCH_UPDATE, EIO, ERROR_KVM,
	  "the page was not private, was loaded before, or a signal came in between", "" },
	{ X_SNP_LAUNCH_FINISH, EINVAL, ERROR_KVM, "a vCPU's state was sealed before",
	  "launch anew" },
	{ X_SNP_LAUNCH_FINISH, EFAULT, ERROR_KVM,
	  "a vCPU's VMSA page could not be assigned to the guest", "read the kernel log" },
};

const char *refusal_command(uint32_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].id == id)
			return commands[i].name;
	return "SEV command";
}

static int refusal_firmware(struct error *err, uint32_t id, int errnum, uint32_t status)
{
	const struct snp_status *s = snp_status(status);

	error_set(err, ERROR_FIRMWARE_REFUSED, "%s: the SNP firmware says %s (0x%02x)",
	          refusal_command(id), s->name, status);
	err->code = -errnum;
	error_why(err, "%s", s->cause);
	return error_fix(err, "%s", s->cure);
}

int refusal_set(struct error *err, uint32_t id, int errnum, uint32_t status)
{
	if (status != 0 && status != SNP_STATUS_NOT_ASKED)
		return refusal_firmware(err, id, errnum, status);
	error_sys(err, ERROR_KVM, errnum, "%s failed", refusal_command(id));
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].id == id && refusals[i].errnum == errnum) {
			err->kind = refusals[i].kind;
			error_why(err, "%s", refusals[i].why);
			error_fix(err, "%s", refusals[i].fix);
		}
	return err->code;
}
