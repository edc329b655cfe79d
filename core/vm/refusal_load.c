/* SPDX-License-Identifier: MIT */
/* core/vm/refusal_load.c: LAUNCH_UPDATE and LAUNCH_FINISH: holds page and ID block against the rest of the launch. */
#include <errno.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/snp/idblock.h"
#include "core/snp/status.h"
#include "core/vm/refusal.h"
#include "core/vm/refusal_snp.h"
#include "core/vm/vm.h"

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

static const struct slot *slot_with(const struct vm *vm, gpa_t at)
{
	for (size_t i = 0; i < vm->memory.count; i++) {
		const struct slot *s = &vm->memory.slots[i];

		if (at >= s->gpa && at - s->gpa < s->size)
			return s;
	}
	return NULL;
}

/* Nothing of the launch's own is wrong with a page that lies in private memory and in no other region. */
static void update_explain(struct error *err, const struct vm *vm, const struct plan *p,
                           const struct region *r, gpa_t at)
{
	const struct slot *s = slot_with(vm, at);
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

/* Without an ID block nothing of it can be at fault. */
static int finish_without_id(struct error *err, struct sev_failure f)
{
	const struct snp_status *s = snp_status(f.status);

	if (f.status == SNP_STATUS_INVALID_PARAM)
		error_why(err, "the firmware doesn't know a feature of snp.guest_features, or "
		               "doesn't take a vCPU's first state");
	else if (f.status == SNP_STATUS_POLICY_FAILURE)
		error_why(err, "%s", s->cause);
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
