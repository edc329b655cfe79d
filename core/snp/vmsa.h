/* SPDX-License-Identifier: MIT */
/* core/snp/vmsa.h: the VMSA page that the host will build from the register state of a vCPU. */
#ifndef CORE_SNP_VMSA_H
#define CORE_SNP_VMSA_H

#include <stdint.h>

#include "core/base/sha2.h"
#include "core/plan/plan.h"
#include "core/snp/abi.h"

/* Fields that the host fills in by itself, whatever the registers are. */
struct vmsa_rule {
	uint64_t g_pat;    /* MSR_IA32_CR_PAT after reset */
	uint32_t mxcsr;    /* the FPU's reset state; 0: the host doesn't copy it */
	uint16_t fcw;      /* the same */
	uint64_t cr0, cr4; /* bits that are set besides the register's own */
	uint64_t dr7;
};

const struct vmsa_rule *vmsa_rule_of(enum vmsa_flavour flavour);

/*
 * Predicts the page that is measured for a vCPU that starts in state *s. VMSA_KVM is Linux 6.11 and
 * later (arch/x86/kvm/svm/sev.c: sev_es_sync_vmsa()); the others are modelled on sev-snp-measure.
 */
void snp_vmsa_of(const struct vcpu_state *s, uint64_t sev_features, enum vmsa_flavour flavour,
                 struct snp_vmsa *ret);
/*
 * The hash of a VMSA by a rule, as it enters the launch digest. The rule may be no flavour's, in a
 * search of what explains a digest.
 */
void snp_vmsa_hash(const struct vmsa_rule *rule, const struct vcpu_state *s, uint64_t sev_features,
                   uint8_t ret[static SHA384_SIZE]);

/*
 * The inverse: the state from which KVM builds the page, as far as it can. What KVM sets by itself,
 * or leaves zero, is lost. snp_vmsa_of() of the state shows whether it is the same page.
 */
void snp_vcpu_of(const struct snp_vmsa *v, struct vcpu_state *ret);

#endif
