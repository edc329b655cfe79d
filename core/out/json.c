/* SPDX-License-Identifier: MIT */
/* core/out/json.c: results for scripts: JSON, by jansson. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/out/tree_priv.h"

/* NULL: JSON cannot hold it, or no memory. Recursion is as deep as the tree, which is bounded. */
static json_t *json_of(const struct tree_node *n)
{
	bool map = n->kind == TREE_MAP;
	auto_free char *hex = NULL;
	json_t *group;
	int r;

	switch (n->kind) {
	case TREE_NUMBER:
		/* jansson's integers are signed. */
		return n->number > INT64_MAX ? NULL : json_integer((json_int_t)n->number);
	case TREE_BOOLEAN:
		return json_boolean(n->number);
	case TREE_TEXT:
		return json_stringn(n->data, n->size);
	case TREE_BYTES:
		hex = malloc(2 * n->size + 1);
		return hex ? json_string(hex_of((const uint8_t *)n->data, n->size, hex)) : NULL;
	default:
		group = map ? json_object() : json_array();
		r = group ? 0 : -1;
		for (const struct tree_node *i = n->first; i && r == 0; i = i->next)
			r = map ? json_object_set_new(group, i->key, json_of(i))
			        : json_array_append_new(group, json_of(i));
		if (r == 0)
			return group;
		json_decref(group);
		return NULL;
	}
}

void tree_json_seed(void)
{
	json_object_seed(0);
}

int tree_print_json(const struct tree *t, FILE *to, struct error *err)
{
	const struct tree_node *root = tree_root(t, "JSON", err);
	json_t *j = root ? json_of(root) : NULL;
	int r = 0;

	if (!root)
		return err->code;
	if (!j) {
		error_set(err, ERROR_OUTPUT, "the result cannot be written as JSON");
		return error_why(err, "a text in it is not UTF-8, a number is above 2^63 - 1, or "
		                      "memory ran out");
	}
	if (json_dumpf(j, to, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0 || fputc('\n', to) == EOF)
		r = error_sys(err, ERROR_OUTPUT, errno, "writing JSON");
	json_decref(j);
	return r;
}
