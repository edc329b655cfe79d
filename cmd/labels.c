/* SPDX-License-Identifier: MIT */
/* cmd/labels.c: makes unique names for runs and their files. */
#include "cmd/labels.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/settings.h"
#include "core/base/array.h"

/* Leaves space for the endings of log files: core/dev/log_file.h. */
enum { LABELLED_MAX = NAME_MAX - 15 };

/* Makes one part of a path from any text. */
static void as_file_name(char *to, const char *from, size_t size)
{
	snprintf(to, size, "%s", from);
	if (to[0] == '.') /* "." and ".." are other folders, and other such names are hidden */
		to[0] = '_';
	for (char *c = to; *c; c++)
		if (*c == '/')
			*c = '_';
}

static bool label_taken(const struct labels *l, const char *file)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->list[i].file, file) == 0)
			return true;
	return false;
}

/* Adds the runs of a manifest; `of_matrix` is 0 without a matrix, or if it can't be read. */
static void labels_add(struct labels *all, const char *manifest,
                       const struct manifest_source *source, unsigned of_matrix, bool named)
{
	for (unsigned run = 0; run < MAX(of_matrix, 1U); run++) {
		auto_manifest struct manifest m = { 0 };
		struct label *l = &all->list[all->n];
		struct error ignored = { 0 }; /* it is reported when the run loads the manifest */
		char variant[220] = "";
		size_t end, end_variant;

		l->manifest = manifest;
		l->source = source;
		l->run = run;
		if (manifest_source_load(source, run, &m, &ignored) == 0) {
			snprintf(l->name, sizeof(l->name), "%s", m.name);
			snprintf(variant, sizeof(variant), "%.200s", m.variant ? m.variant : "");
		} else {
			manifest_stem(manifest ? manifest : MANIFEST_OPTIONS, l->name,
			              sizeof(l->name));
			if (of_matrix)
				snprintf(variant, sizeof(variant), "run-%u", run + 1);
		}
		snprintf(l->text, sizeof(l->text), "%.*s%s%s", named ? 100 : 0, l->name,
		         named && variant[0] ? "," : "", variant);
		as_file_name(l->file, l->text, sizeof(l->file));
		as_file_name(l->variant, variant, sizeof(l->variant));
		end = strlen(l->text);
		end_variant = strlen(l->variant);
		/* a name that is taken (`vcpus: [1, 1]`) gets a number appended */
		for (unsigned n = all->n + 1; label_taken(all, l->file); n++) {
			snprintf(l->text + end, sizeof(l->text) - end, "~%u", n);
			as_file_name(l->file, l->text, sizeof(l->file));
			if (end_variant > 0)
				snprintf(l->variant + end_variant, sizeof(l->variant) - end_variant,
				         "~%u", n);
		}
		all->n++;
	}
}

int labels_make(const struct files *manifests, const struct settings *s, struct labels *ret,
                struct error *err)
{
	auto_free unsigned *of_matrix = calloc(manifests->count, sizeof(*of_matrix));
	unsigned n = 0;

	*ret = (struct labels){ 0 };
	ret->sources = calloc(manifests->count, sizeof(struct manifest_source *));
	if (!of_matrix || !ret->sources)
		return error_nomem(err, "names of runs");
	for (size_t i = 0; i < manifests->count; i++) {
		ret->sources[i] = manifest_open(manifests->paths[i], s, err);
		if (!ret->sources[i])
			return err->code;
		ret->n_sources++;
		of_matrix[i] = manifest_runs(ret->sources[i]);
		n += MAX(of_matrix[i], 1U);
		if (n > MANIFEST_MAX_RUNS)
			return error_set(err, ERROR_USAGE,
			                 "these manifests stand for more than %d runs",
			                 MANIFEST_MAX_RUNS);
	}
	ret->list = calloc(n, sizeof(*ret->list));
	if (!ret->list)
		return error_nomem(err, "names of runs");
	ret->several = manifests->count > 1 || of_matrix[0] > 0;
	for (size_t i = 0; i < manifests->count; i++)
		labels_add(ret, manifests->paths[i], ret->sources[i], of_matrix[i],
		           manifests->count > 1);
	return 0;
}

void labels_fini(struct labels *l)
{
	for (size_t i = 0; i < l->n_sources; i++)
		manifest_source_free(l->sources[i]);
	free(l->sources);
	free(l->list);
	*l = (struct labels){ 0 };
}

const char *label_file(const struct labels *l, unsigned i)
{
	return l->several ? l->list[i].file : NULL;
}

const char *label_variant(const struct labels *l, unsigned i)
{
	return l->list[i].variant[0] ? l->list[i].variant : NULL;
}

int output_descriptor(const char *path)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };

	if (!strcmp(path, "/dev/stdout"))
		return 1;
	if (!strcmp(path, "/dev/stderr"))
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const char *digits = path + strlen(folders[i]);

		if (!strncmp(path, folders[i], strlen(folders[i])) && *digits &&
		    strlen(digits) < 8 && strspn(digits, "0123456789") == strlen(digits))
			return atoi(digits);
	}
	return -1;
}

char *labelled_path(const char *path, const char *label)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.'), *end = base + strlen(base);
	struct stat st;
	size_t stem, spare;
	char *made;

	if (!label || output_descriptor(path) >= 0 ||
	    (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
		return strdup(path);
	if (!dot || dot == base || end - dot > 16) /* it has no file name extension */
		dot = end;
	spare = strlen(label) + 1 + (size_t)(end - dot);
	stem = MIN((size_t)(dot - base), spare < LABELLED_MAX ? LABELLED_MAX - spare : 1);
	return asprintf(&made, "%.*s%.*s.%s%s", (int)(base - path), path, (int)stem, base, label,
	                dot) < 0
	               ? NULL
	               : made;
}
