/* SPDX-License-Identifier: MIT */
/* cmd/attempt.h: one run of one manifest, from its file to its result. */
#ifndef CMD_ATTEMPT_H
#define CMD_ATTEMPT_H

#include <stdbool.h>

#include "cmd/cmd.h"

struct conflicts;  /* cmd/conflicts.h */
struct run_result; /* core/out/run_result.h */

struct run_options {
	struct settings settings;
	const char *manifest;   /* NULL: settings stand for it */
	bool stats;             /* --stats */
	const char *stats_file; /* --stats=FILE; NULL: lines on stderr */
	bool prefix;            /* --prefix */
	const char *results;    /* --results; NULL: none */
	bool results_below;     /* its last part is a run's own folder in that of --results */
	/* What was found to be one file with another, which nothing may touch; NULL: not asked. */
	const struct conflicts *conflicts;
	bool guest_status, skip_unsupported;
	unsigned jobs; /* --jobs */
	bool console; /* standard output is the console's; else the result is shown there, hashes and facts with it */
	/* Where the result goes beside the folder; NULL: nowhere. 0, or a negative errno with *err filled. */
	int (*show)(const struct run_result *r, struct error *err);
	const char *label; /* which of a matrix it is: its lines say so; NULL: there is no matrix */
	const char *label_file; /* the same in names of files */
	bool beside;            /* other runs go on: the guest's lines say which it is, too */
};

/*
 * Carries out run number `run` of the manifest, says on stderr what has to be said, writes the result files, and
 * fills *ret. Returns the exit status.
 */
int attempt(const struct run_options *o, unsigned run, struct run_result *ret);

/*
 * For a run that came to no result of its own: says and writes *r, which the caller has filled, in its place. With
 * `begun` what it left in its folder stays there.
 */
void attempt_without(const struct run_options *o, const struct run_result *r, bool begun);

#endif
