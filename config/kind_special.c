/* SPDX-License-Identifier: MIT */
/* config/kind_special.c: the key without a value of its own: matrix. */
#include <jansson.h>

#include "config/keys.h"
#include "config/kind.h"
#include "config/schema_node.h"

static json_t *matrix_describe(struct schema *s, const struct key *k)
{
	json_t *properties = schema_object(s);

	(void)k;
	for (const struct key *one = s->keys; one < s->keys + KEYS; one++) {
		json_t *list;

		if (one->fixed)
			continue;
		list = schema_list(s, one->kind->describe(s, one));
		schema_set(s, list, "minItems", json_integer(1));
		schema_set(s, properties, one->name, list);
	}
	return schema_map(s, properties);
}

/* Its values are read, and for each run written, as those of the keys that it names. */
const struct kind kind_matrix = {
	.describe = matrix_describe,
};
