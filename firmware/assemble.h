/* SPDX-License-Identifier: MIT */
/* firmware/assemble.h: manifest and images -> sealed plan. */
#ifndef FIRMWARE_ASSEMBLE_H
#define FIRMWARE_ASSEMBLE_H

#include "config/manifest.h"

struct error;    /* core/base/error.h */
struct images;   /* firmware/images.h */
struct plan;     /* core/plan/plan.h */
struct platform; /* core/vm/vm.h */

/*
 * The launch plan of *m on a platform. What is measured is the plan for platform snp, whatever
 * m->platform says. The plan for platform kvm differs from it only in our own guests (no C-bit in
 * their page tables, no pages for the SNP firmware) and below a firmware without SEV support. The
 * plan borrows the images' bytes. 0, or a negative errno with the place in the manifest.
 */
int assemble(const struct manifest *m, const struct images *images, const struct platform *on,
             const struct plan **ret, struct error *err);

#endif
