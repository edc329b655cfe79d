/* SPDX-License-Identifier: MIT */
/* cmd/vars.h: keeps a firmware's variables after a run, as boot.vars.keep asks. */
#ifndef CMD_VARS_H
#define CMD_VARS_H

struct error;    /* core/base/error.h */
struct images;   /* firmware/images.h */
struct manifest; /* config/manifest.h */
struct vm;       /* core/vm/vm_priv.h */

/* Before the launch: fails if a file can't be made there, so that no run is for nothing. */
int vars_look(const struct manifest *m, struct error *err);

/*
 * After the guest's end: makes the file that was asked for, if any, whole or not at all. The one
 * that the variables were read from is replaced only if they changed, and if it didn't.
 */
int vars_keep(const struct manifest *m, const struct images *images, const struct vm *vm,
              struct error *err);

#endif
