/* SPDX-License-Identifier: MIT */
/*
 * cmd/outputs.h: where a run writes: the guest's console and debug port, statistics, result files.
 */
#ifndef CMD_OUTPUTS_H
#define CMD_OUTPUTS_H

#include <stdbool.h>
#include <stdio.h>

#include "core/dev/log_file.h"
#include "core/out/folder.h"
#include "core/vm/streams.h"
#include "core/vm/vm.h"

struct error;      /* core/base/error.h */
struct findings;   /* core/base/findings.h */
struct images;     /* firmware/images.h */
struct manifest;   /* config/manifest.h */
struct run_result; /* core/out/run_result.h */
struct snp_digest; /* core/snp/digest.h */

struct outputs {
	int serial, debug; /* what has to be closed; -1: nothing */
	FILE *stats;
	const char *stats_path;
	struct vm_devices devices;
	char serial_prefix[320], debug_prefix[320];

	struct folder folder; /* of --results; its fd is -1 without */
	bool result_alone;    /* nothing but the result may be written there */
	bool launch_tried;    /* launch.json and manifest.yaml */
	int serial_log, debug_log;
	/* What of these is a regular file, and so kept within log_limit. */
	struct output_file {
		bool bounded;
		int folder; /* where it lies; -1: in that of --results */
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

/*
 * All that may be in a results folder, ended by NULL; the first OUTPUTS_DECIDE are the result
 * itself.
 */
extern const char *const outputs_names[], *const outputs_result_names[];
enum { OUTPUTS_DECIDE = 2 };

/* How the results folder is begun. */
enum outputs_folder_kind {
	OUTPUTS_ALL,    /* an earlier run's files are removed, and the logs begun */
	OUTPUTS_RESULT, /* what the run reads may lie here: the result alone is replaced */
};

/*
 * The results folder and the two logs in it; before anything else can fail, so that it can be told
 * there. With `below` the last part of its path is the folder of one run in that of --results.
 */
int outputs_folder(struct outputs *o, const char *path, bool below, enum outputs_folder_kind kind,
                   struct error *err);

struct outputs_choice {
	bool console;                /* COM1 may have standard output */
	bool prefix;                 /* "serial: " and "debug: " before lines */
	const char *label;           /* "LABEL | " before them; NULL: none */
	const char *stats_path;      /* NULL: no file */
	const struct images *images; /* that were read: they are never written to; NULL: none */
};

/*
 * What is wrong with the files that a manifest lets be written, as far as it shows without opening
 * any: that they lie outside of m->confine or in no folder, or are links or folders. outputs_open()
 * holds all that once more.
 */
void outputs_look(const struct manifest *m, struct findings *f);

/* Opens what the manifest names, before the launch, so that it fails early. */
int outputs_open(struct outputs *o, const struct manifest *m, const struct outputs_choice *c,
                 struct error *err);

/*
 * Whether all that the guest wrote has arrived, once it is gone. Of a debug port on standard error
 * nothing is said: where it would be, it can't.
 */
int outputs_console(struct outputs *o, struct vm *vm, struct error *err);

/*
 * Ends logs and statistics, once the guest is gone: an error if one of them isn't whole; what was
 * written stays. Where no guest `ran`, its empty logs go.
 */
int outputs_logs(struct outputs *o, struct vm *vm, bool ran, struct error *err);

/*
 * launch.json and manifest.yaml, as far as they are known (NULL: not); once both are, they are
 * tried and not again.
 */
struct outputs_launch {
	const struct manifest *manifest;
	const struct images *images;
	const struct snp_digest *digest;
};
int outputs_launch(struct outputs *o, const struct outputs_launch *l, struct error *err);
/*
 * junit.xml and result.json, in this order; where there is little room, junit.xml with less of the
 * console. If junit.xml fails, result.json is left out as well unless it has to be there `anyway`.
 */
int outputs_result(struct outputs *o, const struct run_result *r, bool anyway, struct error *err);
/* Removes both. */
void outputs_discard_result(struct outputs *o);
/*
 * Both, in a folder where nobody writes any more; with OUTPUTS_RESULT the rest of what is there
 * stays.
 */
int outputs_alone(const char *path, bool below, enum outputs_folder_kind kind,
                  const struct run_result *r, struct error *err);
/*
 * junit.xml of all runs together, in the folder that holds theirs, in place of what an earlier
 * command left of a whole there. With n 0 that is removed alone.
 */
int outputs_whole(const char *path, const struct run_result *results, unsigned n,
                  struct error *err);

/* How many bytes of what the guest wrote are in no file of o's that was to have them. */
uint64_t outputs_dropped(const struct outputs *o, const struct vm *vm, bool debug);

void outputs_close(struct outputs *o);

#endif
