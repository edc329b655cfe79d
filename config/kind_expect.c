/* SPDX-License-Identifier: MIT */
/* config/kind_expect.c: values of what a run has to come to: digests, console lines, a status. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "config/kind.h"
#include "config/reader.h"
#include "config/schema_node.h"
#include "config/value.h"
#include "config/writer.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/pattern.h"

/* --- pins --- */

static int add_pin(struct key_reader *r, unsigned vcpus, const struct yaml_tree *v)
{
	const char *text = reader_scalar(r, r->key->name, v, "a launch digest");
	struct manifest *m = r->m;

	if (!text)
		return r->err->code;
	if (!ARRAY_GROW(m->pins, m->n_pins))
		return error_nomem(r->err, r->key->name);
	m->pins[m->n_pins].vcpus = vcpus;
	if (value_digest(r->key->name, text, m->pins[m->n_pins].digest, r->err) < 0)
		return reader_at_value(r, v);
	m->n_pins++;
	return 0;
}

/* A digest or a list of them. */
static int add_pins(struct key_reader *r, unsigned vcpus, const struct yaml_tree *v)
{
	int e = 0;

	if (v->kind != YAML_LIST)
		return add_pin(r, vcpus, v);
	for (const struct yaml_tree *c = v->first; c && e == 0; c = c->next)
		e = reader_keep(r, add_pin(r, vcpus, c));
	if (e == 0 && !v->first) {
		error_set(r->err, ERROR_BAD_VALUE, "'%s' is an empty list", r->key->name);
		return reader_at_value(r, v);
	}
	return e;
}

static int pins_read(struct key_reader *r, const struct yaml_tree *v)
{
	uint64_t n = 0;
	int e = 0;

	r->m->pins_at = reader_location(r, v);
	if (v->kind != YAML_MAP)
		return add_pins(r, 0, v);
	if (!v->first)
		return error_set(r->err, ERROR_BAD_VALUE, "'%s' is an empty map", r->key->name);
	for (const struct yaml_tree *c = v->first; c && e == 0; c = c->next) {
		e = value_number("vcpus", c->key, 1, PLAN_MAX_VCPUS, &n, r->err);
		if (e < 0) {
			error_wrap(r->err, "'%s'", r->key->name);
			reader_at_key(r, c);
		} else {
			e = add_pins(r, (unsigned)n, c);
		}
		e = reader_keep(r, e);
	}
	return e;
}

/* " [D, D]": those for one count of vCPUs. */
static void pins_write_for(struct key_writer *w, unsigned vcpus)
{
	const char *before = " [";

	for (const struct manifest_pin *p = w->m->pins; p < w->m->pins + w->m->n_pins; p++) {
		if (p->vcpus != vcpus)
			continue;
		fprintf(w->to, "%s\"", before);
		writer_hex(w, p->digest, sizeof(p->digest));
		fputc('"', w->to);
		before = ", ";
	}
	fputs("]\n", w->to);
}

static void pins_write(struct key_writer *w, const struct key *k)
{
	const struct manifest *m = w->m;

	if (m->n_pins == 0)
		return;
	writer_key(w, k);
	if (m->pins[0].vcpus == 0) { /* pins for any count: no map, so all are */
		pins_write_for(w, 0);
		return;
	}
	fputc('\n', w->to);
	for (size_t i = 0, j; i < m->n_pins; i++) {
		/* The list may have a count twice: `1` and `0x1` are two keys of a map. */
		for (j = 0; m->pins[j].vcpus != m->pins[i].vcpus; j++)
			;
		if (j < i)
			continue;
		fprintf(w->to, "    %u:", m->pins[i].vcpus);
		pins_write_for(w, m->pins[i].vcpus);
	}
}

static json_t *digests_describe(struct schema *s)
{
	json_t *list = schema_list(s, schema_pattern(s, VALUE_DIGEST_PATTERN));

	schema_set(s, list, "minItems", json_integer(1));
	return schema_any_of(s, schema_pattern(s, VALUE_DIGEST_PATTERN), list, NULL);
}

static json_t *pins_describe(struct schema *s, const struct key *k)
{
	json_t *map = schema_typed(s, "object"), *count = schema_object(s);

	(void)k;
	schema_set(s, map, "additionalProperties", digests_describe(s));
	schema_set(s, count, "pattern", json_string(VALUE_NUMBER_PATTERN));
	schema_set(s, map, "propertyNames", count);
	schema_set(s, map, "minProperties", json_integer(1));
	return schema_any_of(s, digests_describe(s), map, NULL);
}

const struct kind kind_pins = {
	.read = pins_read,
	.write = pins_write,
	.describe = pins_describe,
};

/* --- patterns --- */

static int add_pattern(struct key_reader *r, const struct yaml_tree *v,
                       struct manifest_patterns *to)
{
	const char *text = reader_scalar(r, r->key->name, v, "a regular expression");
	struct manifest_pattern *new = &to->list[to->count];
	struct pattern *compiled;

	if (!text)
		return r->err->code;
	compiled = pattern_new(text, r->err);
	if (!compiled) {
		error_wrap(r->err, "'%s': '%s'", r->key->name, shown_of(text).text);
		return reader_at_value(r, v);
	}
	pattern_free(compiled);
	new->at = reader_location(r, v);
	if (reader_copy(r, text, &new->text) < 0)
		return r->err->code;
	to->count++;
	return 0;
}

static int patterns_read(struct key_reader *r, const struct yaml_tree *v)
{
	struct manifest_patterns *to = reader_field(r);
	uint64_t n = 0;
	int e = 0;

	if (v->kind != YAML_LIST) {
		reader_refuse_type(r, r->key->name, v, "a list of regular expressions");
		return error_fix(r->err, "put it in brackets and quotes: ['...']");
	}
	for (const struct yaml_tree *c = v->first; c; c = c->next)
		n++;
	if (n > r->key->max)
		return error_set(r->err, ERROR_BAD_VALUE,
		                 "'%s' has %" PRIu64 " regular expressions; it may have %" PRIu64,
		                 r->key->name, n, r->key->max);
	to->list = n ? calloc(n, sizeof(*to->list)) : NULL;
	if (n && !to->list)
		return error_nomem(r->err, r->key->name);
	for (const struct yaml_tree *c = v->first; c && e == 0; c = c->next)
		e = reader_keep(r, add_pattern(r, c, to));
	return e;
}

static void patterns_write(struct key_writer *w, const struct key *k)
{
	const struct manifest_patterns *p = writer_field(w, k);

	writer_key(w, k);
	fputs(p->count ? "\n" : " []\n", w->to);
	for (size_t i = 0; i < p->count; i++) {
		fputs("    - ", w->to);
		writer_quoted(w, p->list[i].text);
		fputc('\n', w->to);
	}
}

static json_t *patterns_describe(struct schema *s, const struct key *k)
{
	json_t *list = schema_list(s, schema_text(s, 0, PATTERN_MAX));

	schema_set(s, list, "maxItems", json_integer((json_int_t)k->max));
	return list;
}

const struct kind kind_patterns = {
	.read = patterns_read,
	.write = patterns_write,
	.describe = patterns_describe,
};

/* --- exit --- */

enum { EXIT_ANY, EXIT_NONE };
static const char *const exit_words[] = { [EXIT_ANY] = "any", [EXIT_NONE] = "none", NULL };

static int exit_read(struct key_reader *r, const struct yaml_tree *v)
{
	int word = word_index(v->text, exit_words), e;

	r->m->exit_any = word == EXIT_ANY;
	r->m->exit_none = word == EXIT_NONE;
	if (word >= 0)
		return 0;
	e = number_read(r, v);
	if (e < 0)
		return error_fix(r->err, "write the status that the guest must give, any, or none");
	r->m->exit_expected = true;
	return 0;
}

static void exit_write(struct key_writer *w, const struct key *k)
{
	const struct manifest *m = w->m;

	if (m->exit_expected)
		number_write(w, k);
	if (!m->exit_any && !m->exit_none)
		return;
	writer_key(w, k);
	fprintf(w->to, " %s\n", exit_words[m->exit_any ? EXIT_ANY : EXIT_NONE]);
}

static json_t *exit_describe(struct schema *s, const struct key *k)
{
	return schema_any_of(s, schema_integer(s, k->min, k->max),
	                     schema_pattern(s, VALUE_NUMBER_PATTERN), schema_words(s, exit_words));
}

const struct kind kind_exit = {
	.expects = "a number, any or none",
	.read = exit_read,
	.write = exit_write,
	.describe = exit_describe,
};
