/* SPDX-License-Identifier: MIT */
/* cmd/options.h: what is wrong with a command line, and argp_parse() with errors of our own. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <argp.h>
#include <stdio.h>

struct command; /* cmd/cmd.h */
struct error;   /* core/base/error.h */

/*
 * Looks for options that there are not, and for values that are missing or too many, before
 * argp_parse() does: it would say so in lines of its own form. argv[0] is no option; without a
 * command the first argument ends the options.
 */
int options_check(const struct command *c, int argc, char **argv, struct error *err);

/*
 * What a parser of options says of a value or an argument, in place of argp_error(): it becomes the
 * error of the options_parse() under way, unless there is one already. Returns EINVAL, for argp.
 */
error_t option_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with a cure of its own; "": there is none, and --help is named. */
error_t option_refuse_fixed(const char *fix, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* options_check() and argp_parse(). 0, or a negative errno with *err filled. */
int options_parse(const struct command *c, const struct argp *argp, int argc, char **argv,
                  unsigned flags, void *input, struct error *err);

/* --help, in full; with `flags` of argp_help(3) otherwise. */
void options_help(const struct argp *argp, FILE *to, unsigned flags, const char *name);

#endif
