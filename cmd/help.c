/* SPDX-License-Identifier: MIT */
/* cmd/help.c: what --help and --version say, as commands. */
#include "cmd/cmd.h"
#include "cmd/options.h"

static error_t help_argument(int key, char *argument, struct argp_state *state)
{
	const char **name = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*name)
		return option_refuse("one command at a time");
	*name = argument;
	return 0;
}

static int help_main(int argc, char **argv, struct error *err)
{
	char option[] = "--help", *help[] = { argv[0], option, NULL };
	const char *name = NULL;
	const struct command *c;
	int status = command_parse(&command_help, help_argument, argc, argv, &name, NULL, err);

	if (status != STATUS_OK)
		return status;
	if (!name) {
		options_help(&main_argp, stdout, 0, "snpvmm");
		return STATUS_OK;
	}
	c = command_find(name);
	return c ? c->main(2, help, err) : command_unknown(name, err);
}

const struct command command_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "Say what COMMAND takes, or which there are",
	.doc = "Do as 'snpvmm COMMAND --help' does, or 'snpvmm --help'.",
	.main = help_main,
};

static int version_main(int argc, char **argv, struct error *err)
{
	int status = command_parse(&command_version, NULL, argc, argv, NULL, NULL, err);

	if (status == STATUS_OK)
		version_print();
	return status;
}

const struct command command_version = {
	.name = "version",
	.args = "",
	.summary = "Print the version",
	.doc = "Print the version of the program.",
	.main = version_main,
};
