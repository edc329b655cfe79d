/* SPDX-License-Identifier: MIT */
/* cmd/matrix.c: runs as a queue, processes where several go at once, and the summary. */
#include "cmd/matrix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/attempt.h"
#include "cmd/verdict.h"
#include "core/base/array.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/out/run_result.h"
#include "core/vm/stop.h"

/* A run that is under way in a process of its own. */
struct job {
	pid_t pid; /* 0: none */
	int fd;    /* readable once it is gone (pidfd_open(2)) */
	unsigned run;
};

/* Which run it is, in words and as the name of a folder; no two are alike. */
struct label {
	char text[240], folder[240];
};

struct matrix {
	const struct run_options *o;
	struct label *labels;
	struct run_result *results;
	unsigned n, next; /* runs, and the first that hasn't begun */
	struct job jobs[MATRIX_MAX_JOBS];
	unsigned going;
	bool stopped;
};

/* --- what each is called --- */

static bool label_taken(const struct matrix *x, unsigned before, const char *folder)
{
	for (unsigned i = 0; i < before; i++)
		if (strcmp(x->labels[i].folder, folder) == 0)
			return true;
	return false;
}

static void label_folder(struct label *l)
{
	memcpy(l->folder, l->text, sizeof(l->folder));
	for (char *c = l->folder; *c; c++)
		if (*c == '/')
			*c = '_';
}

/* The variant; one that was there before (`vcpus: [1, 1]`, or `a/b` after `a_b`) has its number behind it. */
static void label_make(struct matrix *x, unsigned run)
{
	auto_manifest struct manifest m = { 0 };
	struct label *l = &x->labels[run];
	struct error told_later = { 0 };

	if (manifest_open(x->o->manifest, &x->o->settings, run, &m, &told_later) == 0)
		snprintf(l->text, sizeof(l->text), "%.200s", m.variant);
	else
		snprintf(l->text, sizeof(l->text), "run-%u", run + 1);
	label_folder(l);
	for (size_t n; label_taken(x, run, l->folder); label_folder(l)) {
		n = strlen(l->text);
		snprintf(l->text + n, sizeof(l->text) - n, "~%u", run + 1);
	}
}

/* One run, in its own folder of --results. */
static int matrix_attempt(struct matrix *x, unsigned run, bool beside)
{
	struct run_options own = *x->o;
	char folder[4096];

	own.label = x->labels[run].text;
	own.beside = beside;
	if (own.results) {
		snprintf(folder, sizeof(folder), "%s/%s", own.results, x->labels[run].folder);
		own.results = folder;
	}
	if (beside)
		log_set_label(own.label);
	return attempt(&own, run, &x->results[run]);
}

/* --- results that no run has filled --- */

static void result_name(const struct matrix *x, unsigned run)
{
	struct run_result *r = &x->results[run];

	manifest_stem(x->o->manifest, r->name, sizeof(r->name));
	snprintf(r->variant, sizeof(r->variant), "%s", x->labels[run].text);
	r->verdict = RESULT_ERROR;
}

static void result_not_begun(const struct matrix *x, unsigned run)
{
	struct run_result *r = &x->results[run];

	result_name(x, run);
	r->status = STATUS_SIGNAL + stop_signal();
	r->reason = RUN_SIGNALLED;
	snprintf(r->sentence, sizeof(r->sentence), "not begun, for a signal came before: %s",
	         strsignal(stop_signal()));
}

/* A process that went without a result: a fault in it, or somebody killed it. */
static void result_died(const struct matrix *x, unsigned run, int how)
{
	struct run_result *r = &x->results[run];

	result_name(x, run);
	r->status = WIFSIGNALED(how) ? STATUS_SIGNAL + WTERMSIG(how) : STATUS_LAUNCH;
	r->reason = ERROR_INTERNAL;
	snprintf(r->sentence, sizeof(r->sentence),
	         "the process of this run ended without a result: %s",
	         WIFSIGNALED(how) ? strsignal(WTERMSIG(how)) : "it exited");
}

/* --- several at once --- */

/*
 * What makes a child of its own: signals reach it through us alone (a terminal's go to our process group), it
 * doesn't outlive us, and doesn't read what we could.
 */
static void child_begin(pid_t parent)
{
	struct error ignored = { 0 };
	auto_fd int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	signal(SIGTTOU,
	       SIG_IGN); /* a group in the background may write to the terminal all the same */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_LAUNCH);
	if (none >= 0)
		dup2(none, STDIN_FILENO);
	stop_end();
	stop_begin(&ignored);
}

static int job_spawn(struct matrix *x, struct job *j, unsigned run)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		child_begin(parent);
		_exit(matrix_attempt(x, run, true));
	}
	*j = (struct job){ pid, (int)syscall(SYS_pidfd_open, pid, 0), run };
	x->going++;
	return 0;
}

static void jobs_fill(struct matrix *x)
{
	for (unsigned i = 0; i < x->o->jobs && x->next < x->n && !stop_signal(); i++) {
		struct job *j = &x->jobs[i];

		if (j->pid == 0 && job_spawn(x, j, x->next) < 0)
			break; /* no process to be had now; those that go will end */
		x->next += j->pid != 0 && j->run == x->next;
	}
}

static void job_reap(struct matrix *x, struct job *j)
{
	int how = 0;

	if (waitpid(j->pid, &how, WNOHANG) != j->pid)
		return;
	if (!x->results[j->run].sentence[0])
		result_died(x, j->run, how);
	fd_cleanup(&j->fd);
	*j = (struct job){ .fd = -1 };
	x->going--;
}

/* The first signal, passed on. A second kills us, and with us the children. */
static void jobs_stop(struct matrix *x)
{
	if (x->stopped || !stop_signal())
		return;
	x->stopped = true;
	for (unsigned i = 0; i < x->o->jobs; i++)
		if (x->jobs[i].pid)
			kill(x->jobs[i].pid, SIGTERM);
}

static void jobs_wait(struct matrix *x)
{
	struct pollfd fds[MATRIX_MAX_JOBS + 1];
	bool blind = false;

	for (unsigned i = 0; i < x->o->jobs; i++) {
		const struct job *j = &x->jobs[i];

		fds[i] = (struct pollfd){ .fd = j->pid ? j->fd : -1, .events = POLLIN };
		blind |= j->pid && j->fd < 0;
	}
	fds[x->o->jobs] = (struct pollfd){ .fd = x->stopped ? -1 : stop_fd(), .events = POLLIN };
	poll(fds, x->o->jobs + 1, blind ? 100 : -1);
	jobs_stop(x);
	for (unsigned i = 0; i < x->o->jobs; i++)
		if (x->jobs[i].pid)
			job_reap(x, &x->jobs[i]);
}

static void matrix_at_once(struct matrix *x)
{
	do {
		jobs_fill(x);
		if (x->going == 0 && x->next < x->n && !stop_signal())
			matrix_attempt(x, x->next++, false); /* no process was to be had */
		if (x->going > 0)
			jobs_wait(x);
	} while (x->going > 0 || (x->next < x->n && !stop_signal()));
}

/* --- one after the other --- */

static void matrix_in_turn(struct matrix *x)
{
	for (; x->next < x->n && !stop_signal(); x->next++)
		matrix_attempt(x, x->next, false);
}

/* --- the end --- */

static void summary_tell(const struct matrix *x)
{
	unsigned count[RESULTS] = { 0 };

	for (unsigned i = 0; i < x->n; i++) {
		const struct run_result *r = &x->results[i];

		count[r->verdict]++;
		log_at(r->verdict == RESULT_PASS ? LOG_NOTICE : LOG_QUIET, "%-7s %3d  %s [%s]",
		       run_verdict_name(r->verdict), r->status, r->variant, reason_name(r->reason));
	}
	log_notice("%u runs: %u passed, %u failed, %u ended by a limit, %u errors, %u skipped",
	           x->n, count[RESULT_PASS], count[RESULT_FAIL], count[RESULT_TIMEOUT],
	           count[RESULT_ERROR], count[RESULT_SKIP]);
}

int matrix_run(const struct run_options *o, unsigned n, struct run_result *results)
{
	auto_free struct matrix *x = calloc(1, sizeof(*x));
	auto_free struct label *labels = calloc(n, sizeof(*labels));
	const struct run_result *worst = &results[0];

	if (!x || !labels)
		return STATUS_LAUNCH;
	*x = (struct matrix){ .o = o, .labels = labels, .results = results, .n = n };
	for (unsigned i = 0; i < n; i++)
		label_make(x, i);
	if (o->jobs > 1)
		matrix_at_once(x);
	else
		matrix_in_turn(x);
	for (; x->next < n; x->next++)
		result_not_begun(x, x->next);
	for (unsigned i = 1; i < n; i++)
		if (verdict_worse(&results[i], worst))
			worst = &results[i];
	summary_tell(x);
	return worst->status;
}
