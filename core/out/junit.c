/* SPDX-License-Identifier: MIT */
/* core/out/junit.c: results as JUnit XML, in the form that Ant introduced and CI systems read. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/out/run_result.h"
#include "core/out/run_result_priv.h"

static const struct run_escape xml_text[] = {
	{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { 0 }
};

static void xml_attribute(FILE *to, const char *name, const char *value)
{
	fprintf(to, " %s=\"", name);
	run_put(to, value, xml_text);
	fputc('"', to);
}

static void xml_seconds(FILE *to, uint64_t us)
{
	uint64_t ms = run_ms(us);

	fprintf(to, " time=\"%" PRIu64 ".%03u\"", ms / 1000, (unsigned)(ms % 1000));
}

/* The element for each status; NULL: none. */
static const struct status_row {
	const char *element;
	bool failure, error, skipped; /* which counter it adds to */
} rows[] = {
	[RESULT_PASS] = { NULL, false, false, false },
	[RESULT_FAIL] = { "failure", true, false, false },
	[RESULT_ERROR] = { "error", false, true, false },
	[RESULT_SKIP] = { "skipped", false, false, true },
	[RESULT_TIMEOUT] = { "error", false, true, false },
};
static_assert(ARRAY_SIZE(rows) == RESULTS, "a status without a row");

static const struct status_row *row_of(const struct run_result *r)
{
	return &rows[(unsigned)r->status < RESULTS ? r->status : RESULT_ERROR];
}

static void junit_counts(FILE *to, const struct run_result *const *runs, size_t n)
{
	size_t failures = 0, errors = 0, skipped = 0;
	uint64_t us = 0;

	for (size_t i = 0; i < n; i++) {
		failures += row_of(runs[i])->failure;
		errors += row_of(runs[i])->error;
		skipped += row_of(runs[i])->skipped;
		us += runs[i]->time.total_us;
	}
	fprintf(to, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", n, failures,
	        errors, skipped);
	xml_seconds(to, us);
}

/* A property of one of `n` runs. If there are several, the property's name includes the run's. */
static void junit_property(FILE *to, const struct run_result *r, size_t n, const char *name,
                           const char *value)
{
	if (!*value)
		return;
	fputs("      <property name=\"", to);
	run_put(to, name, xml_text);
	if (n > 1) {
		fputs(" of ", to);
		run_put(to, run_title(r), xml_text);
	}
	fputc('"', to);
	xml_attribute(to, "value", value);
	fputs("/>\n", to);
}

static void junit_measurement(FILE *to, const struct run_result *r, size_t n)
{
	char hex[2 * PLAN_DIGEST + 1], vcpus[16];

	if (!r->measurement.known)
		return;
	hex_of(r->measurement.expected, PLAN_DIGEST, hex);
	snprintf(vcpus, sizeof(vcpus), "%u", r->measurement.vcpus);
	junit_property(to, r, n, "measurement", hex);
	junit_property(to, r, n, "profile", run_text(r->measurement.profile));
	junit_property(to, r, n, "vcpus", vcpus);
	junit_property(to, r, n, "vcpu_type", run_text(r->measurement.vcpu_type));
}

/* All runs of a suite were on the same host. */
static void junit_properties(FILE *to, const struct run_result *const *runs, size_t n)
{
	fputs("    <properties>\n", to);
	if (n) {
		junit_property(to, runs[0], 1, "host.kernel", run_text(runs[0]->host.kernel));
		junit_property(to, runs[0], 1, "host.firmware", run_text(runs[0]->host.firmware));
		junit_property(to, runs[0], 1, "host.cpu", run_text(runs[0]->host.cpu));
	}
	for (size_t i = 0; i < n; i++)
		junit_measurement(to, runs[i], n);
	fputs("    </properties>\n", to);
}

static void junit_status(FILE *to, const struct run_result *r, const char *element)
{
	fprintf(to, "      <%s", element);
	xml_attribute(to, "message", run_text(r->sentence));
	xml_attribute(to, "type", reason_name(r->reason));
	fputc('>', to);
	run_put(to, run_text(r->sentence), xml_text);
	run_put_some(to, "\nwhy: ", run_text(r->why), "", xml_text);
	run_put_some(to, "\nfix: ", run_text(r->fix), "", xml_text);
	fprintf(to, "</%s>\n", element);
}

static void junit_tail(FILE *to, const struct run_result *r)
{
	char tail[TEXT_CAP(RUN_TAIL)];

	text_clean(tail, sizeof(tail), r->tail, MIN(r->tail_size, sizeof(r->tail)), 1);
	run_put_some(to, "      <system-out>", tail, "</system-out>\n", xml_text);
}

static void junit_case(FILE *to, const char *suite, const struct run_result *r)
{
	const struct status_row *row = row_of(r);

	fputs("    <testcase", to);
	xml_attribute(to, "name", run_title(r));
	xml_attribute(to, "classname", suite);
	xml_seconds(to, r->time.total_us);
	if (!row->element) {
		fputs("/>\n", to);
		return;
	}
	fputs(">\n", to);
	junit_status(to, r, row->element);
	junit_tail(to, r);
	fputs("    </testcase>\n", to);
}

int junit_write(FILE *to, const char *suite, const struct run_result *const *runs, size_t n,
                struct error *err)
{
	const char *name = run_text_of(suite);

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", to);
	junit_counts(to, runs, n);
	fputs(">\n  <testsuite", to);
	xml_attribute(to, "name", name);
	junit_counts(to, runs, n);
	fputs(">\n", to);
	junit_properties(to, runs, n);
	for (size_t i = 0; i < n; i++)
		junit_case(to, name, runs[i]);
	fputs("  </testsuite>\n</testsuites>\n", to);
	return run_written(to, "writing JUnit XML", err);
}
