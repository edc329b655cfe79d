/* SPDX-License-Identifier: MIT */
/* cmd/run.c: manifest -> plan -> digest -> launch -> run -> verdict. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/stats.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/snp/digest.h"
#include "core/vm/launch.h"
#include "core/vm/platforms.h"
#include "core/vm/run.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"
#include "firmware/assemble.h"
#include "firmware/handoff.h"
#include "firmware/images.h"
#include "firmware/stage0.h"

struct run_command {
	struct settings settings;
	const char *manifest;
	bool stats;             /* --stats */
	const char *stats_file; /* --stats=FILE; NULL: lines on stderr */
	bool prefix;            /* --prefix */
};

static const struct argp_option run_options[] = {
	{ "stats", 's', "FILE", OPTION_ARG_OPTIONAL,
	  "Say at the end which exits the run had; with FILE, as JSON in it", 1 },
	{ "prefix", 'p', NULL, 0, "Write whole lines, serial: or debug: before each", 1 },
	{ 0 },
};

static error_t run_option(int key, char *argument, struct argp_state *state)
{
	struct run_command *c = state->input;

	switch (key) {
	case 's':
		c->stats = true;
		c->stats_file = argument;
		return 0;
	case 'p':
		c->prefix = true;
		return 0;
	case ARGP_KEY_ARG:
		if (c->manifest)
			argp_error(state, "one manifest at a time");
		c->manifest = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What the PSP takes in page by page, and what the guest takes in by itself. */
static void announce_sizes(const struct plan *p, const struct snp_digest *d)
{
	const struct offer *offers;
	size_t n = plan_offers(p, &offers);
	uint64_t offered = 0;

	for (size_t i = 0; i < n; i++)
		offered += offers[i].size;
	log_info("%llu KiB are measured page by page, %llu KiB are offered in shared memory",
	         (unsigned long long)(d->pages * PAGE_SIZE / 1024),
	         (unsigned long long)offered / 1024);
}

static void announce(const struct manifest *m, const struct snp_digest *d)
{
	char hex[2 * SNP_DIGEST_SIZE + 1];

	log_notice("measurement %s (%u vcpu%s, %s, profile %s)",
	           hex_of(d->value, SNP_DIGEST_SIZE, hex), m->vcpus, m->vcpus == 1 ? "" : "s",
	           m->vcpu_type, manifest_profile_name(m->profile));
	if (m->platform == MANIFEST_KVM)
		log_notice("platform kvm: a plain VM that protects nothing; the measurement is the "
		           "one "
		           "that platform snp would have");
	if (m->firmware.path && m->kernel.path && !m->kernel_hashes)
		log_notice(
			"kernel_hashes is false: kernel, initrd and command line are not measured");
}

/* `n` pins were held against the digest, `last` the last of them. */
static int pins_differ(const struct manifest *m, const struct snp_digest *d,
                       const struct manifest_pin *last, size_t n, struct error *err)
{
	char want[2 * SNP_DIGEST_SIZE + 1], have[2 * SNP_DIGEST_SIZE + 1];

	hex_of(d->value, SNP_DIGEST_SIZE, have);
	error_set(err, ERROR_MEASUREMENT_DIFFERS,
	          "the measurement is not the one that the manifest expects");
	if (n == 0)
		error_why(err, "expect.measurement has no digest for vcpus: %u", m->vcpus);
	else if (n == 1)
		error_why(err, "expect.measurement is %s, this manifest measures as %s",
		          hex_of(last->digest, SNP_DIGEST_SIZE, want), have);
	else
		error_why(err,
		          "this manifest measures as %s, which is none of the %zu digests in "
		          "expect.measurement",
		          have, n);
	error_fix(err, "'snpvmm measure --pages' shows what is in it; nothing was launched");
	return error_at(err, m->pins_at.line ? m->file : "--set expect.measurement",
	                m->pins_at.line, m->pins_at.column);
}

/* Before any host resource is touched. */
static int pins_check(const struct manifest *m, const struct snp_digest *d, struct error *err)
{
	const struct manifest_pin *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < m->n_pins; i++) {
		if (m->pins[i].vcpus && m->pins[i].vcpus != m->vcpus)
			continue;
		last = &m->pins[i];
		n++;
		if (!memcmp(last->digest, d->value, SNP_DIGEST_SIZE))
			return 0;
	}
	return m->n_pins == 0 ? 0 : pins_differ(m, d, last, n, err);
}

/* A descriptor for a device's output; *ret_own is what has to be closed, or -1. */
static int sink_open(const struct manifest_sink *s, int *ret_fd, int *ret_own, struct error *err)
{
	static const int fds[] = {
		[SINK_NONE] = -1, [SINK_STDOUT] = STDOUT_FILENO, [SINK_STDERR] = STDERR_FILENO
	};

	*ret_own = -1;
	if (s->kind != SINK_FILE) {
		*ret_fd = fds[s->kind];
		return 0;
	}
	*ret_fd = *ret_own =
		open(s->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	return *ret_fd < 0 ? error_sys(err, ERROR_OUTPUT, errno, "cannot write '%s'", s->path) : 0;
}

static const struct {
	enum reason kind;
	int status;
} statuses[] = {
	{ GUEST_TERMINATED, STATUS_FAILED }, { GUEST_SHUTDOWN, STATUS_FAILED },
	{ GUEST_CRASHED, STATUS_FAILED },    { MEMORY_FAULT, STATUS_FAILED },
	{ KVM_INTERNAL, STATUS_FAILED },     { ERROR_OUTPUT, STATUS_FAILED },
	{ KVM_ENTRY_FAILED, STATUS_LAUNCH }, { ERROR_KVM, STATUS_LAUNCH },
	{ RUN_TIMED_OUT, STATUS_TIMEOUT },
};

/* The guest said how it ended: what was expected decides. Written to the exit port, it must be 0 unless told. */
static int status_exit(const struct manifest *m, const struct outcome *o)
{
	if (o->kind == GUEST_EXITED && !m->exit_any)
		return o->code == (m->exit_expected ? m->exit_code : 0) ? STATUS_OK : STATUS_FAILED;
	if (o->kind != GUEST_EXITED && m->exit_expected)
		return STATUS_FAILED; /* a status was wanted, and none was given */
	return STATUS_OK;
}

static int status_of(const struct manifest *m, const struct outcome *o)
{
	if (o->kind == RUN_SIGNALLED)
		return STATUS_SIGNAL + (int)o->code;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].kind == o->kind)
			return statuses[i].status;
	return status_exit(m, o);
}

/* Where the guest failed and -v asks for more, what is asked for by --stats is said as well. */
static int stats_tell(const struct run_command *c, const struct vm *vm, int status, FILE *to,
                      struct error *err)
{
	struct stats_report r;

	stats_report(vm, &r);
	if ((c->stats && !to) || (status != STATUS_OK && log_on(LOG_INFO)))
		stats_print(&r);
	return to ? stats_write(&r, to, err) : 0;
}

static int conclude(const struct manifest *m, const struct vm *vm, struct outcome *o)
{
	if (!m->firmware.path &&
	    !m->builtin) /* a kernel that is booted directly begins in our stage0 */
		stage0_explain(o);
	handoff_explain(m, &vm->fwcfg, o);
	return status_of(m, o);
}

static void verdict_tell(int status, const struct outcome *o)
{
	if (status == STATUS_OK)
		log_notice("pass: %s", o->detail);
	else
		log_at(LOG_QUIET, "fail: %s [%s]", o->detail, reason_name(o->kind));
}

/* Where everything goes that isn't measured; opened before the launch, so that it fails early. */
struct outputs {
	int serial, debug; /* what has to be closed; -1: nothing */
	FILE *stats;
	struct vm_devices devices;
};

static int outputs_open(const struct run_command *c, const struct manifest *m, struct outputs *ret,
                        struct error *err)
{
	*ret = (struct outputs){ -1,
		                 -1,
		                 NULL,
		                 { .exit_port_given = m->exit_port_given,
		                   .exit_port = m->exit_port,
		                   .serial_prefix = c->prefix ? "serial: " : NULL,
		                   .debug_prefix = c->prefix ? "debug: " : NULL } };
	if (sink_open(&m->serial, &ret->devices.serial_fd, &ret->serial, err) < 0 ||
	    sink_open(&m->debug_port, &ret->devices.debug_fd, &ret->debug, err) < 0)
		return err->code;
	if (c->stats_file)
		ret->stats = fopen(c->stats_file, "we");
	if (c->stats_file && !ret->stats)
		return error_sys(err, ERROR_OUTPUT, errno, "cannot write '%s'", c->stats_file);
	return 0;
}

static int outputs_close(struct outputs *o, const struct run_command *c, struct error *err)
{
	int r = 0;

	if (o->stats && fclose(o->stats) != 0)
		r = error_sys(err, ERROR_OUTPUT, errno, "cannot write '%s'", c->stats_file);
	fd_cleanup(&o->serial);
	fd_cleanup(&o->debug);
	return r;
}

static int run_vm(const struct run_command *c, const struct manifest *m, struct vm *vm, FILE *stats,
                  struct error *err)
{
	const struct run_limits limits = { .timeout_ms = m->timeout_ms, .input_fd = STDIN_FILENO };
	struct outcome outcome = { 0 };
	int status, told;

	if (vm_run(vm, &limits, &outcome, err) < 0)
		return STATUS_LAUNCH;
	status = conclude(m, vm, &outcome);
	told = stats_tell(c, vm, status, stats, err);
	verdict_tell(status, &outcome);
	return told < 0 && status == STATUS_OK ? STATUS_FAILED : status;
}

static int run_plan(const struct run_command *c, const struct manifest *m, const struct plan *plan,
                    struct error *err)
{
	const struct platform *on = platform_named(manifest_platform_name(m->platform));
	struct outputs o;
	struct vm *vm = NULL;
	int status = STATUS_USAGE;

	if (outputs_open(c, m, &o, err) == 0) {
		status = STATUS_LAUNCH;
		if (vm_launch(&kvm_sys_host, on, plan, &o.devices, &vm, err) == 0)
			status = run_vm(c, m, vm, o.stats, err);
		vm_free(vm);
	}
	if (outputs_close(&o, c, err) < 0 && status == STATUS_OK)
		status = STATUS_FAILED;
	return status;
}

static int run_manifest(const struct run_command *c, struct error *err)
{
	auto_manifest struct manifest m = { 0 };
	auto_images struct images images = { 0 };
	auto_plan const struct plan *measured = NULL, *plain = NULL;
	auto_digest struct snp_digest digest = { 0 };

	if (manifest_open(c->manifest, &c->settings, 0, &m, err) < 0 ||
	    images_load(&m, &images, err) < 0 ||
	    assemble(&m, &images, MANIFEST_SNP, &measured, err) < 0)
		return STATUS_USAGE;
	if (plan_settings(measured)->measure_only) {
		error_set(err, ERROR_UNSUPPORTED, "this manifest can be measured, not run: %s",
		          plan_settings(measured)->measure_only);
		error_at(err, m.file, 0, 0);
		return STATUS_USAGE;
	}
	if (snp_digest_of(measured, &digest, err) < 0)
		return STATUS_LAUNCH;
	announce(&m, &digest);
	announce_sizes(measured, &digest);
	if (m.platform == MANIFEST_SNP && plan_settings(measured)->snp_doubt)
		log_notice("%s", plan_settings(measured)->snp_doubt);
	if (pins_check(&m, &digest, err) < 0)
		return STATUS_MEASUREMENT;
	if (m.platform == MANIFEST_SNP)
		return run_plan(c, &m, measured, err);
	if (assemble(&m, &images, MANIFEST_KVM, &plain, err) < 0)
		return STATUS_USAGE;
	return run_plan(c, &m, plain, err);
}

static int run_main(int argc, char **argv, struct error *err)
{
	struct run_command c = { 0 };
	int status = command_parse(&command_run, run_option, argc, argv, &c, &c.settings, err);

	return status == STATUS_OK ? run_manifest(&c, err) : status;
}

const struct command command_run = {
	.name = "run",
	.args = "MANIFEST",
	.summary = "Launch the guest and wait for its end",
	.doc = "Launch the guest, print the expected measurement, stream its console, wait for its "
	       "end.",
	.options = run_options,
	.has_settings = true,
	.main = run_main,
};
