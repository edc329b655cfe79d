/* SPDX-License-Identifier: MIT */
/* cmd/cmd.h: what the commands share: their table's row, options, exit statuses. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/manifest.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/findings.h"

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

struct command {
	const char *name, *args, *summary;
	const char *doc;                   /* sentences for --help */
	const struct argp_option *options; /* its own; NULL: none */
	bool has_settings;                 /* takes those of settings_argp */
	bool has_result;                   /* one that -o can give another form */
	/*
	 * argv[0] is the command's name. Returns the exit status; what failed is in *err, kind
	 * ERROR_NONE if told.
	 */
	int (*main)(int argc, char **argv, struct error *err);
};

extern const struct command command_run, command_measure, command_inspect, command_check,
	command_doctor, command_explain, command_schema, command_completion, command_help,
	command_version;
/* All of them, in the order of the help text, ended by NULL; in main.c. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);     /* NULL: there is none */
int command_unknown(const char *name, struct error *err); /* the status to leave with */
void version_print(void);

/* What stands before the command's name; in main.c. */
extern const struct argp main_argp;
/* -q, -v, --color, --help and the like: understood before and after the command's name. */
extern const struct argp common_argp;
/* -c for --color, where -c isn't one of settings_argp. */
extern const struct argp color_argp;
/* -o of what has a result (cmd/show.h); what it was given, here or there. */
#define OUTPUT_OPTION                                                                              \
	{                                                                                          \
		"output", 'o', "FORMAT", 0, "text, json or cbor", 0                                \
	}
error_t output_option(const char *argument);
/*
 * Options of commands that take manifests: -k, --set, --confine and others; its input is a struct
 * settings.
 */
extern const struct argp settings_argp;

#define SETTINGS_MAX 64
struct settings {
	struct manifest_setting set[SETTINGS_MAX];
	size_t count;
	bool shorthand;           /* some were given as -k and the like: no manifest is needed */
	bool print;               /* --print-manifest */
	const char *confine_path; /* --confine; NULL: none */
	struct confine confine;   /* begun where there is one */
};

/*
 * argp_parse() with the command's options, the common ones and, where it has settings, those of
 * settings_argp. `parse` may be NULL. 0, or the status to leave with: STATUS_USAGE with *err
 * filled.
 */
int command_parse(const struct command *c, argp_parser_t parse, int argc, char **argv, void *input,
                  struct settings *settings, struct error *err);

/*
 * Arguments that are all files, at least one; they lie in argv. What a command's own parser doesn't
 * know goes here.
 */
struct files {
	char **paths;
	size_t count;
};
/*
 * Where they are manifests, `s` may have settings that stand for one: then that is the only one,
 * with the path NULL.
 */
error_t files_option(int key, struct argp_state *state, const struct settings *s,
                     struct files *ret);
/* No manifest is given: 0 if there are settings that stand for one, or EINVAL for argp. */
error_t manifest_missing(const struct settings *s);
/* --print-manifest. Returns the status to leave with. */
int settings_print(const struct settings *s, const char *manifest, struct error *err);

/* One error on stderr: place, sentence, name; then why and fix. */
void error_print(const struct error *err);
/* All of them from number `from` on; warnings, which have no name, unless -q was given. */
void findings_print(const struct findings *f, size_t from);

/* "  why: ..." and "  fix: ...", each if there is one, folded to `width`. Returns the length. */
size_t advice_text(char *to, size_t cap, const char *why, const char *fix, unsigned width);
/* Columns of the terminal at this descriptor; 0: it is none, and lines stay whole for scripts. */
unsigned terminal_width(int fd);
/* Whether --color wants it there. */
bool color_wanted(int fd);

struct measure_result; /* core/out/result.h */
struct snp_digest;     /* core/snp/digest.h */
/* What `measure` says of a manifest and its digest; borrows both. */
struct measure_result measure_result_of(const struct manifest *m, const struct snp_digest *d);

/*
 * Takes the place of a path `-`: standard input, which is read once. Compared by address; its text
 * is for messages.
 */
extern char manifest_stdin[];
char *manifest_path(char *argument);

/*
 * The manifest with what --set says, or NULL: what it says alone. What can't be read of it is told
 * of each run. NULL with *err filled: out of memory.
 */
struct manifest_source *manifest_open(const char *path, const struct settings *s,
                                      struct error *err);

/*
 * How many runs a matrix stands for; 0: there is none. What no run of it can be read for is a
 * mistake of the whole manifest, which is then tried and told once.
 */
unsigned manifest_runs(const struct manifest_source *source);

/*
 * Gives each run of the manifest's matrix, or the one run that there is, to `visit`, which adds
 * what else it finds; *m may lack what could not be read of it. A run that is wrong doesn't stop
 * the others. If `print`, what no earlier run had is printed after each.
 */
typedef void manifest_visit(void *self, struct manifest *m, struct findings *f);
void manifest_each_run(const char *path, const struct settings *s, manifest_visit *visit,
                       void *self, bool print, struct findings *f);

#endif
