/* SPDX-License-Identifier: MIT */
/* tests/attest/setup.h: a report and its chain, to be spoilt and verified. */
#ifndef TESTS_ATTEST_SETUP_H
#define TESTS_ATTEST_SETUP_H

#include <criterion/criterion.h>
#include <string.h>

#include "core/attest/verify.h"
#include "core/base/error.h"
#include "tests/make/chain.h"

struct setup {
	enum cert_kind kind;
	enum snp_line line;
	struct chain_spec vek, ask, ark;
	struct snp_report report;
	bool without_vek, without_ask, without_ark;
	bool trusted;             /* the test's ARK is a root */
	struct chain_der more[8]; /* more certificates and revocation lists */
	size_t n_more;
	int64_t at;
	bool unauthenticated;
};

static inline struct setup setup_of(uint32_t version, enum cert_kind kind, enum snp_line line)
{
	struct setup s = { .kind = kind,
		           .line = line,
		           .vek = chain_spec(kind, line),
		           .ask = chain_spec(kind == CERT_VCEK ? CERT_ASK : CERT_ASVK, line),
		           .ark = chain_spec(CERT_ARK, line),
		           .trusted = true,
		           .at = CHAIN_AT };

	chain_report(version, kind, line, &s.report);
	return s;
}

static inline void setup_give(struct given *g, const struct chain_der *d)
{
	struct error err = { 0 };

	cr_assert_eq(given_add(g, d->bytes, d->size, &err), 0, "%s", err.text);
}

/* The caller ends both with given_fini(). */
static inline void setup_verify(const struct setup *s, struct given *certs, struct given *roots,
                                struct attest *ret)
{
	struct attest_question q = { .report = &s->report,
		                     .certs = certs,
		                     .roots = roots,
		                     .at = s->at,
		                     .unauthenticated = s->unauthenticated };
	struct chain_der d;

	for (size_t i = 0; i < s->n_more; i++)
		setup_give(certs, &s->more[i]);
	if (!s->without_vek) {
		chain_cert(&s->vek, &d);
		setup_give(certs, &d);
	}
	if (!s->without_ask) {
		chain_cert(&s->ask, &d);
		setup_give(certs, &d);
	}
	chain_cert(&s->ark, &d);
	if (!s->without_ark)
		setup_give(certs, &d);
	if (s->trusted)
		setup_give(roots, &d);
	attest_verify(&q, ret);
}

static inline const struct attest_check *check_named(const struct attest *a, const char *name)
{
	for (size_t i = 0; i < a->checks.count; i++)
		if (strcmp(a->checks.list[i].name, name) == 0)
			return &a->checks.list[i];
	cr_assert_fail("there is no check '%s'", name);
	return NULL;
}

#endif
