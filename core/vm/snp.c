/* SPDX-License-Identifier: MIT */
/*
 * core/vm/snp.c: platform "snp": SEV_INIT2, LAUNCH_START, LAUNCH_UPDATE, LAUNCH_FINISH. Kernel
 * side: arch/x86/kvm/svm/sev.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/snp/policy.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"
#include "core/vm/platforms.h"
#include "core/vm/refusal.h"
#include "core/vm/refusal_snp.h"
#include "core/vm/sev.h"
#include "core/vm/snp_certs.h"
#include "core/vm/snp_exit.h"
#include "core/vm/signals.h"
#include "core/vm/sys.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm_priv.h"

#define NO_SNP_FIX                                                                                 \
	"use an AMD EPYC 7003 or later with SNP on in BIOS and IOMMU, and Linux 6.11 or later; "   \
	"'--platform kvm' runs the guest without protection"

static const struct requirement snp_requirements[] = {
	{ KVM_CAP_VM_TYPES, 1U << KVM_X86_SNP_VM, "vm-type", "KVM has SEV-SNP VMs (type 4)",
	  "KVM has no SEV-SNP VMs (type 4)",
	  "the CPU, the BIOS settings, the kernel or its parameters (kvm_amd.sev_snp) don't offer "
	  "SNP",
	  NO_SNP_FIX },
	{ KVM_CAP_USER_MEMORY2, 1, "memory-slots", "KVM has memory slots with guest_memfd",
	  "KVM has no memory slots with guest_memfd",
	  "the kernel is older than 6.8 or built without private memory", NO_SNP_FIX },
	{ KVM_CAP_GUEST_MEMFD, 1, "guest-memfd", "KVM has guest_memfd", "KVM has no guest_memfd",
	  "the kernel is built without private memory", NO_SNP_FIX },
	{ KVM_CAP_MEMORY_ATTRIBUTES, KVM_MEMORY_ATTRIBUTE_PRIVATE, "private-memory",
	  "KVM has the private memory attribute", "KVM has no private memory attribute",
	  "the kernel is older than 6.8 or built without private memory", NO_SNP_FIX },
	{ KVM_CAP_MEMORY_FAULT_INFO, 1, "memory-faults", "KVM reports memory faults",
	  "KVM doesn't report memory faults", "the kernel is older than 6.8", NO_SNP_FIX },
	{ KVM_CAP_EXIT_HYPERCALL, 1U << KVM_HC_MAP_GPA_RANGE, "page-states",
	  "KVM passes page-state changes on", "KVM doesn't pass page-state changes on",
	  "the kernel is too old", NO_SNP_FIX },
	{ 0 },
};

/* Issues a command; on failure *ret is filled. */
static int sev_command(struct vm *vm, uint32_t id, void *data, struct sev_failure *ret)
{
	struct kvm_sev_cmd cmd = { .id = id, .data = (uintptr_t)data, .sev_fd = (uint32_t)vm->sev };
	int r = vm_ioctl(vm, vm->fd, KVM_MEMORY_ENCRYPT_OP, &cmd);

	*ret = (struct sev_failure){ 0 };
	if (r < 0) /* KVM doesn't clear cmd.error, so it is valid only then */
		*ret = (struct sev_failure){ -r, cmd.error };
	return r;
}

/*
 * Reads the position of this host's C-bit. `wanted` is its position in the page tables that we
 * provide, which are measured; 0: we provide none.
 */
static int c_bit_check(struct vm *vm, unsigned wanted, unsigned *ret, struct error *err)
{
	const struct cpuid_leaf *leaf = cpuid_find(&vm->cpuid, 0x8000001f, 0);
	unsigned have = leaf ? leaf->reg[CPUID_EBX] & 63 : 0;

	/* EDX: the first ASID of SEV guests; SEV-ES and SNP use those below (APM 3, E.4.17). */
	if (leaf && leaf->reg[CPUID_EDX] > 1)
		vm->asids = leaf->reg[CPUID_EDX] - 1;
	if (have == 0) {
		error_set(err, ERROR_HOST_UNSUPPORTED,
		          "KVM doesn't report the position of this host's C-bit");
		error_why(err, "CPUID leaf 0x8000001f is missing from what KVM supports");
		return error_fix(err, "load kvm_amd with SEV enabled (its parameter sev)");
	}
	*ret = have;
	if (!wanted || have == wanted)
		return 0;
	error_set(err, ERROR_HOST_UNSUPPORTED,
	          "the guest's page tables have the C-bit at %u, this host has it at %u", wanted,
	          have);
	error_why(err, "the page tables are measured, and are right for one position only");
	return error_fix(err, "run it on a host whose C-bit is at %u (EPYC 7003 and later: 51)",
	                 wanted);
}

static int snp_open(struct vm *vm, const struct plan *p, struct error *err)
{
	const struct plan_settings *s = plan_settings(p);
	/* KVM adds SNP_ACTIVE itself and refuses it from us. */
	struct kvm_sev_init init = { .vmsa_features = s->sev_features & ~SNP_FEATURE_ACTIVE };
	struct kvm_enable_cap cap = { .cap = KVM_CAP_EXIT_HYPERCALL,
		                      .args = { 1ULL << KVM_HC_MAP_GPA_RANGE } };
	struct sev_failure f;
	unsigned c_bit = 0;
	int r;

	vm->ap_creation = s->ap_creation;
	vm->sev_features = s->sev_features;
	if (vm->certs.file.path && snp_certs_probe(vm->sys, vm->kvm, err) < 0)
		return err->code;
	vm->sev = sev_open(vm->sys, err);
	if (vm->sev < 0)
		return vm->sev;
	r = vcpu_read_supported(vm, p, err);
	if (r == 0)
		r = c_bit_check(vm, s->c_bit, &c_bit, err);
	if (r == 0)
		r = snp_cpuid_filter(&vm->cpuid, c_bit, err);
	if (r < 0)
		return r;
	r = vm_ioctl(vm, vm->fd, KVM_ENABLE_CAP, &cap);
	if (r < 0)
		return refusal_set(err, CALL_ENABLE_CAP, -r);
	r = sev_command(vm, KVM_SEV_INIT2, &init, &f);
	if (r < 0)
		return refusal_init2(err, vm, p, f);
	if (!vm->certs.file.path)
		return 0;
	r = sev_command(vm, KVM_SEV_SNP_ENABLE_REQ_CERTS, NULL, &f);
	return r < 0 ? refusal_set(err, CALL_ENABLE_REQ_CERTS, -r) : 0;
}

static int snp_begin(void *self, const struct plan *p, struct error *err)
{
	const struct plan_settings *s = plan_settings(p);
	struct kvm_sev_snp_launch_start start = { .policy = s->policy };
	struct vm *vm = self;
	struct sev_failure f;
	int r;

	vm->plan = p;
	memcpy(start.gosvw, s->gosvw, sizeof(start.gosvw));
	r = sev_command(vm, KVM_SEV_SNP_LAUNCH_START, &start, &f);
	return r < 0 ? refusal_start(err, vm, p, f) : 0;
}

/*
 * Loads a region's pages. KVM may load only a part and return 0 (a signal, a slot's end, a page
 * that will fail next time); it advances the struct, so pass it again until nothing is left. On
 * failure it tells which page failed.
 */
static int snp_update(struct vm *vm, const struct region *r, const void *from,
                      struct sev_failure *f, struct error *err)
{
	struct kvm_sev_snp_launch_update u = {
		.gfn_start = r->gpa / PAGE_SIZE,
		.uaddr = (uintptr_t)from,
		.len = r->size,
		.type = region_kind(r->kind)->snp,
	};
	int e = 0;

	while (e >= 0 && u.len > 0) {
		uint64_t left = u.len;

		e = sev_command(vm, KVM_SEV_SNP_LAUNCH_UPDATE, &u, f);
		if (e == -EAGAIN || e == -EINTR)
			e = 0;
		/* never seen, but would otherwise loop for ever */
		else if (e >= 0 && u.len >= left) {
			e = -EPROTO;
			*f = (struct sev_failure){ .errnum = EPROTO };
		}
	}
	return e < 0 ? refusal_update(err, vm, vm->plan, r, u.gfn_start * PAGE_SIZE, *f) : 0;
}

/*
 * The firmware accepts only CPUID values that it can vouch for. If it refuses the page with
 * INVALID_PARAM, KVM returns the corrected page in our buffer, which shows the wrong leaf; adopt
 * the correction once.
 */
static int cpuid_load(struct vm *vm, const struct region *r, struct error *err)
{
	auto_blob struct blob page = BLOB_NONE;
	auto_free struct cpuid_table *bsp = calloc(1, sizeof(*bsp));
	struct sev_failure f = { 0 };
	struct snp_cpuid_page sent;
	char differences[768];
	int e = bsp ? blob_zero(r->size, &page, err) : error_nomem(err, "CPUID page");

	for (int try = 0; e == 0 && try < 2; try++) {
		vcpu_cpuid_for(vm, 0, bsp);
		e = snp_cpuid_page(bsp, &sent, err);
		if (e < 0)
			break;
		memset(page.data, 0, page.size);
		memcpy(page.data, &sent, sizeof(sent));
		e = snp_update(vm, r, page.data, &f, err);
		if (e == 0 || f.status != SNP_STATUS_INVALID_PARAM ||
		    !snp_cpuid_diff(&sent, (const void *)page.data, differences,
		                    sizeof(differences)))
			break;
		error_why(err, "the firmware doesn't vouch for this CPUID: %s", differences);
		error_fix(err, "update the SEV firmware, or report this CPU model");
		if (try > 0)
			break;
		log_notice("firmware corrects the CPUID page: %s", differences);
		snp_cpuid_adopt(&vm->cpuid, (const void *)page.data);
		e = 0;
	}
	return e;
}

static int snp_region(void *self, const struct region *r, struct error *err)
{
	auto_blob struct blob blank = BLOB_NONE;
	const uint8_t *from = r->bytes;
	struct vm *vm = self;
	struct sev_failure f;
	int e = 0;

	if (r->kind == PAGE_CPUID)
		return cpuid_load(vm, r, err);
	/* KVM requires a source even if the firmware writes the page. */
	if (!from && r->kind != PAGE_ZERO) {
		e = blob_zero(r->size, &blank, err);
		from = blank.data;
	}
	return e < 0 ? e : snp_update(vm, r, from, &f, err);
}

/*
 * If the guest starts its other vCPUs by AP creation, puts them into reset hold: a vCPU that waits
 * for INIT never handles the request (on Linux 6.12, KVM_RUN keeps returning EAGAIN).
 */
static int snp_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct kvm_mp_state hold = { .mp_state = KVM_MP_STATE_AP_RESET_HOLD };
	struct vm *vm = self;
	struct vcpu *v = &vm->vcpus[index];
	int r = vcpu_set_state(v, s, err);

	if (r < 0 || index == 0 || !vm->ap_creation)
		return r;
	r = vm_ioctl(vm, v->fd, KVM_SET_MP_STATE, &hold);
	if (r == 0)
		return 0;
	refusal_set(err, CALL_SET_MP_STATE, -r);
	return error_wrap(err, "vCPU %u", index);
}

/* No signal interrupts the call, so allocate this much at a time, which takes seconds at most. */
#define PREFAULT_PART ((uint64_t)1 << 30)

/* As for LAUNCH_UPDATE, KVM may do only a part and return 0; it advances the struct. */
static int snp_prefault_ram(struct vm *vm, struct kvm_pre_fault_memory *f)
{
	while (f->size > 0) {
		struct kvm_pre_fault_memory part = *f;
		int r;

		if (signals_pending())
			return -EINTR;
		part.size = MIN(f->size, PREFAULT_PART);
		r = vm_ioctl(vm, vm->vcpus[0].fd, KVM_PRE_FAULT_MEMORY, &part);
		if (r == -EAGAIN || r == -EINTR)
			r = 0;
		else if (r == 0 && part.gpa <= f->gpa)
			r = -EPROTO;
		if (r < 0)
			return r;
		f->size -= part.gpa - f->gpa;
		f->gpa = part.gpa;
	}
	return 0;
}

/*
 * Allocates the memory that the guest validates at once, in large steps, instead of by a fault for
 * each page when the guest validates it. If that fails, the boot only takes longer, so it isn't an
 * error.
 */
static void snp_prefault(struct vm *vm, const struct plan *p)
{
	const struct ram *ram;
	size_t count = plan_ram(p, &ram);

	for (size_t i = 0; i < count; i++)
		for (uint64_t done = 0, part; done < ram[i].size; done += part) {
			struct kvm_pre_fault_memory f = { .gpa = ram[i].gpa + done };
			int r;

			part = ram[i].size - done;
			if (plan_is_lazy(p, f.gpa, &part))
				continue;
			f.size = part;
			r = snp_prefault_ram(vm, &f);
			if (r < 0)
				log_debug("memory from 0x%llx on is not allocated in advance: %s",
				          (unsigned long long)f.gpa, strerror(-r));
		}
}

static int snp_end(void *self, const struct plan *p, struct error *err)
{
	const struct plan_settings *s = plan_settings(p);
	struct kvm_sev_snp_launch_finish finish = {
		.id_block_uaddr = s->id_block_given ? (uintptr_t)s->id_block : 0,
		.id_auth_uaddr = s->id_block_given ? (uintptr_t)s->id_auth : 0,
		.id_block_en = s->id_block_given,
		.auth_key_en = s->id_block_given && s->author_key,
	};
	struct vm *vm = self;
	struct sev_failure f;
	int r;

	memcpy(finish.host_data, s->host_data, sizeof(finish.host_data));
	r = sev_command(vm, KVM_SEV_SNP_LAUNCH_FINISH, &finish, &f);
	vm->plan = NULL;
	if (r < 0)
		return refusal_finish(err, p, f);
	if (s->prefault)
		snp_prefault(vm, p);
	return 0;
}

static void snp_close(struct vm *vm)
{
	if (vm->sev >= 0)
		vm->sys->close(vm->sys->self, vm->sev);
	vm->sev = -1;
}

const struct platform platform_snp = {
	.name = "snp",
	.vm_type = KVM_X86_SNP_VM,
	.measured = true,
	.c_bit = 51, /* on every SNP processor so far: Milan, Genoa, Turin */
	.private_memory = true,
	.requirements = snp_requirements,
	.open = snp_open,
	.load = { snp_begin, snp_region, snp_vcpu, snp_end },
	.exit = snp_exit,
	.close = snp_close,
};
