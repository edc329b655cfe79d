/* SPDX-License-Identifier: MIT */
/* cmd/run.c: the command: one run, or all of a matrix, and their results on standard output where that is asked for. */
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
#include "cmd/show.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/file.h"
#include "core/out/emit.h"
#include "core/out/run_result.h"
#include "core/vm/stop.h"

enum { OPTION_RESULTS = 0x100, OPTION_GUEST_STATUS, OPTION_SKIP, OPTION_STATS };

static const struct argp_option run_options[] = {
	{ "results", OPTION_RESULTS, "DIR", 0,
	  "Write result files into this folder, however the run ends", 1 },
	{ "guest-status", OPTION_GUEST_STATUS, NULL, 0,
	  "Where the guest's own status fails the run, return it instead of 1", 1 },
	{ "skip-unsupported", OPTION_SKIP, NULL, 0, "Return 77 where this host cannot launch it",
	  1 },
	{ "jobs", 'j', "N", 0, "Run so many of a matrix at once", 1 },
	{ "output", 'o', "FORMAT", 0,
	  "text, json, cbor or tap: the result on standard output, not the console", 1 },
	{ "stats", OPTION_STATS, "FILE", OPTION_ARG_OPTIONAL,
	  "Say at the end which exits the run had; with FILE, as JSON in it", 1 },
	{ NULL, 's', NULL, 0, "The same as --stats", 1 },
	{ "prefix", 'p', NULL, 0, "Write whole lines, serial: or debug: before each", 1 },
	{ 0 },
};

static error_t jobs_parse(const char *text, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > JOBS_MAX)
		return option_refuse("--jobs takes a number from 1 to %d, not '%s'", JOBS_MAX,
		                     shown_of(text).text);
	*ret = (unsigned)n;
	return 0;
}

static error_t run_option(int key, char *argument, struct argp_state *state)
{
	struct run_options *o = state->input;

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
	case 'j':
		return jobs_parse(argument, &o->jobs);
	case 'o':
		return output_option(argument);
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
	case ARGP_KEY_ARG:
		if (o->manifest)
			return option_refuse("one manifest at a time");
		o->manifest = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		return manifest_missing(&o->settings);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Memory that processes of ours share, as runs of a matrix may be; NULL: none. */
static struct run_result *results_new(unsigned n)
{
	void *at = mmap(NULL, n * sizeof(struct run_result), PROT_READ | PROT_WRITE,
	                MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* One object, or a list of them for a matrix. */
static int results_emit(enum show_format format, const struct run_result *results, unsigned n,
                        bool list, struct error *err)
{
	struct emitter e;

	if (show_emitter(format, &e, err) < 0)
		return err->code;
	if (list)
		e.list(e.self, NULL);
	for (unsigned i = 0; i < n; i++)
		result_run(&e, NULL, &results[i]);
	if (list)
		e.end(e.self);
	return e.finish(e.self, stdout, err);
}

static int results_tap(const struct run_result *results, unsigned n, struct error *err)
{
	auto_free const struct run_result **list = calloc(n, sizeof(struct run_result *));

	if (!list)
		return error_nomem(err, "results");
	for (unsigned i = 0; i < n; i++)
		list[i] = &results[i];
	return tap_write(stdout, list, n, err);
}

static int results_show(const struct run_result *results, unsigned n, bool list, struct error *err)
{
	enum show_format format = show_wanted();
	int r;

	if (format == SHOW_TEXT)
		return 0;
	r = format == SHOW_TAP ? results_tap(results, n, err)
	                       : results_emit(format, results, n, list, err);
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

static int run_all(struct run_options *o, struct error *err)
{
	unsigned of_matrix = manifest_runs(o->manifest, &o->settings), n = MAX_OF(of_matrix, 1U);
	struct run_result *results = results_new(n);
	struct labels labels = { 0 };
	const struct conflicts_ask ask = { o->manifest, &o->settings,  &labels,
		                           o->results,  o->stats_file, true };
	struct conflicts conflicts;
	int status;

	if (!results || (of_matrix && labels_make(o->manifest, &o->settings, n, &labels, err) < 0))
		return error_nomem(err, "results"), STATUS_LAUNCH;
	o->console = show_wanted() == SHOW_TEXT;
	o->conflicts = &conflicts;
	if (!conflicts_find(&ask, &conflicts))
		of_matrix = 0; /* none of its runs goes on: that is told once */
	o->show = of_matrix ? NULL : result_show;
	status = of_matrix ? matrix_run(o, &labels, results) : attempt(o, 0, results);
	if (of_matrix && results_show(results, n, true, err) < 0 && status == STATUS_OK)
		status = STATUS_FAILED;
	munmap(results, n * sizeof(*results));
	free(labels.list);
	return status;
}

static int run_main(int argc, char **argv, struct error *err)
{
	struct run_options o = { .jobs = 1 };
	int status = command_parse(&command_run, run_option, argc, argv, &o, &o.settings, err);

	if (status != STATUS_OK)
		return status;
	if (o.settings.print)
		return settings_print(&o.settings, o.manifest, err);
	if (stop_begin(err) < 0)
		return STATUS_LAUNCH;
	return run_all(&o, err);
}

const struct command command_run = {
	.name = "run",
	.args = "[MANIFEST]",
	.summary = "Launch the guest and wait for its end",
	.doc = "Launch the guest, print the expected measurement, stream its console, wait for its "
	       "end.",
	.options = run_options,
	.has_settings = true,
	.has_result = true,
	.main = run_main,
};
