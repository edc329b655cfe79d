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

/* svm_set_cr0() clears CD and NW (quirk CD_NW_CLEARED); svm_set_cr4() adds the host's MCE bit. */
static const struct vmsa_rule rules[] = {
	[VMSA_KVM] = { VCPU_RESET_PAT, VCPU_RESET_MXCSR, VCPU_RESET_FCW, 0, CR4_MCE,
	               VCPU_RESET_DR7 },
	[VMSA_EC2] = { VCPU_RESET_PAT, 0, 0, 0, CR4_MCE, VCPU_RESET_DR7 },
	[VMSA_GCE] = { 0x0000000000070106, 0, 0, 0, CR4_MCE, VCPU_RESET_DR7 },
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

static void vmsa_by(const struct vmsa_rule *rule, const struct vcpu_state *s, uint64_t sev_features,
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
	ret->rflags = le64_of(s->rflags | 2);
	ret->rip = le64_of(s->rip);
	ret->rsp = le64_of(s->rsp);
	ret->rax = le64_of(s->rax);
	ret->rcx = le64_of(s->rcx);
	ret->rdx = le64_of(s->rdx);
	ret->rbx = le64_of(s->rbx);
	ret->rbp = le64_of(s->rbp);
	ret->rsi = le64_of(s->rsi);
	ret->rdi = le64_of(s->rdi);
	for (size_t i = 0; i < ARRAY_SIZE(s->r8_15); i++)
		ret->r8_15[i] = le64_of(s->r8_15[i]);
	ret->sev_features = le64_of(sev_features);
	ret->dr7 = le64_of(s->more.set ? s->more.dr7 : rule->dr7);
	ret->dr6 = le64_of(s->more.set ? s->more.dr6 : VCPU_RESET_DR6);
	ret->xcr0 = le64_of(s->more.set ? s->more.xcr0 : VCPU_RESET_XCR0);
	ret->g_pat = le64_of(s->more.set ? s->more.g_pat : rule->g_pat);
	ret->mxcsr = le32_of(s->more.set ? s->more.mxcsr : rule->mxcsr);
	ret->fcw = le16_of(s->more.set ? s->more.fcw : rule->fcw);
}

/* KVM has the 12 bits of attributes that exist, and limits of 16 bits for GDTR and IDTR. */
static struct segment segment_of(const struct snp_segment *s, uint32_t limit)
{
	return (struct segment){ le16_get(s->selector), le16_get(s->attrib) & 0xfff,
		                 le32_get(s->limit) & limit, le64_get(s->base) };
}

void snp_vcpu_of(const struct snp_vmsa *v, struct vcpu_state *ret)
{
	*ret = (struct vcpu_state){
		.cs = segment_of(&v->cs, UINT32_MAX),
		.ds = segment_of(&v->ds, UINT32_MAX),
		.es = segment_of(&v->es, UINT32_MAX),
		.fs = segment_of(&v->fs, UINT32_MAX),
		.gs = segment_of(&v->gs, UINT32_MAX),
		.ss = segment_of(&v->ss, UINT32_MAX),
		.gdt = segment_of(&v->gdtr, UINT16_MAX),
		.idt = segment_of(&v->idtr, UINT16_MAX),
		.ldt = segment_of(&v->ldtr, UINT32_MAX),
		.tr = segment_of(&v->tr, UINT32_MAX),
		.cr0 = le64_get(v->cr0),
		.cr3 = le64_get(v->cr3),
		.cr4 = le64_get(v->cr4) & ~CR4_MCE,
		.efer = le64_get(v->efer) & ~EFER_SVME,
		.rip = le64_get(v->rip),
		.rsp = le64_get(v->rsp),
		.rflags = le64_get(v->rflags),
		.rax = le64_get(v->rax),
		.rbx = le64_get(v->rbx),
		.rcx = le64_get(v->rcx),
		.rdx = le64_get(v->rdx),
		.rsi = le64_get(v->rsi),
		.rdi = le64_get(v->rdi),
		.rbp = le64_get(v->rbp),
		.more = { .set = true,
		          .dr6 = le64_get(v->dr6),
		          .dr7 = le64_get(v->dr7),
		          .g_pat = le64_get(v->g_pat),
		          .xcr0 = le64_get(v->xcr0),
		          .mxcsr = le32_get(v->mxcsr),
		          .fcw = le16_get(v->fcw) },
	};
	for (size_t i = 0; i < ARRAY_SIZE(ret->r8_15); i++)
		ret->r8_15[i] = le64_get(v->r8_15[i]);
}

void snp_vmsa_of(const struct vcpu_state *s, uint64_t sev_features, enum vmsa_flavour flavour,
                 struct snp_vmsa *ret)
{
	vmsa_by(&rules[flavour], s, sev_features, ret);
}

void snp_vmsa_hash(const struct vmsa_rule *rule, const struct vcpu_state *s, uint64_t sev_features,
                   uint8_t ret[static SHA384_SIZE])
{
	struct snp_vmsa vmsa;

	vmsa_by(rule, s, sev_features, &vmsa);
	sha384(&vmsa, sizeof(vmsa), ret);
}
