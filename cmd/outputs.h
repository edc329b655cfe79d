/* SPDX-License-Identifier: MIT */
/* cmd/outputs.h: files that a run writes as it goes: console, debug port, statistics. */
#ifndef CMD_OUTPUTS_H
#define CMD_OUTPUTS_H

#include <stdbool.h>
#include <stdio.h>

#include "core/dev/log_file.h"
#include "core/out/folder.h"
#include "core/sandbox/landlock.h"
#include "core/vm/streams.h"
#include "core/vm/vm.h"

struct error;    /* core/base/error.h */
struct findings; /* core/base/findings.h */
struct images;   /* firmware/images.h */
struct manifest; /* config/manifest.h */

/* Logs in the folder of --results. */
#define SERIAL_LOG "serial.log"
#define DEBUG_LOG  "debug.log"

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

struct outputs_choice {
	bool console;                /* COM1 may write to standard output */
	bool prefix;                 /* "serial: " and "debug: " before lines */
	const char *label;           /* "LABEL | " before them; NULL: none */
	const char *stats_path;      /* NULL: no file */
	const struct images *images; /* that were read, and must not be overwritten; NULL: none */
};

/* The folder of a file and its name there. The caller frees the folder; NULL: out of memory. */
char *folder_of(const char *path, const char **ret_name);

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
 * Before the process is confined: makes the files that the guest's output may need, and says in
 * which folders files are renamed and removed; -1: in none.
 */
enum { OUTPUTS_FOLDERS = 3 };
size_t outputs_ready(struct outputs *o, struct landlock_folder to[static OUTPUTS_FOLDERS]);

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

/* How many bytes of the guest's output are missing from its log. */
uint64_t outputs_dropped(const struct outputs *o, const struct vm *vm, bool debug);

void outputs_close(struct outputs *o);

#endif
