/* SPDX-License-Identifier: MIT */
/*
 * cmd/matrix.h: all runs of a matrix or of several manifests, one after the other or in parallel.
 */
#ifndef CMD_MATRIX_H
#define CMD_MATRIX_H

struct labels;      /* cmd/labels.h */
struct run_options; /* cmd/run_once.h */
struct run_result;  /* core/out/run_result.h */

/*
 * Fills `results`, one for each label, in memory that child processes share (MAP_SHARED). With
 * o->jobs above 1 each run is a process of its own, whose lines begin with its label. Prints a
 * summary at the end. After a signal (core/vm/signals.h) current runs end as usual, and no more are
 * started. Returns the worst status.
 */
int matrix_run(const struct run_options *o, const struct labels *labels,
               struct run_result *results);

#endif
