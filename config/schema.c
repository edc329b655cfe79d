/* SPDX-License-Identifier: MIT */
/* config/schema.c: walks the table of keys, each of whose kinds describes its own. */
#include "config/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "config/kind.h"
#include "config/schema_node.h"
#include "config/yaml.h"
#include "core/base/error.h"

/*
	 * With YAML's types: `1` is a number; `0x1` and `512M` are strings to the strictest
	 * readers.
	 */
static json_t *default_value(struct schema *s, const char *form)
{
	auto_yaml struct yaml_tree *t = NULL;
	struct error ignored;
	json_t *list;

	if (strspn(form, "0123456789") == strlen(form))
		return json_integer(strtoll(form, NULL, 10));
	if (form[0] != '[')
		return json_string(form);
	list = schema_array(s);
	s->ok &= yaml_tree_parse("", (const uint8_t *)form, strlen(form), &t, NULL, &ignored) == 0;
	for (const struct yaml_tree *c = t ? t->first : NULL; c; c = c->next)
		schema_append(s, list, json_string(c->text));
	return list;
}

/* The keys of a map: a group's, made when its first key comes, or the top one's. */
static json_t *level_of(struct schema *s, json_t *top, const struct key_group *g)
{
	json_t *around, *group;

	if (!g)
		return top;
	around = level_of(s, top, g->in);
	if (!json_object_get(around, key_last(g->name))) {
		group = schema_map(s, schema_object(s));
		schema_set(s, group, "description", json_string(g->doc));
		if (g->required) {
			json_t *required = schema_array(s);

			schema_append(s, required, json_string(g->required));
			schema_set(s, group, "required", required);
		}
		schema_set(s, around, key_last(g->name), group);
	}
	return json_object_get(json_object_get(around, key_last(g->name)), "properties");
}

static json_t *manifest_schema(struct schema *s)
{
	json_t *properties = schema_object(s), *required = schema_array(s), *j = schema_object(s);

	for (const struct key *k = keys; k < keys + KEYS; k++) {
		json_t *own = k->kind->describe(s, k);

		schema_set(s, own, "description", json_string(k->doc));
		if (k->default_value)
			schema_set(s, own, "default", default_value(s, k->default_value));
		schema_set(s, level_of(s, properties, key_group_of(k->name)), key_last(k->name),
		           own);
		if (k->required)
			schema_append(s, required, json_string(k->name));
	}
	schema_set(s, j, "$schema", json_string("http://json-schema.org/draft-07/schema#"));
	schema_set(s, j, "title", json_string("snpvmm launch manifest, version 1"));
	schema_set(s, j, "type", json_string("object"));
	schema_set(s, j, "properties", properties);
	schema_set(s, j, "required", required);
	schema_set(s, j, "additionalProperties", json_false());
	return j;
}

int schema_write(FILE *out, struct error *err)
{
	struct schema s = { .ok = true, .keys = keys };
	json_t *j = manifest_schema(&s);
	int r = 0;

	if (!s.ok)
		r = error_nomem(err, "the manifest's schema");
	else if (json_dumpf(j, out, JSON_INDENT(2)) < 0 || fputc('\n', out) == EOF || fflush(out))
		r = error_sys(err, ERROR_OUTPUT, errno, "cannot write the schema");
	json_decref(j);
	return r;
}
