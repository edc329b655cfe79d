/* SPDX-License-Identifier: MIT */
/* config/matrix.c: chooses one combination of the values that a matrix lists, and names it. */
#include <stdio.h>
#include <string.h>

#include "config/inputs.h"
#include "config/kind.h"
#include "core/base/error.h"
#include "core/base/text.h"

#define TITLE_CAP   256
#define VARIANT_MAX 200 /* bytes; longer names are cut, and end with the number of the run */

/* The key that an entry of the matrix names; NULL: *err is filled. */
static const struct key *dimension_key(struct inputs *in, const struct yaml_tree *v)
{
	const struct key *k = key_find(v->key);

	if (k && !k->fixed)
		return k;
	if (!k) {
		refuse_dotted(in, v->key, " in 'matrix'", "write");
	} else {
		error_set(in->r.err, ERROR_BAD_VALUE, "'%s' cannot be in 'matrix'", k->name);
		error_fix(in->r.err, k->kind == &kind_matrix
		                             ? "remove it"
		                             : "write it outside: it is the same for all runs");
	}
	reader_at_key(&in->r, v);
	return NULL;
}

/* Adds one entry. A value that --set gives replaces the whole list. */
static int dimension_add(struct inputs *in, const struct yaml_tree *v)
{
	struct matrix *x = &in->matrix;
	struct dimension *d = &x->dimensions[x->n];
	char name[KEY_NAME_CAP];

	*d = (struct dimension){ .key = dimension_key(in, v) };
	if (!d->key)
		return in->r.err->code;
	snprintf(name, sizeof(name), "matrix: %s", d->key->name);
	if (v->kind != YAML_LIST) {
		reader_refuse_type(&in->r, name, v, "a list of values");
		return error_fix(in->r.err, "put even a single one in brackets");
	}
	if (!v->first) {
		error_set(in->r.err, ERROR_BAD_VALUE, "'%s' is an empty list", name);
		return reader_at_value(&in->r, v);
	}
	d->values = v->first;
	for (const struct yaml_tree *c = v->first; c; c = c->next)
		d->count++;
	if (in->of[d->key - keys].own) {
		d->values = NULL;
		d->count = 1;
	}
	if (x->runs * d->count <= MANIFEST_MAX_RUNS) { /* and YAML_MAX_NODES: no overflow */
		x->n++;
		x->runs *= d->count;
		return 0;
	}
	error_set(in->r.err, ERROR_BAD_VALUE, "'matrix' stands for more than %d runs",
	          MANIFEST_MAX_RUNS);
	return reader_at_key(&in->r, v);
}

/* Sets each dimension to its value in combination `run`: the last one varies fastest. */
static void matrix_apply(struct inputs *in, unsigned run)
{
	struct matrix *x = &in->matrix;

	for (size_t i = x->n; i-- > 0;) {
		struct dimension *d = &x->dimensions[i];
		struct key_input *input = &in->of[d->key - keys];
		const struct yaml_tree *v = d->values;

		d->pick = run % d->count;
		run /= d->count;
		for (unsigned n = d->pick; v && n > 0; n--)
			v = v->next;
		if (!v)
			continue;
		input->value = v;
		input->set = in->of[KEY_MATRIX].set;
		input->option = NULL;
	}
}

/* The text of a scalar, or the path in a map; NULL: neither. */
static const char *tree_title(const struct yaml_tree *v)
{
	if (v->kind == YAML_SCALAR)
		return v->text;
	for (const struct yaml_tree *c = v->first; v->kind == YAML_MAP && c; c = c->next)
		if (strcmp(c->key, FILE_PATH_KEY) == 0 && c->kind == YAML_SCALAR)
			return c->text;
	return NULL;
}

/* The title of a value in results: its text, its path, the files in its list, or its number. */
static const char *value_title(const struct inputs *in, const struct dimension *d,
                               char own[static TITLE_CAP])
{
	const struct yaml_tree *v = in->of[d->key - keys].value;
	const char *text = tree_title(v);
	size_t n = 0;

	if (text)
		return text;
	if ((d->key->kind != &kind_files && d->key->kind != &kind_disks) || !v->first) {
		snprintf(own, TITLE_CAP, "#%u", d->pick + 1);
		return own;
	}
	for (const struct yaml_tree *c = v->first; c && n < TITLE_CAP; c = c->next) {
		text = tree_title(c);
		n += (size_t)snprintf(own + n, TITLE_CAP - n, "%s%s", n ? "+" : "",
		                      text ? text : "?");
	}
	return own;
}

/* "vcpus=4,memory=1G" */
static int matrix_name(struct inputs *in, unsigned run)
{
	const struct matrix *x = &in->matrix;
	char name[2 * VARIANT_MAX] = "", cut[24], own[TITLE_CAP];
	size_t n = 0, end = VARIANT_MAX;

	for (size_t i = 0; i < x->n && n <= VARIANT_MAX; i++) {
		const struct dimension *d = &x->dimensions[i];

		n += (size_t)snprintf(name + n, sizeof(name) - n, "%s%s=", i ? "," : "",
		                      d->key->name);
		n += text_show(name + n, sizeof(name) - n, value_title(in, d, own));
	}
	if (n > VARIANT_MAX) {
		end -= (size_t)snprintf(cut, sizeof(cut), "...#%u", run + 1);
		while (end > 0 && ((uint8_t)name[end] & 0xc0) == 0x80) /* not inside a character */
			end--;
		strcpy(name + end, cut);
	}
	return reader_copy(&in->r, name, &in->r.m->variant);
}

int matrix_collect(struct inputs *in)
{
	const struct yaml_tree *v = in->of[KEY_MATRIX].value;
	size_t before = in->r.findings->errors;
	int r = 0;

	in->matrix.runs = 1;
	inputs_turn_to(in, &keys[KEY_MATRIX]);
	if (v && v->kind != YAML_MAP)
		r = reader_keep(&in->r, reader_refuse_type(&in->r, keys[KEY_MATRIX].name, v,
		                                           "a map from keys to lists"));
	for (const struct yaml_tree *c = v && v->kind == YAML_MAP ? v->first : NULL; c && r == 0;
	     c = c->next)
		r = reader_keep(&in->r, dimension_add(in, c));
	in->matrix_wrong = in->r.findings->errors > before;
	return r;
}

int matrix_choose(struct inputs *in, unsigned run)
{
	const struct matrix *x = &in->matrix;

	if (run >= x->runs) {
		error_set(in->r.err, ERROR_BAD_VALUE,
		          "there is no run %u: the manifest stands for %u", run + 1, x->runs);
		return error_at(in->r.err, in->path, 0, 0);
	}
	in->r.m->runs = in->matrix_wrong ? 0 : x->runs;
	in->r.m->run = run;
	matrix_apply(in, run);
	return x->n > 0 ? matrix_name(in, run) : 0;
}

/* Reads each value that an entry lists, only to find mistakes. */
static int entry_read(struct inputs *in, const struct key *k, const struct yaml_tree *values)
{
	struct manifest *m = in->r.m;
	struct key_input was = in->of[k - keys], *input = &in->of[k - keys];
	int r = 0;

	input->set = in->of[KEY_MATRIX].set;
	input->option = NULL;
	for (const struct yaml_tree *v = values; v && r == 0; v = v->next) {
		auto_manifest struct manifest scratch = { .confine = m->confine };

		in->r.m = &scratch;
		input->value = v;
		inputs_turn_to(in, k);
		r = reader_keep(&in->r, reader_value(&in->r, v));
	}
	in->r.m = m;
	*input = was;
	return r;
}

int matrix_read_values(struct inputs *in)
{
	const struct yaml_tree *map = in->of[KEY_MATRIX].value;
	int r = 0;

	for (const struct yaml_tree *c = map && map->kind == YAML_MAP ? map->first : NULL;
	     c && r == 0; c = c->next) {
		const struct key *k = key_find(c->key);

		if (k && !k->fixed && c->kind == YAML_LIST && !in->of[k - keys].own)
			r = entry_read(in, k, c->first);
	}
	return r;
}
