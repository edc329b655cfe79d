/* SPDX-License-Identifier: MIT */
/* core/base/reason.c: the one table of reason names. */
#include "core/base/reason.h"

#include <assert.h>

#include "core/base/array.h"

static const char *const names[] = {
	[ERROR_NONE] = "none",
	[ERROR_USAGE] = "usage",
	[ERROR_SYNTAX] = "syntax",
	[ERROR_UNKNOWN_KEY] = "unknown-key",
	[ERROR_DUPLICATE_KEY] = "duplicate-key",
	[ERROR_MISSING_KEY] = "missing-key",
	[ERROR_BAD_VALUE] = "bad-value",
	[ERROR_UNSUPPORTED] = "unsupported",
	[ERROR_CONFLICT] = "conflict",
	[ERROR_FILE] = "file-unreadable",
	[ERROR_FILE_CHANGED] = "file-changed",
	[ERROR_FILE_TOO_LARGE] = "file-too-large",
	[ERROR_FILE_PIN] = "file-differs",
	[ERROR_OUTSIDE_CONFINE] = "outside-confine",
	[ERROR_BAD_FIRMWARE] = "bad-firmware",
	[ERROR_NO_HASH_PAGE] = "no-hash-page",
	[ERROR_BAD_LAYOUT] = "bad-layout",
	[ERROR_MEMORY_TOO_SMALL] = "memory-too-small",
	[ERROR_BAD_POLICY] = "bad-policy",
	[ERROR_BAD_KEY] = "bad-key",
	[ERROR_BAD_ID_BLOCK] = "bad-id-block",
	[ERROR_MEASUREMENT_DIFFERS] = "measurement-differs",
	[ERROR_HOST_UNSUPPORTED] = "host-unsupported",
	[ERROR_HOST_PERMISSION] = "host-permission",
	[ERROR_HOST_BUSY] = "host-busy",
	[ERROR_HOST_MEMORY] = "host-memory",
	[ERROR_KVM] = "kvm-error",
	[ERROR_FIRMWARE_REFUSED] = "firmware-refused",
	[ERROR_OUTPUT] = "output-failed",
	[ERROR_OUTPUT_CONFLICT] = "output-conflict",
	[ERROR_INTERNAL] = "internal",
	[GUEST_EXITED] = "guest-exit",
	[GUEST_RESET] = "guest-reset",
	[GUEST_POWERED_OFF] = "guest-power-off",
	[GUEST_PANICKED] = "guest-panic",
	[GUEST_TERMINATED] = "guest-terminated",
	[GUEST_SHUTDOWN] = "guest-shutdown",
	[GUEST_CRASHED] = "guest-crash",
	[GUEST_HALTED] = "guest-halted",
	[MEMORY_FAULT] = "memory-fault",
	[KVM_INTERNAL] = "kvm-internal-error",
	[KVM_ENTRY_FAILED] = "kvm-entry-failed",
	[CONSOLE_COMPLETE] = "console-complete",
	[CONSOLE_MISSING] = "console-missing",
	[CONSOLE_FORBIDDEN] = "console-forbidden",
	[CONSOLE_UNDECIDED] = "console-undecided",
	[RUN_TIMED_OUT] = "timeout",
	[RUN_SILENT] = "silence",
	[RUN_SIGNALLED] = "signal",
};
static_assert(ARRAY_SIZE(names) == REASONS, "a reason without a name");

const char *reason_name(enum reason reason)
{
	return (unsigned)reason < REASONS ? names[reason] : "unknown";
}
