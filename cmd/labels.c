/* SPDX-License-Identifier: MIT */
/* cmd/labels.c: variants made fit to tell runs, and their files, apart. */
#include "cmd/labels.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "core/base/array.h"

/* What is left of a name for our own endings of it: core/dev/log_file.h. */
enum { LABELLED_MAX = NAME_MAX - 15 };

static bool label_taken(const struct label *labels, unsigned before, const char *file)
{
	for (unsigned i = 0; i < before; i++)
		if (strcmp(labels[i].file, file) == 0)
			return true;
	return false;
}

static void label_file(struct label *l)
{
	memcpy(l->file, l->text, sizeof(l->file));
	for (char *c = l->file; *c; c++)
		if (*c == '/')
			*c = '_';
}

/* The variant; one that was there before (`vcpus: [1, 1]`, or `a/b` after `a_b`) has its number behind it. */
int labels_make(const char *manifest, const struct settings *s, unsigned n, struct labels *ret,
                struct error *err)
{
	*ret = (struct labels){ calloc(n, sizeof(*ret->list)), n, "" };
	if (!ret->list)
		return error_nomem(err, "names of runs");
	manifest_stem(manifest ? manifest : MANIFEST_OPTIONS, ret->name, sizeof(ret->name));
	for (unsigned run = 0; run < n; run++) {
		auto_manifest struct manifest m = { 0 };
		struct label *l = &ret->list[run];
		struct error told_later = { 0 };

		if (manifest_open(manifest, s, run, &m, &told_later) == 0) {
			snprintf(l->text, sizeof(l->text), "%.200s", m.variant);
			snprintf(ret->name, sizeof(ret->name), "%s", m.name);
		} else {
			snprintf(l->text, sizeof(l->text), "run-%u", run + 1);
		}
		label_file(l);
		for (size_t end; label_taken(ret->list, run, l->file); label_file(l)) {
			end = strlen(l->text);
			snprintf(l->text + end, sizeof(l->text) - end, "~%u", run + 1);
		}
	}
	return 0;
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

static bool is_special(const char *path)
{
	struct stat st;

	return output_descriptor(path) >= 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

char *labelled_path(const char *path, const char *label)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.'), *end = base + strlen(base);
	size_t stem, spare;
	char *made;

	if (!label || is_special(path))
		return strdup(path);
	if (!dot || dot == base || end - dot > 16) /* no ending that is one */
		dot = end;
	spare = strlen(label) + 1 + (size_t)(end - dot);
	stem = MIN_OF((size_t)(dot - base), spare < LABELLED_MAX ? LABELLED_MAX - spare : 1);
	return asprintf(&made, "%.*s%.*s.%s%s", (int)(base - path), path, (int)stem, base, label,
	                dot) < 0
	               ? NULL
	               : made;
}
