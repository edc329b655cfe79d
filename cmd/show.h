/* SPDX-License-Identifier: MIT */
/* cmd/show.h: -o, and results printed in the format it asks for. */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include <argp.h>
#include <stdbool.h>

#include "core/out/tree.h"

struct command;       /* cmd/cmd.h */
struct error;         /* core/base/error.h */
struct run_result;    /* core/out/run_result.h */
struct verify_result; /* core/out/verify_result.h */

/* -o before the command's name, for commands with a result, and for checks and runs with tap. */
extern const struct argp output_main_argp, output_any_argp, output_checks_argp, output_runs_argp;

/* Whether results are for people, as they are unless -o says otherwise. */
bool show_for_people(void);
/* Whether -o asked for the format of this name. */
bool show_is(const char *name);
/* 0 if the command's result can have the format that -o asks for; else ERROR_USAGE in *err. */
int show_check_command(const struct command *c, struct error *err);
/* Refuses (ERROR_USAGE) to write what is not text, as `option` wants, to a terminal. */
int show_check_terminal(const char *option, struct error *err);

/*
 * Ends the list if the command began one, and writes the tree unless it is empty. Returns the exit
 * status: `status` if that went well.
 */
int show_finish(struct tree *t, bool list, int status, struct error *err);
/* Writes results of runs: one, or a list of them. 0, or a negative errno with *err filled. */
int show_runs(const struct run_result *results, unsigned n, bool list, struct error *err);
/* Writes what came of verifying a report. Returns the exit status: `status` if that went well. */
int show_verify(const struct verify_result *result, int status, struct error *err);

#endif
