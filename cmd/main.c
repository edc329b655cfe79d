/* SPDX-License-Identifier: MIT */
/* cmd/main.c: the table of commands, `help`, `version`, and what comes before a command's name. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/print.h"
#include "cmd/show.h"
#include "config/nearest.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/stack.h"

/* A row for each command, in the order of the help text; its file defines command_NAME. */
#define COMMANDS(X)                                                                                \
	X(run)                                                                                     \
	X(measure)                                                                                 \
	X(plan)                                                                                    \
	X(diff)                                                                                    \
	X(inspect)                                                                                 \
	X(verify)                                                                                  \
	X(certs)                                                                                   \
	X(check)                                                                                   \
	X(idblock)                                                                                 \
	X(doctor)                                                                                  \
	X(explain)                                                                                 \
	X(schema)                                                                                  \
	X(completion)                                                                              \
	X(help)                                                                                    \
	X(version)

#define COMMAND_DECLARE(name) extern const struct command command_##name;
#define COMMAND_ROW(name)     &command_##name,
COMMANDS(COMMAND_DECLARE)
static const struct command *const commands[] = { COMMANDS(COMMAND_ROW) };

/* Appends the list of commands to the help text. */
static char *help_filter(int key, const char *text, void *input)
{
	static char list[2048];
	size_t n = 0;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	n += (size_t)snprintf(list + n, sizeof(list) - n, "Commands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "  %-10s %-17s %s\n",
		                      commands[i]->name, commands[i]->args, commands[i]->summary);
	snprintf(list + n, sizeof(list) - n,
	         "\n'snpvmm COMMAND --help' explains each; see also snpvmm(1).");
	return strdup(list);
}

static error_t main_option(int key, char *argument, struct argp_state *state)
{
	int *at = state->input;

	(void)argument;
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	*at = state->next - 1; /* the command; the rest is for its own parser */
	state->next = state->argc;
	return 0;
}

static const struct argp_child main_children[] = { { &common_argp, 0, NULL, 0 },
	                                           { &color_argp, 0, NULL, 0 },
	                                           { &output_main_argp, 0, NULL, 0 },
	                                           { 0 } };
static const struct argp main_argp = {
	.parser = main_option,
	.args_doc = "COMMAND [OPTION...] FILE...",
	.doc = "Measure and launch AMD SEV-SNP guests on Linux KVM.\v",
	.children = main_children,
	.help_filter = help_filter,
};

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i];
	return NULL;
}

static int refuse_command(const char *name, struct error *err)
{
	struct nearest n = { .word = name };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		nearest_try(&n, commands[i]->name);
	error_set(err, ERROR_USAGE, "there is no command '%s'", shown_of(name).text);
	if (n.best)
		error_fix(err, "did you mean '%s'?", n.best);
	else if (access(name, R_OK) == 0)
		error_fix(err, "write 'snpvmm run %s', if it is a manifest", shown_of(name).text);
	else
		error_fix(err, "'snpvmm --help' lists the commands");
	return STATUS_USAGE;
}

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

static int help_main(const struct command *self, int argc, char **argv, struct error *err)
{
	char option[] = "--help", *help[] = { argv[0], option, NULL };
	const char *name = NULL;
	const struct command *c;
	int status = command_parse(self, help_argument, argc, argv, &name, NULL, err);

	if (status != STATUS_OK)
		return status;
	if (!name) {
		options_help(&main_argp, stdout, 0, "snpvmm");
		return STATUS_OK;
	}
	c = command_find(name);
	return c ? c->main(c, 2, help, err) : refuse_command(name, err);
}

const struct command command_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "Explain COMMAND, or list the commands",
	.doc = "The same as 'snpvmm COMMAND --help', or 'snpvmm --help'.",
	.main = help_main,
};

static int version_main(const struct command *self, int argc, char **argv, struct error *err)
{
	int status = command_parse(self, NULL, argc, argv, NULL, NULL, err);

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

static int command_line(int argc, char **argv)
{
	static char program[] = "snpvmm";
	const struct command *c;
	struct error err = { 0 };
	int status = STATUS_USAGE, at = 0, fd;

	/* a closed pipe (EPIPE) or a full file (EFBIG) is to be reported, not to kill us */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* a heap for each thread takes time to set up, and none of ours allocates much */
	mallopt(M_ARENA_MAX, 1);
	/*
	 * If fd 0-2 is closed at start, a later open() would reuse it and console output would land
	 * there. Fill them with O_PATH fds, which fail reads and writes.
	 */
	do
		fd = open("/", O_PATH);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_cleanup(&fd);
	argv[0] = program; /* as --help calls it */
	if (options_parse(NULL, &main_argp, argc, argv, ARGP_IN_ORDER, &at, &err) == 0 && at == 0)
		options_help(&main_argp, stderr, 0, argv[0]);
	else if (at > 0 && !(c = command_find(argv[at])))
		status = refuse_command(argv[at], &err);
	else if (at > 0)
		status = c->main(c, argc - at, argv + at, &err);
	/* report stdout write errors (ENOSPC, EPIPE) */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (err.kind == ERROR_NONE)
			error_sys(&err, ERROR_OUTPUT, errno, "cannot write to standard output");
		/* who asked has no answer then, be it "different", "not found" or "failed" */
		if (status == STATUS_OK || status == STATUS_FAILED)
			status = STATUS_USAGE;
	}
	if (err.kind != ERROR_NONE)
		error_print(&err);
	return status;
}

int main(int argc, char **argv)
{
	return stack_call(command_line, argc, argv);
}
