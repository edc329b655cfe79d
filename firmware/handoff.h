/* SPDX-License-Identifier: MIT */
/* firmware/handoff.h: what a firmware is handed through fw_cfg: memory map, ACPI tables, kernel. */
#ifndef FIRMWARE_HANDOFF_H
#define FIRMWARE_HANDOFF_H

#include <stdbool.h>
#include <stdint.h>

struct error;    /* core/base/error.h */
struct images;   /* firmware/images.h */
struct manifest; /* config/manifest.h */
struct outcome;  /* core/vm/outcome.h */
struct plan;     /* core/plan/plan.h */

/*
 * Adds the items to an unsealed plan; none is measured by the launch. The kernel's file is handed
 * over as it is, split at the end of its setup part, so that the firmware's hash of it is that of
 * the file. low_end and high_end (0: none) are the ends of RAM. *ret_kernel_unfit: the kernel is
 * not one that a firmware could boot, and was left out.
 */
int handoff_add(struct plan *p, const struct manifest *m, const struct images *images,
                uint64_t low_end, uint64_t high_end, bool *ret_kernel_unfit, struct error *err);

/*
 * If a firmware that verifies the kernel's hashes read one of the hashed files last, and then
 * stopped: says so, for that is how such a firmware refuses a file. It has no other way to tell. It
 * stopped if it is halted, or if a limit ended the run and there had been no exit for `quiet_ms`, a
 * while; a firmware that is merely slow goes on to have some. last_read: the key of what it read
 * last, to the end; -1: none.
 */
void handoff_explain(const struct manifest *m, int last_read, uint64_t quiet_ms, struct outcome *o);

#endif
