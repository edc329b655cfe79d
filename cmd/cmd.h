/* SPDX-License-Identifier: MIT */
/* cmd/cmd.h: what a command is, its exit statuses, and options that all commands have. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <argp.h>
#include "core/base/error.h"

struct settings; /* cmd/settings.h */

/* Exit statuses. 128 + N: killed by signal N. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2, /* or the manifest, or an image: nothing was launched */
	STATUS_MEASUREMENT = 3,
	STATUS_SKIPPED = 77,
	STATUS_LAUNCH = 99,
	STATUS_TIMEOUT = 124,
	STATUS_SIGNAL = 128,
};

/* A command is a file that ends in such a row, and a line in the table of cmd/main.c. */
struct command {
	const char *name, *args, *summary;
	const char *doc;                   /* sentences for --help */
	const struct argp_option *options; /* its own; NULL: none */
	/* which formats -o offers: none, those of any result, or also tap, of checks and of runs */
	enum { NO_RESULT, ANY_RESULT, CHECK_RESULTS, RUN_RESULTS } result;
	/*
	 * `self` is the row. Returns the exit status; *err has what failed, with kind ERROR_NONE if
	 * that was reported already.
	 */
	int (*main)(const struct command *self, int argc, char **argv, struct error *err);
};

/* -q, -v, --color, --help and the like: understood before and after the command's name. */
extern const struct argp common_argp;
/* -c for --color, where -c isn't an option of settings_argp. */
extern const struct argp color_argp;

/*
 * argp_parse() with the options of the command, those of all commands, -o where it has a result,
 * and settings_argp where `settings` isn't NULL. `parse` may be NULL. STATUS_OK, or STATUS_USAGE
 * with *err filled.
 */
int command_parse(const struct command *c, argp_parser_t parse, int argc, char **argv, void *input,
                  struct settings *settings, struct error *err);

void version_print(void);

#endif
