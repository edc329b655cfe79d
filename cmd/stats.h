/* SPDX-License-Identifier: MIT */
/* cmd/stats.h: what a run cost, for people and for scripts. */
#ifndef CMD_STATS_H
#define CMD_STATS_H

#include <stdio.h>

struct error;        /* core/base/error.h */
struct stats_report; /* core/vm/stats.h */

/* A few lines on stderr. */
void stats_print(const struct stats_report *r);
/* As JSON ("snpvmm.stats/1"). */
int stats_write(const struct stats_report *r, FILE *to, struct error *err);

#endif
