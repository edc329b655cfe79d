/* SPDX-License-Identifier: MIT */
/* config/paths.c: which kinds of values name files, and in which form. */
#include "config/paths.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/load_priv.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/findings.h"

/* What a value's text says about a file. */
enum naming {
	NAMES_NONE,
	NAMES_INPUT,  /* a path, or a map or a list of them */
	NAMES_BYTES,  /* file:PATH, or the bytes themselves */
	NAMES_OUTPUT, /* a path, or one of sink_words */
};

static const enum naming namings[] = {
	[VALUE_FILE] = NAMES_INPUT,  [VALUE_FILES] = NAMES_INPUT, [VALUE_FIRMWARE] = NAMES_INPUT,
	[VALUE_BYTES] = NAMES_BYTES, [VALUE_SINK] = NAMES_OUTPUT, [VALUE_LATER] = NAMES_NONE,
};
static_assert(ARRAY_SIZE(namings) == VALUE_KINDS, "say whether the new kind of value names files");

struct finder {
	struct load l;
	struct manifest_paths *found;
	const struct key *key; /* whose value is looked at */
};

/* The path in a text; NULL: it names no file. */
static const char *path_in(const struct key *k, const char *text)
{
	static const char builtin[] = FIRMWARE_BUILTIN, file[] = "file:";

	switch (namings[k->kind]) {
	case NAMES_INPUT:
		return strncmp(text, builtin, sizeof(builtin) - 1) ? text : NULL;
	case NAMES_BYTES:
		return strncmp(text, file, sizeof(file) - 1) ? NULL : text + sizeof(file) - 1;
	case NAMES_OUTPUT:
		return word_index(text, sink_words) < 0 ? text : NULL;
	default:
		return NULL;
	}
}

static int paths_add(struct finder *f, const struct yaml_tree *v)
{
	struct manifest_paths *p = f->found;
	const char *path = path_in(f->key, v->text);
	struct manifest_path *grown;

	if (!path || !path[0])
		return 0;
	if ((p->count & (p->count - 1)) == 0) { /* a power of two: the list is full */
		grown = reallocarray(p->list, p->count ? 2 * p->count : 1, sizeof(*grown));
		if (!grown)
			return error_nomem(f->l.err, "paths");
		p->list = grown;
	}
	p->list[p->count] = (struct manifest_path){
		.key = f->key->name,
		.path = value_path(f->l.beside, path),
		.output = namings[f->key->kind] == NAMES_OUTPUT,
		.at = location_of(&f->l, v),
		.run = f->l.m->run,
	};
	return p->list[p->count++].path ? 0 : error_nomem(f->l.err, "a path");
}

static int paths_of_value(struct finder *f, const struct yaml_tree *v)
{
	int r = 0;

	if (v->kind == YAML_SCALAR)
		return paths_add(f, v);
	for (const struct yaml_tree *c = v->first; c && r == 0; c = c->next)
		if (v->kind == YAML_LIST || strcmp(c->key, FILE_PATH_KEY) == 0)
			r = paths_of_value(f, c);
	return r;
}

/* Of the run that was chosen. */
static int paths_of_run(struct finder *f)
{
	int r = 0;

	for (size_t i = 0; i < KEYS && r == 0; i++) {
		f->key = &keys[i];
		load_turn_to(&f->l, f->key);
		if (f->l.slots[i].value && namings[f->key->kind] != NAMES_NONE)
			r = paths_of_value(f, f->l.slots[i].value);
	}
	return r;
}

int manifest_paths(const struct manifest_source *s, struct manifest_paths *ret, struct error *err)
{
	auto_findings struct findings others = { 0 }; /* mistakes that hide no file */
	unsigned runs = s->load.matrix.runs;
	int r = 0;

	*ret = (struct manifest_paths){ 0 };
	if (s->unclear || !s->root)
		return findings_first(&s->findings, err);
	if (s->load.matrix_wrong)
		return error_set(err, ERROR_BAD_VALUE, "'matrix' cannot be read");
	for (unsigned run = 0; run < runs && r == 0; run++) {
		auto_manifest struct manifest m = { 0 };
		struct finder f = { .found = ret };

		load_begin(&f.l, s, &m, &others, err);
		r = matrix_choose(&f.l, run);
		if (r == 0)
			r = paths_of_run(&f);
	}
	return r;
}

void manifest_paths_free(struct manifest_paths *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->list[i].path);
	free(p->list);
	*p = (struct manifest_paths){ 0 };
}
