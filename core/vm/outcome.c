/* SPDX-License-Identifier: MIT */
/* core/vm/outcome.c: names of the ways a run ends. */
#include "core/vm/outcome.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/base/array.h"

static const char *const names[] = {
	[GUEST_EXITED] = "guest-exit",
	[GUEST_RESET] = "guest-reset",
	[GUEST_POWERED_OFF] = "guest-power-off",
	[GUEST_TERMINATED] = "guest-terminated",
	[GUEST_SHUTDOWN] = "guest-shutdown",
	[GUEST_CRASHED] = "guest-crash",
	[MEMORY_FAULT] = "memory-fault",
	[KVM_INTERNAL] = "kvm-internal-error",
	[KVM_ENTRY_FAILED] = "kvm-entry-failed",
	[KVM_FAILED] = "kvm-error",
	[RUN_TIMED_OUT] = "timeout",
	[RUN_SIGNALLED] = "signal",
	[OUTPUT_LOST] = "output-failed",
};
static_assert(ARRAY_SIZE(names) == OUTCOME_KINDS, "an outcome without a name");

const char *outcome_name(enum outcome_kind kind)
{
	return names[kind];
}

void outcome_set(struct outcome *o, enum outcome_kind kind, uint64_t code, const char *format, ...)
{
	va_list args;

	o->kind = kind;
	o->code = code;
	va_start(args, format);
	vsnprintf(o->detail, sizeof(o->detail), format, args);
	va_end(args);
}
