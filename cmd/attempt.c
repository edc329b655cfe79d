/* SPDX-License-Identifier: MIT */
/* cmd/attempt.c: manifest -> plan -> digest -> launch -> run -> verdict -> result. */
#include "cmd/attempt_priv.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/advice.h"
#include "cmd/conflicts.h"
#include "cmd/labels.h"
#include "cmd/print.h"
#include "cmd/progress.h"
#include "cmd/settings.h"
#include "cmd/verdict.h"
#include "config/keys.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/host/host.h"
#include "core/host/memory.h"
#include "core/out/run_result.h"
#include "core/snp/digest.h"
#include "core/vm/devices.h"
#include "core/vm/launch.h"
#include "core/vm/outcome.h"
#include "core/vm/platforms.h"
#include "core/vm/run.h"
#include "core/vm/stats.h"
#include "core/vm/signals.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"
#include "core/vm/watch.h"
#include "firmware/handoff.h"
#include "firmware/images.h"
#include "firmware/prepare.h"
#include "firmware/stage0.h"

/* --- before the launch --- */

/*
 * Files of several runs have names of their own: those of a manifest by its variant, those of an
 * option by the run.
 */
static int attempt_names(struct attempt *a)
{
	const struct {
		char **path;
		const char *label;
	} rows[] = {
		{ &a->m.serial.path, a->o->variant_file },
		{ &a->m.debug_port.path, a->o->variant_file },
		{ &a->stats_file, a->o->label_file },
	};

	if (a->o->stats_file && !(a->stats_file = strdup(a->o->stats_file)))
		return error_nomem(&a->err, "the name of an output");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *own = *rows[i].path ? labelled_path(*rows[i].path, rows[i].label) : NULL;

		if (!*rows[i].path)
			continue;
		if (!own)
			return error_nomem(&a->err, "the name of an output");
		free(*rows[i].path);
		*rows[i].path = own;
	}
	return 0;
}

/*
 * Where an input may lie in the folder under a result's name, nothing is removed there but the
 * result itself.
 */
static enum outputs_folder_kind folder_kind(const struct run_options *o)
{
	return o->inputs_unknown || (o->conflicts && o->conflicts->err.code) ? OUTPUTS_RESULT
	                                                                     : OUTPUTS_ALL;
}

/* Opens the results folder even if the manifest is wrong: the result says so there. */
static int attempt_load(struct attempt *a, unsigned run)
{
	const struct conflicts *c = a->o->conflicts;
	struct error err = { 0 };

	manifest_source_load_all(a->o->source, run, &a->m, &a->findings);
	a->loaded = a->m.whole;
	if (c && c->err.code)
		findings_add(&a->findings, SEVERITY_ERROR, &c->err);
	if (a->loaded && attempt_names(a) < 0)
		return a->err.code;
	if (!a->o->results || (c && c->results_untouched) ||
	    outputs_folder(&a->outputs, a->o->results, a->o->results_below, folder_kind(a->o),
	                   &err) == 0)
		return 0;
	if (a->loaded)
		a->err = err;
	else
		error_print(&err);
	return err.code;
}

static int watch_make(struct attempt *a)
{
	const struct manifest *m = &a->m;
	auto_free const char **texts =
		calloc(m->console.count + m->never.count + 1, sizeof(*texts));
	const struct watch_rules rules = { texts, m->console.count, texts + m->console.count,
		                           m->never.count };

	if (!texts)
		return error_nomem(&a->err, "patterns");
	for (size_t i = 0; i < m->console.count; i++)
		texts[i] = m->console.list[i].text;
	for (size_t i = 0; i < m->never.count; i++)
		texts[m->console.count + i] = m->never.list[i].text;
	a->watch = watch_new(&rules, &a->err);
	return a->watch ? 0 : a->err.code;
}

static void refuse_measure_only(const struct manifest *m, const char *why, struct findings *f)
{
	struct error err;

	error_set(&err, ERROR_UNSUPPORTED, "this manifest can be measured, not run: %s", why);
	error_at(&err, m->file, 0, 0);
	findings_add(f, SEVERITY_ERROR, &err);
}

/*
 * Told, and no more: what the kernel can reclaim, and what else will run, nobody knows. Before the
 * images are read, which may already be too much.
 */
static void warn_memory(const struct manifest *m)
{
	auto_findings struct findings f = { 0 };
	struct host_memory cap;
	struct error err = { 0 };

	host_memory_left(&host_this, &cap);
	if (m->memory <= cap.left)
		return;
	error_set(&err, ERROR_HOST_MEMORY, "'memory' is %" PRIu64 "M, but %s has %" PRIu64 "M left",
	          m->memory >> 20, cap.where, cap.left >> 20);
	error_why(&err, "the kernel kills the run when the guest has touched more than there is");
	error_fix(&err, "lower 'memory', end something else, or raise the group's limit");
	manifest_at(m, KEY_MEMORY, &err);
	findings_add(&f, SEVERITY_WARNING, &err);
	progress_say(NULL);
	findings_print(&f, 0);
}

/* Everything that needs no host, as far as what is wrong leaves something to look at. */
static void attempt_find(struct attempt *a)
{
	const struct manifest *m = &a->m;
	const struct platform *on = manifest_platform(m);
	struct findings *f = &a->findings;
	bool hash = a->o->results || !a->o->console;
	bool right = prepare_files(m, hash, &a->images, f) && m->whole;

	a->hashed = hash && right;
	if (right && prepare_plan(m, &a->images, platform_measured(on), &a->measured, f) &&
	    plan_settings(a->measured)->measure_only)
		refuse_measure_only(m, plan_settings(a->measured)->measure_only, f);
	a->plan = a->measured;
	if (f->errors == 0 && !on->measured)
		prepare_plan(m, &a->images, on, &a->plan, f);
	outputs_look(m, f);
	findings_sort(f, 0);
}

static int attempt_prepare(struct attempt *a)
{
	attempt_find(a);
	if (findings_first(&a->findings, &a->err) < 0)
		return a->err.code; /* they are printed with the verdict */
	progress_say(NULL);
	findings_print(&a->findings, 0);
	return watch_make(a);
}

static int attempt_measure(struct attempt *a)
{
	if (plan_settings(a->measured)->no_measurement) {
		log_notice("no measurement: %s", plan_settings(a->measured)->no_measurement);
		log_notice("platform kvm: a plain VM that protects nothing");
		return STATUS_OK;
	}
	a->digest.ledger_wanted = a->o->results != NULL;
	if (snp_digest_of(a->measured, &a->digest, &a->err) < 0)
		return STATUS_LAUNCH;
	a->digested = true;
	verdict_announce(&a->m, a->measured, &a->digest);
	if (verdict_measurement(&a->m, &a->digest, &a->err) < 0 ||
	    prepare_id_digest(&a->m, a->digest.value, &a->err) < 0)
		return STATUS_MEASUREMENT;
	return STATUS_OK;
}

/* --- the guest --- */

/* Firmware and stage0 have ways of their own to say why they ended. */
static void outcome_explain(struct attempt *a)
{
	if (!a->m.firmware.path && !a->m.builtin)
		stage0_explain(&a->outcome);
	if (!plan_settings(a->measured)->no_measurement) /* else no firmware verifies anything */
		handoff_explain(&a->m, devices_last_read(a->vm), vm_quiet_ms(a->vm), &a->outcome);
}

/* A line of progress would stand among the guest's own. */
static bool console_shown(const struct attempt *a)
{
	const struct vm_devices *d = &a->outputs.devices;

	return (d->serial_fd >= 0 && isatty(d->serial_fd)) || d->debug_fd == STDERR_FILENO;
}

static int attempt_run(struct attempt *a)
{
	const struct run_limits limits = { .timeout_ms = a->m.timeout_ms,
		                           .silence_ms = a->m.silence_ms,
		                           .end_when_complete = a->m.exit_none,
		                           .input_fd = STDIN_FILENO };
	int status;

	progress_say(console_shown(a) ? NULL : "the guest runs");
	if (vm_run(a->vm, &limits, &a->outcome, &a->err) < 0)
		return STATUS_LAUNCH;
	a->ended = a->r->launched = true;
	outcome_explain(a);
	a->r->guest.event = a->outcome.kind;
	a->r->guest.code = a->outcome.code;
	snprintf(a->r->guest.detail, sizeof(a->r->guest.detail), "%s", a->outcome.detail);
	status = verdict_status(&a->m, a->watch, &a->outcome);
	if (status != STATUS_OK)
		advice_add(&a->m, a->vm, a->watch, &a->outcome);
	return attempt_stats(a, status);
}

/*
 * The status if a signal or the time limit of the command came while no guest ran; else `status`.
 */
static int attempt_stopped(struct attempt *a, const char *when, int status)
{
	if (!stop_signo())
		return status;
	a->ended = true;
	signals_outcome(&a->outcome, when);
	return verdict_stopped();
}

static int attempt_launch(struct attempt *a)
{
	const struct platform *on = manifest_platform(&a->m);
	const struct outputs_choice choice = { a->o->console, a->o->prefix,
		                               a->o->beside ? a->o->label : NULL, a->stats_file,
		                               &a->images };
	const struct outputs_launch launch = { &a->m, &a->images, a->digested ? &a->digest : NULL };
	/* before the guest may fill the disk */
	int r = outputs_launch(&a->outputs, &launch, &a->err), status;

	if (r == 0)
		r = outputs_open(&a->outputs, &a->m, &choice, &a->err);
	if (r < 0)
		return attempt_stopped(a, " before the launch", STATUS_USAGE);
	a->outputs.devices.watch = a->watch;
	progress_say("launching");
	r = vm_launch(&kvm_sys_host, on, a->plan, &a->outputs.devices, &a->vm, &a->err);
	if (r == 0)
		return attempt_run(a);
	status = a->err.kind == ERROR_HOST_UNSUPPORTED && a->o->skip_unsupported ? STATUS_SKIPPED
	                                                                         : STATUS_LAUNCH;
	return a->err.kind == RUN_SIGNALLED ? attempt_stopped(a, " during the launch", status)
	                                    : status;
}

static int attempt_steps(struct attempt *a, unsigned run)
{
	int status;

	progress_say("reading the images");
	if (attempt_load(a, run) < 0)
		return attempt_stopped(a, " before the launch", STATUS_USAGE);
	if (a->loaded)
		warn_memory(&a->m);
	if (attempt_prepare(a) < 0)
		return attempt_stopped(a, " before the launch", STATUS_USAGE);
	progress_say("measuring");
	status = attempt_measure(a);
	if (status != STATUS_OK)
		return status;
	status = attempt_stopped(a, " before the launch", STATUS_OK);
	return status == STATUS_OK ? attempt_launch(a) : status;
}

static void attempt_free(struct attempt *a)
{
	if (a->vm && vm_abandoned(a->vm))
		return; /* a vCPU may come back to any of it */
	vm_free(a->vm);
	watch_free(a->watch);
	snp_digest_fini(&a->digest);
	if (a->plan != a->measured)
		plan_free(a->plan);
	plan_free(a->measured);
	images_fini(&a->images);
	findings_fini(&a->findings);
	manifest_free(&a->m);
	free(a->stats_file);
}

static int attempt_once(const struct run_options *o, unsigned run, unsigned tries,
                        struct run_result *ret)
{
	struct attempt a = { .o = o, .begun_us = clock_us(), .outputs = OUTPUTS_NONE, .r = ret };
	int status;

	memset(ret, 0, sizeof(*ret));
	ret->attempts = tries;
	if (o->results || !o->console)
		attempt_host(ret);
	if (!o->beside)
		progress_begin();
	status = attempt_steps(&a, run);
	progress_end();
	status = attempt_conclude(&a, status);
	attempt_free(&a);
	return status;
}

/* Longer each time, up to 8 s. False: a signal or the time limit of the command came. */
static bool wait_to_retry(unsigned tries)
{
	struct pollfd stop = { .fd = signals_fd(), .events = POLLIN };

	poll(&stop, 1, 500 << MIN_OF(tries, 4U));
	return !stop_signo();
}

int attempt(const struct run_options *o, unsigned run, struct run_result *ret)
{
	unsigned tries = 1;
	int status = attempt_once(o, run, tries, ret);

	while (attempt_repeated(o, ret)) {
		if (!wait_to_retry(tries)) /* this one ends before its launch, and says by what */
			return attempt_once(o, run, tries, ret);
		log_at(LOG_QUIET, "the host failed (try %u of %u): another one follows", tries,
		       o->retries + 1);
		status = attempt_once(o, run, ++tries, ret);
	}
	return status;
}
