/* SPDX-License-Identifier: MIT */
/* cmd/completion.c: scripts that complete the command line, made by walking the tables of commands and options. */
#include "cmd/completion.h"

#include <string.h>

#include "cmd/cmd.h"
#include "config/value.h"
#include "core/base/array.h"

static const struct {
	const char *name;
	void (*write)(FILE *to);
} shells[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "fish", completion_fish },
};

const char *completion_shell(size_t n)
{
	return n < ARRAY_SIZE(shells) ? shells[n].name : NULL;
}

bool completion_option(const struct command *c, size_t n, struct option_view *ret)
{
	for (size_t i = 0; option_at(c, i, ret); i++)
		if (!ret->hidden && n-- == 0)
			return true;
	return false;
}

void put_escaped(FILE *to, const char *text, const char *special, const char *quote)
{
	for (; *text; text++) {
		if (*text == '\'') {
			fputs(quote, to);
			continue;
		}
		if (strchr(special, *text))
			putc('\\', to);
		putc(*text, to);
	}
}

static error_t completion_argument(int key, char *argument, struct argp_state *state)
{
	size_t *shell = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*shell < ARRAY_SIZE(shells))
			return option_refuse("one shell at a time");
		for (*shell = 0; *shell < ARRAY_SIZE(shells); (*shell)++)
			if (!strcmp(argument, shells[*shell].name))
				return 0;
		return option_refuse("there are scripts for bash, zsh and fish, not for '%s'",
		                     shown_of(argument).text);
	case ARGP_KEY_NO_ARGS:
		return option_refuse("a shell is missing: bash, zsh or fish");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int completion_main(int argc, char **argv, struct error *err)
{
	size_t shell = ARRAY_SIZE(shells);
	int status = command_parse(&command_completion, completion_argument, argc, argv, &shell,
	                           NULL, err);

	if (status == STATUS_OK)
		shells[shell].write(stdout); /* what can't be written, main() notices */
	return status;
}

const struct command command_completion = {
	.name = "completion",
	.args = "SHELL",
	.summary = "Print a script for bash, zsh or fish",
	.doc = "Print a script with which bash, zsh or fish completes commands, options, values "
	       "and "
	       "names of files.",
	.main = completion_main,
};
