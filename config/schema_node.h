/* SPDX-License-Identifier: MIT */
/* config/schema_node.h: pieces of a JSON Schema, of which kinds of values make descriptions. */
#ifndef CONFIG_SCHEMA_NODE_H
#define CONFIG_SCHEMA_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct key; /* config/keys.h */

/*
 * Without memory each of these returns NULL, with which jansson's functions fail in turn. `ok`
 * turns false then, so it is enough to check it at the end.
 */
struct schema {
	bool ok;
	const struct key *keys; /* the whole table, for the kind that lists others */
};

/* The object or array becomes the owner of value. */
void schema_set(struct schema *s, json_t *object, const char *name, json_t *value);
void schema_append(struct schema *s, json_t *array, json_t *value);

json_t *schema_object(struct schema *s);
json_t *schema_array(struct schema *s);

/* { "type": type } */
json_t *schema_typed(struct schema *s, const char *type);
/* A string that matches an expression. */
json_t *schema_pattern(struct schema *s, const char *expression);
json_t *schema_integer(struct schema *s, uint64_t min, uint64_t max);
/* A scalar, read as text whatever YAML sees in it. max 0: of any length. */
json_t *schema_text(struct schema *s, uint64_t min, uint64_t max);
/* One of the values in an array, or one of the words, which end with NULL. */
json_t *schema_enum(struct schema *s, json_t *values);
json_t *schema_words(struct schema *s, const char *const *words);
/* Two alternatives, or three if c isn't NULL. */
json_t *schema_any_of(struct schema *s, json_t *a, json_t *b, json_t *c);
json_t *schema_list(struct schema *s, json_t *items);
/* A map that has no other keys than properties. */
json_t *schema_map(struct schema *s, json_t *properties);

#endif
