/* SPDX-License-Identifier: MIT */
/*
 * core/vm/refusal_snp.c: what of this launch made an SEV command fail: held against host, firmware
 * and plan.
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
#include "core/vm/sys.h"
#include "core/vm/vm_priv.h"

#define BIT(n) ((uint64_t)1 << (n))

#define POLICY_SMT    BIT(16)
#define POLICY_SOCKET BIT(20)
#define POLICY_API    0xffffU          /* least firmware API: major, minor */
#define POLICY_HOST   (~(BIT(20) - 1)) /* what depends on the platform */
/* arch/x86/kvm/svm/sev.c, SNP_POLICY_MASK_VALID, until /dev/kvm tells (Linux 6.19). */
#define POLICY_OLD_KVM (0x3ffffULL | BIT(19) | POLICY_SOCKET)
/*
 * What KVM takes where it tells: these, if the firmware knows them (SNP_FEATURE_INFO, Linux 6.19).
 */
#define POLICY_FIRMWARE (BIT(26) - BIT(21))
#define POLICY_MIGRATE  BIT(18)

/* A list in words: "a, b, c", cut where it ends. */
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

/* An attribute of /dev/kvm; false: this kernel doesn't tell. */
static bool kvm_tells(const struct vm *vm, uint64_t attribute, uint64_t *ret)
{
	struct kvm_device_attr a = { .group = KVM_X86_GRP_SEV,
		                     .attr = attribute,
		                     .addr = (uintptr_t)ret };

	*ret = 0;
	return vm->sys->ioctl(vm->sys->self, vm->kvm, KVM_GET_DEVICE_ATTR, &a) == 0;
}

/* SNP_PLATFORM_STATUS; false: the firmware doesn't tell. */
static bool firmware_tells(const struct vm *vm, struct snp_platform_status *ret)
{
	uint32_t status;

	return sev_snp_status(vm->sys, vm->sev, ret, &status) == 0;
}

/*
 * Nothing that the manifest asks for is refused: no host is to be skipped and no manifest to be
 * mended for it.
 */
static void wanted_otherwise(struct error *err, const char *key, uint64_t value)
{
	err->kind = ERROR_KVM;
	error_why(err, "KVM takes %s 0x%llx, so something else of the call is not as it wants", key,
	          (unsigned long long)value);
	error_fix(err, "report this, with the kernel's version and its log (dmesg)");
}

static void init2_features(struct error *err, const struct vm *vm, uint64_t features)
{
	uint64_t offered, refused;
	struct names names;

	if (!kvm_tells(vm, KVM_X86_SEV_VMSA_FEATURES, &offered))
		return;
	offered |= SNP_FEATURE_ACTIVE;
	refused = features & ~offered;
	if (refused == 0) {
		wanted_otherwise(err, "snp.guest_features", features);
		return;
	}
	names = names_of(snp_feature_bits, refused);
	error_why(err, "snp.guest_features 0x%llx asks for what KVM doesn't offer here: %s",
	          (unsigned long long)features, names.text);
	error_fix(err,
	          "write snp.guest_features: 0x%llx, which changes the measurement, or use a host "
	          "whose kernel and CPU have it%s",
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
		          "all %u ASIDs that this host has for SNP and SEV-ES guests are in "
		          "use (under ciphertext hiding SNP guests have "
		          "kvm_amd.ciphertext_hiding_asids of them), or the cgroup's misc.max for "
		          "sev_es is reached",
		          vm->asids);
	return err->code;
}

/* Who takes what this host refuses; "": nobody. */
static const char *policy_elsewhere(uint64_t refused, bool told)
{
	if (refused & POLICY_MIGRATE)
		return "; no kernel takes bit 18";
	if (!told)
		return ", or use a newer kernel (6.17 leaves smt and single_socket to the "
		       "firmware, 6.19 the newer bits)";
	return refused & POLICY_FIRMWARE ? ", or update the SEV firmware (with the BIOS)" : "";
}

/*
 * What KVM refuses of a policy. Kernels that don't tell what they take know none of the newer bits;
 * if there are none of those, then it is SMT that isn't allowed or single_socket that is, which
 * Linux 6.17 began to take.
 */
static void start_policy(struct error *err, const struct vm *vm, uint64_t policy)
{
	uint64_t taken, wanted = 0;
	bool told = kvm_tells(vm, KVM_X86_SNP_POLICY_BITS, &taken);
	struct names names = names_of(snp_policy_bits, policy & ~(told ? taken : POLICY_OLD_KVM));

	if (!told) {
		if (names.n == 0 && policy & POLICY_SOCKET)
			names_add_bit(&names, snp_policy_bits, 20);
		if (policy == (policy & POLICY_OLD_KVM) && !(policy & POLICY_SMT))
			names_add(&names, "smt not being allowed");
		taken = POLICY_OLD_KVM & ~POLICY_SOCKET;
		wanted = POLICY_SMT;
	}
	if (names.n == 0) {
		wanted_otherwise(err, "snp.policy", policy);
		return;
	}
	error_why(err, "%s of snp.policy 0x%llx: %s",
	          told && policy & ~taken & POLICY_FIRMWARE
	                  ? "this host's SEV firmware doesn't know, so KVM refuses"
	                  : "this kernel's KVM refuses",
	          (unsigned long long)policy, names.text);
	error_fix(err, "write snp.policy: 0x%llx%s",
	          (unsigned long long)((policy & taken) | wanted),
	          policy_elsewhere(policy & ~taken, told));
}

/* Bits of a policy that the platform's status has an answer to. */
static const struct {
	uint64_t bit;
	uint32_t status; /* in snp_platform_status.flags */
	const char *text;
} platform_bits[] = {
	{ BIT(23), SNP_PLATFORM_RAPL_DIS, "rapl_dis is set, and RAPL is on (BIOS)" },
	{ BIT(24), SNP_PLATFORM_CIPHERTEXT_HIDING,
	  "ciphertext_hiding is set, and is off (kvm_amd.ciphertext_hiding_asids)" },
};

/* What of the policy this platform surely fails; what it may fail goes to *maybe. */
static struct names policy_failures(const struct vm *vm, uint64_t policy, struct names *maybe)
{
	uint64_t open = policy & POLICY_HOST;
	struct names sure = { .n = 0 };
	struct snp_platform_status s;
	unsigned least = policy & POLICY_API, have;

	if (firmware_tells(vm, &s)) {
		have = (unsigned)s.api_major << 8 | s.api_minor;
		if (least > have)
			names_add(&sure, "it wants firmware API %u.%u, this host has %u.%u",
			          least >> 8, least & 0xff, have >> 8, have & 0xff);
		for (size_t i = 0; i < ARRAY_SIZE(platform_bits); i++) {
			if (policy & platform_bits[i].bit &&
			    !(le32_get(s.flags) & platform_bits[i].status))
				names_add(&sure, "%s", platform_bits[i].text);
			open &= ~platform_bits[i].bit;
		}
	}
	*maybe = names_of(snp_policy_bits, open);
	if (!(policy & POLICY_SMT))
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
		error_fix(err, "drop that from snp.policy, or set the platform up for it (BIOS)");
	else
		error_fix(err,
		          "change snp.policy there (its key 'abi' is the least firmware API), or "
		          "update the SEV firmware and set the platform up for it");
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

/* --- LAUNCH_UPDATE: the page against the rest of the launch --- */

/* A walk through the plan, for another region that has the page. */
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

static int search_edge(void *self, const struct plan *p, struct error *err)
{
	(void)self;
	(void)p;
	(void)err;
	return 0;
}

static int search_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	(void)self;
	(void)index;
	(void)s;
	(void)err;
	return 0;
}

static const struct region *region_with(const struct plan *p, gpa_t at, const struct region *but)
{
	static const struct plan_ops search = { search_edge, search_region, search_vcpu,
		                                search_edge };
	struct page_search s = { .but = but, .at = at };
	struct error ignored = { 0 };

	plan_replay(p, &search, &s, &ignored);
	return s.found;
}

static const struct memslot *slot_with(const struct vm *vm, gpa_t at)
{
	for (size_t i = 0; i < vm->memory.count; i++) {
		const struct memslot *s = &vm->memory.slots[i];

		if (at >= s->gpa && at - s->gpa < s->size)
			return s;
	}
	return NULL;
}

/*
 * Nothing of the launch's own is wrong with a page that lies in private memory and in no other
 * region.
 */
static void update_explain(struct error *err, const struct vm *vm, const struct plan *p,
                           const struct region *r, gpa_t at)
{
	const struct memslot *s = slot_with(vm, at);
	const struct region *other = region_with(p, at, r);

	if (!s) {
		error_why(err, "the guest has no memory at 0x%llx", (unsigned long long)at);
		error_fix(err, "raise 'memory' so that the region lies in it");
	} else if (s->fd < 0) {
		error_why(err,
		          "the memory at 0x%llx (0x%llx bytes from 0x%llx on) is shared for good",
		          (unsigned long long)at, (unsigned long long)s->size,
		          (unsigned long long)s->gpa);
		error_fix(err, "report this, with the manifest");
	} else if (other) {
		error_why(err,
		          "region '%s' (0x%llx..0x%llx) has this page too, and a page can be "
		          "loaded once only",
		          other->label, (unsigned long long)other->gpa,
		          (unsigned long long)region_end(other));
		error_fix(err, "give the two regions addresses of their own");
	} else if (err->kind == ERROR_FIRMWARE_REFUSED) {
		error_why(err, "the page is not in the state the firmware wants, though no other "
		               "region of this launch has it");
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

/* --- LAUNCH_FINISH: the ID block against the launch --- */

/* Without an ID block nothing of it can be at fault. */
static int finish_without_id(struct error *err, struct sev_failure f)
{
	const struct snp_status *s = snp_status(f.status);

	if (f.status == SNP_STATUS_INVALID_PARAM)
		error_why(err, "the firmware doesn't know a feature of snp.guest_features, or "
		               "doesn't take a vCPU's first state");
	else if (f.status == SNP_STATUS_POLICY_FAILURE)
		error_why(err, "%s", s->why);
	else
		return err->code;
	return error_fix(err, f.status == SNP_STATUS_INVALID_PARAM
	                              ? "try snp.guest_features: 0x1, or update the SEV firmware"
	                              : "try snp.policy: 0x30000 (0xb0000 with debug)");
}

int refusal_finish(struct error *err, const struct plan *p, struct sev_failure f)
{
	const struct plan_settings *s = plan_settings(p);
	auto_digest struct snp_digest d = { 0 };
	struct error ignored = { 0 };
	char expects[2 * SNP_DIGEST_SIZE + 1], has[2 * SNP_DIGEST_SIZE + 1];
	bool digest_differs, policy_differs;

	refusal_sev(err, CALL_LAUNCH_FINISH, f.errnum, f.status);
	if (!s->id_block_given)
		return finish_without_id(err, f);
	if (snp_digest_of(p, &d, &ignored) < 0)
		return err->code;
	snp_id_compare(s->id_block, d.value, s->policy, &digest_differs, &policy_differs);
	if (f.status == SNP_STATUS_BAD_MEASUREMENT)
		error_why(
			err, "the ID block expects launch digest %s, this launch %s %s",
			hex_of(s->id_block, SNP_DIGEST_SIZE, expects),
			digest_differs
				? "has"
				: "was predicted to have the same, yet the host made another than",
			hex_of(d.value, SNP_DIGEST_SIZE, has));
	else if (f.status == SNP_STATUS_POLICY_FAILURE && policy_differs)
		error_why(err, "the ID block is for another policy than snp.policy 0x%llx",
		          (unsigned long long)s->policy);
	return err->code;
}
