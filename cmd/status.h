/* SPDX-License-Identifier: MIT */
/* cmd/status.h: exit status and result of a run, by what the manifest expects. */
#ifndef CMD_STATUS_H
#define CMD_STATUS_H

#include "core/out/run_result.h"

struct manifest;     /* config/manifest.h */
struct manifest_pin; /* config/manifest.h */
struct outcome;      /* core/vm/outcome.h */
struct plan;         /* core/plan/plan.h */
struct snp_digest;   /* core/snp/digest.h */
struct watch;        /* core/vm/watch.h */

/* Prints the measurement on stderr. */
void measurement_print(const struct manifest *m, const struct plan *p, const struct snp_digest *d);
/* Compares the measurement with expect.measurement: 0, or ERROR_MEASUREMENT_DIFFERS in *err. */
int measurement_check(const struct manifest *m, const struct snp_digest *d, struct error *err);
/* The expected digest that matches, else the first for this number of vCPUs; NULL: none. */
const struct manifest_pin *measurement_pin(const struct manifest *m, const struct snp_digest *d);

/*
 * The exit status of a guest that ran. While an expected console line is missing, an end that would
 * pass becomes CONSOLE_MISSING, and the sentence of any other end says which line that is.
 */
int exit_status_of(const struct manifest *m, const struct watch *w, struct outcome *o);
/* The exit status after a signal or the command's time limit; STATUS_OK if neither came. */
int exit_status_stopped(void);

/* The result for an exit status of snpvmm; not for one of the guest (--guest-status). */
enum run_status run_status_of(int exit_status);
/* What is printed before and after it on stderr; "" without colours. Static. */
const char *run_status_color(enum run_status status);
const char *run_status_color_end(void);
/* Whether the exit status of `a` takes precedence over that of `b` for a whole matrix. */
bool result_worse(const struct run_result *a, const struct run_result *b);

#endif
