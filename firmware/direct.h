/* SPDX-License-Identifier: MIT */
/* firmware/direct.h: boots a kernel without a firmware, through stage0. */
#ifndef FIRMWARE_DIRECT_H
#define FIRMWARE_DIRECT_H

#include <stdint.h>

struct error;      /* core/base/error.h */
struct images;     /* firmware/images.h */
struct manifest;   /* config/manifest.h */
struct plan;       /* core/plan/plan.h */
struct vcpu_state; /* core/plan/vcpu.h */

#define DIRECT_RAM_MAX ((uint64_t)64 << 30)

/*
 * Adds the regions of stage0, and kernel and initrd as shared blobs above all RAM; their bytes stay
 * in the images. The caller adds RAM (firmware/ram.h). c_bit: its position in page table entries; 0
 * without SNP. *bsp becomes the state of vCPU 0.
 */
int direct_plan(struct plan *p, const struct manifest *m, const struct images *images,
                unsigned c_bit, struct vcpu_state *bsp, struct error *err);

#endif
