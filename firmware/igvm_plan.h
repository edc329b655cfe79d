/* SPDX-License-Identifier: MIT */
/* firmware/igvm_plan.h: the SNP platform of an IGVM file as a launch plan. */
#ifndef FIRMWARE_IGVM_PLAN_H
#define FIRMWARE_IGVM_PLAN_H

#include <stdint.h>

#include "config/manifest.h"

struct blob;          /* core/base/file.h */
struct error;         /* core/base/error.h */
struct plan;          /* core/plan/plan.h */
struct plan_settings; /* core/plan/plan.h */
struct vcpu_state;    /* core/plan/vcpu.h */

/* Whether measure.profile says how to load IGVM files. */
bool igvm_profile(enum manifest_profile profile);

/*
 * Adds the file's regions and vCPUs to an unsealed plan that has the manifest's RAM, in the order
 * of m->profile. A vCPU without registers in the file starts in state *reset. *s gets what the file
 * says of policy, SEV_FEATURES and ID block, and why the plan can't be launched, if so. The plan
 * keeps no pointer into the file. What KVM can't do is refused by name.
 */
int igvm_plan(struct plan *p, const struct manifest *m, const struct blob *file,
              const struct vcpu_state *reset, struct plan_settings *s, struct error *err);

/* The guest policy of a launch: the manifest's, unless it gives none and an IGVM file does. */
uint64_t igvm_policy(const struct manifest *m, const struct blob *firmware);

#endif
