/* SPDX-License-Identifier: MIT */
/*
 * cmd/run.c: the command: all its runs, and their results on standard output where that is asked
 * for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "cmd/attempt.h"
#include "cmd/conflicts.h"
#include "cmd/jobs.h"
#include "cmd/labels.h"
#include "cmd/matrix.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "cmd/print.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/file.h"
#include "core/out/run_result.h"
#include "core/vm/signals.h"

enum {
	OPTION_RESULTS = 0x100,
	OPTION_GUEST_STATUS,
	OPTION_SKIP,
	OPTION_STATS,
	OPTION_TIMEOUT,
	OPTION_RETRIES,
};

enum { RETRIES_MAX = 100 };
#define TIMEOUT_MAX_MS ((uint64_t)7 * 24 * 3600 * 1000)

/* The command line. */
struct run_args {
	struct run_options options;
	struct files manifests;
	uint64_t timeout_ms; /* of the whole command; 0: none */
};

static const struct argp_option run_options[] = {
	{ "results", OPTION_RESULTS, "DIR", 0,
	  "Write result files into this folder, however the run ends", 1 },
	{ "guest-status", OPTION_GUEST_STATUS, NULL, 0,
	  "Where the guest's own status fails the run, return it instead of 1", 1 },
	{ "skip-unsupported", OPTION_SKIP, NULL, 0, "Return 77 where this host cannot launch it",
	  1 },
	{ "jobs", 'j', "N", 0, "Run N at once, of a matrix or of several manifests", 1 },
	{ "timeout", OPTION_TIMEOUT, "TIME", 0,
	  "A time limit for the whole command, such as 90s or 10m", 1 },
	{ "retries", OPTION_RETRIES, "N", 0, "Try again up to N times after a failure of the host",
	  1 },
	{ "stats", OPTION_STATS, "FILE", OPTION_ARG_OPTIONAL,
	  "Say at the end which exits the run had; with FILE, as JSON in it", 1 },
	{ NULL, 's', NULL, 0, "The same as --stats", 1 },
	{ "prefix", 'p', NULL, 0, "Write whole lines, serial: or debug: before each", 1 },
	{ 0 },
};

static error_t number_parse(const char *option, const char *text, unsigned min, unsigned max,
                            unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < min || n > max)
		return option_refuse("%s takes a number from %u to %u, not '%s'", option, min, max,
		                     shown_of(text).text);
	*ret = (unsigned)n;
	return 0;
}

static error_t timeout_parse(const char *text, uint64_t *ret)
{
	struct error err = { 0 };

	return value_time("--timeout", text, 1, TIMEOUT_MAX_MS, ret, &err) < 0
	               ? option_refuse_error(&err)
	               : 0;
}

static error_t run_option(int key, char *argument, struct argp_state *state)
{
	struct run_args *a = state->input;
	struct run_options *o = &a->options;

	switch (key) {
	case OPTION_RESULTS:
		o->results = argument;
		return 0;
	case OPTION_GUEST_STATUS:
		o->guest_status = true;
		return 0;
	case OPTION_SKIP:
		o->skip_unsupported = true;
		return 0;
	case OPTION_TIMEOUT:
		return timeout_parse(argument, &a->timeout_ms);
	case OPTION_RETRIES:
		return number_parse("--retries", argument, 0, RETRIES_MAX, &o->retries);
	case 'j':
		return number_parse("--jobs", argument, 1, JOBS_MAX, &o->jobs);
	case OPTION_STATS:
		o->stats_file = argument;
		o->stats = true;
		return 0;
	case 's':
		o->stats = true;
		return 0;
	case 'p':
		o->prefix = true;
		return 0;
	default:
		return files_option(key, state, &o->settings, &a->manifests);
	}
}

/* Memory that processes of ours share, as runs of a matrix may be; NULL: none. */
static struct run_result *results_new(unsigned n)
{
	void *at = mmap(NULL, n * sizeof(struct run_result), PROT_READ | PROT_WRITE,
	                MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static int results_show(const struct run_result *results, unsigned n, bool list, struct error *err)
{
	int r;

	if (show_for_people())
		return 0;
	r = show_runs(results, n, list, err);
	if (r == 0 && fflush(stdout) != 0)
		r = error_sys(err, ERROR_OUTPUT, errno, "cannot write to standard output");
	if (r < 0) { /* it is told here, and not once more at the program's end */
		__fpurge(stdout);
		clearerr(stdout);
	}
	return r;
}

static int result_show(const struct run_result *r, struct error *err)
{
	return results_show(r, 1, false, err);
}

/*
 * All runs have a verdict of their own; these are the files and the output for all of them
 * together.
 */
static int runs_finish(const struct run_options *o, const struct labels *labels,
                       const struct run_result *results, int status, struct error *err)
{
	int r = 0;

	if (o->results)
		r = outputs_whole(o->results, results, labels->n, err);
	if (r < 0) {
		error_print(err);
		*err = (struct error){ 0 };
	}
	if (results_show(results, labels->n, true, err) < 0)
		r = -1;
	return r < 0 && status == STATUS_OK ? STATUS_FAILED : status;
}

static int run_labelled(struct run_options *o, struct labels *labels, struct error *err)
{
	struct run_result *results = results_new(labels->n);
	const struct conflicts_ask ask = { labels, o->results, o->stats_file, true };
	struct conflicts conflicts;
	bool several;
	int status;

	if (!results)
		return error_nomem(err, "results"), STATUS_LAUNCH;
	o->manifest = labels->list[0].manifest;
	o->source = labels->list[0].source;
	o->console = show_for_people();
	o->conflicts = &conflicts;
	/* With a conflict none of the runs goes on: that is told once. */
	several = conflicts_find(&ask, &conflicts) && labels->several;
	o->inputs_unknown = labels->list[0].inputs_unknown;
	o->show = several ? NULL : result_show;
	if (!several)
		status = attempt(o, 0, results);
	else if (o->results && outputs_whole(o->results, NULL, 0, err) < 0)
		status = STATUS_USAGE;
	else
		status = runs_finish(o, labels, results, matrix_run(o, labels, results), err);
	munmap(results, labels->n * sizeof(*results));
	return status;
}

static int run_main(const struct command *self, int argc, char **argv, struct error *err)
{
	struct run_args a = { .options.jobs = 1 };
	struct settings *s = &a.options.settings;
	struct labels labels = { 0 };
	int status = command_parse(self, run_option, argc, argv, &a, s, err);

	if (status != STATUS_OK)
		return status;
	if (s->print)
		return settings_print(s, a.manifests.paths[0], err);
	if (signals_begin(err) < 0)
		return STATUS_LAUNCH;
	signals_limit(a.timeout_ms);
	if (labels_make(&a.manifests, s, &labels, err) < 0)
		status = err->kind == ERROR_USAGE ? STATUS_USAGE : STATUS_LAUNCH;
	else
		status = run_labelled(&a.options, &labels, err);
	labels_fini(&labels);
	return status;
}

const struct command command_run = {
	.name = "run",
	.args = "[MANIFEST...]",
	.summary = "Launch the guest and wait for its end",
	.doc = "Launch the guest, print the expected measurement, stream its console, wait for its "
	       "end. Several manifests: one after the other, or --jobs at once.",
	.options = run_options,
	.result = RUN_RESULTS,
	.main = run_main,
};
