/* SPDX-License-Identifier: MIT */
/* cmd/attempt.h: one run of one manifest, from its file to its result. */
#ifndef CMD_ATTEMPT_H
#define CMD_ATTEMPT_H

#include <stdbool.h>

#include "cmd/cmd.h"
#include "cmd/settings.h"

struct conflicts;  /* cmd/conflicts.h */
struct run_result; /* core/out/run_result.h */

struct run_options {
	struct settings settings;
	const char *manifest; /* NULL: settings stand for it */
	const struct manifest_source *source;
	bool stats;             /* --stats */
	const char *stats_file; /* --stats=FILE; NULL: lines on stderr */
	bool prefix;            /* --prefix */
	const char *results;    /* --results; NULL: none */
	bool results_below;     /* its last part is a run's own folder in that of --results */
	/* What was found to be one file with another, which nothing may touch; NULL: not asked. */
	const struct conflicts *conflicts;
	bool inputs_unknown; /* the manifest can't be understood: what it names may lie anywhere */
	bool guest_status, skip_unsupported;
	unsigned jobs;    /* --jobs */
	unsigned retries; /* --retries: after a failure of the host that may pass */
	/*
	 * standard output is the console's; else the result is shown there, hashes and facts with
	 * it
	 */
	bool console;
	/*
	 * Where the result goes beside the folder; NULL: nowhere. 0, or a negative errno with *err
	 * filled.
	 */
	int (*show)(const struct run_result *r, struct error *err);
	const char *label; /* which of several runs it is: its lines say so; NULL: there is one */
	const char *label_file; /* the same in names of files */
	/* of a matrix: what tells its runs apart in names of files; or NULL */
	const char *variant_file;
	bool beside; /* other runs go on: the guest's lines say which it is, too */
};

/*
 * Carries out run number `run` of the manifest, says on stderr what has to be said, writes the
 * result files, and fills *ret. Where the host was at fault it tries again, as often as --retries
 * allows. Returns the exit status.
 */
int attempt(const struct run_options *o, unsigned run, struct run_result *ret);

/*
 * For a run that came to no result of its own: says and writes *r, which the caller has filled, in
 * its place. If it had begun, what it left in its folder stays there.
 */
void attempt_without(const struct run_options *o, const struct run_result *r, bool begun);

#endif
