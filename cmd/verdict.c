/* SPDX-License-Identifier: MIT */
/*
 * cmd/verdict.c: the measurement against the manifest, and tables from ends of runs to statuses and
 * verdicts.
 */
#include "cmd/verdict.h"

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

/* What the PSP takes in page by page, and what the guest takes in by itself. */
static void announce_sizes(const struct plan *p, const struct snp_digest *d)
{
	const struct shared_blob *offers;
	size_t n = plan_shared_blobs(p, &offers);
	uint64_t offered = 0;

	for (size_t i = 0; i < n; i++)
		offered += offers[i].size;
	log_info("%llu KiB are measured page by page, %llu KiB are offered in shared memory",
	         (unsigned long long)(d->pages * PAGE_SIZE / 1024),
	         (unsigned long long)offered / 1024);
}

static void announce_digest(const struct manifest *m, const struct snp_digest *d)
{
	char hex[2 * SNP_DIGEST_SIZE + 1];

	log_notice("measurement %s (%u vcpu%s, %s, profile %s)",
	           hex_of(d->value, SNP_DIGEST_SIZE, hex), m->vcpus, m->vcpus == 1 ? "" : "s",
	           m->vcpu_type, manifest_profile_name(m->profile));
	if (!manifest_platform(m)->measured)
		log_notice("platform kvm: a plain VM that protects nothing; the measurement is the "
		           "one "
		           "that platform snp would have");
}

void verdict_announce(const struct manifest *m, const struct plan *p, const struct snp_digest *d)
{
	announce_digest(m, d);
	announce_sizes(p, d);
}

static bool pin_applies(const struct manifest *m, const struct manifest_pin *pin)
{
	return pin->vcpus == 0 || pin->vcpus == m->vcpus;
}

static bool pin_fits(const struct manifest_pin *pin, const struct snp_digest *d)
{
	return memcmp(pin->digest, d->value, SNP_DIGEST_SIZE) == 0;
}

const struct manifest_pin *verdict_pin(const struct manifest *m, const struct snp_digest *d)
{
	const struct manifest_pin *first = NULL;

	for (size_t i = 0; i < m->n_pins; i++) {
		if (!pin_applies(m, &m->pins[i]))
			continue;
		if (pin_fits(&m->pins[i], d))
			return &m->pins[i];
		if (!first)
			first = &m->pins[i];
	}
	return first;
}

/* `n` pins were held against the digest, `pin` one of them. */
static int measurement_differs(const struct manifest *m, const struct snp_digest *d,
                               const struct manifest_pin *pin, size_t n, struct error *err)
{
	char want[2 * SNP_DIGEST_SIZE + 1], have[2 * SNP_DIGEST_SIZE + 1];

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
	if (strcmp(m->file, MANIFEST_OPTIONS) == 0)
		error_fix(err,
		          "'snpvmm measure --pages' with the same options shows what is in it; "
		          "nothing was launched");
	else
		error_fix(err,
		          "'snpvmm measure --pages %s'%s shows what is in it; nothing was "
		          "launched",
		          strcmp(m->file, manifest_stdin) ? m->file : "-",
		          m->pins_at.by ? " with the same --set" : "");
	return manifest_at_location(m, &m->pins_at, err);
}

int verdict_measurement(const struct manifest *m, const struct snp_digest *d, struct error *err)
{
	const struct manifest_pin *pin = verdict_pin(m, d);
	size_t n = 0;

	if (m->n_pins == 0 || (pin && pin_fits(pin, d)))
		return 0;
	for (size_t i = 0; i < m->n_pins; i++)
		n += pin_applies(m, &m->pins[i]);
	return measurement_differs(m, d, pin, n, err);
}

/* --- the end --- */

static const struct {
	enum reason kind;
	int status;
} statuses[] = {
	{ GUEST_PANICKED, STATUS_FAILED },    { GUEST_TERMINATED, STATUS_FAILED },
	{ GUEST_SHUTDOWN, STATUS_FAILED },    { GUEST_CRASHED, STATUS_FAILED },
	{ GUEST_HALTED, STATUS_FAILED },      { MEMORY_FAULT, STATUS_FAILED },
	{ KVM_INTERNAL, STATUS_FAILED },      { CONSOLE_FORBIDDEN, STATUS_FAILED },
	{ CONSOLE_UNDECIDED, STATUS_FAILED }, { ERROR_OUTPUT, STATUS_FAILED },
	{ KVM_ENTRY_FAILED, STATUS_LAUNCH },  { ERROR_KVM, STATUS_LAUNCH },
	{ RUN_TIMED_OUT, STATUS_TIMEOUT },    { RUN_SILENT, STATUS_TIMEOUT },
	{ CONSOLE_COMPLETE, STATUS_OK },
};

/*
 * The guest said how it ended: what was expected decides. Written to the exit port, it must be 0
 * unless told; where a status was wanted, another end won't do.
 */
static int status_exit(const struct manifest *m, struct outcome *o)
{
	bool gave = o->kind == GUEST_EXITED;
	uint64_t wanted = m->exit_expected ? m->exit_code : 0;

	if (gave ? m->exit_any || o->code == wanted : !m->exit_expected)
		return STATUS_OK;
	if (m->exit_expected)
		outcome_add(o, "; expect.exit is %" PRIu64, wanted);
	return STATUS_FAILED;
}

static int status_of(const struct manifest *m, struct outcome *o)
{
	if (o->kind == RUN_SIGNALLED)
		return STATUS_SIGNAL + (int)o->code;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].kind == o->kind)
			return statuses[i].status;
	return status_exit(m, o);
}

/*
 * An end of the guest's own, or by a limit, which is of no interest once all is seen that was to be
 * seen.
 */
static bool end_indifferent(const struct outcome *o)
{
	static const enum reason kinds[] = { GUEST_EXITED,     GUEST_RESET,    GUEST_POWERED_OFF,
		                             GUEST_TERMINATED, GUEST_SHUTDOWN, GUEST_CRASHED,
		                             GUEST_HALTED,     RUN_TIMED_OUT,  RUN_SILENT };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i] == o->kind)
			return true;
	return false;
}

static int status_outstanding(const struct watch *w, struct outcome *o, int status)
{
	char pattern[128], end[sizeof(o->detail)];
	const char *text = watch_outstanding(w);
	size_t met = watch_met(w), expected = watch_expected(w);

	text_clean(pattern, sizeof(pattern), text, strlen(text), 0);
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

int verdict_status(const struct manifest *m, const struct watch *w, struct outcome *o)
{
	if (m->exit_none && watch_complete(w) && end_indifferent(o))
		outcome_set(o, CONSOLE_COMPLETE, 0, "every expected line was printed");
	return watch_complete(w) ? status_of(m, o) : status_outstanding(w, o, status_of(m, o));
}

int verdict_stopped(void)
{
	int n = stop_signo();

	return n == SIGALRM ? STATUS_TIMEOUT : n ? STATUS_SIGNAL + n : STATUS_OK;
}

enum run_verdict verdict_of(int status)
{
	static const struct {
		int status;
		enum run_verdict verdict;
	} rows[] = {
		{ STATUS_OK, RESULT_PASS },          { STATUS_FAILED, RESULT_FAIL },
		{ STATUS_MEASUREMENT, RESULT_FAIL }, { STATUS_SKIPPED, RESULT_SKIP },
		{ STATUS_TIMEOUT, RESULT_TIMEOUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].status == status)
			return rows[i].verdict;
	return RESULT_ERROR;
}

/* From good to worst. Not by the status alone: under --guest-status it may be a guest's own. */
static int verdict_rank(const struct run_result *r)
{
	switch (r->verdict) {
	case RESULT_PASS:
		return 0;
	case RESULT_SKIP:
		return 1;
	case RESULT_FAIL:
		return r->reason == ERROR_MEASUREMENT_DIFFERS ? 4 : 2;
	case RESULT_TIMEOUT:
		return 3;
	default:
		return r->reason == RUN_SIGNALLED ? 7 : r->status == STATUS_USAGE ? 6 : 5;
	}
}

bool verdict_worse(const struct run_result *a, const struct run_result *b)
{
	return verdict_rank(a) > verdict_rank(b);
}

const char *verdict_color(enum run_verdict verdict)
{
	static const char *const colors[] = {
		[RESULT_PASS] = "\033[1;32m",    [RESULT_FAIL] = "\033[1;31m",
		[RESULT_ERROR] = "\033[1;31m",   [RESULT_SKIP] = "\033[1;33m",
		[RESULT_TIMEOUT] = "\033[1;31m",
	};
	static_assert(ARRAY_SIZE(colors) == RESULTS, "a verdict without a colour");

	return color_wanted(STDERR_FILENO) ? colors[verdict] : "";
}

const char *verdict_color_end(void)
{
	return color_wanted(STDERR_FILENO) ? "\033[0m" : "";
}
