/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/results.c: results FOLDER: writes documents of every kind of result for validators:
 * FOLDER/NAME.json and NAME.xml of each, all.xml and all.tap of all, none.xml and none.tap of none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/out/tree.h"
#include "core/out/folder.h"
#include "core/out/run_result.h"
#include "tests/make/results.h"

enum { HOSTILE = 40, RUNS = RESULTS + 1 + HOSTILE };

static struct run_result results[RUNS];
static const struct run_result *runs[RUNS];

struct slice {
	size_t from, n;
};

static int put_json(void *self, FILE *to, struct error *err)
{
	const struct slice *s = self;
	auto_tree struct tree *t = tree_new();

	result_run(t, NULL, runs[s->from]);
	return tree_print_json(t, to, err);
}

static int put_xml(void *self, FILE *to, struct error *err)
{
	const struct slice *s = self;

	return junit_write(to, s->n == 1 ? "one" : "suite \xff<&>\"\n", runs + s->from, s->n, err);
}

static int put_tap(void *self, FILE *to, struct error *err)
{
	const struct slice *s = self;

	return tap_write(to, runs + s->from, s->n, err);
}

static void document_put(struct folder *f, const char *stem, const char *end,
                         int (*writer)(void *, FILE *, struct error *), struct slice s)
{
	struct error err = { 0 };
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", stem, end);
	if (folder_put(f, name, writer, &s, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.text);
	exit(1);
}

static void make_runs(void)
{
	for (size_t i = 0; i < RUNS; i++) {
		struct run_result *r = &results[i];

		runs[i] = r;
		if (i < RESULTS)
			results_full(r, (enum run_status)i);
		else if (i == RESULTS)
			results_bare(r);
		else
			results_hostile(r, (enum run_status)(i % RESULTS), (unsigned)(i * 11));
		r->measurement.proven |= i == RESULT_PASS;
	}
}

int main(int argc, char **argv)
{
	static const char *const none[] = { NULL };
	struct folder f;
	struct error err = { 0 };
	char stem[32];

	if (argc != 2 || folder_open(&f, argv[1], false, none, &err) < 0) {
		fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: results FOLDER");
		return 1;
	}
	make_runs();
	for (size_t i = 0; i < RUNS; i++) {
		snprintf(stem, sizeof(stem), "%zu", i);
		document_put(&f, stem, "json", put_json, (struct slice){ i, 1 });
		document_put(&f, stem, "xml", put_xml, (struct slice){ i, 1 });
	}
	document_put(&f, "all", "xml", put_xml, (struct slice){ 0, RUNS });
	document_put(&f, "all", "tap", put_tap, (struct slice){ 0, RUNS });
	document_put(&f, "none", "xml", put_xml, (struct slice){ 0, 0 });
	document_put(&f, "none", "tap", put_tap, (struct slice){ 0, 0 });
	folder_close(&f);
	return 0;
}
