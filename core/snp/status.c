/* SPDX-License-Identifier: MIT */
/* core/snp/status.c: the tables of firmware statuses and termination reasons. */
#include "core/snp/status.h"

#include "core/base/array.h"

#define REPORT "report this, with the kernel's version and its log (dmesg)"
#define UPDATE "update kernel and SEV firmware"
#define AGAIN  "launch the guest again; if it still happens, " REPORT
/* Belongs to SEV-TIO or updates at run time, which no launch uses. */
#define STRAY "no launch should cause it: " REPORT

static const struct snp_status statuses[] = {
	{ 0x00, "SUCCESS", "the firmware reports success, but the kernel a failure", REPORT },
	{ 0x01, "INVALID_PLATFORM_STATE", "SNP is not initialised on this host",
	  "load kvm_amd and read the kernel log for 'SEV-SNP: failed to INIT'" },
	{ 0x02, "INVALID_GUEST_STATE", "the guest is not in the state that this command needs",
	  AGAIN },
	{ 0x03, "INVALID_CONFIG", "a BIOS setting, SMT or an old SEV firmware prevents it",
	  "enable SNP in the BIOS, don't force SMT off, update the SEV firmware" },
	{ 0x04, "INVALID_LEN", "a buffer that the kernel gave has the wrong length", UPDATE },
	{ 0x05, "ALREADY_OWNED", "the platform already has an owner",
	  "unload kvm_amd and reset the platform ('sevctl reset')" },
	{ 0x06, "INVALID_CERTIFICATE", "a certificate was refused",
	  "reset the platform's certificates ('sevctl reset')" },
	{ SNP_STATUS_POLICY_FAILURE, "POLICY_FAILURE",
	  "the guest policy asks for something that this platform doesn't have, or differs from "
	  "that of the ID block",
	  "compare snp.policy with the ID block and with the platform (SMT, API version)" },
	{ 0x08, "INACTIVE", "the guest has no ASID", AGAIN },
	{ 0x09, "INVALID_ADDRESS", "the kernel gave the firmware an address that it can't use",
	  UPDATE },
	{ SNP_STATUS_BAD_SIGNATURE, "BAD_SIGNATURE",
	  "a signature in snp.id_auth is wrong, or was made with another key or for another block",
	  "sign the ID block again; r and s are little-endian, 72 bytes each" },
	{ SNP_STATUS_BAD_MEASUREMENT, "BAD_MEASUREMENT",
	  "the ID block expects another launch digest",
	  "make the ID block for this manifest: 'snpvmm idblock MANIFEST' does, or each launch "
	  "with snp.identity" },
	{ 0x0c, "ASID_OWNED", "the ASID belongs to another guest",
	  "stop leftover guests; if there are none, reboot" },
	{ 0x0d, "INVALID_ASID", "the ASID is outside the range that the BIOS set",
	  "raise the SEV-ES ASID limit in the BIOS" },
	{ 0x0e, "WBINVD_REQUIRED", "caches were not flushed", UPDATE },
	{ 0x0f, "DFFLUSH_REQUIRED", "the data fabric was not flushed", UPDATE },
	{ 0x10, "INVALID_GUEST", "the guest's context page is unknown", AGAIN },
	{ 0x11, "INVALID_COMMAND", "the firmware doesn't know the command",
	  "update the SEV firmware" },
	{ 0x12, "ACTIVE", "the guest is still active", AGAIN },
	{ 0x13, "HWERROR_PLATFORM", "the hardware failed; the platform is safe",
	  "power-cycle the host" },
	{ 0x14, "HWERROR_UNSAFE", "the hardware failed; the platform is not safe",
	  "power-cycle the host" },
	{ SNP_STATUS_UNSUPPORTED, "UNSUPPORTED", "the platform lacks a feature that was asked for",
	  "drop the feature from snp.policy or snp.guest_features" },
	{ SNP_STATUS_INVALID_PARAM, "INVALID_PARAM",
	  "a field that must be zero is not, or a value is out of range",
	  "check the layout of snp.id_auth and the bits of snp.guest_features" },
	{ 0x17, "RESOURCE_LIMIT", "the firmware has no room for another guest",
	  "run fewer guests" },
	{ 0x18, "SECURE_DATA_INVALID", "an integrity check inside the firmware failed",
	  "update or reset the SEV firmware" },
	{ 0x19, "INVALID_PAGE_SIZE", "the page's size differs from the RMP's",
	  "update the kernel" },
	{ SNP_STATUS_INVALID_PAGE_STATE, "INVALID_PAGE_STATE",
	  "the page is not in the state that the firmware needs",
	  "update the kernel; if that doesn't help, " REPORT },
	{ 0x1b, "INVALID_MDATA_ENTRY", "the metadata of a swapped page is wrong", STRAY },
	{ 0x1c, "INVALID_PAGE_OWNER", "the page belongs to another guest", "update the kernel" },
	{ 0x1d, "AEAD_OFLOW", "the guest used up its message sequence numbers",
	  "restart the guest" },
	{ 0x1f, "EXIT_RING_BUFFER", "a command left the ring buffer mode", STRAY },
	{ 0x20, "RMP_INIT_REQUIRED", "the RMP must be initialised again", "reboot the host" },
	{ 0x21, "BAD_SVN", "the firmware image's security version is too low",
	  "install a newer SEV firmware (linux-firmware, amd/amd_sev_*.sbin)" },
	{ 0x22, "BAD_VERSION", "the firmware image's version is wrong",
	  "install the SEV firmware made for this CPU (linux-firmware, amd/amd_sev_*.sbin)" },
	{ 0x23, "SHUTDOWN_REQUIRED", "SNP must be shut down first", "unload kvm_amd" },
	{ 0x24, "UPDATE_FAILED", "a firmware update failed", "reboot the host" },
	{ 0x25, "RESTORE_REQUIRED", "the firmware's state must be restored", "reboot the host" },
	{ 0x26, "RMP_INITIALIZATION_FAILED", "the RMP could not be set up",
	  "enable SNP memory (RMP table) coverage of all memory in the BIOS" },
	{ 0x27, "INVALID_KEY", "the requested key is absent or disabled",
	  "load a VLEK, or ask for the VCEK" },
	{ 0x28, "SHUTDOWN_INCOMPLETE", "an SNP shutdown is unfinished", "try again, or reboot" },
	{ 0x30, "INCORRECT_BUFFER_LENGTH", "a buffer for a device has the wrong length", STRAY },
	{ 0x31, "EXPAND_BUFFER_LENGTH_REQUEST", "a buffer for a device is too small", STRAY },
	{ 0x32, "SPDM_REQUEST", "a device must be sent a message (SPDM)", STRAY },
	{ 0x33, "SPDM_ERROR", "a device's message (SPDM) was wrong", STRAY },
	{ 0x35, "ERR_IN_DEV_CONN", "the connection to a device failed", STRAY },
	{ 0x36, "INVALID_DEV_CTX", "a device's context page is unknown", STRAY },
	{ 0x37, "INVALID_TDI_CTX", "a device interface's context page is unknown", STRAY },
	{ 0x38, "INVALID_TDI", "a device interface is unknown", STRAY },
	{ 0x39, "RECLAIM_REQUIRED", "pages must be reclaimed from the firmware first", STRAY },
	{ 0x3a, "IN_USE", "what the command names is in use",
	  "stop other guests, or reload kvm_amd" },
	{ 0x3b, "INVALID_DEV_STATE", "a device is not in the state that the command needs", STRAY },
	{ 0x3c, "INVALID_TDI_STATE",
	  "a device interface is not in the state that the command needs", STRAY },
	{ 0x3d, "DEV_CERT_CHANGED", "the certificate of a device has changed", STRAY },
	{ 0x3e, "RESYNC_REQ", "a device must be synchronised again", STRAY },
	{ 0x3f, "RESPONSE_TOO_LARGE", "a device's answer is too large", STRAY },
	{ SNP_STATUS_NOT_ASKED, "NOT_ASKED", "the kernel failed before it asked the firmware",
	  "read the kernel log (dmesg)" },
};

const struct snp_status *snp_status(uint32_t code)
{
	static const struct snp_status unknown = {
		0, "unknown status", "this version of snpvmm does not know this status",
		"look it up in the SEV-SNP firmware ABI; if it isn't there, " REPORT
	};

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].code == code)
			return &statuses[i];
	return &unknown;
}

const struct snp_status *snp_status_at(size_t i)
{
	return i < ARRAY_SIZE(statuses) ? &statuses[i] : NULL;
}

static const struct {
	unsigned set, code;
	const char *text;
} terminations[] = {
	{ 0, 0, "general termination request" },
	{ 0, 1, "GHCB protocol version not supported" },
	{ 0, 2, "hypervisor or guest don't support SNP features that the guest needs" },
	{ 1, 0, "GHCB registration failed" },
	{ 1, 1, "page state change failed" },
	{ 1, 2, "PVALIDATE failed" },
	{ 1, 3, "not running at VMPL0" },
	{ 1, 4, "CPUID page is not valid" },
	{ 1, 5, "asking the hypervisor for CPUID failed" },
	{ 1, 6, "secrets page is not usable" },
	{ 1, 7, "there is no SVSM, but the guest needs one" },
	{ 1, 8, "both SVSM and guest run at VMPL0" },
	{ 1, 9, "SVSM calling area is not usable" },
};

const char *snp_termination(unsigned set, unsigned code)
{
	for (size_t i = 0; i < ARRAY_SIZE(terminations); i++)
		if (terminations[i].set == set && terminations[i].code == code)
			return terminations[i].text;
	return NULL;
}

const char *snp_termination_set(unsigned set)
{
	static const char *const sets[] = { "GHCB specification", "guest kernel or firmware" };

	return set < ARRAY_SIZE(sets) ? sets[set] : "the guest's own codes";
}
