/* SPDX-License-Identifier: MIT */
/*
 * core/attest/verify.h: checks whether a report is authentic: signed by the firmware of a processor
 * whose key AMD has certified.
 */
#ifndef CORE_ATTEST_VERIFY_H
#define CORE_ATTEST_VERIFY_H

#include "core/attest/chain.h"
#include "core/attest/checks.h"
#include "core/attest/kds.h"

struct attest_question {
	const struct snp_report *report;
	const struct given *certs;
	const struct given *roots; /* ARKs to trust in addition to AMD's, such as a test chain's */
	int64_t at;                /* when certificates have to be valid; seconds since 1970 */
	bool unauthenticated;      /* accept a report without certificates, which proves nothing */
};

#define ATTEST_URLS 4

struct attest {
	struct attest_checks checks;
	size_t n_authenticity; /* how many of the checks, from the first on, are of authenticity */
	bool known;            /* the report's version is known, and so the meaning of its fields */
	enum snp_line line;    /* the certificate's, or without one the report's claim */
	struct chain chain;
	bool root_is_amd, root_is_given;
	char urls[ATTEST_URLS][KDS_URL_CAP]; /* of certificates that are missing */
	size_t n_urls;
};

/* Adds all checks to the list; one that can't be made is a CHECK_SKIP. */
void attest_verify(const struct attest_question *q, struct attest *ret);

#endif
