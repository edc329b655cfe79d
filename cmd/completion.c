/* SPDX-License-Identifier: MIT */
/* cmd/completion.c: prints a file of share/completion/. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/share.h"
#include "config/value.h"
#include "core/base/array.h"

static const struct shell {
	const char *name, *script;
} shells[] = {
	{ "bash", share_completion_bash },
	{ "zsh", share_completion_zsh },
	{ "fish", share_completion_fish },
};

static error_t completion_argument(int key, char *argument, struct argp_state *state)
{
	const struct shell **shell = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*shell)
			return option_refuse("one shell at a time");
		for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
			if (!strcmp(argument, shells[i].name)) {
				*shell = &shells[i];
				return 0;
			}
		return option_refuse("there are scripts for bash, zsh and fish, not for '%s'",
		                     shown_of(argument).text);
	case ARGP_KEY_NO_ARGS:
		return option_refuse("a shell is missing: bash, zsh or fish");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int completion_main(const struct command *self, int argc, char **argv, struct error *err)
{
	const struct shell *shell = NULL;
	int status = command_parse(self, completion_argument, argc, argv, &shell, NULL, err);

	if (status == STATUS_OK)
		fputs(shell->script, stdout); /* main() reports what can't be written */
	return status;
}

const struct command command_completion = {
	.name = "completion",
	.args = "SHELL",
	.summary = "Print a script for bash, zsh or fish",
	.doc = "Print a script with which bash, zsh or fish completes commands, options, values "
	       "and names of files.",
	.main = completion_main,
};
