/* SPDX-License-Identifier: MIT */
/* cmd/explain_want.c: reads digest and alternatives, searches, and prints --set arguments. */
#include "cmd/explain_want.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/explained.h"
#include "cmd/progress.h"
#include "cmd/show.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/out/explanation.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/images.h"
#include "firmware/prepare.h"
#include "firmware/search.h"
#include "firmware/variation.h"

#define BUDGET_MS     1000
#define BUDGET_MAX_MS ((uint64_t)24 * 60 * 60 * 1000)

enum { OPTION_WANT = 0x100, OPTION_FIRMWARE, OPTION_KERNEL, OPTION_INITRD, OPTION_BUDGET };

const struct argp_option explain_want_options[] = {
	{ "want", OPTION_WANT, "DIGEST", 0, "Search for settings of MANIFEST that give this digest",
	  0 },
	{ "firmware", OPTION_FIRMWARE, "FILE", 0, "Try this as boot.firmware, too; may be repeated",
	  0 },
	{ "kernel", OPTION_KERNEL, "FILE", 0, "Try this as boot.kernel, too; may be repeated", 0 },
	{ "initrd", OPTION_INITRD, "FILE", 0, "Try this as boot.initrd, too; may be repeated", 0 },
	{ "budget", OPTION_BUDGET, "TIME", 0, "CPU time for the search; 1s by default", 0 },
	{ 0 },
};

error_t explain_want_option(struct explain_want *w, int key, char *argument)
{
	struct error err;

	switch (key) {
	case OPTION_WANT:
		w->digest = argument;
		return 0;
	case OPTION_FIRMWARE:
		w->option = "--firmware";
		return option_path(&w->firmware, argument);
	case OPTION_KERNEL:
		w->option = "--kernel";
		return option_path(&w->kernel, argument);
	case OPTION_INITRD:
		w->option = "--initrd";
		return option_path(&w->initrd, argument);
	case OPTION_BUDGET:
		w->option = "--budget";
		if (value_time("--budget", argument, 1, BUDGET_MAX_MS, &w->budget_ms, &err) == 0)
			return 0;
		return option_refuse("%s", err.text);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- the digest --- */

/*
 * Reads a digest however it was copied: hex with 0x, in upper case or with colons; base64 or
 * base64url; or base64 of hex. Only the search can tell whether its bytes are in reverse.
 */
static int digest_read(const char *text, uint8_t ret[static SNP_DIGEST_SIZE], struct error *err)
{
	enum { CAP = 512 };
	uint8_t bytes[CAP], inner[CAP];
	char clean[CAP];
	const char *form = "", *ignored;
	size_t n = 0;
	long size = -1;

	for (const char *c = text; *c && n < sizeof(clean); c++)
		if (*c != ':')
			clean[n++] = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	if (n < sizeof(clean))
		size = bytes_of_text((const uint8_t *)clean, n, bytes, sizeof(bytes), &form);
	if (size >= 2 * SNP_DIGEST_SIZE && strcmp(form, "base64") == 0) {
		long of_hex = bytes_of_text(bytes, (size_t)size, inner, sizeof(inner), &ignored);

		if (of_hex > 0) {
			size = of_hex;
			memcpy(bytes, inner, (size_t)of_hex);
		}
	}
	if (size != SNP_DIGEST_SIZE) {
		error_set(err, ERROR_BAD_VALUE,
		          "--want is '%s' (%zu characters), which is not a launch digest",
		          shown_of(text).text, strlen(text));
		if (size > 0)
			error_why(err, "it has %ld bytes, and a launch digest has %d%s", size,
			          SNP_DIGEST_SIZE,
			          size == SHA256_SIZE ? "; this may be a SHA-256" : "");
		error_fix(err, "write 96 hexadecimal digits, or 64 characters of base64");
		return err->code;
	}
	if (bytes_zero(bytes, SNP_DIGEST_SIZE)) {
		error_set(err, ERROR_BAD_VALUE,
		          "--want is all zeros, which is not the digest of any launch");
		error_why(err, "a launch digest is zero before anything is measured");
		return error_fix(err, "give the digest of a report, an ID block or a launch");
	}
	memcpy(ret, bytes, SNP_DIGEST_SIZE);
	return 0;
}

/* --- the search --- */

struct work {
	const struct explain_want *w;
	uint8_t want[SNP_DIGEST_SIZE];
	struct images images;
	struct explanations *ret;
	bool searched;
};

static bool files_add(struct variations *v, enum axis axis, const struct option_paths *paths,
                      struct findings *f)
{
	bool right = true;

	for (size_t i = 0; i < paths->count; i++)
		right &= variations_add_file(v, axis, paths->list[i], f);
	return right;
}

/* False: an error was added. */
static bool manifest_can_be_searched(struct work *w, struct manifest *m, struct findings *f)
{
	auto_plan const struct plan *plan = NULL;
	struct snp_digest ignored = { 0 };
	struct error err = { 0 };

	if (manifest_refuse_matrix(m, "a digest is of", &err) < 0) {
		findings_add(f, SEVERITY_ERROR, &err);
		return false;
	}
	if (!prepare_files(m, true, &w->images, f) || !m->whole ||
	    !prepare_plan(m, &w->images, platform_measured(manifest_platform(m)), &plan, f))
		return false;
	if (!plan_settings(plan)->no_measurement)
		return true;
	snp_digest_of(plan, &ignored, &err); /* says why there is none */
	manifest_at_location(m, &m->firmware.at, &err);
	findings_add(f, SEVERITY_ERROR, &err);
	return false;
}

static void search_run(void *self, struct manifest *m, struct findings *f)
{
	struct work *w = self;
	const struct explain_want *o = w->w;
	const struct search_limits limits = { .budget_ms =
		                                      o->budget_ms ? o->budget_ms : BUDGET_MS };
	struct variations v = { 0 };
	struct error err = { 0 };
	bool right;

	if (m->runs > 1 && m->run > 0) /* was refused */
		return;
	right = manifest_can_be_searched(w, m, f);
	if (!m->file)
		return;
	variations_begin(m, &w->images, &v);
	right &= files_add(&v, AXIS_FIRMWARE, &o->firmware, f);
	right &= files_add(&v, AXIS_KERNEL, &o->kernel, f);
	right &= files_add(&v, AXIS_INITRD, &o->initrd, f);
	if (right) {
		progress_begin();
		progress_say("searching");
		w->searched = variations_list(&v, &err) == 0 &&
		              search(&v, w->want, &limits, w->ret, &err) == 0;
		progress_end();
		if (!w->searched)
			findings_add(f, SEVERITY_ERROR, &err);
	}
	variations_fini(&v);
}

/* --- what was found --- */

#define NOT_MEASURED                                                                               \
	"policy, host data, ID block, certificates, the memory of a guest with a firmware, "       \
	"what devices hold, timeouts and expectations are not measured"

static void put_result(const struct explanations *e)
{
	if (!e->found) {
		char names[512] = "";

		for (size_t i = 0, n = 0; i < e->n_varied && n < sizeof(names); i++)
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
			                      e->varied[i]);
		log_at(LOG_QUIET,
		       "not found: none of the %" PRIu64 " launches tried has this digest",
		       e->tried);
		log_notice("they differ in %s", names);
		if (!e->complete)
			log_notice("too little time to try more changes together: raise --budget");
		log_notice("other files are tried if they are given: --firmware, --kernel, "
		           "--initrd; other values of a key by --set");
		log_notice(NOT_MEASURED ", so they can't explain a difference");
		return;
	}
	if (e->reversed)
		log_notice("the digest was given with its bytes in reverse");
	for (size_t i = 0; i < e->n; i++) {
		explained_write(stdout, &e->list[i], e->place);
		putchar('\n');
	}
	fflush(stdout);
	if (e->n > 1)
		log_notice("each line%s gives the same pages and the same VMSAs",
		           e->more ? " (there are more)" : "");
	for (size_t i = 0; i < e->list[0].n; i++)
		log_notice("%s: %s in the manifest", e->list[0].changes[i].name,
		           shown_of(e->list[0].changes[i].manifest).text);
	log_info("%" PRIu64 " launches were tried in %" PRIu64 " ms", e->tried, e->us / 1000);
}

int explain_want(struct explain_want *w, struct error *err)
{
	auto_explanations struct explanations e = { 0 };
	auto_findings struct findings f = { 0 };
	auto_tree struct tree *tree = NULL;
	struct work work = { .w = w, .ret = &e };
	int status;

	if (strcmp(w->arguments[0], "-") == 0)
		w->arguments[0] = manifest_stdin;
	if (digest_read(w->digest, work.want, err) < 0)
		return STATUS_USAGE;
	manifest_each_run(w->arguments[0], &w->settings, search_run, &work, true, &f);
	images_fini(&work.images);
	if (!work.searched)
		return STATUS_USAGE;
	status = e.found ? STATUS_OK : STATUS_FAILED;
	if (show_for_people()) {
		put_result(&e);
		return status;
	}
	tree = tree_new();
	result_explain(tree, NULL, &e);
	return show_finish(tree, false, status, err);
}
