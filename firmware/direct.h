/* SPDX-License-Identifier: MIT */
/*
 * firmware/direct.h: a kernel without a firmware: where everything lies that our stage0 needs to
 * boot it.
 */
#ifndef FIRMWARE_DIRECT_H
#define FIRMWARE_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

struct error;      /* core/base/error.h */
struct images;     /* firmware/images.h */
struct manifest;   /* config/manifest.h */
struct plan;       /* core/plan/plan.h */
struct vcpu_state; /* core/plan/vcpu.h */

/* Low memory ends here at the latest; what is more begins at 4 GiB. */
#define DIRECT_LOW_MAX ((uint64_t)3 << 30)
#define DIRECT_HIGH    ((uint64_t)4 << 30)
#define DIRECT_RAM_MAX ((uint64_t)64 << 30)

/*
 * Adds the regions of stage0 and offers kernel and initrd, which stay in the images, in shared
 * memory above all RAM. RAM is the caller's business: [0, min(memory, 3 GiB)), the rest from 4 GiB
 * on. *bsp says how vCPU 0 begins.
 */
int direct_plan(struct plan *p, const struct manifest *m, const struct images *images,
                unsigned c_bit, struct vcpu_state *bsp, struct error *err);

#endif
