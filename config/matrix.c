/* SPDX-License-Identifier: MIT */
/* config/matrix.c: one combination of the values that a matrix lists, and how it is called. */
#include <stdio.h>
#include <string.h>

#include "config/load_priv.h"
#include "config/value.h"
#include "core/base/error.h"
#include "core/base/text.h"

#define TITLE_CAP   256
#define VARIANT_MAX 200 /* bytes; longer ones are cut, and end with their number */

static int refuse_fixed(struct load *l, const struct key *k)
{
	error_set(l->err, ERROR_BAD_VALUE, "'%s' cannot be in 'matrix'", k->name);
	return error_fix(l->err, k->kind == VALUE_MATRIX ? "remove it"
	                                                 : "write it outside: it is the same for "
	                                                   "all runs");
}

/* The key that an entry of the matrix names; NULL: *err is filled. */
static const struct key *dimension_key(struct load *l, const struct yaml_tree *v)
{
	const struct key *k = key_find(v->key);

	if (k && k->kind != VALUE_LATER && !k->fixed)
		return k;
	if (!k)
		refuse_dotted(l, v->key, " in 'matrix'", "write");
	else if (k->kind == VALUE_LATER)
		refuse_later(l, k);
	else
		refuse_fixed(l, k);
	at_key(l, v);
	return NULL;
}

static int dimension_values(struct load *l, const struct yaml_tree *v, struct dimension *d)
{
	char name[NAME_CAP];

	snprintf(name, sizeof(name), "matrix: %s", d->key->name);
	if (v->kind != YAML_LIST) {
		refuse_kind(l, name, v, "a list of values");
		return error_fix(l->err, "put even a single one in brackets");
	}
	if (!v->first) {
		error_set(l->err, ERROR_BAD_VALUE, "'%s' is an empty list", name);
		return at_value(l, v);
	}
	d->values = v->first;
	for (const struct yaml_tree *c = v->first; c; c = c->next)
		d->count++;
	return 0;
}

/* One entry. A value that --set gives takes the place of the whole list. */
static int dimension_add(struct load *l, const struct yaml_tree *v)
{
	struct matrix *x = &l->matrix;
	struct dimension *d = &x->dimensions[x->n];
	int r;

	*d = (struct dimension){ 0 };
	d->key = dimension_key(l, v);
	if (!d->key)
		return l->err->code;
	r = dimension_values(l, v, d);
	if (r < 0)
		return r;
	if (l->slots[d->key - keys].own) {
		d->values = NULL;
		d->count = 1;
	}
	if (x->runs * d->count <= MANIFEST_MAX_RUNS) { /* and YAML_MAX_NODES: no overflow */
		x->n++;
		x->runs *= d->count;
		return 0;
	}
	error_set(l->err, ERROR_BAD_VALUE, "'matrix' stands for more than %d runs",
	          MANIFEST_MAX_RUNS);
	return at_key(l, v);
}

/* Sets each dimension to its value in combination `run`: the last one varies fastest. */
static void matrix_apply(struct load *l, unsigned run)
{
	struct matrix *x = &l->matrix;

	for (size_t i = x->n; i-- > 0;) {
		struct dimension *d = &x->dimensions[i];
		struct slot *slot = &l->slots[d->key - keys];
		const struct yaml_tree *v = d->values;

		d->pick = run % d->count;
		run /= d->count;
		for (unsigned n = d->pick; v && n > 0; n--)
			v = v->next;
		if (!v)
			continue;
		slot->value = v;
		slot->set = l->slots[KEY_MATRIX].set;
		slot->option = NULL;
	}
}

/* A single value, or the path in a map; NULL: neither. */
static const char *tree_title(const struct yaml_tree *v)
{
	if (v->kind == YAML_SCALAR)
		return v->text;
	for (const struct yaml_tree *c = v->first; v->kind == YAML_MAP && c; c = c->next)
		if (strcmp(c->key, FILE_PATH_KEY) == 0 && c->kind == YAML_SCALAR)
			return c->text;
	return NULL;
}

/* What the value is called: itself, the path in it, the files in its list, or its number. */
static const char *value_title(const struct load *l, const struct dimension *d,
                               char own[static TITLE_CAP])
{
	const struct yaml_tree *v = l->slots[d->key - keys].value;
	const char *text = tree_title(v);
	size_t n = 0;

	if (text)
		return text;
	if (d->key->kind != VALUE_FILES || !v->first) {
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
static int matrix_name(struct load *l, unsigned run)
{
	const struct matrix *x = &l->matrix;
	char name[2 * VARIANT_MAX] = "", cut[24], own[TITLE_CAP];
	size_t n = 0, end = VARIANT_MAX;

	for (size_t i = 0; i < x->n && n <= VARIANT_MAX; i++) {
		const struct dimension *d = &x->dimensions[i];

		n += (size_t)snprintf(name + n, sizeof(name) - n, "%s%s=", i ? "," : "",
		                      d->key->name);
		n += text_show(name + n, sizeof(name) - n, value_title(l, d, own));
	}
	if (n > VARIANT_MAX) {
		end -= (size_t)snprintf(cut, sizeof(cut), "...#%u", run + 1);
		while (end > 0 && ((uint8_t)name[end] & 0xc0) == 0x80) /* not through a character */
			end--;
		strcpy(name + end, cut);
	}
	return load_copy(l, name, &l->m->variant);
}

int matrix_collect(struct load *l)
{
	const struct yaml_tree *v = l->slots[KEY_MATRIX].value;
	size_t before = l->findings->errors;
	int r = 0;

	l->matrix.runs = 1;
	load_turn_to(l, &keys[KEY_MATRIX]);
	if (v && v->kind != YAML_MAP)
		r = load_keep(l,
		              refuse_kind(l, keys[KEY_MATRIX].name, v, "a map from keys to lists"));
	for (const struct yaml_tree *c = v && v->kind == YAML_MAP ? v->first : NULL; c && r == 0;
	     c = c->next)
		r = load_keep(l, dimension_add(l, c));
	l->matrix_wrong = l->findings->errors > before;
	return r;
}

int matrix_choose(struct load *l, unsigned run)
{
	const struct matrix *x = &l->matrix;

	if (run >= x->runs) {
		error_set(l->err, ERROR_BAD_VALUE, "there is no run %u: the manifest stands for %u",
		          run + 1, x->runs);
		return error_at(l->err, l->path, 0, 0);
	}
	l->m->runs = l->matrix_wrong ? 0 : x->runs;
	l->m->run = run;
	matrix_apply(l, run);
	return x->n > 0 ? matrix_name(l, run) : 0;
}

/* The values that one entry lists, each into a manifest that nobody uses. */
static int entry_read(struct load *l, const struct key *k, const struct yaml_tree *values)
{
	struct manifest *m = l->m;
	struct slot was = l->slots[k - keys], *slot = &l->slots[k - keys];
	int r = 0;

	slot->set = l->slots[KEY_MATRIX].set;
	slot->option = NULL;
	for (const struct yaml_tree *v = values; v && r == 0; v = v->next) {
		auto_manifest struct manifest scratch = { .confine = m->confine };

		l->m = &scratch;
		slot->value = v;
		r = load_keep(l, read_value(l, k, v));
	}
	l->m = m;
	*slot = was;
	return r;
}

int matrix_read_values(struct load *l)
{
	const struct yaml_tree *map = l->slots[KEY_MATRIX].value;
	int r = 0;

	for (const struct yaml_tree *c = map && map->kind == YAML_MAP ? map->first : NULL;
	     c && r == 0; c = c->next) {
		const struct key *k = key_find(c->key);

		if (k && k->kind != VALUE_LATER && !k->fixed && c->kind == YAML_LIST &&
		    !l->slots[k - keys].own)
			r = entry_read(l, k, c->first);
	}
	return r;
}

/* Its values are read as those of the keys it names. */
int read_matrix(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	(void)l, (void)k, (void)v;
	return 0;
}
