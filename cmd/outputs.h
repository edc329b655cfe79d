/* SPDX-License-Identifier: MIT */
/* cmd/outputs.h: the files of a run: console, debug port, statistics, results. */
#ifndef CMD_OUTPUTS_H
#define CMD_OUTPUTS_H

#include <stdbool.h>
#include <stdio.h>

#include "core/dev/log_file.h"
#include "core/out/folder.h"
#include "core/vm/streams.h"
#include "core/vm/vm.h"

struct error;         /* core/base/error.h */
struct findings;      /* core/base/findings.h */
struct images;        /* firmware/images.h */
struct manifest;      /* config/manifest.h */
struct run_result;    /* core/out/run_result.h */
struct snp_digest;    /* core/snp/digest.h */
struct verify_result; /* core/out/verify_result.h */

struct outputs {
	int serial, debug; /* files that the manifest names; -1: none */
	FILE *stats;
	const char *stats_path;
	struct vm_devices devices;
	char serial_prefix[320], debug_prefix[320];

	struct folder folder; /* of --results; its fd is -1 without it */
	bool result_only;     /* only the result may be written there */
	bool launch_tried;    /* launch.json and manifest.yaml were written, or failed */
	int serial_log, debug_log;
	/* Only regular files are bounded by log_limit. */
	struct output_file {
		bool bounded;
		int folder; /* that it lies in; -1: the one of --results */
		struct log_file log;
	} files[VM_STREAMS];
};
#define OUTPUTS_NONE                                                                               \
	((struct outputs){ .serial = -1,                                                           \
	                   .debug = -1,                                                            \
	                   .folder = { .fd = -1 },                                                 \
	                   .serial_log = -1,                                                       \
	                   .debug_log = -1,                                                        \
	                   .files = { { .folder = -1 }, { .folder = -1 } } })

/* All files of a results folder, ended by NULL; the first OUTPUTS_RESULT_FILES are the result. */
extern const char *const outputs_names[], *const outputs_result_names[];
enum { OUTPUTS_RESULT_FILES = 2 };

enum outputs_folder_kind {
	OUTPUTS_ALL,    /* removes an earlier run's files and creates the logs */
	OUTPUTS_RESULT, /* replaces only the result: the run's inputs may lie here */
};

/*
 * Opens the results folder; before anything else, so that failures can be recorded there. With
 * `below` the last part of its path is a run's own folder in the one of --results.
 */
int outputs_folder(struct outputs *o, const char *path, bool below, enum outputs_folder_kind kind,
                   struct error *err);

struct outputs_choice {
	bool console;                /* COM1 may write to standard output */
	bool prefix;                 /* "serial: " and "debug: " before lines */
	const char *label;           /* "LABEL | " before them; NULL: none */
	const char *stats_path;      /* NULL: no file */
	const struct images *images; /* that were read, and must not be overwritten; NULL: none */
};

/* What the manifest says of a guest's devices; its streams go nowhere. Borrows from *m. */
struct vm_devices outputs_devices(const struct manifest *m);

/*
 * Checks the outputs that a manifest names without opening them: that they are below m->confine,
 * that their folders exist, and that they are neither links nor folders. outputs_open() checks all
 * of that again.
 */
void outputs_look(const struct manifest *m, struct findings *f);

/* Opens the outputs that the manifest names, before the launch, so that a failure comes early. */
int outputs_open(struct outputs *o, const struct manifest *m, const struct outputs_choice *c,
                 struct error *err);

/*
 * After the guest's end: fails if part of its output can't be delivered. A debug port on stderr
 * isn't checked: stderr is where we'd report it.
 */
int outputs_console(struct outputs *o, struct vm *vm, struct error *err);

/*
 * Completes logs and statistics after the guest's end. Fails if one is incomplete; that file stays.
 * If no guest `ran`, empty logs are removed.
 */
int outputs_logs(struct outputs *o, struct vm *vm, bool ran, struct error *err);

/* What describes a launch; each is NULL while it is not known. */
struct outputs_launch {
	const struct manifest *manifest;
	const struct images *images;
	const struct snp_digest *digest;
	const struct plan *plan; /* that the digest is of */
};
/*
 * Writes manifest.yaml and launch.json, each if its contents are known. After a call that knew
 * both, further calls do nothing.
 */
int outputs_launch(struct outputs *o, const struct outputs_launch *l, struct error *err);
/* Writes what the guest printed as its report, and verify.json, unless it is none (NULL). */
struct outputs_report {
	const uint8_t *bytes;
	size_t size;
	const struct verify_result *verified;
};
int outputs_report(struct outputs *o, const struct outputs_report *r, struct error *err);
/*
 * Writes junit.xml, with less of the console if there is little space, then result.json. If
 * junit.xml fails, result.json is only written with `anyway`.
 */
int outputs_result(struct outputs *o, const struct run_result *r, bool anyway, struct error *err);
/* Removes both, so that they can't be taken for a valid result. */
void outputs_discard_result(struct outputs *o);
/* Writes only result.json and junit.xml into a folder no run has open. */
int outputs_record_result(const char *path, bool below, enum outputs_folder_kind kind,
                          const struct run_result *r, struct error *err);
/*
 * Writes a junit.xml of all runs into the folder above theirs, and removes the result that an
 * earlier command left there. With n = 0 it only removes.
 */
int outputs_suite(const char *path, const struct run_result *results, unsigned n,
                  struct error *err);

/* How many bytes of the guest's output are missing from its log. */
uint64_t outputs_dropped(const struct outputs *o, const struct vm *vm, bool debug);

void outputs_close(struct outputs *o);

#endif
