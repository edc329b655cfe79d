/* SPDX-License-Identifier: MIT */
/*
 * core/vm/refusal_snp.c: finds out what in this launch made an SEV command fail, by comparing it
 * with what KVM and the firmware support, and with the rest of the plan.
 */
#include "core/vm/refusal_snp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/snp/idblock.h"
#include "core/snp/policy.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"
#include "core/vm/refusal.h"
#include "core/vm/sev.h"
#include "core/vm/vm_priv.h"

#define BIT(n) ((uint64_t)1 << (n))

#define POLICY_HOST (~(BIT(20) - 1)) /* bits that depend on the platform */
/* SNP_POLICY_MASK_VALID of arch/x86/kvm/svm/sev.c before Linux 6.19, which reports its mask. */
#define POLICY_OLD_KVM (0x3ffffULL | SNP_POLICY_DEBUG | SNP_POLICY_SINGLE_SOCKET)
/* Bits that KVM accepts since Linux 6.19 if the firmware supports them (SNP_FEATURE_INFO). */
#define POLICY_FIRMWARE (BIT(26) - BIT(21))

/* A list "a, b, c", cut if too long. */
struct names {
	char text[384];
	size_t n;
};

static void names_add(struct names *to, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void names_add(struct names *to, const char *format, ...)
{
	size_t cap = sizeof(to->text) - to->n;
	va_list args;
	int n;

	if (to->n > 0 && cap > 2) {
		memcpy(to->text + to->n, ", ", 3);
		to->n += 2;
		cap -= 2;
	}
	va_start(args, format);
	n = vsnprintf(to->text + to->n, cap, format, args);
	va_end(args);
	to->n += n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}

static void names_add_bit(struct names *to, const struct snp_bit *table, unsigned bit)
{
	while (table->text && table->bit != bit)
		table++;
	if (table->text && table->key)
		names_add(to, "%s (%s)", table->key, table->text);
	else
		names_add(to, "bit %u%s%s%s", bit, table->text ? " (" : "",
		          table->text ? table->text : "", table->text ? ")" : "");
}

static struct names names_of(const struct snp_bit *table, uint64_t bits)
{
	struct names names = { .n = 0 };

	for (unsigned bit = 0; bit < 64; bit++)
		if (bits >> bit & 1)
			names_add_bit(&names, table, bit);
	return names;
}

/* Reads an attribute of /dev/kvm; false: this kernel doesn't have it. */
static bool kvm_attribute(const struct vm *vm, uint64_t attribute, uint64_t *ret)
{
	struct kvm_device_attr a = { .group = KVM_X86_GRP_SEV,
		                     .attr = attribute,
		                     .addr = (uintptr_t)ret };

	*ret = 0;
	return vm_ioctl(vm, vm->kvm, KVM_GET_DEVICE_ATTR, &a) == 0;
}

/* KVM accepts the value, so report an internal error, not an unsupported host. */
static void value_accepted(struct error *err, const char *key, uint64_t value)
{
	err->kind = ERROR_KVM;
	error_why(err, "KVM accepts %s 0x%llx, so it rejects something else in the call", key,
	          (unsigned long long)value);
	error_fix(err, "report this, with the kernel's version and its log (dmesg)");
}

static void init2_features(struct error *err, const struct vm *vm, uint64_t features)
{
	uint64_t offered, refused;
	struct names names;

	if (!kvm_attribute(vm, KVM_X86_SEV_VMSA_FEATURES, &offered))
		return;
	offered |= SNP_FEATURE_ACTIVE;
	refused = features & ~offered;
	if (refused == 0) {
		value_accepted(err, "snp.guest_features", features);
		return;
	}
	names = names_of(snp_feature_bits, refused);
	error_why(err, "snp.guest_features 0x%llx has features that KVM doesn't support here: %s",
	          (unsigned long long)features, names.text);
	error_fix(err,
	          "write snp.guest_features: 0x%llx, which changes the measurement, or use a host "
	          "whose kernel and CPU support it%s",
	          (unsigned long long)(features & offered),
	          refused & SNP_FEATURE_SECURE_TSC
	                  ? " (Secure TSC: Linux 6.18, and 6.14 in the guest)"
	                  : "");
}

int refusal_init2(struct error *err, const struct vm *vm, const struct plan *p,
                  struct sev_failure f)
{
	refusal_sev(err, CALL_SEV_INIT2, f.errnum, f.status);
	if (err->kind == ERROR_FIRMWARE_REFUSED)
		return err->code;
	if (f.errnum == EINVAL)
		init2_features(err, vm, plan_settings(p)->sev_features);
	if (f.errnum == EBUSY && vm->asids > 0)
		error_why(err,
		          "all %u ASIDs of this host for SNP and SEV-ES guests are in use (with "
		          "ciphertext hiding, SNP guests can use only "
		          "kvm_amd.ciphertext_hiding_asids of them), or the cgroup's misc.max for "
		          "sev_es is reached",
		          vm->asids);
	return err->code;
}

/* Advice on where the refused bits would be accepted; "": none. */
static const char *policy_elsewhere(uint64_t refused, bool mask_known)
{
	if (refused & SNP_POLICY_MIGRATE_MA)
		return "; no kernel accepts bit 18";
	if (!mask_known)
		return ", or use a newer kernel (since 6.17 the firmware decides on smt and "
		       "single_socket, since 6.19 on the newer bits)";
	return refused & POLICY_FIRMWARE ? ", or update the SEV firmware (with the BIOS)" : "";
}

/*
 * Which bits of a policy KVM refuses. Kernels that don't report the bits they accept know none of
 * the newer ones; if none of those is set, the reason is that SMT isn't allowed or single_socket is
 * set, which KVM accepts since Linux 6.17.
 */
static void start_policy(struct error *err, const struct vm *vm, uint64_t policy)
{
	uint64_t taken, wanted = 0;
	bool mask_known = kvm_attribute(vm, KVM_X86_SNP_POLICY_BITS, &taken);
	struct names names =
		names_of(snp_policy_bits, policy & ~(mask_known ? taken : POLICY_OLD_KVM));

	if (!mask_known) {
		if (names.n == 0 && policy & SNP_POLICY_SINGLE_SOCKET)
			names_add_bit(&names, snp_policy_bits, 20);
		if (policy == (policy & POLICY_OLD_KVM) && !(policy & SNP_POLICY_SMT))
			names_add(&names, "smt not being allowed");
		taken = POLICY_OLD_KVM & ~SNP_POLICY_SINGLE_SOCKET;
		wanted = SNP_POLICY_SMT;
	}
	if (names.n == 0) {
		value_accepted(err, "snp.policy", policy);
		return;
	}
	error_why(err, "%s of snp.policy 0x%llx: %s",
	          mask_known && policy & ~taken & POLICY_FIRMWARE
	                  ? "this host's SEV firmware doesn't know, so KVM refuses"
	                  : "this kernel's KVM refuses",
	          (unsigned long long)policy, names.text);
	error_fix(err, "write snp.policy: 0x%llx%s",
	          (unsigned long long)((policy & taken) | wanted),
	          policy_elsewhere(policy & ~taken, mask_known));
}

/* Bits of a policy whose requirement the platform's status reports. */
static const struct {
	uint64_t bit;
	uint32_t status; /* in snp_platform_status.flags */
	const char *text;
} platform_bits[] = {
	{ BIT(23), SNP_PLATFORM_RAPL_DIS, "rapl_dis is set, but RAPL is enabled (BIOS)" },
	{ BIT(24), SNP_PLATFORM_CIPHERTEXT_HIDING,
	  "ciphertext_hiding is set, but it is disabled (kvm_amd.ciphertext_hiding_asids)" },
};

/* Which requirements of the policy this platform certainly fails to meet; *maybe: possibly. */
static struct names policy_failures(const struct vm *vm, uint64_t policy, struct names *maybe)
{
	uint64_t open = policy & POLICY_HOST;
	struct names sure = { .n = 0 };
	struct snp_platform_status s;
	unsigned least = policy & SNP_POLICY_ABI, have;
	uint32_t status;

	if (sev_snp_status(vm->sys, vm->sev, &s, &status) == 0) {
		have = (unsigned)s.api_major << 8 | s.api_minor;
		if (least > have)
			names_add(&sure, "it requires firmware API %u.%u, this host has %u.%u",
			          least >> 8, least & 0xff, have >> 8, have & 0xff);
		for (size_t i = 0; i < ARRAY_SIZE(platform_bits); i++) {
			if (policy & platform_bits[i].bit &&
			    !(le32_get(s.flags) & platform_bits[i].status))
				names_add(&sure, "%s", platform_bits[i].text);
			open &= ~platform_bits[i].bit;
		}
	}
	*maybe = names_of(snp_policy_bits, open);
	if (!(policy & SNP_POLICY_SMT))
		names_add(maybe, "smt not being allowed where SMT is on");
	return sure;
}

static void start_policy_failure(struct error *err, const struct vm *vm, uint64_t policy)
{
	struct names maybe, sure = policy_failures(vm, policy, &maybe);

	if (sure.n == 0 && maybe.n == 0)
		return;
	error_why(err, "this platform doesn't meet snp.policy 0x%llx: %s",
	          (unsigned long long)policy, sure.n > 0 ? sure.text : maybe.text);
	if (sure.n == 0)
		error_fix(err,
		          "remove that from snp.policy, or configure the platform for it (BIOS)");
	else
		error_fix(
			err,
			"change that in snp.policy (its key 'abi' is the minimum firmware API), or "
			"update the SEV firmware and configure the platform for it");
}

int refusal_start(struct error *err, const struct vm *vm, const struct plan *p,
                  struct sev_failure f)
{
	uint64_t policy = plan_settings(p)->policy;

	refusal_sev(err, CALL_LAUNCH_START, f.errnum, f.status);
	if (err->kind == ERROR_BAD_POLICY)
		start_policy(err, vm, policy);
	else if (f.status == SNP_STATUS_POLICY_FAILURE)
		start_policy_failure(err, vm, policy);
	return err->code;
}

/* --- LAUNCH_UPDATE: compares the page with the rest of the launch --- */

/* A search of the plan for another region that contains the page. */
struct page_search {
	const struct region *but;
	gpa_t at;
	const struct region *found;
};

static int search_region(void *self, const struct region *r, struct error *err)
{
	struct page_search *s = self;

	(void)err;
	if (!s->found && r != s->but && s->at >= r->gpa && s->at < region_end(r))
		s->found = r;
	return 0;
}

static const struct region *region_with(const struct plan *p, gpa_t at, const struct region *but)
{
	static const struct plan_ops search = { .region = search_region };
	struct page_search s = { .but = but, .at = at };
	struct error ignored = { 0 };

	plan_replay(p, &search, &s, &ignored);
	return s.found;
}

/* If the page is private memory and in no other region, the fault is the host's. */
static void update_explain(struct error *err, const struct vm *vm, const struct plan *p,
                           const struct region *r, gpa_t at)
{
	const struct memslot *s = memory_slot(&vm->memory, at);
	const struct region *other = region_with(p, at, r);

	if (!s) {
		error_why(err, "the guest has no memory at 0x%llx", (unsigned long long)at);
		error_fix(err, "raise 'memory' so that the region lies in it");
	} else if (s->fd < 0) {
		error_why(err,
		          "the memory at 0x%llx (0x%llx bytes from 0x%llx on) is always shared",
		          (unsigned long long)at, (unsigned long long)s->size,
		          (unsigned long long)s->gpa);
		error_fix(err, "report this, with the manifest");
	} else if (other) {
		error_why(err,
		          "region '%s' (0x%llx..0x%llx) has this page, too, and a page can be "
		          "loaded only once",
		          other->label, (unsigned long long)other->gpa,
		          (unsigned long long)region_end(other));
		error_fix(err, "give the two regions addresses of their own");
	} else if (err->kind == ERROR_FIRMWARE_REFUSED) {
		error_why(err, "the page is not in the state that the firmware expects, though no "
		               "other region of this launch has it");
	} else if (err->code == -EIO) {
		error_why(err, "the page is private memory and in no other region, so the host had "
		               "no memory for it, or the PSP no longer answers");
	}
}

int refusal_update(struct error *err, const struct vm *vm, const struct plan *p,
                   const struct region *r, gpa_t at, struct sev_failure f)
{
	refusal_sev(err, CALL_LAUNCH_UPDATE, f.errnum, f.status);
	if (f.status == SNP_STATUS_INVALID_PAGE_STATE ||
	    (err->kind != ERROR_FIRMWARE_REFUSED && (f.errnum == EIO || f.errnum == EINVAL)))
		update_explain(err, vm, p, r, at);
	if (at != r->gpa)
		error_wrap(err, "page 0x%llx", (unsigned long long)at);
	return error_wrap(err, "region '%s' at 0x%llx", r->label, (unsigned long long)r->gpa);
}

/* --- LAUNCH_FINISH: compares the ID block with the launch --- */

int refusal_finish(struct error *err, const struct plan *p, struct sev_failure f)
{
	const struct plan_settings *s = plan_settings(p);
	auto_digest struct snp_digest d = { 0 };
	struct error ignored = { 0 };
	char expects[2 * SNP_DIGEST_SIZE + 1], has[2 * SNP_DIGEST_SIZE + 1];
	bool digest_differs, policy_differs;

	refusal_sev(err, CALL_LAUNCH_FINISH, f.errnum, f.status);
	if (!s->id_block_given && f.status == SNP_STATUS_INVALID_PARAM) {
		error_why(err, "the firmware doesn't know a feature of snp.guest_features, or "
		               "rejects a vCPU's initial state");
		error_fix(err, "try snp.guest_features: 0x1, or update the SEV firmware");
	} else if (!s->id_block_given && f.status == SNP_STATUS_POLICY_FAILURE) {
		error_why(err, "%s", snp_status(f.status)->why);
		error_fix(err, "try snp.policy: 0x30000 (0xb0000 with debug)");
	}
	if (!s->id_block_given)
		return err->code;
	if (snp_digest_of(p, &d, &ignored) < 0)
		return err->code;
	snp_id_compare(s->id_block, d.value, s->policy, &digest_differs, &policy_differs);
	hex_of(s->id_block, SNP_DIGEST_SIZE, expects);
	if (f.status == SNP_STATUS_BAD_MEASUREMENT && digest_differs)
		error_why(err, "the ID block expects launch digest %s, this launch has %s", expects,
		          hex_of(d.value, SNP_DIGEST_SIZE, has));
	else if (f.status == SNP_STATUS_BAD_MEASUREMENT)
		error_why(err,
		          "the ID block expects the digest that was predicted, %s, and this host's "
		          "launch has another",
		          expects);
	else if (f.status == SNP_STATUS_POLICY_FAILURE && policy_differs)
		error_why(err, "the ID block is for another policy than snp.policy 0x%llx",
		          (unsigned long long)s->policy);
	return err->code;
}
