/* SPDX-License-Identifier: MIT */
/* cmd/settings.h: manifests as a command line gives them: files, --set, -k and the like. */
#ifndef CMD_SETTINGS_H
#define CMD_SETTINGS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/manifest.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/findings.h"

struct measure_result; /* core/out/result.h */
struct snp_digest;     /* core/snp/digest.h */

/* -k, --set, --confine and others, for commands that take manifests; input: a struct settings. */
extern const struct argp settings_argp;
/* --set, --platform and --confine alone. */
extern const struct argp set_argp;

#define SETTINGS_MAX 64
struct settings {
	struct manifest_setting set[SETTINGS_MAX];
	size_t count;
	bool shorthand;           /* -k or the like was given: no manifest is needed */
	bool print;               /* --print-manifest */
	const char *confine_path; /* --confine; NULL: none */
	struct confine confine;   /* opened by settings_begin() if there is such a path */
};

/* Opens the folder of --confine. 0, or a negative errno with *err filled. */
int settings_begin(struct settings *s, struct error *err);
/* --print-manifest. Returns the exit status. */
int settings_print(const struct settings *s, const char *manifest, struct error *err);

/* The arguments of a command that takes files. */
struct files {
	char **paths; /* in argv, borrowed */
	size_t count; /* at least 1 */
};
/*
 * The default case of a command's parser. With `s` the files are manifests: `-` becomes
 * manifest_stdin, and without arguments the only path is NULL if the settings stand for a manifest.
 */
error_t files_option(int key, struct argp_state *state, const struct settings *s,
                     struct files *ret);
/* Stands for standard input, which is read once. Compared by address; its text is for messages. */
extern char manifest_stdin[];

/*
 * Reads the manifest, or with NULL the settings alone. Mistakes are reported by loading its runs;
 * NULL with *err filled: out of memory.
 */
struct manifest_source *manifest_open(const char *path, const struct settings *s,
                                      struct error *err);

/*
 * How many runs the matrix has. 0: there is no matrix, or no run of it can be read; then the
 * manifest is treated as a single run, which reports the mistake once.
 */
unsigned manifest_runs(const struct manifest_source *source);

/*
 * Calls `visit` for each run of the matrix, or once without a matrix. `visit` adds findings; *m is
 * incomplete where the manifest is wrong, which does not stop the other runs. With `print` new
 * findings are printed after each run.
 */
typedef void manifest_visit(void *self, struct manifest *m, struct findings *f);
void manifest_each_run(const char *path, const struct settings *s, manifest_visit *visit,
                       void *self, bool print, struct findings *f);

/*
 * For a command that takes one launch: an error if m has a matrix of several. `what` is what is for
 * one launch, with its verb: "diff compares".
 */
int manifest_refuse_matrix(const struct manifest *m, const char *what, struct error *err);

/* What `measure` prints of a manifest, its plan and its digest; borrows all but the plan. */
struct measure_result measure_result_of(const struct manifest *m, const struct plan *p,
                                        const struct snp_digest *d);

#endif
