/* SPDX-License-Identifier: MIT */
/* firmware/selftest.h: `builtin:selftest`, our own test guest, as regions of a plan. */
#ifndef FIRMWARE_SELFTEST_H
#define FIRMWARE_SELFTEST_H

#include <stdint.h>

#include "firmware/selftest/params.h" /* SELFTEST_MEMORY and the other addresses */

struct error;      /* core/base/error.h */
struct plan;       /* core/plan/plan.h */
struct vcpu_state; /* core/plan/vcpu.h */

struct selftest_config {
	unsigned c_bit; /* in the guest's page tables; 0: runs without SNP */
	uint16_t exit_port;
	uint32_t vcpu_sig;
};

/*
 * Adds the selftest's regions to an unsealed plan, in launch order. *bsp becomes the state of vCPU
 * 0 (on success only). The caller adds RAM: at least SELFTEST_MEMORY bytes from 0 on.
 */
int selftest_plan(struct plan *p, const struct selftest_config *c, struct vcpu_state *bsp,
                  struct error *err);

/* The guest's code, in whole pages, page-aligned; embedded by selftest_blob.S. */
extern const uint8_t selftest_blob[], selftest_blob_end[];

#endif
