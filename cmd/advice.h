/* SPDX-License-Identifier: MIT */
/*
 * cmd/advice.h: what there is to say of an end that says little by itself: the console's last line,
 * or that it got no byte.
 */
#ifndef CMD_ADVICE_H
#define CMD_ADVICE_H

struct manifest; /* config/manifest.h */
struct outcome;  /* core/vm/outcome.h */
struct vm;       /* core/vm/vm_priv.h */
struct watch;    /* core/vm/watch.h */

/*
 * Adds to the sentence of a run that failed, and gives it a fix where the cause is likely enough.
 */
void advice_add(const struct manifest *m, const struct vm *vm, struct watch *w, struct outcome *o);

#endif
