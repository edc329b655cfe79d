/* SPDX-License-Identifier: MIT */
/*
 * core/out/result.h: the results of commands as trees, from which every format is printed.
 */
#ifndef CORE_OUT_RESULT_H
#define CORE_OUT_RESULT_H

#include <stdint.h>

#include "core/attest/reference.h"

struct doctor_report;   /* core/host/doctor.h */
struct tree;            /* core/out/tree.h */
struct saved;           /* core/out/saved.h */
struct findings;        /* core/base/findings.h */
struct snp_digest;      /* core/snp/digest.h */
struct snp_ledger_line; /* core/snp/digest.h */
struct stats_report;    /* core/vm/stats.h */

/* "snpvmm.measure/1". Everything is borrowed. */
struct measure_result {
	const char *manifest, *profile, *vcpu_type;
	const char *variant; /* of its matrix; NULL without one */
	unsigned vcpus;
	uint32_t vcpu_sig;
	uint64_t guest_features;
	struct reference reference;
	const char *accept, *accept_why; /* of a direct boot; else NULL */
	const struct snp_digest *digest; /* with its ledger if the regions are to be shown */
	const struct saved *saved;       /* of the same; then fields and settings are shown, too */
};

/* Adds what a report of the launch holds, except the measurement; what is unknown has no key. */
void result_reference(struct tree *t, const struct reference *r);

/* Adds to a map what the ledger says of a region or VMSA; digests only if they are `measured`. */
void result_ledger_line(struct tree *t, const struct snp_ledger_line *l, bool measured);

/* Each adds one map. `key` is its key in the map around it, NULL in a list or outermost. */
void result_measure(struct tree *t, const char *key, const struct measure_result *r);
/* "snpvmm.stats/1". */
void result_stats(struct tree *t, const char *key, const struct stats_report *r);
/* A file that a manifest names, and what one of its runs takes. */
struct check_file {
	const char *key; /* "boot.kernel" */
	const char *path;
	bool written; /* else it is read */
};
struct check_run {
	unsigned vcpus;
	uint64_t memory, timeout_ms;
};

struct check_report {
	const char *manifest;
	const struct findings *findings;
	struct check_file *files;
	size_t n_files;
	struct check_run *runs; /* those that could be read */
	size_t n_runs;
};

/* "snpvmm.check/1": what is wrong with a manifest, and what a host needs for it. */
void result_check(struct tree *t, const char *key, const struct check_report *r);
/* "snpvmm.doctor/1". */
void result_doctor(struct tree *t, const char *key, const struct doctor_report *r);

#endif
