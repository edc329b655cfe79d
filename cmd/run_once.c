/* SPDX-License-Identifier: MIT */
/* cmd/run_once.c: the steps of a run: load, measure, launch, run, conclude. */
#include "cmd/run_once_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cmd/advice.h"
#include "cmd/conflicts.h"
#include "cmd/explained.h"
#include "cmd/labels.h"
#include "cmd/print.h"
#include "cmd/progress.h"
#include "cmd/results.h"
#include "cmd/status.h"
#include "cmd/vars.h"
#include "config/keys.h"
#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/host/host.h"
#include "core/host/memory.h"
#include "core/out/run_result.h"
#include "core/snp/abi.h"
#include "core/snp/idblock.h"
#include "core/snp/digest.h"
#include "core/snp/policy.h"
#include "core/vm/devices.h"
#include "core/vm/gdb_server.h"
#include "core/vm/launch.h"
#include "core/vm/outcome.h"
#include "core/vm/platforms.h"
#include "core/vm/run.h"
#include "core/vm/stats.h"
#include "core/vm/signals.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"
#include "core/vm/vsock.h"
#include "core/vm/watch.h"
#include "firmware/handoff.h"
#include "firmware/idkeys.h"
#include "firmware/images.h"
#include "firmware/prepare.h"
#include "firmware/stage0.h"
#include "firmware/vars.h"

/*
 * Each of several runs has output files of its own: those of the manifest are named by the variant,
 * those of options by the run.
 */
static int own_names(struct run_once *a)
{
	const struct {
		char **path;
		const char *label;
	} rows[] = {
		{ &a->m.serial.path, a->o->variant_file },
		{ &a->m.debug_port.path, a->o->variant_file },
		{ &a->m.vars_keep.path, a->o->variant_file },
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

/* snp.host_data: random: from here on the manifest has the bytes of this run. */
static int host_data_make(struct run_once *a)
{
	struct manifest *m = &a->m;
	ssize_t n = sizeof(m->host_data);

	a->r->report.fresh = m->host_data_random;
	if (m->host_data_random && getrandom(m->host_data, sizeof(m->host_data), 0) != n)
		return error_sys(&a->err, ERROR_INTERNAL, errno, "no random bytes from the kernel");
	m->host_data_random = false;
	return 0;
}

/* Open the results folder even if the manifest is invalid, so the error is recorded there. */
static int run_once_load(struct run_once *a, unsigned run)
{
	const struct run_options *o = a->o;
	const struct conflicts *c = o->conflicts;
	/* where an input may have the name of a result file, only the result itself is replaced */
	bool result_only = o->inputs_unknown || (c && c->err.code);
	struct error err = { 0 };

	manifest_source_load_all(o->source, run, &a->m, &a->findings);
	a->loaded = a->m.whole;
	if (c && c->err.code)
		findings_add(&a->findings, SEVERITY_ERROR, &c->err);
	if (a->loaded && (own_names(a) < 0 || host_data_make(a) < 0))
		return a->err.code;
	if (!o->results || (c && c->results_untouched) ||
	    results_open(&a->outputs, o->results, o->results_below,
	                 result_only ? RESULTS_END : RESULTS_ALL, &err) == 0)
		return 0;
	if (a->loaded)
		a->err = err;
	else
		error_print(&err);
	return err.code;
}

/*
 * Only a warning: nobody knows what the kernel can reclaim and what else will run. Given before the
 * images are read, as these may already be too much.
 */
static void warn_memory(const struct manifest *m)
{
	auto_findings struct findings f = { 0 };
	struct host_memory host;
	struct error err = { 0 };

	host_memory_left(&host_this, &host);
	if (m->memory <= host.left)
		return;
	error_set(&err, ERROR_HOST_MEMORY, "'memory' is %" PRIu64 "M, but %s has %" PRIu64 "M left",
	          m->memory >> 20, host.where, host.left >> 20);
	error_why(&err, "the kernel kills the run once the guest uses more than that");
	error_fix(&err,
	          "lower 'memory', end other programs, or raise the limit of the control group");
	manifest_at(m, KEY_MEMORY, &err);
	findings_add(&f, SEVERITY_WARNING, &err);
	progress_say(NULL);
	findings_print(&f, 0);
}

static int watch_make(struct run_once *a)
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
	if (a->watch && m->report && !(a->report = report_lines_new()))
		return error_nomem(&a->err, "the guest's report");
	return a->watch ? 0 : a->err.code;
}

bool prove_launch(struct manifest *m, struct findings *f)
{
	struct error err;

	if (manifest_platform(m)->measured) {
		if (!m->id_block_given && !m->identity_given)
			m->identity_given = m->id_key.ephemeral = true;
		return true;
	}
	error_set(&err, ERROR_CONFLICT, "--prove with platform %s", manifest_platform(m)->name);
	error_why(&err, "only the SEV firmware proves a measurement, and a plain VM has none");
	error_fix(&err, "leave out --prove, or run under platform snp");
	manifest_at(m, KEY_PLATFORM, &err);
	findings_add(f, SEVERITY_ERROR, &err);
	return false;
}

/*
 * --gdb: KVM cannot read registers or memory of an SNP guest. If the policy allows it, the SEV
 * firmware decrypts pages (SNP_DBG_DECRYPT), but KVM has no call for that, and it refuses
 * KVM_SEV_DBG_DECRYPT, which is for older SEV guests (arch/x86/kvm/svm/sev.c,
 * sev_mem_enc_ioctl()).
 */
static void run_once_debugged(struct run_once *a)
{
	const struct manifest *m = &a->m;
	const struct platform *on = manifest_platform(m);
	bool allowed = m->policy & SNP_POLICY_DEBUG;
	struct error err;

	if (!on->private_memory)
		return;
	error_set(&err, allowed ? ERROR_UNSUPPORTED : ERROR_CONFLICT, "--gdb with platform %s",
	          on->name);
	if (allowed)
		error_why(&err,
		          "the policy allows debugging, but no Linux kernel so far has a call by "
		          "which a VMM reads such a guest's registers and memory");
	else
		error_why(&err, "snp.policy does not allow debugging, so no debugger can see "
		                "anything of this guest");
	error_fix(&err, "debug it as a plain VM: --platform kvm");
	manifest_at(m, allowed ? KEY_PLATFORM : KEY_SNP_POLICY, &err);
	findings_add(&a->findings, SEVERITY_ERROR, &err);
}

/* Finds every mistake that can be found without a host, then makes what needs none. */
static int run_once_prepare(struct run_once *a)
{
	const struct manifest *m = &a->m;
	const struct platform *on = manifest_platform(m);
	struct findings *f = &a->findings;
	bool hash = a->o->results || !a->o->console, right;
	struct error err;

	if (a->o->prove && m->whole)
		prove_launch(&a->m, f);
	if (a->o->gdb && m->whole)
		run_once_debugged(a);
	if (a->o->certs && m->whole && !m->report) {
		error_set(&err, ERROR_NONE, "--certs has no effect without expect.report");
		error_why(&err, "no report of this guest is looked at, so nothing is proven");
		error_fix(&err, "have the guest print its report, and --set expect.report=true");
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_WARNING, &err);
	}
	right = prepare_files(m, hash, &a->images, f) && m->whole;

	a->hashed = hash && right;
	if (right && prepare_plan(m, &a->images, platform_measured(on), &a->measured, f) &&
	    plan_settings(a->measured)->measure_only) {
		error_set(&err, ERROR_UNSUPPORTED, "this manifest can be measured, not run: %s",
		          plan_settings(a->measured)->measure_only);
		error_at(&err, m->file, 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
	}
	a->plan = a->measured;
	if (f->errors == 0 && !on->measured)
		prepare_plan(m, &a->images, on, &a->plan, f);
	outputs_look(m, f);
	disks_open(&a->disks, m, false, f);
	findings_sort(f, 0);
	if (findings_first(f, &a->err) < 0)
		return a->err.code; /* they are printed with the result */
	progress_say(NULL);
	findings_print(f, 0);
	return watch_make(a);
}

/* Adds to the result and the error what gives the expected digest, if one change does. */
static void run_once_explain(struct run_once *a, const uint8_t want[static SNP_DIGEST_SIZE])
{
	char *to = a->r->measurement.explained;

	explained_hint(&a->m, &a->images, want, to);
	explained_add(to, &a->err);
}

static int run_once_measure(struct run_once *a)
{
	const char *none = plan_settings(a->measured)->no_measurement;

	if (none) {
		log_notice("no measurement: %s", none);
		log_notice("platform kvm: a plain VM that protects nothing");
		return STATUS_OK;
	}
	a->digest.ledger_wanted = a->digest.pages_wanted = a->o->results != NULL;
	if (snp_digest_of(a->measured, &a->digest, &a->err) < 0)
		return STATUS_LAUNCH;
	a->digested = true;
	measurement_print(&a->m, a->measured, &a->digest);
	if (measurement_check(&a->m, &a->digest, &a->err) < 0) {
		const struct manifest_pin *pin = measurement_pin(&a->m, &a->digest);

		if (pin)
			run_once_explain(a, pin->digest);
		return STATUS_MEASUREMENT;
	}
	if (prepare_id_digest(&a->m, a->measured, a->digest.value, &a->err) < 0) {
		run_once_explain(a, plan_settings(a->measured)->id_block);
		return STATUS_MEASUREMENT;
	}
	if (manifest_platform(&a->m)->measured &&
	    idkeys_sign(&a->m, &a->images.identity, a->plan, a->digest.value, &a->err) < 0)
		return STATUS_USAGE;
	identity_fini(&a->images.identity); /* nothing is left to sign */
	return STATUS_OK;
}

static int run_once_guest(struct run_once *a)
{
	const struct vm_devices *d = &a->outputs.devices;
	const struct run_limits limits = { .timeout_ms = a->m.timeout_ms,
		                           .silence_ms = a->m.silence_ms,
		                           .end_when_complete = a->m.exit_none,
		                           .gdb = a->gdb,
		                           .input_fd = STDIN_FILENO,
		                           .keyboard = a->o->keyboard,
		                           .sandbox = &a->sandbox };
	/* a line of progress would mix with the guest's lines */
	bool on_terminal =
		(d->streams[STREAM_SERIAL].fd > 0 && isatty(d->streams[STREAM_SERIAL].fd)) ||
		d->streams[STREAM_DEBUG].fd == STDERR_FILENO;
	const struct ram *lazy;
	int status;

	if (run_once_confine(a) < 0)
		return a->err.kind == ERROR_OUTPUT ? STATUS_USAGE : STATUS_LAUNCH;
	progress_say(on_terminal ? NULL : "the guest runs");
	run_once_record_launch(a);
	if (vm_run(a->vm, &limits, &a->outcome, &a->err) < 0) {
		a->r->launched = false;
		return STATUS_LAUNCH;
	}
	a->ended = true;
	/* stage0 and the firmware have their own ways to say why they stopped */
	if (!a->m.firmware.path && !a->m.builtin)
		stage0_explain(&a->outcome);
	if (!plan_settings(a->measured)->no_measurement) /* else no firmware verifies anything */
		handoff_explain(&a->m, devices_last_read(a->vm), vm_quiet_ms(a->vm), &a->outcome);
	a->r->guest.event = a->outcome.kind;
	a->r->guest.code = a->outcome.code;
	snprintf(a->r->guest.detail, sizeof(a->r->guest.detail), "%s", a->outcome.detail);
	run_once_where(a);
	status = run_once_report(a, exit_status_of(&a->m, a->watch, &a->outcome));
	if (status != STATUS_OK)
		advice_add(&a->m, &a->images.firmware, plan_lazy(a->plan, &lazy) > 0, a->vm,
		           a->watch, &a->outcome);
	return run_once_stats(a, status);
}

/* `status`, unless a signal or the command's time limit came while no guest ran. */
static int run_once_stopped(struct run_once *a, const char *when, int status)
{
	if (!stop_signo())
		return status;
	a->ended = true;
	signals_outcome(&a->outcome, when);
	return exit_status_stopped();
}

/* The status of a failure before the launch: of the host, or of what the user gave. */
static int run_once_unready(struct run_once *a)
{
	static const bool of_host[REASONS] = {
		[ERROR_HOST_BUSY] = true, [ERROR_HOST_MEMORY] = true, [ERROR_HOST_PERMISSION] = true
	};
	bool host = of_host[a->err.kind] && a->findings.errors <= 1;

	return run_once_stopped(a, " before the launch", host ? STATUS_LAUNCH : STATUS_USAGE);
}

/* The firmware compares the digest of an ID block with its own, or refuses the launch. */
static void run_once_proven(struct run_once *a)
{
	const struct plan_settings *s = plan_settings(a->plan);
	const struct snp_id_auth *auth = (const void *)s->id_auth;

	a->r->measurement.proven = s->id_block_given;
	if (s->id_block_given)
		snp_id_key_digest(auth->id_key, a->r->measurement.id_key_digest);
	if (s->id_block_given && s->author_key)
		snp_id_key_digest(auth->author_key, a->r->measurement.author_key_digest);
}

static bool disk_is_full(const struct error *e)
{
	return e->code == -ENOSPC || e->code == -EDQUOT || e->code == -EFBIG;
}

static int run_once_launch(struct run_once *a)
{
	const struct outputs_choice choice = { a->o->console, a->o->prefix,
		                               a->o->parallel ? a->o->label : NULL, a->stats_file,
		                               &a->images };
	const struct results_launch launch = { &a->m, &a->images, a->digested ? &a->digest : NULL,
		                               a->measured };
	int status = STATUS_LAUNCH;

	/* these files come first: the guest may fill the disk; a full one is told when it has run */
	if (results_launch(&a->outputs, &launch, &a->err) < 0 && disk_is_full(&a->err)) {
		a->unwritten = a->err;
		a->err = (struct error){ 0 };
	}
	if (a->err.code < 0 || outputs_open(&a->outputs, &a->m, &choice, &a->err) < 0 ||
	    vars_look(&a->m, &a->err) < 0)
		return run_once_unready(a);
	if (a->o->gdb && !(a->gdb = gdb_server_new(a->o->gdb, &a->err)))
		return run_once_unready(a);
	if (disks_begin(&a->disks, &a->m, &a->err) < 0)
		return run_once_unready(a);
	a->outputs.devices.disks = a->disks.list;
	a->outputs.devices.n_disks = a->disks.n;
	a->outputs.devices.flash = vars_flash(&a->images);
	a->outputs.devices.watch = a->watch;
	a->outputs.devices.report = a->report;
	progress_say("launching");
	if (vm_launch(&kvm_sys_host, manifest_platform(&a->m), a->plan, &a->outputs.devices, &a->vm,
	              &a->err) == 0) {
		log_info("launched on platform '%s', memory in %s", manifest_platform(&a->m)->name,
		         vm_backing(a->vm));
		a->r->vsock_cid = (uint32_t)vm_vsock_cid(a->vm);
		if (a->r->vsock_cid)
			log_notice("vsock cid %" PRIu32, a->r->vsock_cid);
		if (manifest_platform(&a->m)->measured)
			run_once_proven(a);
		return run_once_guest(a);
	}
	if (a->err.kind == ERROR_HOST_UNSUPPORTED && a->o->skip_unsupported)
		status = STATUS_SKIPPED;
	return a->err.kind == RUN_SIGNALLED ? run_once_stopped(a, " during the launch", status)
	                                    : status;
}

static int run_once_steps(struct run_once *a, unsigned run)
{
	int status;

	progress_say("reading the images");
	if (run_once_load(a, run) < 0)
		return run_once_unready(a);
	if (a->loaded)
		warn_memory(&a->m);
	if (run_once_prepare(a) < 0)
		return run_once_unready(a);
	progress_say("measuring");
	status = run_once_measure(a);
	if (status == STATUS_OK)
		status = run_once_stopped(a, " before the launch", STATUS_OK);
	return status == STATUS_OK ? run_once_launch(a) : status;
}

int run_once(const struct run_options *o, unsigned run, unsigned attempt, struct run_result *ret)
{
	struct run_once a = { .o = o, .start_us = clock_us(), .outputs = OUTPUTS_NONE, .r = ret };
	int status;

	memset(ret, 0, sizeof(*ret));
	ret->attempts = attempt;
	if (attempt > 1)
		log_at(LOG_QUIET, "the host failed (try %u of %" PRIu64 "): trying again",
		       attempt - 1, o->retries + 1);
	if (o->results || !o->console)
		run_once_record_host(ret);
	if (!o->parallel)
		progress_begin();
	status = run_once_steps(&a, run);
	progress_end();
	status = run_once_conclude(&a, status);
	if (a.vm && vm_abandoned(a.vm)) {
		/* a vCPU that is stuck in the kernel may use all of it, also while exit(3) cleans up */
		fflush(NULL);
		_exit(status);
	}
	vm_free(a.vm);
	gdb_server_free(a.gdb);
	watch_free(a.watch);
	report_lines_free(a.report);
	snp_digest_fini(&a.digest);
	if (a.plan != a.measured)
		plan_free(a.plan);
	plan_free(a.measured);
	images_fini(&a.images);
	disks_close(&a.disks);
	findings_fini(&a.findings);
	manifest_free(&a.m);
	free(a.stats_file);
	return status;
}
