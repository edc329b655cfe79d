/* SPDX-License-Identifier: MIT */
/* cmd/results.h: the folder of --results, and the files in it that are written whole. */
#ifndef CMD_RESULTS_H
#define CMD_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;         /* core/base/error.h */
struct images;        /* firmware/images.h */
struct manifest;      /* config/manifest.h */
struct outputs;       /* cmd/outputs.h */
struct plan;          /* core/plan/plan.h */
struct run_result;    /* core/out/run_result.h */
struct snp_digest;    /* core/snp/digest.h */
struct verify_result; /* core/out/verify_result.h */

/* All files of a results folder, ended by NULL; the first RESULTS_END_FILES are the result. */
extern const char *const results_names[], *const results_end_names[];
enum { RESULTS_END_FILES = 2 };

enum results_kind {
	RESULTS_ALL, /* removes an earlier run's files and creates the logs */
	RESULTS_END, /* replaces only the result: the run's inputs may lie here */
};

/*
 * Opens the results folder; before anything else, so that failures can be recorded there. With
 * `below` the last part of its path is a run's own folder in the one of --results.
 */
int results_open(struct outputs *o, const char *path, bool below, enum results_kind kind,
                 struct error *err);

/* What describes a launch; each is NULL while it is not known. */
struct results_launch {
	const struct manifest *manifest;
	const struct images *images;
	const struct snp_digest *digest;
	const struct plan *plan; /* that the digest is of */
};
/*
 * Writes manifest.yaml and launch.json, each if its contents are known. After a call that knew the
 * manifest, further calls do nothing: a launch without a digest by then has none.
 */
int results_launch(struct outputs *o, const struct results_launch *l, struct error *err);
/*
 * Opens the files that results_report() writes, if there is to be a report: once the guest runs, no
 * file can be opened. A full disk is no failure yet.
 */
int results_ready(struct outputs *o, bool report, struct error *err);

/* Writes what the guest printed as its report, and verify.json, unless it is none (NULL). */
struct results_report {
	const uint8_t *bytes;
	size_t size;
	const struct verify_result *verified;
};
int results_report(struct outputs *o, const struct results_report *r, struct error *err);
/*
 * Writes junit.xml, with less of the console if there is little space, then result.json. If
 * junit.xml fails, result.json is only written with `anyway`.
 */
int results_end(struct outputs *o, const struct run_result *r, bool anyway, struct error *err);
/* Removes both, so that they can't be taken for a valid result. */
void results_discard(struct outputs *o);
/* Writes only result.json and junit.xml into a folder no run has open. */
int results_record(const char *path, bool below, enum results_kind kind, const struct run_result *r,
                   struct error *err);
/*
 * Writes a junit.xml of all runs into the folder above theirs, and removes the result that an
 * earlier command left there. With n = 0 it only removes.
 */
int results_suite(const char *path, const struct run_result *results, unsigned n,
                  struct error *err);

#endif
