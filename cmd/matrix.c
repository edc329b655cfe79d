/* SPDX-License-Identifier: MIT */
/* cmd/matrix.c: where the result of each run comes from, and the summary. */
#include "cmd/matrix.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd/attempt.h"
#include "cmd/jobs.h"
#include "cmd/labels.h"
#include "cmd/verdict.h"
#include "config/value.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/host/host.h"
#include "core/host/memory.h"
#include "core/out/run_result.h"
#include "core/vm/outcome.h"
#include "core/vm/signals.h"

enum { FOLDER_CAP = PATH_MAX + 256 }; /* a path that is too long stays so, and is refused */

struct matrix {
	const struct run_options *o;
	const struct label *labels;
	struct run_result *results; /* one a label */
	unsigned n;
	uint64_t oom_kills; /* of host_oom_kills(), those that explain something */
};

/* The options of one run, which has a folder of its own in that of --results. */
static struct run_options matrix_options(const struct matrix *x, unsigned run,
                                         char folder[static FOLDER_CAP])
{
	struct run_options own = *x->o;

	own.manifest = x->labels[run].manifest;
	own.source = x->labels[run].source;
	own.inputs_unknown = x->labels[run].inputs_unknown;
	own.label = x->labels[run].text;
	own.label_file = x->labels[run].file;
	own.variant_file = x->labels[run].variant[0] ? x->labels[run].variant : NULL;
	own.results_below = true;
	if (own.results) {
		snprintf(folder, FOLDER_CAP, "%.*s/%s", PATH_MAX, own.results, x->labels[run].file);
		own.results = folder;
	}
	return own;
}

static int matrix_attempt(struct matrix *x, unsigned run, bool beside)
{
	char folder[FOLDER_CAP];
	struct run_options own = matrix_options(x, run, folder);

	int status;

	own.beside = beside;
	log_set_label(own.label);
	status = attempt(&own, x->labels[run].run, &x->results[run]);
	log_set_label("");
	return status;
}

/* --- results that no run has filled --- */

/* Its files as well, so that nobody takes those of an earlier run for its. */
static void result_without_run(const struct matrix *x, unsigned run, bool begun, int status,
                               const struct outcome *o)
{
	struct run_result *r = &x->results[run];
	char folder[FOLDER_CAP];
	const struct run_options own = matrix_options(x, run, folder);

	memset(r, 0, sizeof(*r));
	snprintf(r->name, sizeof(r->name), "%s", x->labels[run].name);
	snprintf(r->variant, sizeof(r->variant), "%s", x->labels[run].text);
	r->verdict = o->kind == RUN_TIMED_OUT ? RESULT_TIMEOUT : RESULT_ERROR;
	r->reason = o->kind;
	r->status = status;
	snprintf(r->sentence, sizeof(r->sentence), "%s", o->detail);
	attempt_without(&own, r, begun);
}

static void result_not_begun(const struct matrix *x, unsigned run)
{
	struct outcome o;

	signals_outcome(&o, " before it began");
	result_without_run(x, run, false, verdict_stopped(), &o);
}

/*
 * The kernel counts the processes that it kills for want of memory, always by SIGKILL. Each one
 * counted stands for one death: it may kill several before the first of them is waited for.
 */
static bool killed_for_memory(struct matrix *x, int wstatus)
{
	if (!WIFSIGNALED(wstatus) || WTERMSIG(wstatus) != SIGKILL ||
	    host_oom_kills(&host_this) <= x->oom_kills)
		return false;
	x->oom_kills++;
	return true;
}

/*
 * A process that went without a result: a fault in it, somebody killed it, the kernel for want of
 * memory, or it didn't end when it had to.
 */
static void result_died(struct matrix *x, unsigned run, int wstatus, bool overdue)
{
	struct outcome o;
	int status = WIFSIGNALED(wstatus) ? STATUS_SIGNAL + WTERMSIG(wstatus) : STATUS_LAUNCH;

	if (overdue) {
		signals_outcome(&o, ", and it did not end even then");
		status = verdict_stopped();
	} else if (killed_for_memory(x, wstatus)) {
		outcome_set(&o, ERROR_HOST_MEMORY, 0,
		            "the kernel killed the process of this run: there was no memory left "
		            "for it");
		status = STATUS_LAUNCH;
	} else {
		outcome_set(&o, ERROR_INTERNAL, 0,
		            "the process of this run ended without a result: %s",
		            WIFSIGNALED(wstatus) ? strsignal(WTERMSIG(wstatus)) : "it exited");
	}
	result_without_run(x, run, true, status, &o);
}

/* --- the runs --- */

static int child_attempt(void *self, unsigned run)
{
	return matrix_attempt(self, run, true);
}

static void child_ended(void *self, unsigned run, int wstatus, bool overdue)
{
	struct matrix *x = self;

	if (!WIFEXITED(wstatus) || !x->results[run].sentence[0])
		result_died(x, run, wstatus, overdue);
}

/* Where no process is to be had, the rest goes on in ours. */
static void matrix_all(struct matrix *x)
{
	const struct work w = { x->n, x->o->jobs, child_attempt, child_ended, x };
	unsigned next = x->o->jobs > 1 ? jobs_run(&w) : 0;

	for (; next < x->n && !stop_signo(); next++)
		matrix_attempt(x, next, false);
	for (; next < x->n; next++)
		result_not_begun(x, next);
}

/* --- the end --- */

/* Manifests of one name in several folders are told apart by their paths alone. */
static void summary_line(const struct matrix *x, unsigned run)
{
	const struct run_result *r = &x->results[run];
	const char *path = x->labels[run].manifest;
	bool several = path && x->labels[0].manifest != x->labels[x->n - 1].manifest;

	log_at(r->verdict == RESULT_PASS ? LOG_NOTICE : LOG_QUIET, "%s%-7s%s %3d  %s%s%s%s [%s]",
	       verdict_color(r->verdict), run_verdict_name(r->verdict), verdict_color_end(),
	       r->status, r->variant, several ? " (" : "", several ? shown_of(path).text : "",
	       several ? ")" : "", reason_name(r->reason));
}

static void summary_tell(const struct matrix *x)
{
	unsigned count[RESULTS] = { 0 };

	for (unsigned i = 0; i < x->n; i++) {
		count[x->results[i].verdict]++;
		summary_line(x, i);
	}
	log_notice("%u run%s: %u passed, %u failed, %u ended by a limit, %u error%s, %u skipped",
	           x->n, x->n == 1 ? "" : "s", count[RESULT_PASS], count[RESULT_FAIL],
	           count[RESULT_TIMEOUT], count[RESULT_ERROR], count[RESULT_ERROR] == 1 ? "" : "s",
	           count[RESULT_SKIP]);
}

int matrix_run(const struct run_options *o, const struct labels *labels, struct run_result *results)
{
	auto_free struct matrix *x = calloc(1, sizeof(*x));
	const struct run_result *worst = &results[0];

	if (!x)
		return STATUS_LAUNCH;
	*x = (struct matrix){ o, labels->list, results, labels->n, host_oom_kills(&host_this) };
	matrix_all(x);
	for (unsigned i = 1; i < x->n; i++)
		if (verdict_worse(&results[i], worst))
			worst = &results[i];
	summary_tell(x);
	return worst->status;
}
