/* SPDX-License-Identifier: MIT */
/* firmware/handoff.h: what a firmware gets through fw_cfg: memory map, ACPI tables, kernel. */
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
 * Adds the items to an unsealed plan; a launch measures none of them. The kernel's file is split
 * after its setup part and otherwise unchanged, so the firmware's hash of it is that of the file.
 * *ret_unfit: why no firmware could boot the kernel, which is left out then; static. NULL: one
 * can.
 */
int handoff_add(struct plan *p, const struct manifest *m, const struct images *images,
                const char **ret_unfit, struct error *err);

/*
 * A firmware that refuses a file because of its hash just stops. Adds that explanation if the run
 * looks like it: the firmware verifies hashes, the last file that it read to the end is a hashed
 * one (last_read: its key; -1: none), and the vCPU is halted, or a limit ended the run after
 * `quiet_ms` without an exit. A firmware that is only slow keeps exiting.
 */
void handoff_explain(const struct manifest *m, int last_read, uint64_t quiet_ms, struct outcome *o);

#endif
