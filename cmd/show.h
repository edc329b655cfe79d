/* SPDX-License-Identifier: MIT */
/* cmd/show.h: -o: the formats of results. */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include <stdbool.h>

#include "core/out/tree.h"

struct command;    /* cmd/cmd.h */
struct error;      /* core/base/error.h */
struct run_result; /* core/out/run_result.h */

/* A format is a row of this table and the file that prints it. */
struct show_format {
	const char *name;
	/* Whatever a command found; NULL: the format is for results of runs alone. */
	tree_print *print;
	int (*print_runs)(FILE *to, const struct run_result *const *runs, size_t n,
	                  struct error *err);
};
extern const struct show_format show_formats[]; /* ended by a row without a name */

/* What -o says, before the command's name or after it. False: no such format. */
bool show_want(const char *name);
/* Whether results are for people, as they are unless -o says otherwise. */
bool show_for_people(void);
/*
 * Whether this command can have the format that is wanted: 0, or a negative errno with ERROR_USAGE
 * in *err.
 */
int show_check_command(const struct command *c, struct error *err);

/*
 * Writes the result of a command whose status so far is `status`, and returns the status to leave
 * with. A list, if that is what the command opened, is ended first; a tree without any value is not
 * written.
 */
int show_finish(struct tree *t, bool list, int status, struct error *err);
/* Writes results of runs: one, or a list of them. 0, or a negative errno with *err filled. */
int show_runs(const struct run_result *results, unsigned n, bool list, struct error *err);

#endif
