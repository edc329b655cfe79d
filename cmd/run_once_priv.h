/* SPDX-License-Identifier: MIT */
/* cmd/run_once_priv.h: a run's state, shared by run_once.c and run_once_*.c. */
#ifndef CMD_RUN_ONCE_PRIV_H
#define CMD_RUN_ONCE_PRIV_H

#include "cmd/disks.h"
#include "cmd/outputs.h"
#include "cmd/run_once.h"
#include "core/attest/verify.h"
#include "core/snp/digest.h"
#include "core/snp/report_lines.h"
#include "core/vm/outcome.h"
#include "core/vm/sandbox.h"
#include "firmware/images.h"

struct gdb_server; /* core/vm/gdb_server.h */
struct watch;      /* core/vm/watch.h */

/* Members are in the order in which a run fills them. */
struct run_once {
	const struct run_options *o;
	uint64_t start_us;
	struct outputs outputs;
	char *stats_file; /* --stats, for this run; NULL: none */
	bool loaded;      /* the manifest was read without mistakes */
	struct manifest m;
	struct images images;
	bool hashed;                 /* the images have their hashes */
	const struct plan *measured; /* the plan that the digest is made of */
	const struct plan *plan;     /* the plan to launch; the same if the platform measures it */
	struct snp_digest digest;
	bool digested;
	struct disks disks;
	struct watch *watch;
	struct report_lines *report; /* NULL: expect.report is false */
	struct gdb_server *gdb;      /* NULL: no --gdb */
	struct vm *vm;
	struct sandbox sandbox;
	bool ended; /* the guest ran, or a signal came: `outcome` says how it ended */
	struct outcome outcome;
	uint8_t report_bytes[REPORT_LINES_MAX]; /* what the guest printed; report_size 0: nothing */
	size_t report_size;
	struct attest attest; /* what it was found to be, if that is a report (r->report.came) */
	int64_t attest_at;    /* seconds since 1970 */
	struct findings findings; /* mistakes in the manifest and its files */
	struct error err;         /* what failed, unless `ended` */
	struct error unwritten;   /* why launch.json isn't there: the disk was full */
	struct run_result *r;
};

/* Records which host this is, before anything of it is used. */
void run_once_record_host(struct run_result *r);

/* Records the launch before the guest runs: it stays if the guest takes this process down. */
void run_once_record_launch(struct run_once *a);

/* Confines this process and threads to come: 0, or a negative errno with a->err filled. */
int run_once_confine(struct run_once *a);

/* Writes --stats, after the guest ended. Returns the new status. */
int run_once_stats(struct run_once *a, int status);

/*
 * After the guest's end with `status`: its report, held against this launch, in a->r and in the
 * outcome. Returns the new status.
 */
int run_once_report(struct run_once *a, int status);

/* Once the guest has ended, reports where in its firmware it was, if that may explain the end. */
void run_once_where(struct run_once *a);

/* Writes report.bin and verify.json. 0, or a negative errno with *err filled. */
int run_once_report_keep(struct run_once *a, struct error *err);

/* Fills the result, writes the remaining files, reports on stderr. Returns the exit status. */
int run_once_conclude(struct run_once *a, int status);

#endif
