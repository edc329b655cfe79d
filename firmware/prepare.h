/* SPDX-License-Identifier: MIT */
/* firmware/prepare.h: what every command does with a manifest first; finds all faults at once. */
#ifndef FIRMWARE_PREPARE_H
#define FIRMWARE_PREPARE_H

#include <stdbool.h>

#include "config/manifest.h"

struct findings; /* core/base/findings.h */
struct images;   /* firmware/images.h */
struct plan;     /* core/plan/plan.h */
struct platform; /* core/vm/vm.h */

/*
 * Reads the files that m names, hashes them if `hashed`, and checks their contents. *m may lack
 * what could not be read of the manifest. *ret holds what could be read; the caller calls
 * images_fini(). False: an error was added.
 */
bool prepare_files(const struct manifest *m, bool hashed, struct images *ret, struct findings *f);

/* assemble(), for a manifest and images without errors. Findings name the run of a matrix. */
bool prepare_plan(const struct manifest *m, const struct images *images, const struct platform *on,
                  const struct plan **ret, struct findings *f);

/*
 * Checks that the plan's ID block, if there is one, is for this digest. 0, or -EINVAL with
 * ERROR_MEASUREMENT_DIFFERS and the place in the manifest.
 */
int prepare_id_digest(const struct manifest *m, const struct plan *p,
                      const uint8_t digest[static PLAN_DIGEST], struct error *err);

#endif
