/* SPDX-License-Identifier: MIT */
/*
 * config/read_expect.c: the values of what must come out: launch digests, texts on the console, a
 * status.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "config/load_priv.h"
#include "config/value.h"
#include "core/base/error.h"
#include "core/base/pattern.h"

static int add_pin(struct load *l, const struct key *k, unsigned vcpus, const struct yaml_tree *v)
{
	const char *text = load_text(l, k->name, v, "a launch digest");
	struct manifest *m = l->m;
	struct manifest_pin *grown;

	if (!text)
		return l->err->code;
	grown = reallocarray(m->pins, m->n_pins + 1, sizeof(*grown));
	if (!grown)
		return error_nomem(l->err, k->name);
	m->pins = grown;
	grown[m->n_pins].vcpus = vcpus;
	if (value_digest(k->name, text, grown[m->n_pins].digest, l->err) < 0)
		return at_value(l, v);
	m->n_pins++;
	return 0;
}

/* A digest or a list of them. */
static int add_pins(struct load *l, const struct key *k, unsigned vcpus, const struct yaml_tree *v)
{
	int r = 0;

	if (v->kind != YAML_LIST)
		return add_pin(l, k, vcpus, v);
	for (const struct yaml_tree *c = v->first; c && r == 0; c = c->next)
		r = load_keep(l, add_pin(l, k, vcpus, c));
	if (r == 0 && !v->first) {
		error_set(l->err, ERROR_BAD_VALUE, "'%s' is an empty list", k->name);
		return at_value(l, v);
	}
	return r;
}

int read_pins(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	const struct key *vcpus = &keys[KEY_VCPUS];
	uint64_t n = 0;
	int r = 0;

	l->m->pins_at = location_of(l, v);
	if (v->kind != YAML_MAP)
		return add_pins(l, k, 0, v);
	if (!v->first)
		return error_set(l->err, ERROR_BAD_VALUE, "'%s' is an empty map", k->name);
	for (const struct yaml_tree *c = v->first; c && r == 0; c = c->next) {
		r = value_number("vcpus", c->key, vcpus->min, vcpus->max, &n, l->err);
		if (r < 0) {
			error_wrap(l->err, "'%s'", k->name);
			at_key(l, c);
		} else {
			r = add_pins(l, k, (unsigned)n, c);
		}
		r = load_keep(l, r);
	}
	return r;
}

static int add_pattern(struct load *l, const struct key *k, const struct yaml_tree *v,
                       struct manifest_patterns *to)
{
	const char *text = load_text(l, k->name, v, "a regular expression");
	struct manifest_pattern *new = &to->list[to->count];
	struct pattern *compiled;

	if (!text)
		return l->err->code;
	compiled = pattern_new(text, l->err);
	if (!compiled) {
		error_wrap(l->err, "'%s': '%s'", k->name, shown_of(text).text);
		return at_value(l, v);
	}
	pattern_free(compiled);
	new->at = location_of(l, v);
	if (load_copy(l, text, &new->text) < 0)
		return l->err->code;
	to->count++;
	return 0;
}

int read_patterns(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	struct manifest_patterns *to = load_field(l, k);
	uint64_t n = 0;
	int r = 0;

	if (v->kind != YAML_LIST) {
		refuse_kind(l, k->name, v, "a list of regular expressions");
		return error_fix(l->err, "put it in brackets and quotes: ['...']");
	}
	for (const struct yaml_tree *c = v->first; c; c = c->next)
		n++;
	if (n > k->max)
		return error_set(l->err, ERROR_BAD_VALUE,
		                 "'%s' has %" PRIu64 " regular expressions; it may have %" PRIu64,
		                 k->name, n, k->max);
	to->list = n ? calloc(n, sizeof(*to->list)) : NULL;
	if (n && !to->list)
		return error_nomem(l->err, k->name);
	for (const struct yaml_tree *c = v->first; c && r == 0; c = c->next)
		r = load_keep(l, add_pattern(l, k, c, to));
	return r;
}

int read_exit(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	int word = word_index(v->text, exit_words), r;

	l->m->exit_any = word == EXIT_ANY;
	l->m->exit_none = word == EXIT_NONE;
	if (word >= 0)
		return 0;
	r = read_number(l, k, v);
	if (r < 0)
		return error_fix(l->err, "write the status that the guest must give, any, or none");
	l->m->exit_expected = true;
	return 0;
}
