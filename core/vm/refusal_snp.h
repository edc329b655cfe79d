/* SPDX-License-Identifier: MIT */
/*
 * core/vm/refusal_snp.h: refused SNP commands, with the cause in this launch where it can be told.
 */
#ifndef CORE_VM_REFUSAL_SNP_H
#define CORE_VM_REFUSAL_SNP_H

#include <stdint.h>

#include "core/plan/region.h"

struct error; /* core/base/error.h */
struct plan;  /* core/plan/plan.h */
struct vm;    /* core/vm/vm_priv.h */

/* How a command failed: a positive errno and the firmware's status, 0 if it had nothing to say. */
struct sev_failure {
	int errnum;
	uint32_t status;
};

/*
 * Each fills *err and returns -errnum. They may ask host and firmware once more, which changes
 * nothing.
 */

/* The features that this kernel doesn't offer, the number of ASIDs that are all taken. */
int refusal_init2(struct error *err, const struct vm *vm, const struct plan *p,
                  struct sev_failure f);
/* The bits of the policy that this kernel or this firmware refuses. */
int refusal_start(struct error *err, const struct vm *vm, const struct plan *p,
                  struct sev_failure f);
/* Of region r the page `at`: what else of the launch has it, or what memory is there. */
int refusal_update(struct error *err, const struct vm *vm, const struct plan *p,
                   const struct region *r, gpa_t at, struct sev_failure f);
/* Which of the two values an ID block and a launch must share differs. */
int refusal_finish(struct error *err, const struct plan *p, struct sev_failure f);

#endif
