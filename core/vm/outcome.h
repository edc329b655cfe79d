/* SPDX-License-Identifier: MIT */
/* core/vm/outcome.h: how a run ended. */
#ifndef CORE_VM_OUTCOME_H
#define CORE_VM_OUTCOME_H

#include <stdint.h>

enum outcome_kind {
	GUEST_EXITED,      /* wrote the exit port; code: what it wrote */
	GUEST_RESET,       /* asked for a reset */
	GUEST_POWERED_OFF, /* asked for power-off */
	GUEST_TERMINATED,  /* SEV termination request; code: the GHCB MSR's value */
	GUEST_SHUTDOWN,    /* triple fault, or a VMSA that cannot run */
	GUEST_CRASHED,     /* told KVM that it crashed */
	MEMORY_FAULT,      /* touched what can't be served; code: the address */
	KVM_INTERNAL,      /* KVM_EXIT_INTERNAL_ERROR; code: suberror */
	KVM_ENTRY_FAILED,  /* KVM_EXIT_FAIL_ENTRY; code: hardware reason */
	KVM_FAILED, /* KVM_RUN itself failed, or an exit nobody knows; code: errno or exit reason */
	RUN_TIMED_OUT,
	RUN_SIGNALLED, /* code: the signal's number */
	OUTPUT_LOST,   /* the console's reader is gone; code: errno */
	OUTCOME_KINDS
};

struct outcome {
	enum outcome_kind kind;
	uint64_t code;
	char detail[320]; /* a sentence for people */
};

/* The bracketed word: "guest-terminated". Static. */
const char *outcome_name(enum outcome_kind kind);

void outcome_set(struct outcome *o, enum outcome_kind kind, uint64_t code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
