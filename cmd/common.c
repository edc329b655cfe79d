/* SPDX-License-Identifier: MIT */
/* cmd/common.c: options that all commands have, and how the command line of one is parsed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/print.h"
#include "cmd/reader.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "config/value.h"
#include "core/base/error.h"
#include "core/base/log.h"

static int verbosity = LOG_NOTICE;

void version_print(void)
{
	puts("snpvmm " SNPVMM_VERSION);
}

/* Exits after --help and the like, with an error if their output could not be written. */
static _Noreturn void leave(void)
{
	struct error err = { 0 };

	if (fflush(stdout) == 0 && !ferror(stdout))
		exit(STATUS_OK);
	error_sys(&err, ERROR_OUTPUT, errno, "cannot write to standard output");
	error_print(&err);
	exit(STATUS_USAGE);
}

static error_t color_option(int key, char *argument, struct argp_state *state)
{
	(void)state;
	if (key != 'c')
		return ARGP_ERR_UNKNOWN;
	return color_set(argument) ? 0
	                           : option_refuse("--color takes auto, always or never, not '%s'",
	                                           shown_of(argument).text);
}

static const struct argp_option color_options[] = {
	{ NULL, 'c', "WHEN", OPTION_HIDDEN, NULL, 0 },
	{ 0 },
};
const struct argp color_argp = { .options = color_options, .parser = color_option };

enum { OPTION_COLOR = 0x300, OPTION_USAGE, OPTION_SANDBOX };

static error_t common_option(int key, char *argument, struct argp_state *state)
{
	switch (key) {
	case 'q':
		verbosity = LOG_QUIET;
		break;
	case 'v':
		verbosity += verbosity < LOG_DEBUG;
		break;
	case OPTION_COLOR:
		return color_option('c', argument, state);
	case OPTION_SANDBOX:
		return sandbox_set(argument)
		               ? 0
		               : option_refuse("--sandbox takes on, log or off, not '%s'",
		                               shown_of(argument).text);
	case '?':
	case 'h':
		options_help(state->root_argp, stdout, 0, state->name);
		leave();
	case OPTION_USAGE:
		options_help(state->root_argp, stdout, ARGP_HELP_USAGE, state->name);
		leave();
	case 'V':
		version_print();
		leave();
	default:
		return ARGP_ERR_UNKNOWN;
	}
	log_set_level(verbosity);
	return 0;
}

static const struct argp_option common_options[] = {
	{ "quiet", 'q', NULL, 0, "Print only errors and results", 10 },
	{ "verbose", 'v', NULL, 0, "Print more; give it twice for even more", 10 },
	{ "color", OPTION_COLOR, "WHEN", 0, "auto, always or never (NO_COLOR is honoured)", 10 },
	{ "sandbox", OPTION_SANDBOX, "MODE", 0,
	  "Confine runs and commands that read files (by default)", 10 },
	{ "help", 'h', NULL, 0, "Print this help", -1 },
	{ NULL, '?', NULL, OPTION_HIDDEN, NULL, 0 },
	{ "usage", OPTION_USAGE, NULL, 0, "Print a short usage message", -1 },
	{ "version", 'V', NULL, 0, "Print the version", -1 },
	{ 0 },
};
const struct argp common_argp = { .options = common_options, .parser = common_option };

/* Passed to the argp parser; the first of its children gets the settings. */
struct parse_input {
	argp_parser_t parse;
	void *input;
	struct settings *settings;
};

static error_t parse_forward(int key, char *argument, struct argp_state *state)
{
	struct parse_input *in = state->input;
	error_t r = ARGP_ERR_UNKNOWN;

	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = in->settings;
	if (in->parse) {
		state->input = in->input;
		r = in->parse(key, argument, state);
		state->input = in;
	}
	if (key == ARGP_KEY_ARGS && r == ARGP_ERR_UNKNOWN)
		return option_refuse("unexpected argument '%s'",
		                     shown_of(state->argv[state->next]).text);
	return r;
}

int command_parse(const struct command *c, argp_parser_t parse, int argc, char **argv, void *input,
                  struct settings *settings, struct error *err)
{
	struct parse_input in = { parse, input, settings };
	const struct argp_child children[] = {
		{ !settings     ? &color_argp
		  : c->set_only ? &set_argp
		                : &settings_argp,
		  0, NULL, 0 },
		{ &common_argp, 0, NULL, 0 },
		/* without a result, this ends the list */
		{ c->result == NO_RESULT       ? NULL
		  : c->result == ANY_RESULT    ? &output_any_argp
		  : c->result == CHECK_RESULTS ? &output_checks_argp
		                               : &output_runs_argp,
		  0, NULL, 0 },
		{ 0 },
	};
	const struct argp argp = {
		c->options, parse_forward, c->args, c->doc, children, NULL, NULL
	};
	char name[64];
	/* first, as no later -o can undo this mistake: a command without a result has no -o */
	int r = c->result == NO_RESULT ? show_check_command(c, err) : 0;

	snprintf(name, sizeof(name), "snpvmm %s", c->name);
	argv[0] = name; /* for --help */
	if (r == 0)
		r = options_parse(c->name, &argp, argc, argv, 0, &in, err);
	argv[0] = (char *)c->name;
	if (r == 0)
		r = show_check_command(c, err);
	if (r == 0 && settings)
		r = settings_begin(settings, err);
	if (r == 0 && c->reads)
		r = reader_begin(settings && settings->confine_path, err);
	return r == 0 ? STATUS_OK : STATUS_USAGE;
}
