/* SPDX-License-Identifier: MIT */
/* core/attest/chain.h: picks the certificates that lead from a report to a root. */
#ifndef CORE_ATTEST_CHAIN_H
#define CORE_ATTEST_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attest/given.h"
#include "core/snp/report.h"

/* Borrowed from the given certificates; NULL: missing. */
struct chain {
	const struct cert *vek, *ask, *ark; /* ask: the ASVK of a VLEK */
	enum snp_line line;                 /* of them all */
};

/*
 * `kind`, which the report names, is CERT_VCEK or CERT_VLEK. Of several candidates, takes the one
 * that proves most, so that further certificates do no harm. `line`, which the report claims,
 * counts if there is none of that kind. Verifies nothing: the chain may be incomplete or invalid.
 */
struct chain chain_find(const struct given *g, enum cert_kind kind, const struct snp_report *r,
                        enum snp_line line, const struct given *roots, int64_t at);

/* Whether the ARK's key is among the roots that the user trusts. */
bool chain_root_given(const struct given *roots, const struct cert *ark);

#endif
