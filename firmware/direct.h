/* SPDX-License-Identifier: MIT */
/* firmware/direct.h: boots a kernel without a firmware, through stage0. */
#ifndef FIRMWARE_DIRECT_H
#define FIRMWARE_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

struct error;         /* core/base/error.h */
struct images;        /* firmware/images.h */
struct manifest;      /* config/manifest.h */
struct plan;          /* core/plan/plan.h */
struct vcpu_state;    /* core/plan/vcpu.h */
struct plan_settings; /* core/plan/plan.h */

/* With boot.accept: auto, a kernel that can accepts memory itself from this size on. */
#define DIRECT_LAZY_FROM ((uint64_t)2 << 30)
/* stage0 accepts no memory above this address: as much memory as a kernel that doesn't can have. */
#define DIRECT_EAGER_MAX ((uint64_t)511 << 30)

/*
 * Adds the regions of stage0, and kernel and initrd as shared blobs above all RAM; their bytes stay
 * in the images. The caller has added RAM (firmware/ram.h). c_bit: its position in page table
 * entries; 0 without SNP. *bsp becomes the state of vCPU 0.
 */
int direct_plan(struct plan *p, const struct manifest *m, const struct images *images,
                unsigned c_bit, struct vcpu_state *bsp, struct error *err);

/* Says in the settings who accepts the memory of a plan for SNP, and why. */
void direct_accept(const struct manifest *m, const struct images *images, const struct plan *p,
                   struct plan_settings *ret);

#endif
