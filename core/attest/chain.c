/* SPDX-License-Identifier: MIT */
/* core/attest/chain.c: picks certificates by their names and keys, never by order or file name. */
#include "core/attest/chain.h"

#include <string.h>

#include "core/attest/roots.h"
#include "core/snp/report.h"

bool chain_root_given(const struct given *roots, const struct cert *ark)
{
	for (size_t i = 0; i < roots->n_certs; i++)
		if (memcmp(roots->certs[i].spki, ark->spki, sizeof(ark->spki)) == 0)
			return true;
	return false;
}

static bool is_valid_at(const struct cert *c, int64_t at)
{
	return c->not_before <= at && at <= c->not_after;
}

/*
 * At least 1. A certificate whose signature verifies outranks one that merely has the right name.
 */
static unsigned vek_rank(const struct cert *c, const struct snp_report *r, int64_t at)
{
	const uint8_t *id = r->chip_id;
	bool chip = c->vek.hwid_size && memcmp(c->vek.hwid, id, c->vek.hwid_size) == 0;

	return 1 + 8 * cert_signed_report(c, r) + 4 * chip + 2 * !c->defect[0] + is_valid_at(c, at);
}

static unsigned issuer_rank(const struct cert *c, const struct cert *child,
                            const struct given *roots, int64_t at)
{
	bool trusted = c->kind == CERT_ARK && (root_is_amd(c) || chain_root_given(roots, c));

	return 1 + 8 * cert_issued_by(child, c) + 4 * trusted + 2 * !c->defect[0] +
	       is_valid_at(c, at);
}

static const struct cert *vek_find(const struct given *g, enum cert_kind kind,
                                   const struct snp_report *r, int64_t at)
{
	const struct cert *best = NULL;
	unsigned rank = 0;

	for (size_t i = 0; i < g->n_certs; i++) {
		unsigned n = g->certs[i].kind == kind ? vek_rank(&g->certs[i], r, at) : 0;

		if (n > rank) {
			best = &g->certs[i];
			rank = n;
		}
	}
	return best;
}

static void issuer_try(const struct given *g, enum cert_kind kind, const struct cert *child,
                       const struct given *roots, int64_t at, const struct cert **best,
                       unsigned *rank)
{
	for (size_t i = 0; i < g->n_certs; i++) {
		const struct cert *c = &g->certs[i];
		unsigned n = c->kind == kind && c->line == child->line
		                     ? issuer_rank(c, child, roots, at)
		                     : 0;

		if (n > *rank) {
			*best = c;
			*rank = n;
		}
	}
}

struct chain chain_find(const struct given *g, enum cert_kind kind, const struct snp_report *r,
                        const struct given *roots, int64_t at)
{
	enum cert_kind by = kind == CERT_VCEK ? CERT_ASK : CERT_ASVK;
	struct chain c = { .vek = vek_find(g, kind, r, at) };
	unsigned rank = 0;

	if (c.vek)
		issuer_try(g, by, c.vek, roots, at, &c.ask, &rank);
	rank = 0;
	if (c.ask) {
		issuer_try(g, CERT_ARK, c.ask, roots, at, &c.ark, &rank);
		issuer_try(roots, CERT_ARK, c.ask, roots, at, &c.ark, &rank);
	}
	return c;
}
