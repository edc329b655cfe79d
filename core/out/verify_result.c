/* SPDX-License-Identifier: MIT */
/* core/out/verify_result.c: the checks of a report as a tree, as TAP and as lines. */
#include "core/out/verify_result.h"

#include <string.h>

#include "core/out/evidence.h"
#include "core/out/run_result_priv.h"
#include "core/out/tree.h"

static const char *const outcome_names[CHECK_OUTCOMES] = {
	[CHECK_OK] = "pass",
	[CHECK_FAIL] = "fail",
	[CHECK_NOTE] = "note",
	[CHECK_SKIP] = "skip",
};

bool verify_is_authentic(const struct attest *a)
{
	bool is_signed = false;

	for (size_t i = 0; i < a->checks.count; i++) {
		const struct attest_check *c = &a->checks.list[i];

		if (c->outcome == CHECK_FAIL && i < a->n_authenticity)
			return false;
		is_signed =
			is_signed || (c->outcome == CHECK_OK && strcmp(c->name, "signature") == 0);
	}
	return is_signed;
}

static void tree_chain(struct tree *t, const struct attest *a)
{
	const struct cert *vek = a->chain.vek;
	char until[CERT_TIME_CAP];

	tree_map(t, "chain");
	tree_text(t, "line", snp_line_name(a->line));
	tree_text(t, "kind", vek->kind == CERT_VCEK ? "vcek" : "vlek");
	tree_text(t, "not_after", cert_time_text(vek->not_after, until));
	tree_bytes(t, "sha256", vek->sha256, sizeof(vek->sha256));
	tree_boolean(t, "ark_pinned", a->root_is_amd);
	tree_boolean(t, "root_given", a->root_is_given);
	if (vek->vek.csp[0])
		tree_text(t, "csp", vek->vek.csp);
	tree_end(t);
}

void result_verify(struct tree *t, const char *key, const struct verify_result *r)
{
	const struct attest *a = r->attest;
	const struct attest_check *failed = checks_failed(&a->checks);
	char at[CERT_TIME_CAP];

	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.verify/1");
	tree_text(t, "file", r->file);
	if (r->manifest)
		tree_text(t, "manifest", r->manifest);
	tree_text(t, "verdict", failed ? "fail" : "pass");
	tree_boolean(t, "authentic", verify_is_authentic(a));
	if (failed)
		tree_text(t, "reason", reason_name(failed->reason));
	tree_text(t, "time", cert_time_text(r->at, at));
	if (a->chain.vek)
		tree_chain(t, a);
	tree_list(t, "checks");
	for (const struct attest_check *c = a->checks.list; c < a->checks.list + a->checks.count;
	     c++) {
		tree_map(t, NULL);
		tree_text(t, "name", c->name);
		tree_text(t, "result", outcome_names[c->outcome]);
		tree_text(t, "text", c->text);
		if (c->expected[0])
			tree_text(t, "expected", c->expected);
		if (c->actual[0])
			tree_text(t, "actual", c->actual);
		if (c->outcome == CHECK_FAIL)
			tree_text(t, "reason", reason_name(c->reason));
		tree_end(t);
	}
	tree_end(t);
	if (a->n_urls) {
		tree_list(t, "fetch");
		for (size_t i = 0; i < a->n_urls; i++)
			tree_text(t, NULL, a->urls[i]);
		tree_end(t);
	}
	if (a->known) {
		tree_map(t, "report");
		evidence_report(t, r->report);
		tree_end(t);
	}
	tree_end(t);
}

int verify_tap_write(FILE *to, const struct verify_result *r, struct error *err)
{

	const struct attest_checks *checks = &r->attest->checks;

	fprintf(to, "TAP version 14\n1..%zu\n", checks->count);
	for (size_t i = 0; i < checks->count; i++) {
		const struct attest_check *c = &checks->list[i];

		fprintf(to, "%sok %zu - %s", c->outcome == CHECK_FAIL ? "not " : "", i + 1,
		        c->name);
		run_put_some(to, c->outcome == CHECK_SKIP ? " # SKIP " : ": ", c->text, "",
		             tap_text);
		fputc('\n', to);
		if (c->outcome != CHECK_FAIL)
			continue;
		fprintf(to, "  ---\n  reason: \"%s\"\n", reason_name(c->reason));
		run_put_some(to, "  expected: \"", c->expected, "\"\n", yaml_text);
		run_put_some(to, "  actual: \"", c->actual, "\"\n", yaml_text);
		fputs("  ...\n", to);
	}
	return run_written(to, "writing TAP", err);
}

void verify_text_write(FILE *to, const struct verify_result *r, bool color)
{
	static const struct {
		const char *word, *color;
	} rows[CHECK_OUTCOMES] = {
		[CHECK_OK] = { "ok", "\033[32m" },
		[CHECK_FAIL] = { "FAIL", "\033[1;31m" },
		[CHECK_NOTE] = { "note", "\033[33m" },
		[CHECK_SKIP] = { "skip", "\033[2m" },
	};

	for (size_t i = 0; i < r->attest->checks.count; i++) {
		const struct attest_check *c = &r->attest->checks.list[i];

		fprintf(to, "%s%-4s%s  %-18s  %s\n", color ? rows[c->outcome].color : "",
		        rows[c->outcome].word, color ? "\033[0m" : "", c->name, c->text);
		if (c->outcome == CHECK_FAIL && c->expected[0])
			fprintf(to, "        expected: %s\n", c->expected);
		if (c->outcome == CHECK_FAIL && c->actual[0])
			fprintf(to, "        actual:   %s\n", c->actual);
	}
	for (size_t i = 0; i < r->attest->n_urls; i++)
		fprintf(to, "fetch %s\n", r->attest->urls[i]);
}
