/* SPDX-License-Identifier: MIT */
/*
 * firmware/rules.c: the rules, a table a kind, and what they do to regions and vCPUs. Where a row
 * names a launcher or a host, that is where it was seen.
 */
#include "firmware/rules.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/sha2.h"
#include "core/plan/vcpu.h"
#include "core/snp/vmsa.h"
#include "firmware/ovmf.h"

#define RULE(word, rank, sentence)     .rule = { word, sentence, rank, false }
#define ANY_RULE(word, rank, sentence) .rule = { word, sentence, rank, true }

struct section_rule {
	struct rule rule;
	enum ovmf_section_type of[2]; /* the types that it is for; 0: no other */
	enum page_kind kind;          /* PAGE_KINDS: as it was */
	bool left_out, one_page;
};

static const struct section_rule section_list[] = {
	{ RULE("svsm-caa-left-out", RANK_KNOWN,
	       "the firmware's section for an SVSM's calling area is not loaded"),
	  .of = { OVMF_SVSM_CAA }, .kind = PAGE_KINDS, .left_out = true },
	{ RULE("svsm-caa-unmeasured", RANK_POSSIBLE,
	       "the firmware's section for an SVSM's calling area is loaded as UNMEASURED, not as "
	       "ZERO"),
	  .of = { OVMF_SVSM_CAA }, .kind = PAGE_UNMEASURED },
	{ RULE("one-page", RANK_KNOWN,
	       "secrets and CPUID sections count as one page each, as sev-snp-measure has it"),
	  .of = { OVMF_SECRETS, OVMF_CPUID }, .kind = PAGE_KINDS, .one_page = true },
	{ RULE("sec-mem-unmeasured", RANK_POSSIBLE,
	       "the firmware's own memory is loaded as UNMEASURED, not as ZERO, as on GCE"),
	  .of = { OVMF_SEC_MEM }, .kind = PAGE_UNMEASURED },
};

struct cmdline_rule {
	struct rule rule;
	unsigned nuls; /* hashed after the text, where one is right */
};

static const struct cmdline_rule cmdline_list[] = {
	{ RULE("no-nul", RANK_KNOWN, "the command line was hashed without the NUL that ends it"),
	  0 },
	{ RULE("two-nuls", RANK_POSSIBLE, "the command line was hashed with two NULs at its end"),
	  2 },
};

/* Zero leaves a field as it is. */
struct form_rule {
	struct rule rule;
	uint16_t bsp_cs, ap_cs, ss, tr; /* attributes */
	bool rdx_set;
	uint32_t rdx;
	uint64_t g_pat, cr0;
	bool no_mce, no_dr7;
};

static const struct form_rule form_list[] = {
	{ RULE("ec2", RANK_KNOWN, "segments and RDX of the VMSAs are as on EC2"), 0x9a, 0x9b, 0x92,
	  0x83, true, 0x600 },
	{ RULE("ec2-rdx-0", RANK_POSSIBLE,
	       "segments of the VMSAs are as on EC2, and RDX is 0, as virtee/sev has it"),
	  0x9a, 0x9b, 0x92, 0x83, true, 0 },
	{ RULE("kvm-reset", RANK_KNOWN, "the launcher left the vCPUs as KVM resets them"), 0x9a,
	  0x9a, 0x92, 0x83, true, 0x600 },
	{ RULE("gce", RANK_KNOWN, "G_PAT and RDX of the VMSAs are as on GCE"), 0x9b, 0x9b, 0x93,
	  0x8b, true, 0x600, .g_pat = 0x70106 },
	{ RULE("gce-pat-4", RANK_POSSIBLE, "G_PAT of the VMSAs is 0x70406, and RDX as on GCE"),
	  0x9b, 0x9b, 0x93, 0x8b, true, 0x600, .g_pat = 0x70406 },
	{ ANY_RULE("cr0-cd-nw", RANK_KNOWN,
	           "CR0 has CD and NW set: KVM's quirk CD_NW_CLEARED is disabled"),
	  .cr0 = 0x60000000 },
	{ ANY_RULE("cr4-without-mce", RANK_KNOWN, "CR4 lacks MCE, which KVM copies from the host"),
	  .no_mce = true },
	{ ANY_RULE("dr7-0", RANK_POSSIBLE, "DR7 is 0, not 0x400"), .no_dr7 = true },
};

struct fpu_rule {
	struct rule rule;
	struct {
		uint32_t mxcsr;
		uint16_t fcw;
	} of[2]; /* vCPU 0, and all others */
};

static const struct fpu_rule fpu_list[] = {
	{ ANY_RULE(
		"zero", RANK_LIKELY,
		"the VMSAs hold no state of the FPU: a host's kernel before 6.10, or EC2 or GCE") },
	{ ANY_RULE("set", RANK_LIKELY,
	           "the VMSAs hold the FPU's reset state, as Linux 6.11 and later put it there"),
	  { { 0x1f80, 0x37f }, { 0x1f80, 0x37f } } },
	{ ANY_RULE("set-on-vcpu-0", RANK_KNOWN,
	           "only vCPU 0's VMSA holds the FPU's reset state: QEMU 10.1 or later"),
	  { { 0x1f80, 0x37f } } },
	{ ANY_RULE("mxcsr-alone", RANK_POSSIBLE,
	           "the VMSAs hold MXCSR, but not FCW: sev-snp-measure's mode snp:svsm"),
	  { { 0x1f80, 0 }, { 0x1f80, 0 } } },
};

struct ap_rule {
	struct rule rule;
	bool as_bsp;
	uint32_t eip;
};

static const struct ap_rule ap_list[] = {
	{ RULE("as-vcpu-0", RANK_KNOWN, "all vCPUs start as vCPU 0 does, at the reset vector"),
	  true, 0 },
	{ RULE("0x8000", RANK_POSSIBLE, "vCPUs other than 0 start at 0x8000"), false, 0x8000 },
};

#define RULES(list)                                                                                \
	{                                                                                          \
		list, sizeof((list)[0]), ARRAY_SIZE(list)                                          \
	}

const struct rules section_rules = RULES(section_list);
const struct rules cmdline_rules = RULES(cmdline_list);
const struct rules form_rules = RULES(form_list);
const struct rules fpu_rules = RULES(fpu_list);
const struct rules ap_rules = RULES(ap_list);

const struct rule *rule_at(const struct rules *r, size_t i)
{
	return (const void *)((const char *)r->list + i * r->row_size);
}

/* --- what the rules do --- */

static bool region_is(const struct region *r, enum ovmf_section_type type)
{
	return type && strcmp(r->label, ovmf_section_name(type)) == 0;
}

bool rules_region(const struct rules_chosen *by, struct region *r)
{
	const struct section_rule *rule = by->sections;

	if (!rule || !(region_is(r, rule->of[0]) || region_is(r, rule->of[1])))
		return true;
	if (rule->kind != PAGE_KINDS)
		r->kind = rule->kind;
	if (rule->one_page)
		r->size = PAGE_SIZE;
	return !rule->left_out;
}

bool rules_hash_page(const struct rules_chosen *by, const char *cmdline, const struct region *r,
                     uint8_t page[static PAGE_SIZE])
{
	uint8_t usual[SHA256_SIZE], other[SHA256_SIZE];
	struct sha256_state s;
	uint8_t *at;

	if (!by->cmdline_end || r->kind != PAGE_DATA || !region_is(r, OVMF_KERNEL_HASHES))
		return false;
	sha256(cmdline, strlen(cmdline) + 1, usual);
	sha256_begin(&s);
	sha256_more(&s, cmdline, strlen(cmdline));
	for (unsigned i = 0; i < by->cmdline_end->nuls; i++)
		sha256_more(&s, "", 1);
	sha256_end(&s, other);
	memcpy(page, r->bytes, PAGE_SIZE);
	at = memmem(page, PAGE_SIZE, usual, sizeof(usual));
	if (at)
		memcpy(at, other, sizeof(other));
	return at != NULL;
}

void rules_vcpu(const struct rules_chosen *by, bool ap, const struct vcpu_state *bsp,
                struct vcpu_state *state, struct vmsa_rule *rule)
{
	const struct form_rule *form = by->form;
	bool as_bsp = !ap || (by->ap && by->ap->as_bsp);

	if (as_bsp) {
		*state = *bsp;
	} else if (by->ap) {
		state->cs.base = by->ap->eip & 0xffff0000;
		state->rip = by->ap->eip & 0xffff;
	}
	if (form && form->bsp_cs) {
		state->cs.attrib = as_bsp ? form->bsp_cs : form->ap_cs;
		state->ss.attrib = form->ss;
		state->tr.attrib = form->tr;
	}
	if (form && form->rdx_set)
		state->rdx = form->rdx;
	if (form) {
		rule->g_pat = form->g_pat ? form->g_pat : rule->g_pat;
		rule->cr0 |= form->cr0;
		rule->cr4 = form->no_mce ? 0 : rule->cr4;
		rule->dr7 = form->no_dr7 ? 0 : rule->dr7;
	}
	if (by->fpu) {
		rule->mxcsr = by->fpu->of[ap].mxcsr;
		rule->fcw = by->fpu->of[ap].fcw;
	}
}
