/* SPDX-License-Identifier: MIT */
/* core/out/verify_result.h: what came of verifying a report, in each format. */
#ifndef CORE_OUT_VERIFY_RESULT_H
#define CORE_OUT_VERIFY_RESULT_H

#include <stdint.h>
#include <stdio.h>

#include "core/attest/verify.h"

struct error; /* core/base/error.h */
struct tree;  /* core/out/tree.h */

/* Everything is borrowed. */
struct verify_result {
	const char *file, *manifest; /* NULL: none */
	const struct snp_report *report;
	const struct attest *attest;
	int64_t at;
};

/* "authentic": nothing that proves where the report is from failed or was left out. */
bool verify_is_authentic(const struct attest *a);

/* "snpvmm.verify/1": one map; key as the tree wants it at this place. */
void result_verify(struct tree *t, const char *key, const struct verify_result *r);
/* The Test Anything Protocol, version 14: a test a check. 0, or a negative errno. */
int verify_tap_write(FILE *to, const struct verify_result *r, struct error *err);
/* For people: a line a check, and both values where they differ. */
void verify_text_write(FILE *to, const struct verify_result *r, bool color);

#endif
