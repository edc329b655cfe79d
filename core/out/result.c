/* SPDX-License-Identifier: MIT */
/* core/out/result.c: the fields of each result, in one place for all formats. */
#include "core/out/result.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/out/emit.h"
#include "core/snp/digest.h"

static void emit_hex(const struct emitter *e, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	e->text(e->self, key, text);
}

static void result_regions(const struct emitter *e, const struct snp_digest *d)
{
	e->list(e->self, "regions");
	for (size_t i = 0; i < d->n_ledger; i++) {
		const struct snp_ledger_line *l = &d->ledger[i];

		e->map(e->self, NULL);
		emit_hex(e, "gpa", l->gpa);
		e->number(e->self, "size", l->size);
		e->text(e->self, "type", l->type);
		e->text(e->self, "label", l->label);
		e->bytes(e->self, "digest_after", l->digest_after, sizeof(l->digest_after));
		e->end(e->self);
	}
	e->end(e->self);
}

void result_measure(const struct emitter *e, const char *key, const struct measure_result *r)
{
	e->map(e->self, key);
	e->text(e->self, "schema", "snpvmm.measure/1");
	e->text(e->self, "manifest", r->manifest);
	e->bytes(e->self, "measurement", r->digest->value, sizeof(r->digest->value));
	e->text(e->self, "profile", r->profile);
	e->number(e->self, "vcpus", r->vcpus);
	e->text(e->self, "vcpu_type", r->vcpu_type);
	emit_hex(e, "vcpu_sig", r->vcpu_sig);
	emit_hex(e, "guest_features", r->guest_features);
	e->number(e->self, "pages", r->digest->pages);
	if (r->digest->ledger_wanted)
		result_regions(e, r->digest);
	e->end(e->self);
}
