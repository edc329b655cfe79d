/* SPDX-License-Identifier: MIT */
/* cmd/show.c: the table of formats of -o. */
#include "cmd/show.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "config/value.h"
#include "core/base/error.h"
#include "core/out/run_result.h"
#include "core/out/verify_result.h"

/* A format is a row and a file in core/out/ that prints it. */
static const struct show_format {
	const char *name;
	tree_print *print; /* NULL: printed by the two functions below, not from a tree */
	int (*print_runs)(FILE *to, const struct run_result *const *runs, size_t n,
	                  struct error *err);
	int (*print_checks)(FILE *to, const struct verify_result *r, struct error *err);
} formats[] = {
	{ "text", tree_print_text, NULL, NULL },      /* for people: the default */
	{ "json", tree_print_json, NULL, NULL },      /* for scripts */
	{ "cbor", tree_print_cbor, NULL, NULL },      /* for verifiers */
	{ "tap", NULL, tap_write, verify_tap_write }, /* for test harnesses */
	{ 0 },
};

static const struct show_format *wanted = formats;

static error_t output_option(int key, char *argument, struct argp_state *state)
{
	char names[128];
	size_t n = 0;

	(void)state;
	if (key != 'o')
		return ARGP_ERR_UNKNOWN;
	for (const struct show_format *f = formats; f->name; f++)
		if (!strcmp(f->name, argument)) {
			wanted = f;
			return 0;
		}
	for (const struct show_format *f = formats; f->name && n < sizeof(names); f++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s%s",
		                      f == formats ? ""
		                      : f->print   ? ", "
		                                   : ", or ",
		                      f->name, f->print ? "" : " for run and verify");
	return option_refuse("-o takes %s, not '%s'", names, shown_of(argument).text);
}

#define OUTPUT_ARGP(name, doc, group)                                                              \
	const struct argp name = {                                                                 \
		.options =                                                                         \
			(const struct argp_option[]){ { "output", 'o', "FORMAT", 0, doc, group },  \
		                                      { 0 } },                                     \
		.parser = output_option,                                                           \
	}
OUTPUT_ARGP(output_main_argp, "text, json or cbor, where the command has a result", 0);
OUTPUT_ARGP(output_any_argp, "text, json or cbor", 0);
OUTPUT_ARGP(output_checks_argp, "text, json, cbor or tap", 0);
OUTPUT_ARGP(output_runs_argp,
            "text, json, cbor or tap: the result on standard output, not the console", 1);

bool show_for_people(void)
{
	return wanted == formats;
}

bool show_is(const char *name)
{
	return strcmp(wanted->name, name) == 0;
}

int show_check_terminal(const char *option, struct error *err)
{
	if (!isatty(STDOUT_FILENO))
		return 0;
	error_set(err, ERROR_USAGE, "%s: the result is binary, and standard output is a terminal",
	          option);
	return error_fix(err, "write it to a file or a pipe");
}

int show_check_command(const struct command *c, struct error *err)
{
	if (!show_for_people() && c->result == NO_RESULT)
		return error_set(err, ERROR_USAGE, "-o: the command '%s' has no result to print",
		                 c->name);
	if (!wanted->print && c->result < CHECK_RESULTS)
		return error_set(err, ERROR_USAGE, "-o %s is only for run and verify",
		                 wanted->name);
	return wanted->print == tree_print_cbor ? show_check_terminal("-o cbor", err) : 0;
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

int show_verify(const struct verify_result *result, int status, struct error *err)
{
	auto_tree struct tree *t = tree_new();

	if (wanted->print_checks)
		return wanted->print_checks(stdout, result, err) < 0 ? STATUS_USAGE : status;
	result_verify(t, NULL, result);
	return show_finish(t, false, status, err);
}
