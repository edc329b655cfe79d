/* SPDX-License-Identifier: MIT */
/* firmware/selftest.h: `builtin:selftest`, our own test guest, as regions of a plan. */
#ifndef FIRMWARE_SELFTEST_H
#define FIRMWARE_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/selftest/params.h" /* SELFTEST_MEMORY and the other addresses */

struct error;      /* core/base/error.h */
struct plan;       /* core/plan/plan.h */
struct vcpu_state; /* core/plan/vcpu.h */

struct selftest_config {
	unsigned c_bit; /* of the guest's page tables; 0: it runs without SNP */
	uint16_t exit_port;
	uint32_t vcpu_sig;
};

/*
 * Adds the selftest's regions to an unsealed plan, in launch order, and says in *bsp how vCPU 0
 * begins (untouched on failure). Memory is the caller's business: SELFTEST_MEMORY bytes from 0 are
 * needed.
 */
int selftest_plan(struct plan *p, const struct selftest_config *c, struct vcpu_state *bsp,
                  struct error *err);

/*
 * The guest's code as it is launched: whole pages, page-aligned, in our own binary
 * (selftest_blob.S).
 */
extern const uint8_t selftest_blob[], selftest_blob_end[];

#endif
