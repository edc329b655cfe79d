/* SPDX-License-Identifier: MIT */
/*
 * core/base/reason.h: why a command failed or how a run ended: the names that scripts rely on.
 */
#ifndef CORE_BASE_REASON_H
#define CORE_BASE_REASON_H

/*
 * The word in brackets of each error line and verdict. 'snpvmm explain NAME' has a page for each.
 */
enum reason {
	ERROR_NONE,

	/* A command failed; held by struct error. */
	ERROR_USAGE,
	ERROR_SYNTAX,
	ERROR_UNKNOWN_KEY,
	ERROR_DUPLICATE_KEY,
	ERROR_MISSING_KEY,
	ERROR_BAD_VALUE,
	ERROR_UNSUPPORTED,
	ERROR_CONFLICT,
	ERROR_FILE,
	ERROR_FILE_CHANGED,
	ERROR_FILE_TOO_LARGE,
	ERROR_FILE_PIN,
	ERROR_OUTSIDE_CONFINE,
	ERROR_BAD_FIRMWARE,
	ERROR_NO_HASH_PAGE,
	ERROR_BAD_LAYOUT,
	ERROR_MEMORY_TOO_SMALL,
	ERROR_BAD_POLICY,
	ERROR_BAD_KEY,
	ERROR_BAD_ID_BLOCK,
	ERROR_BAD_CERTIFICATE,
	ERROR_MEASUREMENT_DIFFERS,
	ERROR_HOST_UNSUPPORTED,
	ERROR_HOST_PERMISSION,
	ERROR_HOST_BUSY,
	ERROR_HOST_MEMORY,
	ERROR_KVM,
	ERROR_FIRMWARE_REFUSED,
	ERROR_OUTPUT,
	ERROR_OUTPUT_CONFLICT,
	ERROR_INTERNAL,

	/*
	 * A guest ran, and this is how the run ended; held by struct outcome, which may hold
	 * ERROR_KVM and ERROR_OUTPUT too.
	 */
	GUEST_EXITED,      /* wrote the exit port; code: what it wrote */
	GUEST_RESET,       /* asked for a reset */
	GUEST_POWERED_OFF, /* asked for power-off */
	GUEST_PANICKED,    /* its kernel said so on the console */
	GUEST_TERMINATED,  /* SEV termination request; code: the GHCB MSR's value */
	GUEST_SHUTDOWN,    /* triple fault, or a VMSA that cannot run */
	GUEST_CRASHED,     /* reported to KVM that it crashed */
	GUEST_REJECTED,    /* did what KVM or the processor rejects; code: errno, or the exit */
	GUEST_HALTED,      /* all vCPUs are halted with interrupts off */
	MEMORY_FAULT,      /* an access that can't be handled; code: the address */
	KVM_INTERNAL,      /* KVM_EXIT_INTERNAL_ERROR; code: suberror */
	KVM_ENTRY_FAILED,  /* KVM_EXIT_FAIL_ENTRY; code: hardware reason */
	CONSOLE_COMPLETE,  /* every expected line came, and the guest may keep running */
	CONSOLE_MISSING,   /* the guest ended before every expected line had come */
	CONSOLE_FORBIDDEN, /* a line matched expect.never */
	CONSOLE_UNDECIDED, /* matching a line ran out of steps */
	REPORT_MISSING,    /* the guest ended, and its attestation report had not come whole */
	REPORT_DIFFERS,    /* its report is not of this launch */
	RUN_TIMED_OUT,     /* code: the limit in milliseconds */
	RUN_SILENT,        /* code: the limit in milliseconds */
	RUN_SIGNALLED,     /* code: the signal's number */
	RUN_KILLED,        /* by a debugger */
	RUN_CONFINED,      /* its process made a system call that the sandbox refuses */

	/* An attestation report is not authentic; held by struct attest_check. */
	REPORT_MALFORMED,
	REPORT_UNSIGNED,
	REPORT_NOT_AUTHENTIC, /* no certificates were given to prove it */
	CHAIN_BROKEN,
	ROOT_NOT_TRUSTED,
	CERTIFICATE_EXPIRED, /* or not valid yet */
	CERTIFICATE_REVOKED,
	REVOCATION_UNKNOWN, /* no revocation list that is valid now */
	PROCESSOR_DIFFERS,
	SIGNATURE_BAD,
	TCB_MISMATCH,
	CHIP_MISMATCH,
	/*
	 * The report is authentic, but not of this launch (ERROR_MEASUREMENT_DIFFERS, too), or it
	 * doesn't meet what the user requires.
	 */
	POLICY_DIFFERS,
	DEBUG_ALLOWED,
	HOST_DATA_DIFFERS,
	ID_KEY_DIFFERS,
	AUTHOR_KEY_DIFFERS,
	FAMILY_ID_DIFFERS,
	IMAGE_ID_DIFFERS,
	SVN_DIFFERS,
	MIGRATION_DIFFERS, /* a migration agent, although the policy allows none */
	VMPL_DIFFERS,
	NONCE_DIFFERS,
	TCB_TOO_OLD,
	FIRMWARE_TOO_OLD,
	PLATFORM_BIT,
	MITIGATION_MISSING,
	REASONS
};

/* "bad-firmware", "guest-exit"; "unknown" for other numbers. Static. */
const char *reason_name(enum reason reason);

#endif
