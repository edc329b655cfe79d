/* SPDX-License-Identifier: MIT */
/* cmd/show.c: table of formats. */
#include "cmd/show.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/out/run_result.h"

const struct show_format show_formats[] = {
	{ "text", tree_print_text, NULL }, /* for people: the first is what nobody has to ask for */
	{ "json", tree_print_json, NULL }, /* for scripts */
	{ "cbor", tree_print_cbor, NULL }, /* for verifiers */
	{ "tap", NULL, tap_write },        /* for test harnesses */
	{ 0 },
};

static const struct show_format *wanted = show_formats;

bool show_want(const char *name)
{
	for (const struct show_format *f = show_formats; f->name; f++)
		if (!strcmp(f->name, name)) {
			wanted = f;
			return true;
		}
	return false;
}

bool show_for_people(void)
{
	return wanted == show_formats;
}

int show_check_command(const struct command *c, struct error *err)
{
	return wanted->print || c == &command_run
	               ? 0
	               : error_set(err, ERROR_USAGE, "-o %s is for runs alone", wanted->name);
}

int show_finish(struct tree *t, bool list, int status, struct error *err)
{
	if (list)
		tree_end(t);
	return tree_empty(t) || wanted->print(t, stdout, err) == 0 ? status : STATUS_USAGE;
}

int show_runs(const struct run_result *results, unsigned n, bool list, struct error *err)
{
	auto_free const struct run_result **runs = calloc(n + 1, sizeof(*runs));
	auto_tree struct tree *t = tree_new();

	if (!runs)
		return error_nomem(err, "results");
	if (list)
		tree_list(t, NULL);
	for (unsigned i = 0; i < n; i++) {
		runs[i] = &results[i];
		result_run(t, NULL, &results[i]);
	}
	if (list)
		tree_end(t);
	return wanted->print_runs ? wanted->print_runs(stdout, runs, n, err)
	                          : wanted->print(t, stdout, err);
}
