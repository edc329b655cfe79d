/* SPDX-License-Identifier: MIT */
/* core/vm/snp_exit.c: handles or explains the exits that only an SNP guest has. */
#include "core/vm/snp_exit.h"

#include <errno.h>
#include <stddef.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/snp/policy.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"
#include "core/vm/snp_certs.h"
#include "core/vm/vm_priv.h"

/* A guest that accepts memory asks for at least this much at once. */
#define CHUNK_PAGES 512

/*
 * Allocates memory that has become private, so that the guest, which validates it now, doesn't
 * fault on each page. If it fails, the guest faults.
 */
static void chunk_prefault(struct vm *vm, const struct vcpu *v, gpa_t gpa, uint64_t pages)
{
	struct kvm_pre_fault_memory f = { .gpa = gpa, .size = pages * PAGE_SIZE };

	while (f.size > 0 && !atomic_load(&vm->stopping)) {
		struct kvm_pre_fault_memory part = f;

		part.size = MIN(f.size, CHUNK_PAGES * PAGE_SIZE);
		if (vm_ioctl(vm, v->fd, KVM_PRE_FAULT_MEMORY, &part) < 0 || part.gpa <= f.gpa)
			return;
		f.size -= part.gpa - f.gpa;
		f.gpa = part.gpa;
	}
}

/* The guest asks for pages to become private or shared (GHCB specification 4.1.6). */
static enum exit_action map_gpa_range(struct vm *vm, const struct vcpu *v,
                                      struct exit_hypercall *call, struct outcome *ret)
{
	bool to_private = call->args[2] & KVM_MAP_GPA_RANGE_ENCRYPTED;
	enum memory_change change;

	/*
	 * KVM accepts 0, EINVAL and EAGAIN, all positive; since Linux 7.1 any other value ends the
	 * VM (api.rst, KVM_EXIT_HYPERCALL). Linux 6.12 doesn't initialise it: set it on every path.
	 */
	call->ret = EINVAL;
	if (call->nr != KVM_HC_MAP_GPA_RANGE)
		return EXIT_ACTION_RESUME;
	change = memory_convert(&vm->memory, call->args[0], call->args[1], to_private);
	if (change == MEMORY_CHANGED)
		stats_pages(&vm->stats, call->args[1], to_private);
	if (change == MEMORY_CHANGED && to_private && call->args[1] >= CHUNK_PAGES)
		chunk_prefault(vm, v, call->args[0], call->args[1]);
	if (change == MEMORY_LATER) {
		call->ret = EAGAIN;
		return EXIT_ACTION_RESUME;
	}
	if (change == MEMORY_FAILED) {
		outcome_set(ret, ERROR_KVM, 0, "the host failed to make page 0x%llx %s",
		            (unsigned long long)call->args[0], to_private ? "private" : "shared");
		return EXIT_ACTION_STOP;
	}
	if (change == MEMORY_NOT_OURS && !to_private)
		memory_blob_taken(&vm->memory, call->args[0]);
	/* Firmware makes MMIO ranges shared: succeed, although there is no memory to convert. */
	if (change != MEMORY_NOT_OURS || !to_private)
		call->ret = 0;
	return EXIT_ACTION_RESUME;
}

/*
 * A private access to a shared page, or the reverse: converts the page as the access implies. If
 * that changes nothing, another vCPU may have converted it since the fault, so this one tries
 * again. It does so a number of times in a row only, or the guest would fault for ever.
 */
static enum exit_action memory_fault(struct vm *vm, struct vcpu *v,
                                     const struct exit_memory_fault *f, struct outcome *ret)
{
	enum { VAIN_FAULTS = 48 }; /* a race is over after one or two */
	bool private = f->flags & KVM_MEMORY_EXIT_FLAG_PRIVATE;
	enum memory_change change = MEMORY_NOT_OURS;

	if (!(f->flags & ~KVM_MEMORY_EXIT_FLAG_PRIVATE))
		change = memory_convert(&vm->memory, f->gpa & ~(PAGE_SIZE - 1), 1, private);
	if (change == MEMORY_CHANGED)
		stats_pages(&vm->stats, 1, private);
	if (change == MEMORY_CHANGED ||
	    change == MEMORY_LATER) { /* later: the guest faults again */
		v->vain_faults = 0;
		return EXIT_ACTION_RESUME;
	}
	if (f->gpa != v->vain_gpa)
		v->vain_faults = 0;
	v->vain_gpa = f->gpa;
	if (change == MEMORY_AS_BEFORE && vm->n_vcpus > 1 && ++v->vain_faults < VAIN_FAULTS)
		return EXIT_ACTION_RESUME;
	outcome_set(ret, MEMORY_FAULT, f->gpa, "the guest made a %s access to 0x%llx, where %s%s",
	            private ? "private" : "shared", (unsigned long long)f->gpa,
	            change == MEMORY_NOT_OURS ? "there is no memory"
	                                      : "the host can't provide the page",
	            f->gpa == 0xfee00000
	                    ? ": the local APIC's page; firmware before edk2-stable202405 does "
	                      "this, use a newer build"
	                    : "");
	return EXIT_ACTION_STOP;
}

/*
 * The guest asked to be terminated, by the GHCB MSR protocol or by an event whose reason is in the
 * GHCB page at offset 0x398 (SW_EXITINFO1), if that page is shared memory. Linux 6.12 clears the
 * field before it reports the event, so zero means unknown.
 */
static void termination(struct vm *vm, uint64_t msr, struct outcome *ret)
{
	const uint8_t *page = memory_at(&vm->memory, msr & ~0xfffULL, PAGE_SIZE);
	struct reader r = reader_over(page, page ? PAGE_SIZE : 0, 0x398, 8);
	bool by_msr = (msr & 0xfff) == 0x100;
	uint64_t info = by_msr ? msr >> 12 : reader_le64(&r);
	unsigned set = info & 0xf, code = info >> 4 & 0xff;
	const char *text = snp_termination(set, code);
	/* Linux supports it since 6.14; before, it terminates if it sees an unknown feature. */
	const char *more = vm->sev_features & SNP_FEATURE_SECURE_TSC
	                           ? "; kernels before 6.14 do so if snp.guest_features has "
	                             "Secure TSC (bit 9)"
	                           : "";

	if (!by_msr && (!page || info == 0))
		outcome_set(ret, GUEST_TERMINATED, msr,
		            "the guest asked to be terminated; only the host's kernel log has the "
		            "reason%s",
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
		return map_gpa_range(vm, v, payload, ret);
	case KVM_EXIT_MEMORY_FAULT:
		return memory_fault(vm, v, payload, ret);
	case KVM_EXIT_SYSTEM_EVENT:
		termination(vm, v->run->system_event.data[0], ret);
		return EXIT_ACTION_STOP;
	case KVM_EXIT_SNP_REQ_CERTS:
		if (!vm->certs.file.path) /* KVM wasn't told to ask */
			break;
		snp_certs_answer(vm, v, payload);
		return EXIT_ACTION_RESUME;
	default:
		break;
	}
	outcome_set(ret, GUEST_REJECTED, v->run->exit_reason,
	            "KVM exit %u, which an SNP guest can't have", v->run->exit_reason);
	return EXIT_ACTION_STOP;
}
