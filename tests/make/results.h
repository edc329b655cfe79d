/* SPDX-License-Identifier: MIT */
/* tests/make/results.h: made-up results of runs: complete, minimal and hostile ones. */
#ifndef TESTS_MAKE_RESULTS_H
#define TESTS_MAKE_RESULTS_H

#include "core/out/run_result.h"

/* A complete result with this status. Its sentence has characters that formats must escape. */
void results_full(struct run_result *r, enum run_status status);
/* A complete result of each status, and pointers to them. */
void results_all(struct run_result list[static RESULTS],
                 const struct run_result *runs[static RESULTS]);
/* A minimal result: an error before the manifest was read. */
void results_bare(struct run_result *r);
/*
 * A result whose texts have no NUL and consist of bytes with a meaning in some format; the seed
 * decides where they begin.
 */
void results_hostile(struct run_result *r, enum run_status status, unsigned seed);

#endif
