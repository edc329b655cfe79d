/* SPDX-License-Identifier: MIT */
/*
 * cmd/matrix.h: all runs of a matrix, or of several manifests, one after the other or several at
 * once.
 */
#ifndef CMD_MATRIX_H
#define CMD_MATRIX_H

struct labels;      /* cmd/labels.h */
struct run_options; /* cmd/attempt.h */
struct run_result;  /* core/out/run_result.h */

/*
 * Fills a result for each label, which must be memory that child processes share (MAP_SHARED): with
 * o->jobs above 1 each run is a process of its own and writes whole lines, its variant before each.
 * Ends with a line for each run. A signal (core/vm/signals.h) ends the runs that are under way in
 * good order; no more are begun. Returns the worst status.
 */
int matrix_run(const struct run_options *o, const struct labels *labels,
               struct run_result *results);

#endif
