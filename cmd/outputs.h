/* SPDX-License-Identifier: MIT */
/* cmd/outputs.h: where a run writes: the guest's console and debug port, statistics, result files. */
#ifndef CMD_OUTPUTS_H
#define CMD_OUTPUTS_H

#include <stdbool.h>
#include <stdio.h>

#include "core/out/folder.h"
#include "core/vm/vm.h"

struct error;      /* core/base/error.h */
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
	int serial_log, debug_log;
};
#define OUTPUTS_NONE                                                                               \
	((struct outputs){ .serial = -1,                                                           \
	                   .debug = -1,                                                            \
	                   .folder = { .fd = -1 },                                                 \
	                   .serial_log = -1,                                                       \
	                   .debug_log = -1 })

/* The results folder and the two logs in it; before anything else can fail, so that it can be told there. */
int outputs_folder(struct outputs *o, const char *path, struct error *err);

struct outputs_choice {
	bool console;           /* COM1 may have standard output */
	bool prefix;            /* "serial: " and "debug: " before lines */
	const char *label;      /* "LABEL | " before them; NULL: none */
	const char *stats_path; /* NULL: no file */
};

/* Opens what the manifest names, before the launch, so that it fails early. */
int outputs_open(struct outputs *o, const struct manifest *m, const struct outputs_choice *c,
                 struct error *err);

/*
 * Whether all that the guest wrote has arrived, once it is gone. Of a debug port on standard error nothing is said: where
 * it would be, it can't.
 */
int outputs_console(struct outputs *o, struct vm *vm, struct error *err);

/* Ends logs and statistics, once the guest is gone: an error if one of them isn't whole; a log is then not kept. */
int outputs_logs(struct outputs *o, struct vm *vm, struct error *err);

/* launch.json and manifest.yaml, as far as they are known (NULL: not). */
struct outputs_launch {
	const struct manifest *manifest;
	const struct images *images;
	const struct snp_digest *digest;
};
int outputs_launch(struct outputs *o, const struct outputs_launch *l, struct error *err);
/* result.json and junit.xml, in this order until one cannot be written. */
int outputs_result(struct outputs *o, const struct run_result *r, struct error *err);
/* Removes both. */
void outputs_unsay(struct outputs *o);
/* Both and nothing else, in a folder where nobody writes any more. */
int outputs_alone(const char *path, const struct run_result *r, struct error *err);

void outputs_close(struct outputs *o);

#endif
