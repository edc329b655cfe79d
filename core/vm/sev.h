/* SPDX-License-Identifier: MIT */
/* core/vm/sev.h: opens /dev/sev, the SEV firmware's device, and queries its status. */
#ifndef CORE_VM_SEV_H
#define CORE_VM_SEV_H

#include <stdint.h>

struct error;                /* core/base/error.h */
struct kvm_sys;              /* core/vm/sys.h */
struct sev_user_data_status; /* linux/psp-sev.h */
struct snp_platform_status;  /* core/snp/abi.h */

/* The descriptor, or a negative errno with *err filled. */
int sev_open(const struct kvm_sys *sys, struct error *err);

/* On failure (a negative errno) *ret_status is the firmware's status, or 0. */
int sev_platform_status(const struct kvm_sys *sys, int sev, struct sev_user_data_status *ret,
                        uint32_t *ret_status);
int sev_snp_status(const struct kvm_sys *sys, int sev, struct snp_platform_status *ret,
                   uint32_t *ret_status);

#endif
