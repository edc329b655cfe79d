/* SPDX-License-Identifier: MIT */
/* cmd/verdict.h: what a run's end is worth: exit status and verdict, by what the manifest expects. */
#ifndef CMD_VERDICT_H
#define CMD_VERDICT_H

#include "core/out/run_result.h"

struct manifest; /* config/manifest.h */
struct outcome;  /* core/vm/outcome.h */
struct watch;    /* core/vm/watch.h */

/*
 * The exit status of a guest that ran. An end that would pass fails with CONSOLE_MISSING while an expected line is
 * outstanding; to the sentence of one that fails anyway it is added which.
 */
int verdict_status(const struct manifest *m, const struct watch *w, struct outcome *o);

/* The status of what a signal or the command's time limit ended (core/vm/stop.h); STATUS_OK: nothing was. */
int verdict_stopped(void);

/* The verdict that goes with one of our statuses (not with a guest's own, under --guest-status). */
enum run_verdict verdict_of(int status);

/* What goes before a verdict on standard error, and behind it; "" where --color doesn't want it. Static. */
const char *verdict_color(enum run_verdict verdict);
const char *verdict_color_end(void);

/* Whether a matrix rather ends with the status of `a` than with that of `b`. */
bool verdict_worse(const struct run_result *a, const struct run_result *b);

#endif
