/* SPDX-License-Identifier: MIT */
/* core/out/certificates.c: the fields of certificates and revocation lists. */
#include "core/out/certificates.h"

#include "core/attest/given.h"
#include "core/attest/roots.h"
#include "core/attest/tcb.h"
#include "core/out/tree.h"

static void tree_time(struct tree *t, const char *key, int64_t seconds)
{
	char text[CERT_TIME_CAP];

	tree_text(t, key, cert_time_text(seconds, text));
}

void result_cert(struct tree *t, const struct cert *c)
{
	tree_text(t, "name", cert_kind_name(c->kind));
	tree_text(t, "line", snp_line_name(c->line));
	tree_text(t, "subject", c->subject);
	tree_text(t, "issuer", c->issuer);
	tree_text(t, "serial", c->serial);
	tree_time(t, "not_before", c->not_before);
	tree_time(t, "not_after", c->not_after);
	tree_text(t, "key", c->key);
	tree_text(t, "signature", c->signature);
	tree_bytes(t, "sha256", c->sha256, sizeof(c->sha256));
	tree_bytes(t, "spki_sha256", c->spki, sizeof(c->spki));
	if (c->kind == CERT_ARK)
		tree_boolean(t, "pinned", root_is_amd(c));
	if (c->kind == CERT_VCEK || c->kind == CERT_VLEK) {
		struct snp_tcb tcb = tcb_of_vek(&c->vek, c->line);

		tree_text(t, "product", c->vek.product);
		if (!tcb.unknown) {
			tree_map(t, "tcb");
			for (enum tcb_part p = tcb.has_fmc ? TCB_FMC : TCB_BOOT_LOADER;
			     p < TCB_PARTS; p++)
				tree_number(t, tcb_part_name(p), tcb_part(&tcb, p));
			tree_end(t);
		}
		if (c->vek.hwid_size)
			tree_bytes(t, "hwid", c->vek.hwid, c->vek.hwid_size);
		tree_text_some(t, "csp", c->vek.csp);
	}
	tree_text_some(t, "defect", c->defect);
}

void result_crl(struct tree *t, const struct crl *c)
{
	tree_text(t, "name", "CRL");
	tree_text(t, "issuer", c->issuer);
	tree_time(t, "this_update", c->this_update);
	if (c->next_update)
		tree_time(t, "next_update", c->next_update);
	tree_text(t, "signature", c->signature);
	tree_number(t, "revoked", c->revoked);
	tree_text_some(t, "defect", c->defect);
}

void result_given(struct tree *t, const struct given *g)
{
	tree_list(t, "certificates");
	for (size_t i = 0; i < g->n_certs; i++) {
		const struct cert *c = &g->certs[i];

		tree_map(t, NULL);
		tree_text(t, "name", cert_kind_name(c->kind));
		tree_text(t, "subject", c->subject);
		tree_text(t, "issuer", c->issuer);
		tree_time(t, "not_after", c->not_after);
		tree_text(t, "key", c->key);
		tree_text(t, "defect", c->defect[0] ? c->defect : "none");
		tree_end(t);
	}
	tree_end(t);
	if (!g->n_crls)
		return;
	tree_list(t, "revocation_lists");
	for (size_t i = 0; i < g->n_crls; i++) {
		tree_map(t, NULL);
		result_crl(t, &g->crls[i]);
		tree_end(t);
	}
	tree_end(t);
}
