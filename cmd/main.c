/* SPDX-License-Identifier: MIT */
/* cmd/main.c: argp at the top, the table of commands, and what is said of an error at the end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/show.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/file.h"

const struct command *const commands[] = {
	&command_run,
	&command_measure,
	&command_inspect,
	&command_check,
	&command_doctor,
	&command_explain,
	&command_schema,
	&command_completion,
	&command_help,
	&command_version,
	NULL,
};

/* Named by the interface, built in a later version. */
static const char *const later[] = { "plan", "diff", "idblock", "verify" };

/* The commands and the extra help are one text, made from the table. */
static char *help_filter(int key, const char *text, void *input)
{
	static char list[2048];
	size_t n = 0;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	n += (size_t)snprintf(list + n, sizeof(list) - n, "Commands:\n");
	for (size_t i = 0; commands[i]; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "  %-10s %-13s %s\n",
		                      commands[i]->name, commands[i]->args, commands[i]->summary);
	snprintf(list + n, sizeof(list) - n,
	         "\n'snpvmm COMMAND --help' explains each; see also snpvmm(1).");
	return strdup(list);
}

static error_t main_option(int key, char *argument, struct argp_state *state)
{
	int *at = state->input;

	if (key == 'o')
		return output_option(argument);
	if (key == ARGP_KEY_ARG) { /* the command; what follows is for its own parser */
		*at = state->next - 1;
		state->next = state->argc;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option main_options[] = {
	{ "output", 'o', "FORMAT", 0, "text, json or cbor, where the command has a result", 0 },
	{ 0 },
};
static const struct argp_child main_children[] = { { &common_argp, 0, NULL, 0 },
	                                           { &color_argp, 0, NULL, 0 },
	                                           { 0 } };
const struct argp main_argp = {
	main_options,
	main_option,
	"COMMAND [OPTION...] FILE...",
	"Measure and launch AMD SEV-SNP guests on Linux KVM.\v",
	main_children,
	help_filter,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i];
	return NULL;
}

int command_unknown(const char *name, struct error *err)
{
	struct nearest n = { .word = name };

	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (!strcmp(name, later[i])) {
			error_set(err, ERROR_UNSUPPORTED,
			          "the command '%s' is not supported by this version", name);
			return STATUS_USAGE;
		}
	for (size_t i = 0; commands[i]; i++)
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

static int command_call(int argc, char **argv, struct error *err)
{
	const struct command *c = command_find(argv[0]);

	if (!c)
		return command_unknown(argv[0], err);
	if (show_for_people() || c->has_result)
		return c->main(argc, argv, err);
	error_set(err, ERROR_USAGE, "-o: the command '%s' has no result to print", c->name);
	return STATUS_USAGE;
}

static int main_run(int argc, char **argv, struct error *err)
{
	int at = 0;

	if (options_parse(NULL, &main_argp, argc, argv, ARGP_IN_ORDER, &at, err) < 0)
		return STATUS_USAGE;
	if (at > 0)
		return command_call(argc - at, argv + at, err);
	options_help(&main_argp, stderr, 0, argv[0]);
	return STATUS_USAGE;
}

void version_print(void)
{
	puts("snpvmm " SNPVMM_VERSION);
}

/*
 * /dev/kvm or an image would take the number of a standard descriptor that came closed, and the
 * guest's console would go there. One that can neither be read nor written makes an error of it.
 */
static void descriptors_reserve(void)
{
	int fd;

	do
		fd = open("/", O_PATH);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_cleanup(&fd);
}

/* What a full disk or a reader that left didn't take. */
static int output_finish(int status, struct error *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (err->kind == ERROR_NONE)
		error_sys(err, ERROR_OUTPUT, errno, "cannot write to standard output");
	return status == STATUS_OK ? STATUS_USAGE : status;
}

int main(int argc, char **argv)
{
	static char program[] = "snpvmm";
	struct error err = { 0 };
	int status;

	signal(SIGPIPE, SIG_IGN); /* a reader that leaves is an error like others, not a death */
	signal(SIGXFSZ, SIG_IGN); /* and so is a limit of setrlimit(2) on files */
	descriptors_reserve();
	argv[0] = program; /* as --help calls it */
	status = output_finish(main_run(argc, argv, &err), &err);
	if (err.kind != ERROR_NONE)
		error_print(&err);
	return status;
}
