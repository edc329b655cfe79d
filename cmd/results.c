/* SPDX-License-Identifier: MIT */
/* cmd/results.c: writes the files of --results, except the logs. */
#include "cmd/results.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/outputs.h"
#include "cmd/settings.h"
#include "config/manifest.h"
#include "config/write.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/out/result.h"
#include "core/out/run_result.h"
#include "core/out/saved.h"
#include "core/out/tree.h"
#include "core/out/verify_result.h"
#include "firmware/images.h"
#include "firmware/save.h"

#define RESULT_JSON "result.json"
#define JUNIT_XML   "junit.xml"
#define REPORT_BIN  "report.bin"
#define VERIFY_JSON "verify.json"

/* result.json is removed first: as long as it exists, all files are complete and of one run. */
const char *const results_names[] = { RESULT_JSON,
	                              JUNIT_XML,
	                              SERIAL_LOG,
	                              DEBUG_LOG,
	                              "launch.json",
	                              "manifest.yaml",
	                              REPORT_BIN,
	                              VERIFY_JSON,
	                              SERIAL_LOG ".tail-1",
	                              SERIAL_LOG ".tail-2",
	                              DEBUG_LOG ".tail-1",
	                              DEBUG_LOG ".tail-2",
	                              NULL };
const char *const results_end_names[RESULTS_END_FILES + 1] = { RESULT_JSON, JUNIT_XML, NULL };

/* Enough for these files, unless much of the console has to be escaped. */
enum { RESULT_CAP = 16 << 10, JUNIT_CAP = 24 << 10, REPORT_CAP = 4 << 10, VERIFY_CAP = 16 << 10 };

int results_open(struct outputs *o, const char *path, bool below, enum results_kind kind,
                 struct error *err)
{
	bool all = kind == RESULTS_ALL;
	int r = folder_open(&o->folder, path, below, all ? results_names : results_end_names, err);

	o->result_only = !all;
	if (r == 0)
		r = folder_reserve(&o->folder, RESULT_JSON, RESULT_CAP, err);
	if (r == 0)
		r = folder_reserve(&o->folder, JUNIT_XML, JUNIT_CAP, err);
	if (r < 0 || !all)
		return r;
	r = o->serial_log = folder_grow(&o->folder, SERIAL_LOG, err);
	if (r >= 0)
		r = o->debug_log = folder_grow(&o->folder, DEBUG_LOG, err);
	return r < 0 ? r : 0;
}

static int tree_put(void *of, FILE *to, struct error *err)
{
	return tree_print_json(of, to, err);
}

static int manifest_put(void *of, FILE *to, struct error *err)
{
	const struct results_launch *l = of;
	const struct images *i = l->images;
	struct manifest_hashes h = { 0 };

	if (i) {
		h.of[KEY_BOOT_FIRMWARE] = i->firmware_sha256;
		h.of[KEY_BOOT_KERNEL] = i->kernel_sha256;
		h.of[KEY_BOOT_VARS_PATH] = i->vars_sha256;
		h.of[KEY_BOOT_INITRD] = images_initrd_hashes(l->manifest, i);
		h.of[KEY_SNP_CERTS] = i->certs_sha256;
	}
	return manifest_write(l->manifest, &h, to, err);
}

int results_launch(struct outputs *o, const struct results_launch *l, struct error *err)
{
	auto_tree struct tree *t = tree_new();
	auto_saved struct saved saved = { 0 };
	struct measure_result result;
	int r = 0;

	if (o->folder.fd < 0 || o->result_only || o->launch_tried)
		return 0;
	o->launch_tried = l->manifest != NULL;
	if (l->manifest)
		r = folder_put(&o->folder, "manifest.yaml", manifest_put, (void *)l, err);
	if (r < 0 || !l->digest)
		return r;
	if (save_launch(l->manifest, l->images, l->plan, l->digest, &saved, err) < 0)
		return err->code;
	result = measure_result_of(l->manifest, l->plan, l->digest);
	result.saved = &saved;
	result_measure(t, NULL, &result);
	return folder_put(&o->folder, "launch.json", tree_put, t, err);
}

int results_ready(struct outputs *o, bool report, struct error *err)
{
	static const struct {
		const char *name;
		size_t cap;
	} files[] = { { REPORT_BIN, REPORT_CAP }, { VERIFY_JSON, VERIFY_CAP } };
	struct error full = { 0 }; /* a full disk is told when they are written */
	int r = 0;

	if (o->folder.fd < 0 || o->result_only || !report)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
		if (folder_reserve(&o->folder, files[i].name, files[i].cap, &full) < 0)
			r = folder_reserve(&o->folder, files[i].name, 0, err);
	return r;
}

int results_report(struct outputs *o, const struct results_report *r, struct error *err)
{
	auto_tree struct tree *t = tree_new();
	struct verify_result result;
	int e;

	if (o->folder.fd < 0 || o->result_only)
		return 0;
	e = folder_put_bytes(&o->folder, REPORT_BIN, r->bytes, r->size, err);
	if (e < 0 || !r->verified)
		return e;
	result = *r->verified;
	result.file = REPORT_BIN;
	result_verify(t, NULL, &result);
	return folder_put(&o->folder, VERIFY_JSON, tree_put, t, err);
}

static int junit_put(void *of, FILE *to, struct error *err)
{
	const struct run_result *r = of;

	return junit_write(to, r->name, &r, 1, err);
}

/* Writes junit.xml, with less and less of the console until it fits. */
static int junit_fit(struct outputs *o, const struct run_result *r, struct error *err)
{
	static const size_t tails[] = { RUN_TAIL, 2048, 512, 0 };
	struct run_result less = *r;
	int e = -1;

	for (size_t i = 0; i < ARRAY_SIZE(tails) && e < 0; i++) {
		if (i > 0 && tails[i] >= less.tail_size)
			continue;
		if (less.tail_size > tails[i]) {
			memmove(less.tail, less.tail + less.tail_size - tails[i], tails[i]);
			less.tail_size = tails[i];
		}
		*err = (struct error){ 0 };
		e = folder_put(&o->folder, JUNIT_XML, junit_put, &less, err);
	}
	return e;
}

int results_end(struct outputs *o, const struct run_result *r, bool anyway, struct error *err)
{
	auto_tree struct tree *t = tree_new();
	struct error second = { 0 };
	int e;

	if (o->folder.fd < 0)
		return 0;
	e = junit_fit(o, r, err);
	if (e < 0 && !anyway)
		return e;
	result_run(t, NULL, r);
	if (folder_put(&o->folder, RESULT_JSON, tree_put, t, &second) < 0 && e == 0) {
		*err = second;
		e = err->code;
	}
	return e;
}

/* What a process that died could not remove: dotted forms, and tails that no log needed. */
static void remove_unfinished(struct folder *f)
{
	struct stat st;

	for (const char *const *name = results_names; *name; name++) {
		folder_abandon(f, *name);
		if (strstr(*name, ".tail-") &&
		    fstatat(f->fd, *name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size == 0)
			folder_remove(f, *name);
	}
}

int results_record(const char *path, bool below, enum results_kind kind, const struct run_result *r,
                   struct error *err)
{
	struct outputs o = OUTPUTS_NONE;
	int e = folder_open(&o.folder, path, below,
	                    kind == RESULTS_ALL ? results_names : results_end_names, err);

	if (e == 0)
		remove_unfinished(&o.folder);
	if (e == 0)
		e = results_end(&o, r, true, err);
	outputs_close(&o);
	return e;
}

struct suite {
	const struct run_result **list;
	size_t n;
};

/* One suite, as all ran on this host; named after the manifest if there is only one. */
static int suite_put(void *of, FILE *to, struct error *err)
{
	const struct suite *all = of;
	const char *name = all->list[0]->name;

	for (size_t i = 1; i < all->n; i++)
		if (strcmp(all->list[i]->name, name) != 0)
			name = "snpvmm";
	return junit_write(to, name, all->list, all->n, err);
}

int results_suite(const char *path, const struct run_result *results, unsigned n, struct error *err)
{
	auto_free const struct run_result **list = calloc(n + 1, sizeof(*list));
	struct suite suite = { list, n };
	struct folder f = { .fd = -1 };
	int r;

	if (!list)
		return error_nomem(err, "results");
	for (unsigned i = 0; i < n; i++)
		list[i] = &results[i];
	r = folder_open(&f, path, false, results_end_names, err);
	if (r == 0 && n > 0)
		r = folder_put(&f, JUNIT_XML, suite_put, &suite, err);
	folder_close(&f);
	return r;
}

void results_discard(struct outputs *o)
{
	folder_remove(&o->folder, RESULT_JSON);
	folder_remove(&o->folder, JUNIT_XML);
}
