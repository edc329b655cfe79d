/* SPDX-License-Identifier: MIT */
/* core/out/tap.c: results as the Test Anything Protocol, version 14. */
#include <inttypes.h>
#include <stdio.h>

#include "core/out/run_result.h"
#include "core/out/run_result_priv.h"

/* Clean text; a '#' of its own would begin a directive. */
static void tap_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
}

/* As YAML's double-quoted scalar, whose escapes of these two are JSON's. Nothing where the text is empty. */
static void yaml_text(FILE *to, const char *key, const char *text)
{
	if (!*text)
		return;
	fprintf(to, "  %s: \"", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
	fputs("\"\n", to);
}

static void tap_diagnostic(FILE *to, const struct run_result *r)
{
	fputs("  ---\n", to);
	yaml_text(to, "verdict", run_verdict_name(r->verdict));
	yaml_text(to, "reason", reason_name(r->reason));
	yaml_text(to, "sentence", run_text(r->sentence));
	yaml_text(to, "why", run_text(r->why));
	yaml_text(to, "fix", run_text(r->fix));
	fprintf(to, "  status: %u\n", (unsigned)(uint8_t)r->status);
	fputs("  ...\n", to);
}

static void tap_point(FILE *to, size_t number, const struct run_result *r)
{
	bool ok = r->verdict == RESULT_PASS || r->verdict == RESULT_SKIP;
	char title[RUN_TITLE];

	fprintf(to, "%sok %zu - ", ok ? "" : "not ", number);
	tap_text(to, run_title(r, title));
	if (r->verdict == RESULT_SKIP) {
		fputs(" # SKIP ", to);
		tap_text(to, run_text(r->sentence));
	} else {
		fprintf(to, " # time=%" PRIu64 "ms",
		        r->time.total_us / 1000 + (r->time.total_us % 1000 >= 500));
	}
	fputc('\n', to);
	if (!ok)
		tap_diagnostic(to, r);
}

int tap_write(FILE *to, const struct run_result *const *runs, size_t n, struct error *err)
{
	fprintf(to, "TAP version 14\n1..%zu\n", n);
	for (size_t i = 0; i < n; i++)
		tap_point(to, i + 1, runs[i]);
	return run_written(to, "writing TAP", err);
}
