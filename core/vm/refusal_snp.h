/* SPDX-License-Identifier: MIT */
/*
 * core/vm/refusal_snp.h: error messages for refused SEV commands, with the cause in this launch if
 * it can be found.
 */
#ifndef CORE_VM_REFUSAL_SNP_H
#define CORE_VM_REFUSAL_SNP_H

#include <stdint.h>

#include "core/plan/region.h"

struct error; /* core/base/error.h */
struct plan;  /* core/plan/plan.h */
struct vm;    /* core/vm/vm_priv.h */

/* How a command failed: a positive errno, and the firmware's status or 0. */
struct sev_failure {
	int errnum;
	uint32_t status;
};

/*
 * Each fills *err and returns -errnum. They may query KVM and the firmware, which changes nothing.
 */

/* Names features that KVM doesn't support, or the number of ASIDs, all in use. */
int refusal_init2(struct error *err, const struct vm *vm, const struct plan *p,
                  struct sev_failure f);
/* Names the bits of the policy that KVM or the firmware refuses. */
int refusal_start(struct error *err, const struct vm *vm, const struct plan *p,
                  struct sev_failure f);
/* For page `at` of region r: names another region that has it, or what memory is there. */
int refusal_update(struct error *err, const struct vm *vm, const struct plan *p,
                   const struct region *r, gpa_t at, struct sev_failure f);
/* Says whether the ID block's digest or its policy differs from the launch's. */
int refusal_finish(struct error *err, const struct plan *p, struct sev_failure f);

#endif
