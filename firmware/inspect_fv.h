/* SPDX-License-Identifier: MIT */
/* firmware/inspect_fv.h: the firmware volumes of an image, as results show them. */
#ifndef FIRMWARE_INSPECT_FV_H
#define FIRMWARE_INSPECT_FV_H

#include <stddef.h>
#include <stdint.h>

#include "firmware/inspect.h"

struct tree; /* core/out/tree.h */

/*
 * Adds "volumes", "files", "build_strings" and "volume_faults" of an image that lies at `gpa` to
 * the open map; none of them if it has no volumes.
 */
void inspect_volumes(const uint8_t *bytes, size_t size, uint64_t gpa, enum inspect_view view,
                     struct tree *t);

#endif
