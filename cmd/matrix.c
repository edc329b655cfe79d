/* SPDX-License-Identifier: MIT */
/* cmd/matrix.c: starts the runs, and makes results of those whose processes left none. */
#include "cmd/matrix.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd/jobs.h"
#include "cmd/labels.h"
#include "cmd/print.h"
#include "cmd/run_once.h"
#include "cmd/status.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/host/host.h"
#include "core/host/memory.h"
#include "core/out/run_result.h"
#include "core/vm/outcome.h"
#include "core/vm/signals.h"

enum { FOLDER_CAP = PATH_MAX + 256 }; /* a path beyond PATH_MAX is refused later, not cut here */

struct matrix {
	const struct run_options *o;
	const struct label *labels;
	struct run_result *results; /* one a label */
	unsigned n;
	bool several;       /* else it is one run, without a label */
	uint64_t oom_kills; /* host_oom_kills() at the start, plus those that explain a death */
};

/* The options of one run, which has a folder of its own in the one of --results. */
static struct run_options run_options_of(const struct matrix *x, unsigned run,
                                         char folder[static FOLDER_CAP])
{
	const struct label *l = &x->labels[run];
	struct run_options own = *x->o;

	own.manifest = l->manifest;
	own.source = l->source;
	own.inputs_unknown = l->inputs_unknown;
	own.parallel = own.jobs > 1;
	if (!x->several)
		return own;
	own.label = l->text;
	own.label_file = l->file;
	own.variant_file = l->variant[0] ? l->variant : NULL;
	own.results_below = true;
	if (own.results) {
		snprintf(folder, FOLDER_CAP, "%.*s/%s", PATH_MAX, own.results, l->file);
		own.results = folder;
	}
	return own;
}

static int child_run(void *self, unsigned run, void *shared, bool keyboard)
{
	struct matrix *x = self;
	char folder[FOLDER_CAP];
	struct run_options own = run_options_of(x, run, folder);

	own.keyboard = keyboard;
	log_set_label(own.label ? own.label : "");
	return run_once(&own, x->labels[run].run, x->results[run].attempts + 1, shared);
}

/* Not as the run's process says: that would let it take another's place. */
static void result_name(const struct matrix *x, unsigned run)
{
	struct run_result *r = &x->results[run];

	snprintf(r->name, sizeof(r->name), "%s", x->labels[run].name);
	snprintf(r->variant, sizeof(r->variant), "%s", x->labels[run].text);
}

/*
 * Makes a result, or one of what the run had found before its process died, and writes its files so
 * that stale ones aren't mistaken for this run's.
 */
static void result_without_run(const struct matrix *x, unsigned run, bool started, int status,
                               const struct outcome *o)
{
	struct run_result *r = &x->results[run];
	char folder[FOLDER_CAP];
	const struct run_options own = run_options_of(x, run, folder);

	result_name(x, run);
	r->status = o->kind == RUN_CONFINED ? RESULT_FAIL : RESULT_ERROR;
	if (o->kind == RUN_TIMED_OUT)
		r->status = RESULT_TIMEOUT;
	r->reason = r->guest.event = o->kind;
	r->guest.code = o->code;
	r->exit_status = status;
	/* nor what an earlier try said */
	r->why[0] = r->fix[0] = r->file[0] = '\0';
	r->line = r->column = 0;
	if (o->fix)
		snprintf(r->fix, sizeof(r->fix), "%s", o->fix);
	snprintf(r->sentence, sizeof(r->sentence), "%s", o->detail);
	snprintf(r->guest.detail, sizeof(r->guest.detail), "%s", o->detail);
	run_once_record_unstarted(&own, r, started);
}

/* -o, for such a result. */
static void result_show(const struct matrix *x, unsigned run)
{
	struct error err = { 0 };

	if (x->o->show && x->o->show(&x->results[run], &err) < 0)
		error_print(&err);
}

/* Since its time was over: by us, or by the kernel (cmd/run_once_sandbox.c). */
static bool killed_as_late(const struct run_result *r, int wstatus, bool overdue)
{
	return WIFSIGNALED(wstatus) && WTERMSIG(wstatus) == SIGKILL &&
	       (overdue || (r->kill_at_ms && clock_ms() >= r->kill_at_ms));
}

/* A process left no result: it crashed, was killed, or did not end in time. */
static void result_died(struct matrix *x, unsigned run, int wstatus, bool overdue)
{
	bool sigkill = WIFSIGNALED(wstatus) && WTERMSIG(wstatus) == SIGKILL;
	bool sigsys = WIFSIGNALED(wstatus) && WTERMSIG(wstatus) == SIGSYS;
	const char *name = WIFSIGNALED(wstatus) ? sigabbrev_np(WTERMSIG(wstatus)) : NULL;
	char call[CALL_NAME];
	struct outcome o;
	int status = STATUS_LAUNCH;

	if (x->results[run].sandbox.calls.n > 0 && WIFEXITED(wstatus)) {
		status = STATUS_FAILED;
		outcome_set(&o, RUN_CONFINED, 0,
		            "the sandbox ended the run: its process made a system call that no run "
		            "makes: %s",
		            call_name(x->results[run].sandbox.calls.list, call));
	} else if (sigsys) {
		status = STATUS_FAILED;
		outcome_set(&o, RUN_CONFINED, 0,
		            "the sandbox ended the run: its process made a system call that no run "
		            "makes, with signals blocked");
	} else if (overdue) {
		signals_outcome(&o, ", and it did not end even then");
		status = exit_status_stopped();
	} else if (killed_as_late(&x->results[run], wstatus, overdue)) {
		status = STATUS_TIMEOUT;
		outcome_set(&o, RUN_TIMED_OUT, 0,
		            "the guest did not end within the time limit, and neither did the "
		            "process that ran it");
	} else if (sigkill && host_oom_kills(&host_this) > x->oom_kills) {
		/* the kernel may kill several before we reap the first: each explains one */
		x->oom_kills++;
		outcome_set(&o, ERROR_HOST_MEMORY, 0,
		            "the kernel killed the process of this run: the host had no memory "
		            "left for it");
	} else {
		if (WIFSIGNALED(wstatus))
			status = STATUS_SIGNAL + WTERMSIG(wstatus);
		else if (x->results[run].launched) /* or a guest could have its job repeated */
			status = STATUS_FAILED;
		outcome_set(&o, ERROR_INTERNAL, 0,
		            "the process of this run ended without a result: %s%s",
		            name ? "killed by SIG" : "",
		            name                   ? name
		            : WIFSIGNALED(wstatus) ? "killed by a signal"
		                                   : "it exited");
		if (sigkill)
			o.fix = "find out who killed it: snpvmm didn't; a limit on CPU time or "
				"memory, a watchdog of the CI job, or a person";
	}
	result_without_run(x, run, true, status, &o);
}

static int child_ended(void *self, unsigned run, int wstatus, bool overdue, const void *shared)
{
	struct matrix *x = self;
	struct run_result *r = &x->results[run];
	unsigned attempts = r->attempts + 1;
	int status;
	bool died;

	memcpy(r, shared, sizeof(*r));
	run_result_mend(r);
	result_name(x, run);
	r->attempts = attempts;
	if (r->sandbox.mode == SANDBOX_LOG)
		run_once_say_refused(r);
	/* its time may be over while the kernel takes its guest apart: all files are written by then */
	status = WIFEXITED(wstatus)                    ? WEXITSTATUS(wstatus)
	         : killed_as_late(r, wstatus, overdue) ? (uint8_t)r->exit_status
	                                               : -1;
	died = !r->concluded || (r->sandbox.calls.n > 0 && r->sandbox.mode == SANDBOX_ON) ||
	       status != (uint8_t)r->exit_status ||
	       /* or the command would be a success because this run is the worst */
	       (r->status == RESULT_PASS) != (status == STATUS_OK);
	if (died)
		result_died(x, run, wstatus, overdue);
	if (run_once_repeats(x->o, r))
		return 500 << MIN(attempts, 4U); /* longer each time, up to 8 s */
	if (died)
		result_show(x, run);
	return -1;
}

static void child_unstarted(void *self, unsigned run)
{
	struct matrix *x = self;
	bool tried = x->results[run].attempts > 0;
	int status = STATUS_LAUNCH;
	struct outcome o;

	if (stop_signo()) {
		signals_outcome(&o, tried ? " before the launch" : " before it began");
		status = exit_status_stopped();
	} else {
		outcome_set(&o, ERROR_HOST_MEMORY, 0, "no process could be started for this run");
		o.fix = "raise the limit of processes (ulimit -u), or pids.max of the control "
			"group";
	}
	result_without_run(x, run, tried, status, &o);
	result_show(x, run);
}

static void summary_print(const struct matrix *x)
{
	/* manifests in several folders may have one name: only their paths tell them apart */
	bool several = x->labels[0].manifest != x->labels[x->n - 1].manifest;
	unsigned count[RESULTS] = { 0 };

	for (unsigned i = 0; i < x->n; i++) {
		const struct run_result *r = &x->results[i];
		const char *path = several ? x->labels[i].manifest : NULL;

		count[r->status]++;
		log_at(r->status == RESULT_PASS ? LOG_NOTICE : LOG_QUIET,
		       "%s%-7s%s %3d  %s%s%s%s [%s]", run_status_color(r->status),
		       run_status_name(r->status), run_status_color_end(), r->exit_status,
		       r->variant, path ? " (" : "", path ? shown_of(path).text : "",
		       path ? ")" : "", reason_name(r->reason));
	}
	log_notice("%u run%s: %u passed, %u failed, %u ended by a limit, %u error%s, %u skipped",
	           x->n, x->n == 1 ? "" : "s", count[RESULT_PASS], count[RESULT_FAIL],
	           count[RESULT_TIMEOUT], count[RESULT_ERROR], count[RESULT_ERROR] == 1 ? "" : "s",
	           count[RESULT_SKIP]);
}

int matrix_run(const struct run_options *o, const struct labels *labels, struct run_result *results)
{
	struct matrix x = { o,         labels->list,    results,
		            labels->n, labels->several, host_oom_kills(&host_this) };
	const struct work w = { x.n,       (unsigned)o->jobs, sizeof(struct run_result),
		                child_run, child_ended,       child_unstarted,
		                &x };
	const struct run_result *worst = &results[0];

	jobs_run(&w);
	for (unsigned i = 1; i < x.n; i++)
		if (result_worse(&results[i], worst))
			worst = &results[i];
	if (x.several)
		summary_print(&x);
	return worst->exit_status;
}
