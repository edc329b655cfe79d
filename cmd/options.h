/* SPDX-License-Identifier: MIT */
/* cmd/options.h: argp_parse() with error messages of our own. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <argp.h>
#include <stdint.h>
#include <stdio.h>

struct error; /* core/base/error.h */

/*
 * argp_parse(), but unknown options and wrong numbers of values become *err instead of lines in
 * argp's own form. `command` is for messages; NULL: argv holds the options before the command's
 * name, and the first argument ends them. argv[0] is skipped. 0, or a negative errno with *err
 * filled.
 */
int options_parse(const char *command, const struct argp *argp, int argc, char **argv,
                  unsigned flags, void *input, struct error *err);

/*
 * For parsers of options and arguments, instead of argp_error(): the sentence becomes the error of
 * the options_parse() under way, unless it has one already. Returns EINVAL, for argp.
 */
error_t option_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with the sentence and the fix of *e; without a fix it names --help. */
error_t option_refuse_error(const struct error *e);

/* A number as manifests have it. Returns 0, or EINVAL if it is none or not from min to max. */
error_t option_number(const char *option, const char *text, uint64_t min, uint64_t max,
                      uint64_t *ret);

/* The values of an option that may be repeated. */
#define OPTION_PATHS_MAX 32
struct option_paths {
	const char *list[OPTION_PATHS_MAX];
	size_t count;
};
error_t option_path(struct option_paths *p, const char *path); /* adds one */

/* Prints --help in full, or what `flags` of argp_help(3) ask for. */
void options_help(const struct argp *argp, FILE *to, unsigned flags, const char *name);

#endif
