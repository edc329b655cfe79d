/* SPDX-License-Identifier: MIT */
/*
 * core/attest/verify.h: whether a report is authentic: made by the firmware of a processor that AMD
 * vouches for.
 */
#ifndef CORE_ATTEST_VERIFY_H
#define CORE_ATTEST_VERIFY_H

#include "core/attest/chain.h"
#include "core/attest/checks.h"
#include "core/attest/kds.h"

struct attest_question {
	const struct snp_report *report;
	const struct given *certs;
	const struct given *roots; /* whose ARKs are trusted beside AMD's: of test chains */
	int64_t at;                /* certificates have to be valid then; seconds since 1970 */
	bool unauthenticated; /* without any certificate nothing is proven, and that's wanted */
};

#define ATTEST_URLS 4

struct attest {
	struct attest_checks checks;
	size_t n_authenticity; /* so many checks at the list's begin are those of authenticity */
	bool known;            /* the report's version is: its fields mean what we think */
	enum snp_line line;    /* the certificate's, or what the report says where there is none */
	struct chain chain;
	bool root_is_amd, root_is_given;
	char urls[ATTEST_URLS][KDS_URL_CAP]; /* of certificates that are missing */
	size_t n_urls;
};

/* Every check gets a place in the list: one that could not be made is a CHECK_SKIP. */
void attest_verify(const struct attest_question *q, struct attest *ret);

#endif
