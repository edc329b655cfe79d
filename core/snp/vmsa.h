/* SPDX-License-Identifier: MIT */
/* core/snp/vmsa.h: the VMSA page that the host will build from the register state of a vCPU. */
#ifndef CORE_SNP_VMSA_H
#define CORE_SNP_VMSA_H

#include <stdint.h>

#include "core/plan/plan.h"
#include "core/snp/abi.h"

/*
 * Predicts the page that is measured for a vCPU that starts in state *s. VMSA_KVM is Linux 6.11 and
 * later (arch/x86/kvm/svm/sev.c: sev_es_sync_vmsa()); the others are modelled on sev-snp-measure.
 */
void snp_vmsa_of(const struct vcpu_state *s, uint64_t sev_features, enum vmsa_flavour flavour,
                 struct snp_vmsa *ret);

#endif
