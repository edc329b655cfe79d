/* SPDX-License-Identifier: MIT */
/* cmd/run_once.h: one run of one manifest, from its file to its result. */
#ifndef CMD_RUN_ONCE_H
#define CMD_RUN_ONCE_H

#include <stdbool.h>

#include "cmd/cmd.h"
#include "cmd/settings.h"
#include "core/sandbox/filter.h"

struct conflicts;  /* cmd/conflicts.h */
struct findings;   /* core/base/findings.h */
struct given;      /* core/attest/given.h */
struct manifest;   /* config/manifest.h */
struct run_result; /* core/out/run_result.h */

struct run_options {
	struct settings settings;
	const char *manifest;                 /* NULL: the settings stand for one */
	const struct manifest_source *source; /* the same, read */
	bool stats;                           /* --stats */
	const char *stats_file;               /* --stats=FILE; NULL: lines on stderr */
	bool prefix;                          /* --prefix */
	const char *results;                  /* --results; NULL: no folder */
	bool results_below; /* `results` is a run's own folder in the one of --results */
	/* Files that runs would write over each other, or over an input; NULL: not checked. */
	const struct conflicts *conflicts;
	bool inputs_unknown; /* the manifest is unreadable: any file may be an input of it */
	bool guest_status;   /* --guest-status */
	bool skip_unsupported;
	bool prove;          /* --prove: the launch gets an ID block, whatever the manifest says */
	const char *gdb;     /* --gdb: where to wait for a debugger; NULL: nowhere */
	const char *symbols; /* --symbols: a folder with debug files of the firmware; NULL: none */
	const struct given *certs, *roots; /* --certs, --root: for the guest's report */
	uint64_t jobs;                     /* --jobs */
	uint64_t retries; /* --retries: how often to try again when the host fails */
	/* true: stdout carries the console; false (-o): it carries the result. */
	bool console;
	/* Prints the result for -o; NULL: don't. 0, or a negative errno with *err filled. */
	int (*show)(const struct run_result *r, struct error *err);
	/* Of a matrix or of several manifests; NULL for a single run: */
	const char *label;      /* the run's name, for messages */
	const char *label_file; /* the same, fit for the names of files that options give */
	/* The same for files that the manifest gives; NULL unless the manifest has a matrix. */
	const char *variant_file;
	bool parallel; /* other runs go on meanwhile: each line of the guest gets the label */
	enum sandbox_mode sandbox; /* --sandbox */
	bool keyboard;             /* standard input is the end of one (core/vm/keyboard.h) */
};

/*
 * --prove: unless a manifest without mistakes brings an ID block, its launch gets one that is
 * signed by a key for this run. False: the platform doesn't measure, and an error was added.
 */
bool prove_launch(struct manifest *m, struct findings *f);

/*
 * In a process of its own, which can't be used for another run or try once it is confined: carries
 * out run number `run` of the manifest, reports on stderr, writes the result files and fills *ret,
 * which is zero, step by step. attempt: from 1. Returns the exit status.
 */
int run_once(const struct run_options *o, unsigned run, unsigned attempt, struct run_result *ret);

/*
 * Whether --retries asks for another try: the guest never started, and the host may recover soon.
 * Waiting doesn't help on a host that lacks something or forbids it.
 */
bool run_once_repeats(const struct run_options *o, const struct run_result *r);

/* With --sandbox=log: lists on stderr what was refused. */
void run_once_say_refused(const struct run_result *r);

/*
 * Reports and writes *r for a run that left no result: it never started, or its process died. The
 * folder of one that had `started` keeps its other files.
 */
void run_once_record_unstarted(const struct run_options *o, const struct run_result *r,
                               bool started);

#endif
