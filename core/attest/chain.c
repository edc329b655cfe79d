/* SPDX-License-Identifier: MIT */
/* core/attest/chain.c: picks certificates by their names and keys, never by order or file name. */
#include "core/attest/chain.h"

#include <string.h>

#include "core/attest/roots.h"

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

/* A certificate whose signature verifies outranks one that merely has the right name. */
static const struct cert *vek_find(const struct given *g, enum cert_kind kind,
                                   const struct snp_report *r, int64_t at)
{
	const struct cert *best = NULL;
	unsigned rank = 0;

	for (size_t i = 0; i < g->n_certs; i++) {
		const struct cert *c = &g->certs[i];
		bool chip =
			c->vek.hwid_size && memcmp(c->vek.hwid, r->chip_id, c->vek.hwid_size) == 0;
		unsigned n;

		if (c->kind != kind)
			continue;
		n = 1 + 8 * cert_signed_report(c, r) + 4 * chip + 2 * !c->defect[0] +
		    is_valid_at(c, at);
		if (n > rank) {
			best = c;
			rank = n;
		}
	}
	return best;
}

/* The line whose issuers are given; unknown if they are of several. */
static enum snp_line line_given(const struct given *g, enum cert_kind by)
{
	enum snp_line line = SNP_LINE_UNKNOWN;

	for (size_t i = 0; i < g->n_certs; i++) {
		const struct cert *c = &g->certs[i];

		if ((c->kind != by && c->kind != CERT_ARK) || c->line == line)
			continue;
		if (line != SNP_LINE_UNKNOWN)
			return SNP_LINE_UNKNOWN;
		line = c->line;
	}
	return line;
}

/* `child` may be missing; then the issuer is one of that line. */
static void issuer_try(const struct given *g, enum cert_kind kind, const struct cert *child,
                       enum snp_line line, const struct given *roots, int64_t at,
                       const struct cert **best, unsigned *rank)
{
	for (size_t i = 0; i < g->n_certs; i++) {
		const struct cert *c = &g->certs[i];
		bool trusted;
		unsigned n;

		if (c->kind != kind || c->line != line)
			continue;
		trusted = kind == CERT_ARK && (root_is_amd(c) || chain_root_given(roots, c));
		n = 1 + 8 * (child && cert_issued_by(child, c)) + 4 * trusted + 2 * !c->defect[0] +
		    is_valid_at(c, at);
		if (n > *rank) {
			*best = c;
			*rank = n;
		}
	}
}

struct chain chain_find(const struct given *g, enum cert_kind kind, const struct snp_report *r,
                        enum snp_line line, const struct given *roots, int64_t at)
{
	enum cert_kind by = kind == CERT_VCEK ? CERT_ASK : CERT_ASVK;
	struct chain c = { .vek = vek_find(g, kind, r, at) };
	unsigned rank = 0;

	if (c.vek)
		line = c.vek->line;
	else if (line == SNP_LINE_UNKNOWN)
		line = line_given(g, by);
	c.line = line;
	if (line == SNP_LINE_UNKNOWN)
		return c;
	issuer_try(g, by, c.vek, line, roots, at, &c.ask, &rank);
	rank = 0;
	issuer_try(g, CERT_ARK, c.ask, line, roots, at, &c.ark, &rank);
	if (c.ask) /* alone, a root proves nothing, and it may be of any line */
		issuer_try(roots, CERT_ARK, c.ask, line, roots, at, &c.ark, &rank);
	return c;
}
