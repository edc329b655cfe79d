/* SPDX-License-Identifier: MIT */
/* core/vm/snp_exit.c: serves or explains what only an SNP guest exits for. */
#include "core/vm/snp_exit.h"

#include <errno.h>
#include <stddef.h>

#include "core/base/bytes.h"
#include "core/snp/policy.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"
#include "core/vm/vm_priv.h"

/* The guest asks for pages to become private or shared (GHCB specification 4.1.6). */
static enum exit_action map_gpa_range(struct vm *vm, struct exit_hypercall *call,
                                      struct outcome *ret)
{
	bool to_private = call->args[2] & KVM_MAP_GPA_RANGE_ENCRYPTED;
	enum memory_change change;

	/*
	 * KVM takes 0, EINVAL and EAGAIN, all positive; from Linux 7.1 on anything else ends the VM
	 * (api.rst, KVM_EXIT_HYPERCALL). 6.12 leaves what was there before, so each path says its
	 * own.
	 */
	call->ret = EINVAL;
	if (call->nr != KVM_HC_MAP_GPA_RANGE)
		return EXIT_ACTION_RESUME;
	change = memory_convert(&vm->memory, call->args[0], call->args[1], to_private);
	if (change == MEMORY_CHANGED)
		stats_pages(&vm->stats, call->args[1], to_private);
	if (change == MEMORY_LATER) {
		call->ret = EAGAIN;
		return EXIT_ACTION_RESUME;
	}
	if (change == MEMORY_FAILED) {
		outcome_set(ret, ERROR_KVM, 0, "the host failed to make page 0x%llx %s",
		            (unsigned long long)call->args[0], to_private ? "private" : "shared");
		return EXIT_ACTION_STOP;
	}
	/* Firmware marks MMIO as shared, where there is nothing to convert and nothing wrong. */
	if (change != MEMORY_NOT_OURS || !to_private)
		call->ret = 0;
	return EXIT_ACTION_RESUME;
}

static const char *fault_advice(uint64_t gpa)
{
	if (gpa == 0xfee00000)
		return ": the local APIC's page; firmware before edk2-stable202405 does this, use "
		       "a newer build";
	return "";
}

/*
 * An access of one kind to a page that is of the other: converted as the access implies, if that
 * changes anything.
 */
static enum exit_action memory_fault(struct vm *vm, const struct exit_memory_fault *f,
                                     struct outcome *ret)
{
	bool private = f->flags & KVM_MEMORY_EXIT_FLAG_PRIVATE;
	enum memory_change change = MEMORY_NOT_OURS;

	if (!(f->flags & ~KVM_MEMORY_EXIT_FLAG_PRIVATE))
		change = memory_convert(&vm->memory, f->gpa & ~(PAGE_SIZE - 1), 1, private);
	if (change == MEMORY_CHANGED)
		stats_pages(&vm->stats, 1, private);
	/* Where the host can't now, the guest faults again. */
	if (change == MEMORY_CHANGED || change == MEMORY_LATER)
		return EXIT_ACTION_RESUME;
	outcome_set(ret, MEMORY_FAULT, f->gpa, "the guest made a %s access to 0x%llx, where %s%s",
	            private ? "private" : "shared", (unsigned long long)f->gpa,
	            change == MEMORY_NOT_OURS ? "there is no memory"
	                                      : "the host can't provide the page",
	            fault_advice(f->gpa));
	return EXIT_ACTION_STOP;
}

/* The reason a guest left in its GHCB page, offset 0x398 (SW_EXITINFO1); -1: not to be had. */
static int ghcb_reason(struct vm *vm, uint64_t ghcb)
{
	const uint8_t *at = memory_at(&vm->memory, ghcb, PAGE_SIZE);
	struct reader r = reader_over(at, at ? PAGE_SIZE : 0, 0x398, 8);
	uint64_t info = reader_le64(&r);

	/* Linux 6.12 clears the field before it reports the event: zero says nothing. */
	return at && info ? (int)(info & 0xfff) : -1;
}

static void termination(struct vm *vm, uint64_t msr, struct outcome *ret)
{
	int reason = (msr & 0xfff) == 0x100 ? (int)(msr >> 12 & 0xfff)
	                                    : ghcb_reason(vm, msr & ~0xfffULL);
	unsigned set = (unsigned)reason & 0xf, code = (unsigned)reason >> 4 & 0xff;
	const char *text = reason < 0 ? NULL : snp_termination(set, code);
	/* Linux learnt it in 6.14, and before it ends for a feature that it doesn't know. */
	const char *more = vm->sev_features & SNP_FEATURE_SECURE_TSC
	                           ? "; kernels before 6.14 do so where snp.guest_features has "
	                             "Secure TSC (bit 9)"
	                           : "";

	if (reason < 0)
		outcome_set(ret, GUEST_TERMINATED, msr,
		            "the guest asked to be terminated; the host's kernel keeps the reason "
		            "to its log%s",
		            more);
	else
		outcome_set(ret, GUEST_TERMINATED, msr,
		            "the guest asked to be terminated, reason %u:%u%s%s (%s)%s", set, code,
		            text ? ", " : "", text ? text : "", snp_termination_set(set), more);
}

enum exit_action snp_exit(struct vm *vm, struct vcpu *v, struct outcome *ret)
{
	void *payload = (uint8_t *)v->run + offsetof(struct kvm_run, hw);

	switch (v->run->exit_reason) {
	case KVM_EXIT_HYPERCALL:
		return map_gpa_range(vm, payload, ret);
	case KVM_EXIT_MEMORY_FAULT:
		return memory_fault(vm, payload, ret);
	case KVM_EXIT_SYSTEM_EVENT:
		termination(vm, v->run->system_event.data[0], ret);
		return EXIT_ACTION_STOP;
	default:
		outcome_set(ret, ERROR_KVM, v->run->exit_reason,
		            "KVM exit %u, which an SNP guest cannot have", v->run->exit_reason);
		return EXIT_ACTION_STOP;
	}
}
