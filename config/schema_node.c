/* SPDX-License-Identifier: MIT */
/* config/schema_node.c: jansson's calls, with their failures noted in one place. */
#include "config/schema_node.h"

#include "core/base/array.h"

static json_t *schema_made(struct schema *s, json_t *j)
{
	s->ok &= j != NULL;
	return j;
}

void schema_set(struct schema *s, json_t *object, const char *name, json_t *value)
{
	s->ok &= json_object_set_new(object, name, schema_made(s, value)) == 0;
}

void schema_append(struct schema *s, json_t *array, json_t *value)
{
	s->ok &= json_array_append_new(array, schema_made(s, value)) == 0;
}

json_t *schema_object(struct schema *s)
{
	return schema_made(s, json_object());
}

json_t *schema_array(struct schema *s)
{
	return schema_made(s, json_array());
}

json_t *schema_typed(struct schema *s, const char *type)
{
	json_t *j = schema_object(s);

	schema_set(s, j, "type", json_string(type));
	return j;
}

json_t *schema_pattern(struct schema *s, const char *expression)
{
	json_t *j = schema_typed(s, "string");

	schema_set(s, j, "pattern", json_string(expression));
	return j;
}

json_t *schema_integer(struct schema *s, uint64_t min, uint64_t max)
{
	json_t *j = schema_typed(s, "integer");

	schema_set(s, j, "minimum", json_integer((json_int_t)min));
	if (max <= INT64_MAX) /* JSON has no integers beyond: there is no limit to write */
		schema_set(s, j, "maximum", json_integer((json_int_t)max));
	return j;
}

json_t *schema_text(struct schema *s, uint64_t min, uint64_t max)
{
	static const char *const types[] = { "string", "number", "boolean" };
	json_t *j = schema_object(s), *list = schema_array(s);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		schema_append(s, list, json_string(types[i]));
	schema_set(s, j, "type", list);
	if (min)
		schema_set(s, j, "minLength", json_integer((json_int_t)min));
	if (max)
		schema_set(s, j, "maxLength", json_integer((json_int_t)max));
	return j;
}

json_t *schema_enum(struct schema *s, json_t *values)
{
	json_t *j = schema_object(s);

	schema_set(s, j, "enum", values);
	return j;
}

json_t *schema_words(struct schema *s, const char *const *words)
{
	json_t *all = schema_array(s);

	for (; *words; words++)
		schema_append(s, all, json_string(*words));
	return schema_enum(s, all);
}

json_t *schema_any_of(struct schema *s, json_t *a, json_t *b, json_t *c)
{
	json_t *j = schema_object(s), *all = schema_array(s);

	schema_append(s, all, a);
	schema_append(s, all, b);
	if (c)
		schema_append(s, all, c);
	schema_set(s, j, "anyOf", all);
	return j;
}

json_t *schema_list(struct schema *s, json_t *items)
{
	json_t *j = schema_typed(s, "array");

	schema_set(s, j, "items", items);
	return j;
}

json_t *schema_map(struct schema *s, json_t *properties)
{
	json_t *j = schema_typed(s, "object");

	schema_set(s, j, "properties", properties);
	schema_set(s, j, "additionalProperties", json_false());
	return j;
}
