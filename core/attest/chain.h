/* SPDX-License-Identifier: MIT */
/* core/attest/chain.h: which of the certificates given lead from a report to a root. */
#ifndef CORE_ATTEST_CHAIN_H
#define CORE_ATTEST_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attest/given.h"

struct snp_report; /* core/snp/report.h */

/* Borrowed from what was given; NULL: there is none. */
struct chain {
	const struct cert *vek, *ask, *ark; /* ask: the ASVK of a VLEK */
};

/*
 * `kind`, which the report names, is CERT_VCEK or CERT_VLEK. Of several that may be it, the one
 * that proves most is taken: what lies beside the right one does no harm. Nothing is promised of
 * what is found.
 */
struct chain chain_find(const struct given *g, enum cert_kind kind, const struct snp_report *r,
                        const struct given *roots, int64_t at);

/* Whether the ARK's key is among the roots that the user adds. */
bool chain_root_given(const struct given *roots, const struct cert *ark);

#endif
