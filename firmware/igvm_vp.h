/* SPDX-License-Identifier: MIT */
/* firmware/igvm_vp.h: the registers of a vCPU in an IGVM file, as KVM can set them. */
#ifndef FIRMWARE_IGVM_VP_H
#define FIRMWARE_IGVM_VP_H

#include <stdint.h>

struct error;       /* core/base/error.h */
struct igvm_header; /* firmware/igvm.h */
struct vcpu_state;  /* core/plan/vcpu.h */

/*
 * Reads the VMSA of a VP_CONTEXT. KVM builds VMSAs itself, from the registers that it is given; one
 * that it can't build is refused by the name of the field.
 */
int igvm_vp_state(const struct igvm_header *h, struct vcpu_state *ret, struct error *err);

/* Its SEV_FEATURES, unchecked. */
uint64_t igvm_vp_features(const struct igvm_header *h);

#endif
