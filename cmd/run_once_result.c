/* SPDX-License-Identifier: MIT */
/* cmd/run_once_result.c: the result of a run: its struct, files, statistics and last line. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/print.h"
#include "cmd/results.h"
#include "cmd/run_once_priv.h"
#include "cmd/status.h"
#include "cmd/vars.h"
#include "config/manifest.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/host/doctor.h"
#include "core/host/host.h"
#include "core/out/result.h"
#include "core/out/run_result.h"
#include "core/out/tree.h"
#include "core/vm/launch.h"
#include "core/vm/stats.h"
#include "core/vm/vm.h"
#include "core/vm/watch.h"

/*
 * An output failed after the run ended with `status`: a pass becomes this failure; otherwise it is
 * only reported. Returns the new status.
 */
static int run_once_output_failed(struct run_once *a, const struct error *err, int status)
{
	if (status == STATUS_OK) {
		a->ended = false;
		a->err = *err;
		return STATUS_FAILED;
	}
	error_print(err);
	return status;
}

/* --- statistics --- */

/* The user asked for these lines, so -q does not silence them. */
#define stats_say(...) log_at(LOG_QUIET, __VA_ARGS__)

static void stats_say_first(const char *what, bool came, uint64_t us)
{
	if (came)
		stats_say("first %s byte after %" PRIu64 ".%03" PRIu64 " s", what, us / 1000000,
		          us / 1000 % 1000);
	else
		stats_say("no %s byte", what);
}

static void stats_print(const struct stats_report *r)
{
	stats_say("exits: %" PRIu64 ": ports %" PRIu64 ", MMIO %" PRIu64 ", page states %" PRIu64
	          ", memory faults %" PRIu64 ", certificates %" PRIu64 ", signals %" PRIu64
	          ", others %" PRIu64,
	          r->total, r->exits[EXIT_PORT], r->exits[EXIT_MMIO], r->exits[EXIT_PAGE_STATE],
	          r->exits[EXIT_MEMORY_FAULT], r->exits[EXIT_CERTS], r->exits[EXIT_KICK],
	          r->exits[EXIT_OTHER]);
	for (const struct stats_device *d = r->devices; d < r->devices + r->n_devices; d++) {
		char line[400] = "";
		size_t n = 0;

		for (size_t i = 0; i < d->n_ports; i++)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s0x%x %" PRIu64,
			                      i ? ", " : "", d->ports[i].port, d->ports[i].exits);
		if (d->others > 0)
			snprintf(line + n, sizeof(line) - n, ", other ports %" PRIu64, d->others);
		stats_say("exits: %s %" PRIu64 " (%s)", d->name, d->exits, line);
	}
	if (r->fwcfg_there)
		stats_say("fw_cfg: %" PRIu64 " transfers of %" PRIu64 " KiB, %" PRIu64
		          " refused; %" PRIu64 " bytes by port",
		          r->fwcfg.dma_count, r->fwcfg.dma_bytes / 1024, r->fwcfg.dma_refused,
		          r->fwcfg.port_bytes);
	if (r->hvc_there)
		stats_say("hvc: %" PRIu64 " requests, %" PRIu64 " bytes of output, %" PRIu64
		          " of input, %" PRIu64 " exits",
		          r->hvc.requests, r->hvc.sent, r->hvc.received, r->hvc.exits);
	stats_say("pages: %" PRIu64 " made shared, %" PRIu64 " made private", r->pages_shared,
	          r->pages_private);
	stats_say_first("serial", r->serial_seen, r->serial_us);
	stats_say_first("debug", r->debug_seen, r->debug_us);
	if (r->debug_line[0])
		stats_say("last line on the debug port: %s", r->debug_line);
}

/* With -v, print --stats output for failed runs too. */
int run_once_stats(struct run_once *a, int status)
{
	struct stats_report r;
	struct error err = { 0 };
	auto_tree struct tree *t = a->outputs.stats ? tree_new() : NULL;

	stats_report(a->vm, &r);
	a->r->time.first_byte_came = r.serial_seen;
	a->r->time.first_byte_us = r.serial_us;
	if ((a->o->stats && !a->outputs.stats) || (status != STATUS_OK && log_on(LOG_INFO))) {
		stats_print(&r);
		disks_print(&a->disks);
	}
	if (!a->outputs.stats)
		return status;
	result_stats(t, NULL, &r);
	return tree_print_json(t, a->outputs.stats, &err) < 0
	               ? run_once_output_failed(a, &err, status)
	               : status;
}

/* --- the struct --- */

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

void run_once_record_host(struct run_result *r)
{
	struct host_facts f;

	host_facts_read(&host_this, &f);
	COPY(r->host.kernel, f.kernel);
	COPY(r->host.firmware, f.firmware);
	COPY(r->host.cpu, f.cpu);
}

static void fill_failure(struct run_result *r, const struct error *err)
{
	r->reason = err->kind;
	COPY(r->sentence, err->text);
	COPY(r->why, err->why);
	COPY(r->fix, err->fix);
	COPY(r->file, err->file);
	r->line = err->line;
	r->column = err->column;
}

static void fill_log(struct run_log *l, const struct run_once *a, bool debug)
{
	const struct output_file *f = a->outputs.files;

	l->known = f[debug ? STREAM_DEBUG_LOG : STREAM_SERIAL_LOG].bounded ||
	           f[debug ? STREAM_DEBUG : STREAM_SERIAL].bounded;
	if (!l->known)
		return;
	l->bytes = stream_bytes(a->vm, debug ? STREAM_DEBUG : STREAM_SERIAL);
	l->dropped = outputs_dropped(&a->outputs, a->vm, debug);
}

static_assert(RUN_INPUTS == 5 + MANIFEST_INITRDS,
              "manifest, firmware, variables, kernel, the files of the initrd, certificates");

static void fill_input(struct run_result *r, const char *role, const char *path,
                       const uint8_t *sha256)
{
	struct run_input *i = &r->inputs[r->n_inputs];

	if (!path)
		return;
	COPY(i->role, role);
	COPY(i->path, path);
	memcpy(i->sha256, sha256, sizeof(i->sha256));
	r->n_inputs++;
}

/* Without hashes there are no inputs: an all-zero hash would look like a real one. */
static void fill_inputs(struct run_result *r, const struct run_once *a)
{
	const uint8_t *hashes = images_initrd_hashes(&a->m, &a->images);
	const struct manifest_file *initrd;

	r->n_inputs = 0;
	if (!a->hashed)
		return;
	fill_input(r, "manifest", a->o->manifest, a->m.sha256);
	fill_input(r, "firmware", a->m.firmware.path, a->images.firmware_sha256);
	fill_input(r, "vars", a->m.vars.path, a->images.vars_sha256);
	fill_input(r, "kernel", a->m.kernel.path, a->images.kernel_sha256);
	for (size_t i = 0; (initrd = manifest_initrd(&a->m, i)); i++)
		fill_input(r, "initrd", initrd->path, hashes + 32 * i);
	fill_input(r, "certs", a->m.certs.path, a->images.certs_sha256);
}

static void result_fill(struct run_once *a, int status)
{
	const struct manifest_pin *pin;
	struct run_result *r = a->r;

	if (a->loaded)
		COPY(r->name, a->m.name);
	else
		manifest_stem(a->o->manifest ? a->o->manifest : MANIFEST_OPTIONS, r->name,
		              sizeof(r->name));
	COPY(r->variant, a->o->label ? a->o->label : "");
	r->exit_status = status;
	r->status = run_status_of(status);
	if (a->ended) {
		r->reason = a->outcome.kind;
		COPY(r->sentence, a->outcome.detail);
		COPY(r->fix, a->outcome.fix ? a->outcome.fix : "");
	} else {
		fill_failure(r, &a->err);
	}
	if (a->o->guest_status && r->status == RESULT_FAIL && r->launched &&
	    r->guest.event == GUEST_EXITED && r->guest.code > 0 && r->guest.code < 256)
		r->exit_status = (int)r->guest.code;
	if (a->watch) {
		r->guest.expected = (unsigned)watch_expected(a->watch);
		r->guest.met = (unsigned)watch_met(a->watch);
		COPY(r->guest.last_line, watch_last_line(a->watch));
		r->tail_size = watch_tail(a->watch, r->tail, sizeof(r->tail));
	}
	if (a->digested) {
		r->measurement.known = true;
		memcpy(r->measurement.expected, a->digest.value, sizeof(r->measurement.expected));
		pin = measurement_pin(&a->m, &a->digest);
		r->measurement.pinned = pin != NULL;
		if (pin)
			memcpy(r->measurement.pin, pin->digest, sizeof(r->measurement.pin));
		COPY(r->measurement.profile, manifest_profile_name(a->m.profile));
		COPY(r->measurement.vcpu_type, a->m.vcpu_type);
		r->measurement.vcpus = a->m.vcpus;
		if (plan_settings(a->measured)->accept) {
			COPY(r->measurement.accept, plan_settings(a->measured)->accept);
			COPY(r->measurement.accept_why, plan_settings(a->measured)->accept_why);
		}
	}
	r->host_data_known = a->loaded && !bytes_zero(a->m.host_data, sizeof(a->m.host_data));
	memcpy(r->host_data, a->m.host_data, sizeof(r->host_data));
	fill_inputs(r, a);
	if (r->launched) {
		disks_record(&a->disks, r);
		fill_log(&r->serial, a, false);
		fill_log(&r->debug, a, true);
	}
	if (a->vm) {
		struct launch_times t = vm_launch_times(a->vm);

		r->time.start_us = t.start_us;
		r->time.update_us = t.update_us;
		r->time.finish_us = t.finish_us;
	}
	r->time.total_us = clock_us() - a->start_us;
}

void run_once_record_launch(struct run_once *a)
{
	result_fill(a, STATUS_LAUNCH);
	a->r->launched = true;
}

/* --- what is reported --- */

/* "pass: LABEL: sentence": the word comes first, as people look for it. */
static void report_line(const struct run_result *r, enum log_level level, const char *word)
{
	const char *of = r->variant;
	bool named = r->status != RESULT_PASS;

	log_set_label("");
	log_at(level, "%s%s:%s %s%s%s%s%s%s%s", run_status_color(r->status), word,
	       run_status_color_end(), of, of[0] ? ": " : "", r->sentence,
	       r->measurement.proven && !named ? "; measurement proven by the firmware" : "",
	       named ? " [" : "", named ? reason_name(r->reason) : "", named ? "]" : "");
	log_set_label(of);
}

static void report_result(const struct run_once *a)
{
	const struct run_result *r = a->r;
	enum reason kind = a->err.kind;
	struct doctor_report doctor;
	char text[512];

	if (r->status == RESULT_FAIL || r->status == RESULT_TIMEOUT)
		disks_report_unused(r);
	/* first, as the result is the last line */
	if (a->ended && r->fix[0])
		log_at(LOG_QUIET, "hint: %s", r->fix);
	if (r->status == RESULT_PASS)
		report_line(r, LOG_NOTICE, "pass");
	else if (r->status == RESULT_SKIP)
		report_line(r, LOG_QUIET, "skip");
	else if (a->ended)
		report_line(r, LOG_QUIET, "fail");
	else if (a->findings.errors)
		findings_print(&a->findings, 0);
	else
		error_print(&a->err);
	/* if the host is at fault, and no file of the manifest, append the doctor's other findings */
	if (r->exit_status != STATUS_LAUNCH || a->ended || r->file[0] ||
	    (kind != ERROR_HOST_UNSUPPORTED && kind != ERROR_HOST_PERMISSION &&
	     kind != ERROR_HOST_BUSY && kind != ERROR_KVM && kind != ERROR_FIRMWARE_REFUSED))
		return;
	doctor_look(&host_this, &doctor);
	if (doctor_brief(&doctor, manifest_platform(&a->m), a->err.text, text, sizeof(text)) > 0)
		log_notice("doctor: %s; 'snpvmm doctor' says more", text);
}

/*
 * On GitHub Actions: one annotation for the result or, with `f`, one for each mistake in the
 * manifest. They are one write, so that lines of parallel runs don't mix.
 */
static void annotate(const struct run_options *o, const struct run_result *r,
                     const struct findings *f)
{
	enum { ANNOTATIONS_MAX = 10 }; /* of a step; GitHub drops the rest */
	const char *actions = getenv("GITHUB_ACTIONS");
	auto_free struct run_result *each = f ? malloc(sizeof(*each)) : NULL;
	auto_free char *text = NULL;
	size_t size;
	FILE *to = actions && !strcmp(actions, "true") ? open_memstream(&text, &size) : NULL;
	int n = 0;

	if (!to)
		return;
	if (!f)
		github_annotate(to, o->manifest, r);
	for (size_t i = 0; each && i < f->count && n < ANNOTATIONS_MAX; i++) {
		if (f->list[i].severity != SEVERITY_ERROR)
			continue;
		*each = *r;
		fill_failure(each, &f->list[i].error);
		github_annotate(to, o->manifest, each);
		n++;
	}
	if (fclose(to) == 0)
		log_text(text);
}

void run_once_record_unstarted(const struct run_options *o, const struct run_result *r,
                               bool started)
{
	enum results_kind kind = started ? RESULTS_END : RESULTS_ALL;
	struct error err = { 0 };

	if (o->results && results_record(o->results, o->results_below, kind, r, &err) < 0)
		error_print(&err);
	if (!started && o->label)
		return; /* of several runs, those that were cancelled only get a summary line */
	if (r->fix[0])
		log_at(LOG_QUIET, "hint: %s", r->fix);
	report_line(r, LOG_QUIET, "fail");
	log_set_label("");
	annotate(o, r, NULL);
}

bool run_once_repeats(const struct run_options *o, const struct run_result *r)
{
	return r->attempts <= o->retries && r->exit_status == STATUS_LAUNCH && !r->launched &&
	       (r->reason == ERROR_HOST_BUSY || r->reason == ERROR_HOST_MEMORY);
}

/* --- the end --- */

/* Completes the files that the guest filled, and those that describe the launch. */
static int finish_files(struct run_once *a, int status)
{
	const struct results_launch l = { a->loaded ? &a->m : NULL, &a->images,
		                          a->digested ? &a->digest : NULL, a->measured };
	struct error console = { 0 }, logs = { 0 }, launch = { 0 }, report = { 0 }, vars = { 0 };

	/* if a console that failed ended the run, that is the outcome already */
	if (a->r->launched && a->outcome.kind != ERROR_OUTPUT &&
	    outputs_console(&a->outputs, a->vm, &console) < 0)
		status = run_once_output_failed(a, &console, status);
	if (outputs_logs(&a->outputs, a->vm, a->r->launched, &logs) < 0)
		status = run_once_output_failed(a, &logs, status);
	if (a->r->launched && vars_keep(&a->m, &a->images, a->vm, &vars) < 0)
		status = run_once_output_failed(a, &vars, status);
	if (a->unwritten.code < 0)
		status = run_once_output_failed(a, &a->unwritten, status);
	if (results_launch(&a->outputs, &l, &launch) < 0)
		status = run_once_output_failed(a, &launch, status);
	if (run_once_report_keep(a, &report) < 0)
		status = run_once_output_failed(a, &report, status);
	return status;
}

int run_once_conclude(struct run_once *a, int status)
{
	struct error show = { 0 }, keep = { 0 }, again = { 0 };

	status = finish_files(a, status);
	result_fill(a, status);
	/* shown before it is written: if that fails, result.json says so, too */
	if (a->o->show && !run_once_repeats(a->o, a->r) && a->o->show(a->r, &show) < 0) {
		status = run_once_output_failed(a, &show, status);
		result_fill(a, status);
	}
	/* result.json must not report a pass if a file beside it could not be written */
	if (results_end(&a->outputs, a->r, false, &keep) < 0) {
		result_fill(a, run_once_output_failed(a, &keep, status));
		results_discard(&a->outputs); /* no pass stays even if this fails again */
		results_end(&a->outputs, a->r, true, &again);
	}
	outputs_close(&a->outputs);
	report_result(a);
	annotate(a->o, a->r, !a->ended && a->findings.errors ? &a->findings : NULL);
	a->r->concluded = true;
	return a->r->exit_status;
}
