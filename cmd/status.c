/* SPDX-License-Identifier: MIT */
/* cmd/status.c: compares the measurement; tables from ends of runs to exit statuses and results. */
#include "cmd/status.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/print.h"
#include "cmd/settings.h"
#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/vm/outcome.h"
#include "core/vm/signals.h"
#include "core/vm/vm.h"
#include "core/vm/watch.h"

/* --- the measurement --- */

void measurement_print(const struct manifest *m, const struct plan *p, const struct snp_digest *d)
{
	char hex[2 * SNP_DIGEST_SIZE + 1];
	const struct shared_blob *blobs;
	size_t n = plan_shared_blobs(p, &blobs);
	uint64_t shared = 0;

	for (size_t i = 0; i < n; i++)
		shared += blobs[i].size;
	log_notice("measurement %s (%u vcpu%s, %s, profile %s)",
	           hex_of(d->value, SNP_DIGEST_SIZE, hex), m->vcpus, m->vcpus == 1 ? "" : "s",
	           m->vcpu_type, manifest_profile_name(m->profile));
	if (!manifest_platform(m)->measured)
		log_notice("platform kvm: a plain VM that protects nothing; with platform snp it "
		           "would have this measurement");
	/* the firmware measures pages one by one; the guest checks what is shared itself */
	log_info("%" PRIu64 " KiB are measured page by page, %" PRIu64
	         " KiB are offered in shared memory",
	         d->pages * PAGE_SIZE / 1024, shared / 1024);
	if (plan_settings(p)->accept)
		log_info("memory is accepted %s: %s",
		         strcmp(plan_settings(p)->accept, "lazy") == 0 ? "lazily" : "eagerly",
		         plan_settings(p)->accept_why);
}

static bool pin_applies(const struct manifest *m, const struct manifest_pin *pin)
{
	return pin->vcpus == 0 || pin->vcpus == m->vcpus;
}

static bool pin_matches(const struct manifest_pin *pin, const struct snp_digest *d)
{
	return memcmp(pin->digest, d->value, SNP_DIGEST_SIZE) == 0;
}

const struct manifest_pin *measurement_pin(const struct manifest *m, const struct snp_digest *d)
{
	const struct manifest_pin *first = NULL;

	for (size_t i = 0; i < m->n_pins; i++) {
		if (!pin_applies(m, &m->pins[i]))
			continue;
		if (pin_matches(&m->pins[i], d))
			return &m->pins[i];
		if (!first)
			first = &m->pins[i];
	}
	return first;
}

int measurement_check(const struct manifest *m, const struct snp_digest *d, struct error *err)
{
	const struct manifest_pin *pin = measurement_pin(m, d);
	char want[2 * SNP_DIGEST_SIZE + 1], have[2 * SNP_DIGEST_SIZE + 1];
	bool options = strcmp(m->file, MANIFEST_OPTIONS) == 0;
	size_t n = 0;

	if (m->n_pins == 0 || (pin && pin_matches(pin, d)))
		return 0;
	for (size_t i = 0; i < m->n_pins; i++)
		n += pin_applies(m, &m->pins[i]);
	hex_of(d->value, SNP_DIGEST_SIZE, have);
	error_set(err, ERROR_MEASUREMENT_DIFFERS, "the measurement is not the one that %s expects",
	          m->pins_at.by ? "--set" : "the manifest");
	if (n == 0)
		error_why(err, "expect.measurement has no digest for vcpus: %u", m->vcpus);
	else if (n == 1)
		error_why(err, "expect.measurement is %s, this manifest measures as %s",
		          hex_of(pin->digest, SNP_DIGEST_SIZE, want), have);
	else
		error_why(err,
		          "this manifest measures as %s, which is none of the %zu digests in "
		          "expect.measurement",
		          have, n);
	error_fix(err, "'snpvmm measure --pages%s%s'%s shows what is in it; nothing was launched",
	          options ? "" : " ",
	          options                           ? ""
	          : strcmp(m->file, manifest_stdin) ? m->file
	                                            : "-",
	          options         ? " with the same options"
	          : m->pins_at.by ? " with the same --set"
	                          : "");
	return manifest_at_location(m, &m->pins_at, err);
}

/* --- the end --- */

static const struct {
	enum reason kind;
	int status;
} statuses[] = {
	{ GUEST_PANICKED, STATUS_FAILED },    { GUEST_TERMINATED, STATUS_FAILED },
	{ GUEST_SHUTDOWN, STATUS_FAILED },    { GUEST_CRASHED, STATUS_FAILED },
	{ GUEST_HALTED, STATUS_FAILED },      { GUEST_REJECTED, STATUS_FAILED },
	{ MEMORY_FAULT, STATUS_FAILED },      { KVM_INTERNAL, STATUS_FAILED },
	{ CONSOLE_FORBIDDEN, STATUS_FAILED }, { CONSOLE_UNDECIDED, STATUS_FAILED },
	{ ERROR_OUTPUT, STATUS_FAILED },      { KVM_ENTRY_FAILED, STATUS_LAUNCH },
	{ ERROR_KVM, STATUS_LAUNCH },         { RUN_TIMED_OUT, STATUS_TIMEOUT },
	{ RUN_SILENT, STATUS_TIMEOUT },       { RUN_KILLED, STATUS_FAILED },
	{ CONSOLE_COMPLETE, STATUS_OK },
};

static int status_of(const struct manifest *m, struct outcome *o)
{
	bool exited = o->kind == GUEST_EXITED;
	uint64_t wanted = m->exit_expected ? m->exit_code : 0;

	if (o->kind == RUN_SIGNALLED)
		return STATUS_SIGNAL + (int)o->code;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].kind == o->kind)
			return statuses[i].status;
	/*
	 * The guest ended on purpose. A status at the exit port must be the expected one, or 0;
	 * if one is expected, other ends fail.
	 */
	if (exited ? m->exit_any || o->code == wanted : !m->exit_expected)
		return STATUS_OK;
	if (m->exit_expected)
		outcome_add(o, "; expect.exit is %" PRIu64, wanted);
	return STATUS_FAILED;
}

int exit_status_of(const struct manifest *m, const struct watch *w, struct outcome *o)
{
	/* ends that don't matter once expect.console is complete (exit: none) */
	static const enum reason ends[] = { GUEST_EXITED,     GUEST_RESET,    GUEST_POWERED_OFF,
		                            GUEST_TERMINATED, GUEST_SHUTDOWN, GUEST_CRASHED,
		                            GUEST_HALTED,     RUN_TIMED_OUT,  RUN_SILENT };
	bool complete = watch_complete(w), indifferent = false;
	size_t met = watch_met(w), expected = watch_expected(w);
	const char *missing = complete ? "" : watch_outstanding(w);
	char pattern[128], end[sizeof(o->detail)];
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		indifferent |= ends[i] == o->kind;
	if (m->exit_none && complete && indifferent)
		outcome_set(o, CONSOLE_COMPLETE, 0, "every expected line was printed");
	status = status_of(m, o);
	if (complete)
		return status;
	text_clean(pattern, sizeof(pattern), missing, strlen(missing), 0);
	if (status == STATUS_OK) {
		snprintf(end, sizeof(end), "%s", o->detail);
		outcome_set(o, CONSOLE_MISSING, o->code,
		            "no line matched '%s' (%zu of %zu expected lines came), and %s",
		            pattern, met, expected, end);
		return STATUS_FAILED;
	}
	if (o->kind != RUN_SIGNALLED)
		outcome_add(o, "; no line had matched '%s' (%zu of %zu expected lines came)",
		            pattern, met, expected);
	return status;
}

int exit_status_stopped(void)
{
	int n = stop_signo();

	return n == SIGALRM ? STATUS_TIMEOUT : n ? STATUS_SIGNAL + n : STATUS_OK;
}

enum run_status run_status_of(int exit_status)
{
	static const struct {
		int exit_status;
		enum run_status status;
	} rows[] = {
		{ STATUS_OK, RESULT_PASS },          { STATUS_FAILED, RESULT_FAIL },
		{ STATUS_MEASUREMENT, RESULT_FAIL }, { STATUS_SKIPPED, RESULT_SKIP },
		{ STATUS_TIMEOUT, RESULT_TIMEOUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].exit_status == exit_status)
			return rows[i].status;
	return RESULT_ERROR;
}

/* From good to bad. The exit status alone won't do: it may be the guest's (--guest-status). */
static int result_rank(const struct run_result *r)
{
	switch (r->status) {
	case RESULT_PASS:
		return 0;
	case RESULT_SKIP:
		return 1;
	case RESULT_FAIL:
		return r->reason == ERROR_MEASUREMENT_DIFFERS ? 4 : 2;
	case RESULT_TIMEOUT:
		return 3;
	default:
		return r->reason == RUN_SIGNALLED ? 7 : r->exit_status == STATUS_USAGE ? 6 : 5;
	}
}

bool result_worse(const struct run_result *a, const struct run_result *b)
{
	return result_rank(a) > result_rank(b);
}

const char *run_status_color(enum run_status status)
{
	static const char *const colors[] = {
		[RESULT_PASS] = "\033[1;32m",    [RESULT_FAIL] = "\033[1;31m",
		[RESULT_ERROR] = "\033[1;31m",   [RESULT_SKIP] = "\033[1;33m",
		[RESULT_TIMEOUT] = "\033[1;31m",
	};
	static_assert(ARRAY_SIZE(colors) == RESULTS, "a status without a colour");

	return color_wanted(STDERR_FILENO) ? colors[status] : "";
}

const char *run_status_color_end(void)
{
	return color_wanted(STDERR_FILENO) ? "\033[0m" : "";
}
