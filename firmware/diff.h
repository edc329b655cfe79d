/* SPDX-License-Identifier: MIT */
/* firmware/diff.h: compares two launches, or what is known of them. */
#ifndef FIRMWARE_DIFF_H
#define FIRMWARE_DIFF_H

#include "core/out/diff.h"

struct error; /* core/base/error.h */

/*
 * Compares what both sides have, which *ret borrows. ERROR_USAGE if they have nothing in common.
 * The caller calls diff_fini() in any case.
 */
int diff_of(const struct diff_side *a, const struct diff_side *b, struct diff *ret,
            struct error *err);

/* firmware/diff_image.c: adds which files differ, and where the first difference is. */
int diff_image(struct diff *d, struct diff_region *r, struct error *err);

#endif
