/* SPDX-License-Identifier: MIT */
/* core/out/plan_result.h: a recorded launch as lines of text and as a tree. */
#ifndef CORE_OUT_PLAN_RESULT_H
#define CORE_OUT_PLAN_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct record;     /* core/vm/record.h */
struct snp_digest; /* core/snp/digest.h */
struct tree;       /* core/out/tree.h */

/* Everything is borrowed. */
struct plan_result {
	const char *manifest;
	const char *variant; /* of its matrix; NULL without one */
	const char *platform;
	unsigned vcpus;
	const uint8_t *measurement; /* NULL: it cannot be launched with SNP */
	const struct record *record;
	/* Of the plan that was recorded: its ledger, and each page of it if those are to be shown. */
	const struct snp_digest *digest;
	bool measured; /* the platform measures: the digests in `digest` are those of a launch */
};

void plan_print(FILE *to, const struct plan_result *r);
/* Adds a map, "snpvmm.plan/1". */
void result_plan(struct tree *t, const char *key, const struct plan_result *r);

#endif
