/* SPDX-License-Identifier: MIT */
/* cmd/run_once_report.c: the attestation report that the guest printed, against its launch. */
#include <stdio.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/outputs.h"
#include "cmd/results.h"
#include "cmd/run_once_priv.h"
#include "config/manifest.h"
#include "core/attest/expect.h"
#include "core/attest/given.h"
#include "core/base/error.h"
#include "core/out/run_result.h"
#include "core/out/verify_result.h"
#include "core/snp/report.h"

/* A run that would pass fails for `kind`; the sentence of any other end says it, too. */
static int report_fails(struct run_once *a, int status, enum reason kind, const char *what)
{
	char end[sizeof(a->outcome.detail)];

	if (status == STATUS_OK) {
		snprintf(end, sizeof(end), "%s", a->outcome.detail);
		outcome_set(&a->outcome, kind, a->outcome.code, "%s; %s", what, end);
		return STATUS_FAILED;
	}
	if (a->outcome.kind != RUN_SIGNALLED)
		outcome_add(&a->outcome, "; %s", what);
	return status;
}

/* Copies what differs into the result, and says the first of it. */
static int report_differs(struct run_once *a, int status)
{
	const struct attest_checks *all = &a->attest.checks;
	const struct attest_check *first = checks_failed(all);
	char what[sizeof(a->outcome.detail)], more[32] = "";
	unsigned n = 0;

	a->r->report.differs = true;
	for (const struct attest_check *c = all->list; c < all->list + all->count; c++) {
		struct run_check *to = &a->r->report.failed[n];

		if (c->outcome != CHECK_FAIL || n++ >= RUN_CHECKS)
			continue;
		snprintf(to->name, sizeof(to->name), "%s", c->name);
		to->reason = c->reason;
		snprintf(to->expected, sizeof(to->expected), "%s", c->expected);
		snprintf(to->actual, sizeof(to->actual), "%s", c->actual);
	}
	if (n > 1)
		snprintf(more, sizeof(more), " (and %u more)", n - 1);
	if (first >= all->list + a->attest.n_authenticity && first->expected[0])
		snprintf(what, sizeof(what),
		         "the guest's report is not of this launch: its %s is "
		         "%s, not %s%s",
		         first->name, first->actual, first->expected, more);
	else
		snprintf(what, sizeof(what), "the guest's report: %s: %s%s", first->name,
		         first->text, more);
	return report_fails(a, status,
	                    first < all->list + a->attest.n_authenticity ? first->reason
	                                                                 : REPORT_DIFFERS,
	                    what);
}

int run_once_report(struct run_once *a, int status)
{
	static const struct given none = { 0 };
	/* of the plan that was launched, not of the manifest */
	const struct reference launch = reference_of(a->plan, a->digest.value);
	const struct attest_want want = { .launch = &launch };
	struct attest_question question = { .certs = a->o->certs ? a->o->certs : &none,
		                            .roots = a->o->roots ? a->o->roots : &none,
		                            .at = time(NULL),
		                            .unauthenticated = !a->o->certs };
	struct snp_report_file file;
	const char *fault;
	char what[160];

	a->r->report.wanted = a->report != NULL;
	if (!a->report)
		return status;
	a->report_size = report_lines_take(a->report, a->report_bytes, &fault);
	if (a->report_size == 0) {
		snprintf(what, sizeof(what), "%s%s",
		         fault ? "the guest's report " : "no report came from the guest",
		         fault ? fault : "");
		return report_fails(a, status, REPORT_MISSING, what);
	}
	if (!snp_report_open(a->report_bytes, a->report_size, &file)) {
		snprintf(what, sizeof(what),
		         "what came as the guest's report is no report: it has %zu bytes",
		         a->report_size);
		return report_fails(a, status, REPORT_MISSING, what);
	}
	question.report = file.report;
	a->attest_at = question.at;
	attest_verify(&question, &a->attest);
	if (a->attest.known)
		attest_expect(file.report, a->attest.line, &want, &a->attest.checks);
	else
		check_skip(&a->attest.checks, "measurement", "the report can't be read");

	a->r->report.came = true;
	a->r->report.version = le32_get(file.report->version);
	a->r->report.authentic = verify_is_authentic(&a->attest);
	for (size_t i = 0; i < a->attest.checks.count; i++)
		a->r->report.checks[a->attest.checks.list[i].outcome]++;
	if (checks_failed(&a->attest.checks)) {
		a->r->report.fresh = false;
		return report_differs(a, status);
	}
	/* what was proven, and nothing more */
	outcome_add(&a->outcome, "; report verified: %sof this launch%s%s",
	            !a->r->report.authentic   ? ""
	            : a->attest.root_is_given ? "authentic by your --root, "
	                                      : "authentic, ",
	            a->r->report.fresh ? " and fresh" : "",
	            a->r->report.authentic ? ""
	                                   : "; nothing proves who signed it, without --certs");
	return status;
}

int run_once_report_keep(struct run_once *a, struct error *err)
{
	struct verify_result verified = { .manifest = a->m.file,
		                          .attest = &a->attest,
		                          .at = a->attest_at };
	const struct results_report r = { a->report_bytes, a->report_size,
		                          a->r->report.came ? &verified : NULL };
	struct snp_report_file file;

	if (a->report_size == 0)
		return 0;
	if (snp_report_open(a->report_bytes, a->report_size, &file))
		verified.report = file.report;
	return results_report(&a->outputs, &r, err);
}
