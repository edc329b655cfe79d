/* SPDX-License-Identifier: MIT */
/* cmd/advice.h: explains ends that don't explain themselves, such as a time limit. */
#ifndef CMD_ADVICE_H
#define CMD_ADVICE_H

#include <stdbool.h>

struct blob;     /* core/base/file.h */
struct manifest; /* config/manifest.h */
struct outcome;  /* core/vm/outcome.h */
struct vm;       /* core/vm/vm_priv.h */
struct watch;    /* core/vm/watch.h */

/*
 * Adds to the sentence of a failed run the console's last line, or that there is none, and a fix if
 * the likely cause is known. `lazy`: the guest's kernel had to accept memory.
 */
void advice_add(const struct manifest *m, const struct blob *firmware, bool lazy,
                const struct vm *vm, struct watch *w, struct outcome *o);

#endif
