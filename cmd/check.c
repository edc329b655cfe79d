/* SPDX-License-Identifier: MIT */
/* cmd/check.c: finds everything that is wrong with a manifest, without a host. */
#include <string.h>

#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/reader.h"
#include "cmd/explained.h"
#include "cmd/conflicts.h"
#include "cmd/disks.h"
#include "cmd/labels.h"
#include "cmd/outputs.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "config/paths.h"
#include "core/base/array.h"
#include "core/base/log.h"
#include "core/out/result.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "core/vm/vm.h"
#include "firmware/idkeys.h"
#include "firmware/images.h"
#include "firmware/prepare.h"

struct check {
	struct settings settings;
	struct files manifests;
	struct tree *tree;
	struct images images;  /* of the last run: the next one of a matrix mostly uses the same */
	struct error conflict; /* between files that the manifest's runs read and write */
	struct check_run *runs;
	size_t n_runs;
};

static error_t check_option(int key, char *argument, struct argp_state *state)
{
	struct check *c = state->input;

	(void)argument;
	return files_option(key, state, &c->settings, &c->manifests);
}

/* Without locks: who has the images now is no mistake in the manifest. */
static void check_disks(const struct manifest *m, struct findings *f)
{
	struct error err = { 0 };
	struct disks disks;

	disks_open(&disks, m, true, f);
	if (disks_compare(&disks, m, &err) < 0)
		findings_add(f, SEVERITY_ERROR, &err);
	disks_close(&disks);
}

static void check_run(void *self, struct manifest *m, struct findings *f)
{
	struct check *c = self;
	const struct platform *on, *measured = platform_measured(manifest_platform(m));
	auto_plan const struct plan *plan = NULL;
	auto_digest struct snp_digest digest = { 0 };
	const struct plan_settings *s;
	const char *limit;
	struct error err = { 0 };
	size_t before = f->errors;
	bool right;

	if (m->whole && ARRAY_GROW(c->runs, c->n_runs))
		c->runs[c->n_runs++] = (struct check_run){ m->vcpus, m->memory, m->timeout_ms };
	if (m->run == 0 && c->conflict.code)
		findings_add(f, SEVERITY_ERROR, &c->conflict);
	outputs_look(m, f);
	check_disks(m, f);
	right = prepare_files(m, false, &c->images, f) && m->whole;
	if (!m->variant && c->manifests.count == 1)
		reader_has_read();
	right = right && prepare_plan(m, &c->images, measured, &plan, f);
	/* every platform must be able to launch it, not only the one that the manifest names */
	for (size_t i = 0; right && (on = platform_at(i)); i++) {
		auto_plan const struct plan *other = NULL;

		right = on == measured || prepare_plan(m, &c->images, on, &other, f);
	}
	if (!right)
		return;
	s = plan_settings(plan);
	/* what depends on the digest: a pinned one, and an ID block that is given or to be made */
	if ((m->n_pins > 0 || s->id_block_given || m->identity_given) && !s->no_measurement &&
	    (snp_digest_of(plan, &digest, &err) < 0 ||
	     explained_digest(m, &c->images, plan, &digest, &err) < 0 ||
	     idkeys_sign(m, &c->images.identity, plan, digest.value, &err) < 0))
		findings_add(f, SEVERITY_ERROR, &err);
	if (!show_for_people() || f->errors > before || c->conflict.code)
		return;
	limit = s->no_measurement ? s->no_measurement : s->measure_only;
	log_notice("%s: %s%sok%s%s", m->file, m->variant ? m->variant : "", m->variant ? ": " : "",
	           s->no_measurement ? "; no measurement: "
	           : limit           ? " to measure, not to run: "
	                             : "",
	           limit ? limit : "");
	if (s->accept) /* lazy is news to whoever knew an earlier version */
		log_at(strcmp(s->accept, "lazy") == 0 ? LOG_NOTICE : LOG_INFO,
		       "%s: boot.accept is %s: %s", m->file, s->accept, s->accept_why);
}

/* The files that the manifest names, each once for each key. */
static void check_report(struct check *c, const char *path, const struct labels *labels,
                         const struct findings *f)
{
	struct check_report r = { path ? path : MANIFEST_OPTIONS, f, .runs = c->runs,
		                  .n_runs = c->n_runs };
	struct manifest_paths paths = { 0 };
	struct error ignored = { 0 }; /* it is among the findings */

	if (labels->n_sources > 0)
		manifest_paths(labels->sources[0], &paths, &ignored);
	for (size_t i = 0; i < paths.count; i++) {
		const struct manifest_path *p = &paths.list[i];
		size_t same = 0;

		while (same < r.n_files && (strcmp(r.files[same].path, p->path) != 0 ||
		                            strcmp(r.files[same].key, p->key) != 0))
			same++;
		if (same == r.n_files && ARRAY_GROW(r.files, r.n_files))
			r.files[r.n_files++] = (struct check_file){ p->key, p->path, p->written };
	}
	result_check(c->tree, NULL, &r);
	free(r.files);
	manifest_paths_free(&paths);
}

static int check_one(struct check *c, const char *path)
{
	auto_findings struct findings f = { 0 };
	struct labels labels = { 0 };
	const struct conflicts_ask ask = { .labels = &labels };
	struct conflicts conflicts = { 0 };

	if (labels_make(&(struct files){ (char **)&path, 1 }, &c->settings, &labels,
	                &conflicts.err) == 0)
		conflicts_find(&ask, &conflicts);
	c->conflict = conflicts.err;
	c->n_runs = 0;
	manifest_each_run(path, &c->settings, check_run, c, show_for_people(), &f);
	if (!show_for_people()) {
		findings_sort(&f, 0);
		check_report(c, path, &labels, &f);
	}
	labels_fini(&labels);
	images_fini(&c->images);
	return f.errors ? STATUS_USAGE : STATUS_OK;
}

static int check_main(const struct command *self, int argc, char **argv, struct error *err)
{
	auto_tree struct tree *t = tree_new();
	struct check c = { .tree = t };
	bool list;
	int status = command_parse(self, check_option, argc, argv, &c, &c.settings, err);

	if (status != STATUS_OK)
		return status;
	if (c.settings.print)
		return settings_print(&c.settings, c.manifests.paths[0], err);
	list = c.manifests.count > 1;
	if (list)
		tree_list(t, NULL);
	for (size_t i = 0; i < c.manifests.count; i++)
		if (check_one(&c, c.manifests.paths[i]) != STATUS_OK)
			status = STATUS_USAGE;
	free(c.runs);
	return show_for_people() ? status : show_finish(t, list, status, err);
}

const struct command command_check = {
	.name = "check",
	.args = "[MANIFEST...]",
	.summary = "Find what is wrong with a manifest",
	.doc = "Check manifests and the files they name, without a host.",
	.result = ANY_RESULT,
	.reads = true,
	.main = check_main,
};
