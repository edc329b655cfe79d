/* SPDX-License-Identifier: MIT */
/* core/out/tap.c: results as the Test Anything Protocol, version 14. */
#include <inttypes.h>
#include <stdio.h>

#include "core/out/run_result.h"
#include "core/out/run_result_priv.h"

const struct run_escape tap_text[] = { { '#', "\\#" }, { '\\', "\\\\" }, { 0 } };
const struct run_escape yaml_text[] = { { '"', "\\\"" }, { '\\', "\\\\" }, { 0 } };

int tap_write(FILE *to, const struct run_result *const *runs, size_t n, struct error *err)
{
	fprintf(to, "TAP version 14\n1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		const struct run_result *r = runs[i];

		fprintf(to, "%sok %zu - ", run_is_fine(r) ? "" : "not ", i + 1);
		run_put(to, run_title(r), tap_text);
		fputs(r->status == RESULT_SKIP ? " # SKIP " : " # time=", to);
		if (r->status == RESULT_SKIP)
			run_put(to, run_text(r->sentence), tap_text);
		else
			fprintf(to, "%" PRIu64 "ms", run_ms(r->time.total_us));
		fputc('\n', to);
		if (run_is_fine(r))
			continue;
		fprintf(to, "  ---\n  verdict: \"%s\"\n  reason: \"%s\"\n",
		        run_status_name(r->status), reason_name(r->reason));
		run_put_some(to, "  sentence: \"", run_text(r->sentence), "\"\n", yaml_text);
		run_put_some(to, "  why: \"", run_text(r->why), "\"\n", yaml_text);
		run_put_some(to, "  fix: \"", run_text(r->fix), "\"\n", yaml_text);
		fprintf(to, "  status: %u\n  ...\n", (unsigned)(uint8_t)r->exit_status);
	}
	return run_written(to, "writing TAP", err);
}
