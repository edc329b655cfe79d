/* SPDX-License-Identifier: MIT */
/* core/vm/refusal.h: a refused SNP command, in words: errno and firmware status -> cause and cure. */
#ifndef CORE_VM_REFUSAL_H
#define CORE_VM_REFUSAL_H

#include <stdint.h>

struct error; /* core/base/error.h */

/* The error for command `id` (X_SEV_INIT2, ...) that gave errnum, with the firmware's status. Returns -errnum. */
int refusal_set(struct error *err, uint32_t id, int errnum, uint32_t status);

/* "LAUNCH_START"; for listings. */
const char *refusal_command(uint32_t id);

#endif
