/* SPDX-License-Identifier: MIT */
/* cmd/run.c: `run`: its options, one run or several, and their results on standard output. */
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/conflicts.h"
#include "cmd/jobs.h"
#include "cmd/labels.h"
#include "cmd/matrix.h"
#include "cmd/options.h"
#include "cmd/plan.h"
#include "cmd/print.h"
#include "cmd/reader.h"
#include "cmd/results.h"
#include "cmd/run_once.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "config/value.h"
#include "core/attest/given.h"
#include "core/base/cleanup.h"
#include "core/out/run_result.h"
#include "core/vm/gdb_server.h"
#include "core/vm/signals.h"

enum {
	OPTION_RESULTS = 0x100,
	OPTION_GUEST_STATUS,
	OPTION_SKIP,
	OPTION_STATS,
	OPTION_TIMEOUT,
	OPTION_RETRIES,
	OPTION_PROVE,
	OPTION_CERTS,
	OPTION_ROOT,
	OPTION_DRY_RUN,
	OPTION_GDB,
	OPTION_SYMBOLS,
};

enum { RETRIES_MAX = 100 };
#define TIMEOUT_MAX_MS ((uint64_t)7 * 24 * 3600 * 1000)

struct run_args {
	struct run_options options;
	struct files manifests;
	uint64_t timeout_ms; /* of the whole command; 0: none */
	struct option_paths certs, roots;
	bool dry_run;
};

static const struct argp_option run_options[] = {
	{ "results", OPTION_RESULTS, "DIR", 0,
	  "Write result files into this folder, however the run ends", 1 },
	{ "guest-status", OPTION_GUEST_STATUS, NULL, 0,
	  "If the guest's own status fails the run, return it instead of 1", 1 },
	{ "skip-unsupported", OPTION_SKIP, NULL, 0,
	  "Return 77 if this host cannot launch the guest", 1 },
	{ "prove", OPTION_PROVE, NULL, 0,
	  "Have the SEV firmware compare the measurement, by an ID block", 1 },
	{ "jobs", 'j', "N", 0, "Run up to N at once, of a matrix or of several manifests", 1 },
	{ "timeout", OPTION_TIMEOUT, "TIME", 0,
	  "A time limit for the whole command, such as 90s or 10m", 1 },
	{ "retries", OPTION_RETRIES, "N", 0, "Try again up to N times after a failure of the host",
	  1 },
	{ "certs", OPTION_CERTS, "PATH", 0,
	  "Certificates for the guest's report (expect.report), as for 'verify'; may be repeated",
	  1 },
	{ "root", OPTION_ROOT, "FILE", 0,
	  "Trust this root certificate as well; for test chains only", 1 },
	{ "gdb", OPTION_GDB, "WHERE", OPTION_ARG_OPTIONAL,
	  "Wait for GDB before the first instruction, at port 1234 or WHERE; for platform kvm", 1 },
	{ "symbols", OPTION_SYMBOLS, "DIR", 0,
	  "Name functions of the firmware by MODULE.debug files in this folder", 1 },
	{ "stats", OPTION_STATS, "FILE", OPTION_ARG_OPTIONAL,
	  "Count the guest's exits; with FILE, write the counts there as JSON", 1 },
	{ NULL, 's', NULL, 0, "The same as --stats", 1 },
	{ "dry-run", OPTION_DRY_RUN, NULL, 0,
	  "Launch nothing; list the steps of the launch, as 'plan' does", 1 },
	{ "prefix", 'p', NULL, 0, "Print whole lines, each after serial: or debug:", 1 },
	{ 0 },
};

static error_t run_option(int key, char *argument, struct argp_state *state)
{
	struct run_args *a = state->input;
	struct run_options *o = &a->options;
	struct error err = { 0 };

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
	case OPTION_PROVE:
		o->prove = true;
		return 0;
	case OPTION_TIMEOUT:
		return value_time("--timeout", argument, 1, TIMEOUT_MAX_MS, &a->timeout_ms, &err) <
		                       0
		               ? option_refuse_error(&err)
		               : 0;
	case OPTION_RETRIES:
		return option_number("--retries", argument, 0, RETRIES_MAX, &o->retries);
	case OPTION_CERTS:
		return option_path(&a->certs, argument);
	case OPTION_ROOT:
		return option_path(&a->roots, argument);
	case OPTION_SYMBOLS:
		o->symbols = argument;
		return access(argument, X_OK) == 0
		               ? 0
		               : option_refuse("--symbols: '%s': %s", argument, strerror(errno));
	case 'j':
		return option_number("--jobs", argument, 1, JOBS_MAX, &o->jobs);
	case OPTION_DRY_RUN:
		a->dry_run = true;
		return 0;
	case OPTION_STATS:
		o->stats_file = argument;
		o->stats = true;
		return 0;
	case OPTION_GDB:
		o->gdb = argument ? argument : GDB_DEFAULT_PORT;
		return gdb_server_check(o->gdb, &err) < 0 ? option_refuse_error(&err) : 0;
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

/* Prints results for -o. What failed is reported by the caller, and not again at the end. */
static int results_show(const struct run_result *results, unsigned n, bool list, struct error *err)
{
	int r;

	if (show_for_people())
		return 0;
	r = show_runs(results, n, list, err);
	if (r == 0 && fflush(stdout) != 0)
		r = error_sys(err, ERROR_OUTPUT, errno, "cannot write to standard output");
	if (r < 0) {
		__fpurge(stdout);
		clearerr(stdout);
	}
	return r;
}

static int result_show(const struct run_result *r, struct error *err)
{
	return results_show(r, 1, false, err);
}

/* Several runs; their junit.xml and output come after all of them. */
static int run_several(const struct run_options *o, const struct labels *labels,
                       struct run_result *results, struct error *err)
{
	bool failed = false;
	int status;

	/* removes what an earlier command left */
	if (o->results && results_suite(o->results, NULL, 0, err) < 0)
		return STATUS_USAGE;
	status = matrix_run(o, labels, results);
	if (o->results && results_suite(o->results, results, labels->n, err) < 0) {
		error_print(err);
		*err = (struct error){ 0 };
		failed = true;
	}
	if (results_show(results, labels->n, true, err) < 0)
		failed = true;
	return failed && status == STATUS_OK ? STATUS_FAILED : status;
}

static int run_labelled(struct run_args *a, struct labels *labels, struct error *err)
{
	auto_free struct run_result *results = calloc(labels->n, sizeof(*results));
	struct run_options *o = &a->options;
	const struct conflicts_ask ask = { labels,    o->results, o->stats_file,
		                           &a->certs, &a->roots,  true };
	struct conflicts conflicts;

	if (!results)
		return error_nomem(err, "results"), STATUS_LAUNCH;
	o->console = show_for_people();
	o->conflicts = &conflicts;
	o->sandbox = sandbox_wanted();
	/* with a conflict nothing is launched, and one run reports it; a signal ends each run */
	if (!conflicts_find(&ask, &conflicts) && !stop_signo()) {
		labels->several = false;
		labels->n = 1;
	}
	if (o->gdb && labels->n > 1) {
		error_set(err, ERROR_USAGE, "run: --gdb is for a single run, not for %u",
		          labels->n);
		error_fix(err, "give one manifest, with one value in each list of a matrix: "
		               "--set 'matrix={vcpus: [1]}'; a port is --gdb=PORT");
		return STATUS_USAGE;
	}
	o->show = labels->several ? NULL : result_show;
	return labels->several ? run_several(o, labels, results, err)
	                       : matrix_run(o, labels, results);
}

static int run_main(const struct command *self, int argc, char **argv, struct error *err)
{
	struct run_args a = { .options.jobs = 1 };
	struct settings *s = &a.options.settings;
	struct labels labels = { 0 };
	struct given certs = { 0 }, roots = { 0 };
	int status = command_parse(self, run_option, argc, argv, &a, s, err);

	if (status != STATUS_OK)
		return status;
	if (s->print)
		return settings_print(s, a.manifests.paths[0], err);
	if (a.dry_run && show_is("tap")) {
		error_set(err, ERROR_USAGE, "run: --dry-run and -o tap exclude each other");
		error_fix(err, "leave out one of them");
		return STATUS_USAGE;
	}
	if (a.dry_run)
		return plan_list(&(struct plan_args){ .settings = s,
		                                      .manifests = a.manifests,
		                                      .prove = a.options.prove },
		                 err);
	if (signals_begin(err) < 0)
		return STATUS_LAUNCH;
	signals_limit(a.timeout_ms);
	a.options.certs = a.certs.count ? &certs : NULL;
	a.options.roots = &roots;
	if (given_add_paths(&certs, a.certs.list, a.certs.count, err) < 0 ||
	    given_add_paths(&roots, a.roots.list, a.roots.count, err) < 0)
		status = STATUS_USAGE;
	else if (labels_make(&a.manifests, s, &labels, err) < 0)
		status = err->kind == ERROR_USAGE ? STATUS_USAGE : STATUS_LAUNCH;
	else
		status = run_labelled(&a, &labels, err);
	labels_fini(&labels);
	given_fini(&certs);
	given_fini(&roots);
	return status;
}

const struct command command_run = {
	.name = "run",
	.args = "[MANIFEST...]",
	.summary = "Launch the guest and wait for its end",
	.doc = "Launch the guest, print the expected measurement, stream its console, wait for its "
	       "end. Several manifests run one after the other, or --jobs at once.",
	.options = run_options,
	.result = RUN_RESULTS,
	.main = run_main,
};
