/* SPDX-License-Identifier: MIT */
/* firmware/igvm_write.h: a launch plan as an IGVM file. */
#ifndef FIRMWARE_IGVM_WRITE_H
#define FIRMWARE_IGVM_WRITE_H

#include "config/manifest.h"

struct buffer; /* core/base/bytes.h */
struct error;  /* core/base/error.h */
struct plan;   /* core/plan/plan.h */

/*
 * Writes the pages, VMSAs, policy and ID block of a sealed plan, made of m and measured as
 * `digest`, into *ret, which is empty. The file is read back: with *ret_profile as measure.profile
 * it has that digest. Refused are plans that depend on more than pages: a kernel that is booted
 * directly.
 */
int igvm_write(const struct plan *p, const struct manifest *m,
               const uint8_t digest[static PLAN_DIGEST], struct buffer *ret,
               enum manifest_profile *ret_profile, struct error *err);

#endif
