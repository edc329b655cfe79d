/* SPDX-License-Identifier: MIT */
/* cmd/completion.c: scripts that complete the command line, made by walking the tables of commands and options. */
#include "cmd/completion.h"

#include <ctype.h>
#include <string.h>

#include "cmd/cmd.h"
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

/* argp adds them to every table. */
static const struct argp_option argp_options[] = {
	{ "help", '?', NULL, 0, "Give this help list", 0 },
	{ "usage", 0x100, NULL, 0, "Give a short usage message", 0 },
	{ "version", 'V', NULL, 0, "Print program version", 0 },
	{ 0 },
};

static void option_view(const struct argp_option *o, const struct argp_option *real,
                        struct option_view *ret)
{
	*ret = (struct option_view){
		.name = o->name,
		.letter = o->key > 0 && o->key <= 0x7f && isgraph(o->key) ? (char)o->key : '\0',
		.argument = real->arg,
		.optional = real->arg && (real->flags & OPTION_ARG_OPTIONAL),
		.doc = real->doc ? real->doc : "",
	};
}

/* Counts *n down to the option that is wanted. False: it's behind the end of this table. */
static bool option_in(const struct argp_option *table, size_t *n, struct option_view *ret)
{
	const struct argp_option *real = table;

	for (const struct argp_option *o = table; o && (o->name || o->key || o->doc || o->group);
	     o++) {
		if (!(o->flags & OPTION_ALIAS))
			real = o;
		option_view(o, real, ret);
		if ((o->flags & (OPTION_DOC | OPTION_HIDDEN)) || (!ret->name && !ret->letter))
			continue; /* text between options */
		if ((*n)-- == 0)
			return true;
	}
	return false;
}

bool completion_option(const struct command *c, size_t n, struct option_view *ret)
{
	const struct argp_option *const tables[] = {
		c ? c->options : main_argp.options,
		c && c->has_settings ? settings_argp.options : NULL,
		common_argp.options,
		argp_options,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (option_in(tables[i], &n, ret))
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
			argp_error(state, "one shell at a time");
		for (*shell = 0; *shell < ARRAY_SIZE(shells); (*shell)++)
			if (!strcmp(argument, shells[*shell].name))
				return 0;
		argp_error(state, "there are scripts for bash, zsh and fish, not for '%s'",
		           argument);
		return EINVAL;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
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
