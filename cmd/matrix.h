/* SPDX-License-Identifier: MIT */
/*
 * cmd/matrix.h: all runs of a command, each in a process of its own: a single one, those of a
 * matrix, or of several manifests.
 */
#ifndef CMD_MATRIX_H
#define CMD_MATRIX_H

struct labels;      /* cmd/labels.h */
struct run_options; /* cmd/run_once.h */
struct run_result;  /* core/out/run_result.h */

/*
 * Fills `results`, one for each label. Each run is a process of its own, up to o->jobs at once;
 * their lines then begin with their labels. Prints a summary of several. After a signal
 * (core/vm/signals.h) current runs end as usual, and no more are started. Returns the worst status.
 */
int matrix_run(const struct run_options *o, const struct labels *labels,
               struct run_result *results);

#endif
