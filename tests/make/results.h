/* SPDX-License-Identifier: MIT */
/* tests/make/results.h: results of runs that never ran: whole ones, bare ones and spiteful ones. */
#ifndef TESTS_MAKE_RESULTS_H
#define TESTS_MAKE_RESULTS_H

#include "core/out/run_result.h"

/* Everything known, with this verdict; a plain sentence with what formats must escape. */
void results_full(struct run_result *r, enum run_verdict verdict);
/* A whole one of each verdict, and where each is. */
void results_all(struct run_result list[static RESULTS],
                 const struct run_result *runs[static RESULTS]);
/* As little known as can be: an error before the manifest was read. */
void results_bare(struct run_result *r);
/*
 * Every text full to its last byte, without a NUL, of bytes that end or begin something in some
 * format; from another one on for each `seed`.
 */
void results_hostile(struct run_result *r, enum run_verdict verdict, unsigned seed);

#endif
