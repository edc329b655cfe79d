/* SPDX-License-Identifier: MIT */
/*
 * core/snp/vmsa.c: predicts the VMSA that the host builds from a vCPU's registers. Everything else
 * that is measured, snpvmm loads itself.
 */
#include "core/snp/vmsa.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"

#define EFER_SVME ((uint64_t)1 << 12)
#define CR4_MCE   ((uint64_t)1 << 6)
#define CR0_CD_NW ((uint64_t)3 << 29)

#define DR7_RESET 0x400

/* svm_set_cr0() clears CD and NW (quirk CD_NW_CLEARED); svm_set_cr4() adds the host's MCE bit. */
static const struct vmsa_rule rules[] = {
	[VMSA_KVM] = { 0x0007040600070406, 0x1f80, 0x37f, 0, CR4_MCE, DR7_RESET },
	[VMSA_EC2] = { 0x0007040600070406, 0, 0, 0, CR4_MCE, DR7_RESET },
	[VMSA_GCE] = { 0x0000000000070106, 0, 0, 0, CR4_MCE, DR7_RESET },
};
static_assert(ARRAY_SIZE(rules) == VMSA_FLAVOURS, "a VMSA flavour without a rule");

const struct vmsa_rule *vmsa_rule_of(enum vmsa_flavour flavour)
{
	return &rules[flavour];
}

static struct snp_segment vmsa_segment(const struct segment *s)
{
	return (struct snp_segment){
		.selector = le16_of(s->selector),
		.attrib = le16_of(s->attrib),
		.limit = le32_of(s->limit),
		.base = le64_of(s->base),
	};
}

/* KVM_SET_SREGS only sets base and limit of GDTR and IDTR, so the rest stays zero. */
static struct snp_segment vmsa_table(const struct segment *s)
{
	return (struct snp_segment){ .limit = le32_of(s->limit), .base = le64_of(s->base) };
}

void snp_vmsa_by(const struct vmsa_rule *rule, const struct vcpu_state *s, uint64_t sev_features,
                 struct snp_vmsa *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->es = vmsa_segment(&s->es);
	ret->cs = vmsa_segment(&s->cs);
	ret->ss = vmsa_segment(&s->ss);
	ret->ds = vmsa_segment(&s->ds);
	ret->fs = vmsa_segment(&s->fs);
	ret->gs = vmsa_segment(&s->gs);
	ret->gdtr = vmsa_table(&s->gdt);
	ret->ldtr = vmsa_segment(&s->ldt);
	ret->idtr = vmsa_table(&s->idt);
	ret->tr = vmsa_segment(&s->tr);
	ret->cpl = s->ss.attrib >> 5 & 3;         /* svm_set_segment(): CPL is SS's DPL */
	ret->efer = le64_of(s->efer | EFER_SVME); /* svm_set_efer() */
	ret->cr4 = le64_of(s->cr4 | rule->cr4);
	ret->cr3 = le64_of(s->cr3);
	ret->cr0 = le64_of((s->cr0 & ~CR0_CD_NW) | rule->cr0);
	ret->dr7 = le64_of(rule->dr7);
	ret->dr6 = le64_of(0xffff0ff0);
	ret->rflags = le64_of(s->rflags | 2);
	ret->rip = le64_of(s->rip);
	ret->rsp = le64_of(s->rsp);
	ret->g_pat = le64_of(rule->g_pat);
	ret->rdx = le64_of(s->rdx);
	ret->rsi = le64_of(s->rsi);
	ret->sev_features = le64_of(sev_features);
	ret->xcr0 = le64_of(1);
	ret->mxcsr = le32_of(rule->mxcsr);
	ret->fcw = le16_of(rule->fcw);
}

void snp_vmsa_of(const struct vcpu_state *s, uint64_t sev_features, enum vmsa_flavour flavour,
                 struct snp_vmsa *ret)
{
	snp_vmsa_by(&rules[flavour], s, sev_features, ret);
}

void snp_vmsa_hash(const struct vmsa_rule *rule, const struct vcpu_state *s, uint64_t sev_features,
                   uint8_t ret[static SHA384_SIZE])
{
	struct snp_vmsa vmsa;

	snp_vmsa_by(rule, s, sev_features, &vmsa);
	sha384(&vmsa, sizeof(vmsa), ret);
}
