/* SPDX-License-Identifier: MIT */
/* firmware/vars.h: the variables of a firmware that is split into code and variables. */
#ifndef FIRMWARE_VARS_H
#define FIRMWARE_VARS_H

#include "core/dev/flash.h"

struct error;    /* core/base/error.h */
struct images;   /* firmware/images.h */
struct manifest; /* config/manifest.h */

/* Whether boot.vars.path is a variable store and fits to the firmware, if they were read. */
int vars_check(const struct manifest *m, const struct images *images, struct error *err);

/* They lie right below the firmware, where it looks for them. Borrows the bytes; may be empty. */
struct flash_content vars_flash(const struct images *images);

#endif
