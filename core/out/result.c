/* SPDX-License-Identifier: MIT */
/* core/out/result.c: the fields of each result, in one place for all formats. */
#include "core/out/result.h"

#include <string.h>

#include "core/base/findings.h"
#include "core/base/text.h"
#include "core/out/emit.h"
#include "core/snp/digest.h"
#include "core/vm/doctor.h"
#include "core/vm/platforms.h"
#include "core/vm/stats.h"
#include "core/vm/vm.h"

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
	if (r->variant)
		e->text(e->self, "variant", r->variant);
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

static void result_device(const struct emitter *e, const struct stats_device *d)
{
	e->map(e->self, NULL);
	e->text(e->self, "name", d->name);
	e->number(e->self, "exits", d->exits);
	e->list(e->self, "ports");
	for (size_t i = 0; i < d->n_ports; i++) {
		e->map(e->self, NULL);
		emit_hex(e, "port", d->ports[i].port);
		e->number(e->self, "exits", d->ports[i].exits);
		e->end(e->self);
	}
	e->end(e->self);
	e->number(e->self, "other_ports", d->others);
	e->end(e->self);
}

static void result_fwcfg(const struct emitter *e, const struct fwcfg_stats *s)
{
	e->map(e->self, "fw_cfg");
	e->number(e->self, "transfers", s->dma_count);
	e->number(e->self, "transferred", s->dma_bytes);
	e->number(e->self, "refused", s->dma_refused);
	e->number(e->self, "port_bytes", s->port_bytes);
	e->end(e->self);
}

/* What never came, or isn't there, has no key. */
void result_stats(const struct emitter *e, const char *key, const struct stats_report *r)
{
	e->map(e->self, key);
	e->text(e->self, "schema", "snpvmm.stats/1");
	e->number(e->self, "total", r->total);
	e->map(e->self, "exits");
	for (size_t i = 0; i < EXIT_KINDS; i++)
		e->number(e->self, stats_exit_name((enum exit_kind)i), r->exits[i]);
	e->end(e->self);
	e->list(e->self, "devices");
	for (size_t i = 0; i < r->n_devices; i++)
		result_device(e, &r->devices[i]);
	e->end(e->self);
	e->number(e->self, "pages_made_shared", r->pages_shared);
	e->number(e->self, "pages_made_private", r->pages_private);
	if (r->fwcfg_there)
		result_fwcfg(e, &r->fwcfg);
	if (r->serial_came)
		e->number(e->self, "first_serial_us", r->serial_us);
	if (r->debug_came)
		e->number(e->self, "first_debug_us", r->debug_us);
	if (r->debug_line[0])
		e->text(e->self, "debug_line", r->debug_line);
	e->end(e->self);
}

static void result_doctor_check(const struct emitter *e, const struct doctor_check *c)
{
	e->map(e->self, NULL);
	e->text(e->self, "name", c->name);
	e->text(e->self, "state", doctor_state_name(c->state));
	e->text(e->self, "needed_for", doctor_needed_for(c));
	e->text(e->self, "finding", c->finding);
	e->text(e->self, "why", c->why);
	e->text(e->self, "fix", c->fix);
	e->end(e->self);
}

void result_doctor(const struct emitter *e, const char *key, const struct doctor_report *r)
{
	const struct platform *on;

	e->map(e->self, key);
	e->text(e->self, "schema", "snpvmm.doctor/1");
	e->map(e->self, "platforms");
	for (size_t i = 0; (on = platform_at(i)); i++)
		e->boolean(e->self, on->name, doctor_can(r, on));
	e->end(e->self);
	e->map(e->self, "host");
	e->text(e->self, "kernel", r->host.kernel);
	e->text(e->self, "firmware", r->host.firmware);
	e->text(e->self, "cpu", r->host.cpu);
	e->end(e->self);
	e->list(e->self, "checks");
	for (size_t i = 0; i < r->count; i++)
		result_doctor_check(e, &r->checks[i]);
	e->end(e->self);
	e->end(e->self);
}

/* Paths in it need not be UTF-8. */
static void emit_clean(const struct emitter *e, const char *key, const char *text)
{
	char clean[TEXT_ROOM(sizeof(((struct error *)0)->why))];

	text_clean(clean, sizeof(clean), text, strlen(text), false);
	if (clean[0])
		e->text(e->self, key, clean);
}

static void result_finding(const struct emitter *e, const struct finding *f)
{
	const struct error *err = &f->error;

	e->map(e->self, NULL);
	e->text(e->self, "severity", f->severity == SEVERITY_ERROR ? "error" : "warning");
	if (f->severity == SEVERITY_ERROR)
		e->text(e->self, "reason", reason_name(err->kind));
	emit_clean(e, "file", err->file);
	if (err->line) {
		e->number(e->self, "line", err->line);
		e->number(e->self, "column", err->column);
	}
	emit_clean(e, "text", err->text);
	emit_clean(e, "why", err->why);
	emit_clean(e, "fix", err->fix);
	e->end(e->self);
}

void result_check(const struct emitter *e, const char *key, const char *manifest,
                  const struct findings *f)
{
	e->map(e->self, key);
	e->text(e->self, "schema", "snpvmm.check/1");
	emit_clean(e, "manifest", manifest);
	e->boolean(e->self, "ok", f->errors == 0);
	e->list(e->self, "findings");
	for (size_t i = 0; i < f->count; i++)
		result_finding(e, &f->list[i]);
	e->end(e->self);
	if (f->more)
		e->boolean(e->self, "more", true);
	e->end(e->self);
}
