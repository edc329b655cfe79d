/* SPDX-License-Identifier: MIT */
/* cmd/disks.h: the images of a manifest's disks, from their checks to what became of them. */
#ifndef CMD_DISKS_H
#define CMD_DISKS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/dev/disk.h"

struct error;      /* core/base/error.h */
struct findings;   /* core/base/findings.h */
struct manifest;   /* config/manifest.h */
struct run_result; /* core/out/run_result.h */

struct disks {
	struct disk list[DISKS_MAX];
	size_t n;
};

/*
 * Opens the images, which borrow their paths from *m; look: only to be read. Mistakes become
 * findings. The caller closes them in any case.
 */
void disks_open(struct disks *d, const struct manifest *m, bool look, struct findings *f);
/* Compares those that have a hash in the manifest with it: 0, or a negative errno. */
int disks_compare(const struct disks *d, const struct manifest *m, struct error *err);
/* Locks them, compares them, and makes room for what the guest writes. */
int disks_begin(struct disks *d, const struct manifest *m, struct error *err);
void disks_close(struct disks *d);

/* Says what the guest did with them, for --stats. */
void disks_print(const struct disks *d);
/* The same, in a result. */
void disks_record(const struct disks *d, struct run_result *r);
/* Says which of them the guest never took. */
void disks_report_unused(const struct run_result *r);

#endif
