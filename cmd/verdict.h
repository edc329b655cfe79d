/* SPDX-License-Identifier: MIT */
/*
 * cmd/verdict.h: what a run's measurement and its end are worth: exit status and verdict, by what
 * the manifest expects.
 */
#ifndef CMD_VERDICT_H
#define CMD_VERDICT_H

#include "core/out/run_result.h"

struct manifest;     /* config/manifest.h */
struct manifest_pin; /* config/manifest.h */
struct outcome;      /* core/vm/outcome.h */
struct plan;         /* core/plan/plan.h */
struct snp_digest;   /* core/snp/digest.h */
struct watch;        /* core/vm/watch.h */

/* Lines on stderr: the measurement, and what people must know about it. */
void verdict_announce(const struct manifest *m, const struct plan *p, const struct snp_digest *d);
/* Before any host resource is touched: 0, or ERROR_MEASUREMENT_DIFFERS at the key's place. */
int verdict_measurement(const struct manifest *m, const struct snp_digest *d, struct error *err);
/* The pin that fits the digest, else the first for this count of vCPUs; NULL: none. */
const struct manifest_pin *verdict_pin(const struct manifest *m, const struct snp_digest *d);

/*
 * The exit status of a guest that ran. An end that would pass fails with CONSOLE_MISSING while an
 * expected line is outstanding; to the sentence of one that fails anyway it is added which.
 */
int verdict_status(const struct manifest *m, const struct watch *w, struct outcome *o);

/*
 * The status of what a signal or the command's time limit ended (core/vm/signals.h); STATUS_OK:
 * nothing was.
 */
int verdict_stopped(void);

/* The verdict that goes with one of our statuses (not with a guest's own, under --guest-status). */
enum run_verdict verdict_of(int status);

/*
 * What goes before a verdict on standard error, and behind it; "" where --color doesn't want it.
 * Static.
 */
const char *verdict_color(enum run_verdict verdict);
const char *verdict_color_end(void);

/* Whether a matrix rather ends with the status of `a` than with that of `b`. */
bool verdict_worse(const struct run_result *a, const struct run_result *b);

#endif
