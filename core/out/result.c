/* SPDX-License-Identifier: MIT */
/* core/out/result.c: builds the trees of commands' results. */
#include "core/out/result.h"

#include "core/base/findings.h"
#include "core/host/doctor.h"
#include "core/out/saved.h"
#include "core/out/tree.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "core/vm/stats.h"
#include "core/vm/vm.h"

void result_reference(struct tree *t, const struct reference *r)
{
	if (r->policy_known)
		tree_hex(t, "policy", r->policy);
	if (r->host_data_known)
		tree_bytes(t, "host_data", r->host_data, sizeof(r->host_data));
	if (r->id_block) {
		tree_bytes(t, "family_id", r->family_id, sizeof(r->family_id));
		tree_bytes(t, "image_id", r->image_id, sizeof(r->image_id));
		tree_number(t, "svn", r->svn);
	}
	if (r->id_key_known)
		tree_bytes(t, "id_key_digest", r->id_key_digest, sizeof(r->id_key_digest));
	if (r->author_key_known)
		tree_bytes(t, "author_key_digest", r->author_key_digest,
		           sizeof(r->author_key_digest));
}

void result_ledger_line(struct tree *t, const struct snp_ledger_line *l, bool measured)
{
	tree_hex(t, "gpa", l->gpa);
	tree_number(t, "size", l->size);
	tree_text(t, "type", l->type);
	tree_text(t, "label", l->label);
	if (l->has_content)
		tree_bytes(t, "sha384", l->sha384, sizeof(l->sha384));
	if (measured)
		tree_bytes(t, "digest_after", l->digest_after, sizeof(l->digest_after));
}

static void result_regions(struct tree *t, const struct snp_digest *d, const struct saved *saved)
{
	tree_list(t, "regions");
	for (size_t i = 0; i < d->n_ledger; i++) {
		tree_map(t, NULL);
		result_ledger_line(t, &d->ledger[i], true);
		if (saved)
			saved_region_tree(t, &saved->regions[i]);
		tree_end(t);
	}
	tree_end(t);
}

void result_measure(struct tree *t, const char *key, const struct measure_result *r)
{
	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.measure/1");
	tree_text(t, "manifest", r->manifest);
	tree_text_some(t, "variant", r->variant);
	tree_bytes(t, "measurement", r->digest->value, sizeof(r->digest->value));
	tree_text(t, "profile", r->profile);
	tree_number(t, "vcpus", r->vcpus);
	tree_text(t, "vcpu_type", r->vcpu_type);
	tree_hex(t, "vcpu_sig", r->vcpu_sig);
	tree_hex(t, "guest_features", r->guest_features);
	result_reference(t, &r->reference);
	tree_number(t, "pages", r->digest->pages);
	tree_text_some(t, "accept", r->accept);
	tree_text_some(t, "accept_why", r->accept_why);
	if (r->saved)
		saved_values_tree(t, "settings", &r->saved->settings);
	if (r->digest->ledger_wanted)
		result_regions(t, r->digest, r->saved);
	tree_end(t);
}

static void result_device(struct tree *t, const struct stats_device *d)
{
	tree_map(t, NULL);
	tree_text(t, "name", d->name);
	tree_number(t, "exits", d->exits);
	tree_list(t, "ports");
	for (size_t i = 0; i < d->n_ports; i++) {
		tree_map(t, NULL);
		tree_hex(t, "port", d->ports[i].port);
		tree_number(t, "exits", d->ports[i].exits);
		tree_end(t);
	}
	tree_end(t);
	tree_number(t, "other_ports", d->others);
	tree_end(t);
}

/* A device that doesn't exist, or an event that never happened, has no key. */
void result_stats(struct tree *t, const char *key, const struct stats_report *r)
{
	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.stats/1");
	tree_number(t, "total", r->total);
	tree_map(t, "exits");
	for (size_t i = 0; i < EXIT_KINDS; i++)
		tree_number(t, stats_exit_name((enum exit_kind)i), r->exits[i]);
	tree_end(t);
	tree_list(t, "devices");
	for (size_t i = 0; i < r->n_devices; i++)
		result_device(t, &r->devices[i]);
	tree_end(t);
	tree_number(t, "pages_made_shared", r->pages_shared);
	tree_number(t, "pages_made_private", r->pages_private);
	if (r->fwcfg_there) {
		tree_map(t, "fw_cfg");
		tree_number(t, "transfers", r->fwcfg.dma_count);
		tree_number(t, "transferred", r->fwcfg.dma_bytes);
		tree_number(t, "refused", r->fwcfg.dma_refused);
		tree_number(t, "port_bytes", r->fwcfg.port_bytes);
		tree_end(t);
	}
	if (r->hvc_there) {
		tree_map(t, "hvc");
		tree_number(t, "requests", r->hvc.requests);
		tree_number(t, "sent", r->hvc.sent);
		tree_number(t, "received", r->hvc.received);
		tree_number(t, "exits", r->hvc.exits);
		tree_end(t);
	}
	if (r->serial_seen)
		tree_number(t, "first_serial_us", r->serial_us);
	if (r->debug_seen)
		tree_number(t, "first_debug_us", r->debug_us);
	tree_text_some(t, "debug_line", r->debug_line);
	tree_end(t);
}

void result_doctor(struct tree *t, const char *key, const struct doctor_report *r)
{
	const struct platform *on;

	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.doctor/1");
	tree_map(t, "platforms");
	for (size_t i = 0; (on = platform_at(i)); i++)
		tree_boolean(t, on->name, doctor_can(r, on));
	tree_end(t);
	tree_map(t, "host");
	tree_text(t, "kernel", r->host.kernel);
	tree_text(t, "firmware", r->host.firmware);
	tree_text(t, "cpu", r->host.cpu);
	tree_end(t);
	tree_list(t, "checks");
	for (size_t i = 0; i < r->count; i++) {
		const struct doctor_check *c = &r->checks[i];

		tree_map(t, NULL);
		tree_text(t, "name", c->name);
		tree_text(t, "state", doctor_state_name(c->state));
		tree_text(t, "needed_for", doctor_needed_for(c));
		tree_text(t, "finding", c->finding);
		tree_text(t, "why", c->why);
		tree_text(t, "fix", c->fix);
		tree_end(t);
	}
	tree_end(t);
	tree_end(t);
}

void result_check(struct tree *t, const char *key, const struct check_report *r)
{
	const struct findings *f = r->findings;

	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.check/1");
	tree_text_some(t, "manifest", r->manifest);
	tree_boolean(t, "ok", f->errors == 0);
	tree_list(t, "findings");
	for (size_t i = 0; i < f->count; i++) {
		const struct error *err = &f->list[i].error;
		bool warning = f->list[i].severity == SEVERITY_WARNING;

		tree_map(t, NULL);
		tree_text(t, "severity", warning ? "warning" : "error");
		if (!warning)
			tree_text(t, "reason", reason_name(err->kind));
		tree_text_some(t, "file", err->file);
		if (err->line) {
			tree_number(t, "line", err->line);
			tree_number(t, "column", err->column);
		}
		tree_text_some(t, "text", err->text);
		tree_text_some(t, "why", err->why);
		tree_text_some(t, "fix", err->fix);
		tree_end(t);
	}
	tree_end(t);
	if (f->more)
		tree_boolean(t, "more", true);
	if (r->n_files > 0)
		tree_list(t, "files");
	for (size_t i = 0; i < r->n_files; i++) {
		tree_map(t, NULL);
		tree_text(t, "key", r->files[i].key);
		tree_text(t, "path", r->files[i].path);
		tree_boolean(t, "written", r->files[i].written);
		tree_end(t);
	}
	if (r->n_files > 0)
		tree_end(t);
	if (r->n_runs > 0)
		tree_list(t, "runs");
	for (size_t i = 0; i < r->n_runs; i++) {
		tree_map(t, NULL);
		tree_number(t, "vcpus", r->runs[i].vcpus);
		tree_number(t, "memory", r->runs[i].memory);
		tree_number(t, "timeout_ms", r->runs[i].timeout_ms);
		tree_end(t);
	}
	if (r->n_runs > 0)
		tree_end(t);
	tree_end(t);
}
