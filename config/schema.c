/* SPDX-License-Identifier: MIT */
/* config/schema.c: the table of keys as JSON Schema: one description for each type of value. */
#include "config/schema.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "config/value.h"
#include "config/yaml.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/pattern.h"
#include "core/snp/policy.h"

/*
 * Out of memory makes any of these NULL, and jansson's functions take NULL and fail: so one
 * question at the end (did every step succeed?) is enough. `ok` remembers.
 */
struct schema {
	bool ok;
};

static json_t *keep(struct schema *s, json_t *j)
{
	s->ok &= j != NULL;
	return j;
}

/* The object becomes the owner of value. Returns the object. */
static json_t *with(struct schema *s, json_t *object, const char *key, json_t *value)
{
	s->ok &= json_object_set_new(object, key, keep(s, value)) == 0;
	return object;
}

/* The array becomes the owner of value. Returns the array. */
static json_t *and_also(struct schema *s, json_t *array, json_t *value)
{
	s->ok &= json_array_append_new(array, keep(s, value)) == 0;
	return array;
}

static json_t *object(struct schema *s)
{
	return keep(s, json_object());
}

static json_t *array(struct schema *s)
{
	return keep(s, json_array());
}

static json_t *typed(struct schema *s, const char *type)
{
	return with(s, object(s), "type", json_string(type));
}

static json_t *pattern(struct schema *s, const char *expression)
{
	return with(s, typed(s, "string"), "pattern", json_string(expression));
}

static json_t *words(struct schema *s, const char *const *list)
{
	json_t *all = array(s);

	for (; *list; list++)
		and_also(s, all, json_string(*list));
	return with(s, object(s), "enum", all);
}

/* Any of one to three alternatives, as far as they aren't NULL. */
static json_t *any_of(struct schema *s, json_t *a, json_t *b, json_t *c)
{
	json_t *all = and_also(s, and_also(s, array(s), a), b);

	if (c)
		and_also(s, all, c);
	return with(s, object(s), "anyOf", all);
}

/* JSON has no integers past 2^63 - 1: above it there is no limit to write. */
static json_t *integer(struct schema *s, uint64_t min, uint64_t max)
{
	json_t *j = with(s, typed(s, "integer"), "minimum", json_integer((json_int_t)min));

	if (max <= INT64_MAX)
		with(s, j, "maximum", json_integer((json_int_t)max));
	return j;
}

/* A scalar whose words the parser takes as text, whatever YAML sees in it. */
static json_t *text(struct schema *s, uint64_t min, uint64_t max)
{
	static const char *const types[] = { "string", "number", "boolean" };
	json_t *j = object(s), *list = array(s);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		and_also(s, list, json_string(types[i]));
	with(s, j, "type", list);
	if (min)
		with(s, j, "minLength", json_integer((json_int_t)min));
	if (max)
		with(s, j, "maxLength", json_integer((json_int_t)max));
	return j;
}

/* A map that has no other keys than properties. */
static json_t *closed(struct schema *s, json_t *properties)
{
	json_t *j = with(s, typed(s, "object"), "properties", properties);

	return with(s, j, "additionalProperties", json_false());
}

static json_t *of_number(struct schema *s, const struct key *k)
{
	return any_of(s, integer(s, k->min, k->max), pattern(s, VALUE_NUMBER_PATTERN), NULL);
}

static json_t *of_text(struct schema *s, const struct key *k)
{
	return text(s, k->min, k->max);
}

static json_t *of_word(struct schema *s, const struct key *k)
{
	return words(s, k->words);
}

static json_t *of_bool(struct schema *s, const struct key *k)
{
	static const char *const quoted[] = { "true", "false", NULL };

	(void)k;
	return any_of(s, typed(s, "boolean"), words(s, quoted), NULL);
}

/* Where 0 is below the range; other limits are numbers that no expression should have to hold. */
#define ABOVE_ZERO "^[1-9][0-9]*"

static json_t *of_size(struct schema *s, const struct key *k)
{
	return pattern(s, k->min ? ABOVE_ZERO VALUE_SIZE_UNITS : VALUE_SIZE_PATTERN);
}

static json_t *of_time(struct schema *s, const struct key *k)
{
	return pattern(s, k->min ? ABOVE_ZERO VALUE_TIME_UNITS : VALUE_TIME_PATTERN);
}

static json_t *of_file(struct schema *s, const struct key *k)
{
	json_t *properties = with(s, object(s), FILE_PATH_KEY, text(s, 1, 0));
	json_t *map;

	(void)k;
	with(s, properties, FILE_HASH_KEY, pattern(s, VALUE_SHA256_PATTERN));
	map = with(s, closed(s, properties), "required",
	           and_also(s, array(s), json_string(FILE_PATH_KEY)));
	return any_of(s, text(s, 1, 0), map, NULL);
}

static json_t *of_files(struct schema *s, const struct key *k)
{
	json_t *list = with(s, typed(s, "array"), "items", of_file(s, k));

	with(s, list, "minItems", json_integer(1));
	with(s, list, "maxItems", json_integer((json_int_t)k->max));
	return any_of(s, of_file(s, k), list, NULL);
}

/* A builtin: that isn't one of ours is no path either. */
static json_t *of_firmware(struct schema *s, const struct key *k)
{
	json_t *j = of_file(s, k), *known = array(s), *other;

	for (size_t i = 0; k->words[i]; i++)
		and_also(s, known, json_sprintf("builtin:%s", k->words[i]));
	other = with(s, object(s), "not", pattern(s, "^builtin:"));
	return with(
		s, j, "allOf",
		and_also(s, array(s), any_of(s, with(s, object(s), "enum", known), other, NULL)));
}

static json_t *of_vcpu_type(struct schema *s, const struct key *k)
{
	json_t *names = array(s);

	for (const struct snp_vcpu_type *t = snp_vcpu_types; t->name; t++)
		and_also(s, names, json_string(t->name));
	return any_of(s, with(s, object(s), "enum", names), pattern(s, "^0x0*[0-9a-fA-F]{1,8}$"),
	              integer(s, k->min, k->max));
}

static json_t *of_policy(struct schema *s, const struct key *k)
{
	json_t *properties = object(s);

	for (const struct snp_bit *b = snp_policy_bits; b->text; b++)
		if (b->key)
			with(s, properties, b->key,
			     with(s, of_bool(s, k), "description", json_string(b->text)));
	with(s, properties, ABI_KEY,
	     any_of(s, pattern(s, VALUE_ABI_PATTERN), typed(s, "number"), NULL));
	return any_of(s, integer(s, k->min, k->max), pattern(s, VALUE_NUMBER_PATTERN),
	              closed(s, properties));
}

static json_t *of_bytes(struct schema *s, const struct key *k)
{
	static const char *const padding[] = { "", "==", "=" };
	char form[128];

	/* Base64, RFC 4648: 4 characters for 3 bytes, the last group filled up with '='. */
	snprintf(form, sizeof(form), "^(hex:[0-9a-fA-F]{%zu}|base64:[A-Za-z0-9+/]{%zu}%s|file:.+)$",
	         2 * k->size, (4 * k->size + 2) / 3, padding[k->size % 3]);
	return pattern(s, form);
}

static json_t *of_digest(struct schema *s, const struct key *k)
{
	(void)k;
	return pattern(s, VALUE_DIGEST_PATTERN);
}

static json_t *of_digests(struct schema *s)
{
	json_t *list = with(s, typed(s, "array"), "items", pattern(s, VALUE_DIGEST_PATTERN));

	return any_of(s, pattern(s, VALUE_DIGEST_PATTERN),
	              with(s, list, "minItems", json_integer(1)), NULL);
}

static json_t *of_pins(struct schema *s, const struct key *k)
{
	json_t *map = with(s, typed(s, "object"), "additionalProperties", of_digests(s));

	(void)k;
	with(s, map, "propertyNames",
	     with(s, object(s), "pattern", json_string(VALUE_NUMBER_PATTERN)));
	with(s, map, "minProperties", json_integer(1));
	return any_of(s, of_digests(s), map, NULL);
}

/* Words that mean a stream elsewhere aren't files here. */
static json_t *of_sink(struct schema *s, const struct key *k)
{
	json_t *others = array(s);
	json_t *path = text(s, 1, 0);

	for (const char *const *w = sink_words; *w; w++) {
		bool taken = false;

		for (const char *const *own = k->words; *own; own++)
			taken |= strcmp(*own, *w) == 0;
		if (!taken)
			and_also(s, others, json_string(*w));
	}
	return with(s, path, "not", with(s, object(s), "enum", others));
}

static json_t *of_port(struct schema *s, const struct key *k)
{
	json_t *no = and_also(s, and_also(s, array(s), json_false()), json_string("false"));

	return any_of(s, integer(s, k->min, k->max), pattern(s, VALUE_NUMBER_PATTERN),
	              with(s, object(s), "enum", no));
}

static json_t *of_exit(struct schema *s, const struct key *k)
{
	return any_of(s, integer(s, k->min, k->max), pattern(s, VALUE_NUMBER_PATTERN),
	              words(s, exit_words));
}

static json_t *of_patterns(struct schema *s, const struct key *k)
{
	json_t *list = with(s, typed(s, "array"), "items", text(s, 0, PATTERN_MAX));

	return with(s, list, "maxItems", json_integer((json_int_t)k->max));
}

static json_t *of_matrix(struct schema *s, const struct key *k);

/* Nothing will do. */
static json_t *of_later(struct schema *s, const struct key *k)
{
	(void)k;
	return with(s, object(s), "not", object(s));
}

static json_t *(*const describe[])(struct schema *s, const struct key *k) = {
	[VALUE_NUMBER] = of_number,       [VALUE_TEXT] = of_text,
	[VALUE_LINE] = of_text,           [VALUE_WORD] = of_word,
	[VALUE_BOOL] = of_bool,           [VALUE_SIZE] = of_size,
	[VALUE_TIME] = of_time,           [VALUE_FILE] = of_file,
	[VALUE_FILES] = of_files,         [VALUE_FIRMWARE] = of_firmware,
	[VALUE_VCPU_TYPE] = of_vcpu_type, [VALUE_POLICY] = of_policy,
	[VALUE_FEATURES] = of_number,     [VALUE_BYTES] = of_bytes,
	[VALUE_DIGEST] = of_digest,       [VALUE_PINS] = of_pins,
	[VALUE_SINK] = of_sink,           [VALUE_PORT] = of_port,
	[VALUE_EXIT] = of_exit,           [VALUE_PATTERNS] = of_patterns,
	[VALUE_MATRIX] = of_matrix,       [VALUE_LATER] = of_later,
};
static_assert(ARRAY_SIZE(describe) == VALUE_KINDS, "a kind of value without a description");

static json_t *of_matrix(struct schema *s, const struct key *k)
{
	json_t *properties = object(s);

	for (const struct key *one = keys; one < keys + KEYS; one++) {
		json_t *list;

		if (one->fixed || one->kind == VALUE_LATER)
			continue;
		list = with(s, typed(s, "array"), "items", describe[one->kind](s, one));
		with(s, list, "minItems", json_integer(1));
		with(s, properties, one->name, list);
	}
	(void)k;
	return closed(s, properties);
}

/* As YAML would give it: `1` is a number, `0x1` and `512M` are words to the strictest readers. */
static json_t *default_scalar(const char *form)
{
	bool digits = strspn(form, "0123456789") == strlen(form);

	return digits ? json_integer(strtoll(form, NULL, 10)) : json_string(form);
}

static json_t *default_value(struct schema *s, const char *form)
{
	auto_yaml struct yaml_tree *t = NULL;
	struct error ignored;
	json_t *list;

	if (form[0] != '[')
		return default_scalar(form);
	list = array(s);
	s->ok &= yaml_tree_parse("", (const uint8_t *)form, strlen(form), &t, &ignored) == 0;
	for (const struct yaml_tree *c = t ? t->first : NULL; c; c = c->next)
		and_also(s, list, json_string(c->text));
	return list;
}

static json_t *key_schema(struct schema *s, const struct key *k)
{
	json_t *j = describe[k->kind](s, k);
	const char *later = k->kind == VALUE_LATER ? " (not supported by this version)" : "";

	with(s, j, "description", json_sprintf("%s%s", k->doc, later));
	return k->default_value ? with(s, j, "default", default_value(s, k->default_value)) : j;
}

/* The map in which a key stands: a group's, made when its first key comes, or the top one. */
static json_t *level_of(struct schema *s, json_t *top, const struct key *k)
{
	char name[32];
	const struct key_group *g;
	json_t *group;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(k->name, "."), k->name);
	g = strchr(k->name, '.') ? key_group_find(name) : NULL;
	if (!g)
		return top;
	if (!json_object_get(top, g->name)) {
		group = closed(s, object(s));
		with(s, group, "description", json_string(g->doc));
		with(s, top, g->name, group);
	}
	return json_object_get(json_object_get(top, g->name), "properties");
}

static json_t *manifest_schema(struct schema *s)
{
	json_t *properties = object(s), *required = array(s), *j = object(s);

	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];

		with(s, level_of(s, properties, k), key_last(k->name), key_schema(s, k));
		if (k->required)
			and_also(s, required, json_string(k->name));
	}
	with(s, j, "$schema", json_string("http://json-schema.org/draft-07/schema#"));
	with(s, j, "title", json_string("snpvmm launch manifest, version 1"));
	with(s, j, "type", json_string("object"));
	with(s, j, "properties", properties);
	with(s, j, "required", required);
	return with(s, j, "additionalProperties", json_false());
}

int schema_write(FILE *out, struct error *err)
{
	struct schema s = { .ok = true };
	json_t *j = manifest_schema(&s);
	int r = 0;

	if (!s.ok)
		r = error_nomem(err, "the manifest's schema");
	else if (json_dumpf(j, out, JSON_INDENT(2)) < 0 || fputc('\n', out) == EOF || fflush(out))
		r = error_sys(err, ERROR_OUTPUT, errno, "cannot write the schema");
	json_decref(j);
	return r;
}
