/* SPDX-License-Identifier: MIT */
/* cmd/cmd.h: what a command is, its exit statuses, and options that all commands have. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <argp.h>
#include <stdbool.h>

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

/* Each command is a file that ends in such a row, and a line in the table of cmd/main.c. */
struct command {
	const char *name, *args, *summary;
	const char *doc;                   /* sentences for --help */
	const struct argp_option *options; /* its own; NULL: none */
	/* what -o offers: nothing; the formats of any result; or all, for checks and for runs */
	enum { NO_RESULT, ANY_RESULT, CHECK_RESULTS, RUN_RESULTS } result;
	/* takes --set, --platform and --confine, but not -k and the like: they are its own options */
	bool set_only;
	/* reads files and writes only to standard output and error: confined by cmd/reader.h */
	bool reads;
	/*
	 * `self` is this row. Returns the exit status. *err becomes the failure that main() has yet
	 * to print; it stays ERROR_NONE if there is none.
	 */
	int (*main)(const struct command *self, int argc, char **argv, struct error *err);
};

/* -q, -v, --color, --help and the like: understood before and after the command's name. */
extern const struct argp common_argp;
/* -c for --color, for commands without settings_argp, whose -c is --cpus. */
extern const struct argp color_argp;

/*
 * Parses argv with the command's own options, those of all commands, -o if the command has a
 * result, and settings_argp if `settings` isn't NULL. `parse`, the command's parser, gets `input`;
 * NULL: there is none. STATUS_OK, or STATUS_USAGE with *err filled.
 */
int command_parse(const struct command *c, argp_parser_t parse, int argc, char **argv, void *input,
                  struct settings *settings, struct error *err);

void version_print(void);

#endif
