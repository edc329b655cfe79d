/* SPDX-License-Identifier: MIT */
/* core/out/tap.c: results as the Test Anything Protocol, version 14. */
#include <inttypes.h>
#include <stdio.h>

#include "core/out/run_result.h"
#include "core/out/run_result_priv.h"

/* A '#' of the text's own would begin a directive. */
static const struct run_escape tap_text[] = { { '#', "\\#" }, { '\\', "\\\\" }, { 0 } };
/* As YAML's double-quoted scalar, whose escapes of these two are JSON's. */
static const struct run_escape yaml_text[] = { { '"', "\\\"" }, { '\\', "\\\\" }, { 0 } };

static void tap_diagnostic(FILE *to, const struct run_result *r)
{
	fprintf(to, "  ---\n  verdict: \"%s\"\n  reason: \"%s\"\n", run_verdict_name(r->verdict),
	        reason_name(r->reason));
	run_put_some(to, "  sentence: \"", run_text(r->sentence), "\"\n", yaml_text);
	run_put_some(to, "  why: \"", run_text(r->why), "\"\n", yaml_text);
	run_put_some(to, "  fix: \"", run_text(r->fix), "\"\n", yaml_text);
	fprintf(to, "  status: %u\n  ...\n", (unsigned)(uint8_t)r->status);
}

static void tap_point(FILE *to, size_t number, const struct run_result *r)
{
	fprintf(to, "%sok %zu - ", run_is_fine(r) ? "" : "not ", number);
	run_put(to, run_title(r), tap_text);
	if (r->verdict == RESULT_SKIP) {
		fputs(" # SKIP ", to);
		run_put(to, run_text(r->sentence), tap_text);
	} else {
		fprintf(to, " # time=%" PRIu64 "ms", run_ms(r->time.total_us));
	}
	fputc('\n', to);
	if (!run_is_fine(r))
		tap_diagnostic(to, r);
}

int tap_write(FILE *to, const struct run_result *const *runs, size_t n, struct error *err)
{
	fprintf(to, "TAP version 14\n1..%zu\n", n);
	for (size_t i = 0; i < n; i++)
		tap_point(to, i + 1, runs[i]);
	return run_written(to, "writing TAP", err);
}
