/* SPDX-License-Identifier: MIT */
/* config/paths.c: finds the files in the values of those kinds that name some. */
#include "config/paths.h"

#include <stdlib.h>
#include <string.h>

#include "config/kind.h"
#include "config/source.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/findings.h"

/* A map that has the mode of a disk to which the guest writes. */
static bool is_rw(const struct yaml_tree *map)
{
	for (const struct yaml_tree *c = map->first; c; c = c->next)
		if (map->kind == YAML_MAP && strcmp(c->key, DISK_MODE_KEY) == 0 &&
		    c->kind == YAML_SCALAR && strcmp(c->text, disk_modes[DISK_RW]) == 0)
			return true;
	return false;
}

/* The path in a scalar, or in each item of a list, or in a map's entry `path`. */
static int paths_add(struct manifest_paths *p, const struct inputs *in, const struct yaml_tree *v)
{
	const struct key *k = in->r.key;
	const char *path = v->kind == YAML_SCALAR ? k->kind->path_in(v->text) : NULL;
	size_t before = p->count;
	int r = 0;

	for (const struct yaml_tree *c = v->first; c && r == 0; c = c->next)
		if (v->kind == YAML_LIST || strcmp(c->key, FILE_PATH_KEY) == 0)
			r = paths_add(p, in, c);
	if (p->count > before && k->kind == &kind_disks && is_rw(v))
		p->list[before].written = true;
	if (!path || !path[0])
		return r;
	if (!ARRAY_GROW(p->list, p->count))
		return error_nomem(in->r.err, "paths");
	p->list[p->count] = (struct manifest_path){
		.key = k->name,
		.path = value_path(in->r.beside, path),
		.output = k->kind->is_output,
		.written = k->kind->is_output,
		.at = reader_location(&in->r, v),
		.run = in->r.m->run,
	};
	return p->list[p->count++].path ? 0 : error_nomem(in->r.err, "a path");
}

int manifest_paths(const struct manifest_source *s, struct manifest_paths *ret, struct error *err)
{
	auto_findings struct findings others = { 0 }; /* mistakes that hide no file */
	unsigned runs = s->inputs.matrix.runs;
	int r = 0;

	*ret = (struct manifest_paths){ 0 };
	if (s->unclear || !s->root)
		return findings_first(&s->findings, err);
	if (s->inputs.matrix_wrong)
		return error_set(err, ERROR_BAD_VALUE, "'matrix' cannot be read");
	for (unsigned run = 0; run < runs && r == 0; run++) {
		auto_manifest struct manifest m = { 0 };
		struct inputs in;

		source_begin_run(s, &in, &m, &others, err);
		r = matrix_choose(&in, run);
		for (const struct key *k = keys; k < keys + KEYS && r == 0; k++) {
			inputs_turn_to(&in, k);
			if (in.of[k - keys].value && k->kind->path_in)
				r = paths_add(ret, &in, in.of[k - keys].value);
		}
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
