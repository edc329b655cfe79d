/* SPDX-License-Identifier: MIT */
/* core/out/tree.c: builds a result, whatever its format. */
#include "core/out/tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/out/tree_priv.h"

enum { DEPTH_MAX = 8 }; /* printing is recursive */

struct tree {
	struct tree_node *root;
	struct tree_node *open[DEPTH_MAX]; /* from the outside in */
	int depth;
	bool failed;
};

struct tree *tree_new(void)
{
	return calloc(1, sizeof(struct tree));
}

static void node_free(struct tree_node *n)
{
	while (n) {
		struct tree_node *next = n->next;

		node_free(n->first);
		free(n);
		n = next;
	}
}

void tree_free(struct tree *t)
{
	if (t)
		node_free(t->root);
	free(t);
}

bool tree_empty(const struct tree *t)
{
	return t && !t->root && !t->failed;
}

/* Adds an entry to the innermost open map or list. NULL once something has failed. */
static struct tree_node *node_add_clean(struct tree *t, const char *key, enum tree_kind kind,
                                        const void *data, size_t size)
{
	struct tree_node *in = t && t->depth ? t->open[t->depth - 1] : NULL, *n;
	size_t key_size;

	if (!t || t->failed)
		return NULL;
	if (in && in->kind == TREE_LIST)
		key = NULL;
	t->failed = in ? in->kind == TREE_MAP && !key : t->root != NULL;
	if (in && in->kind == TREE_MAP) /* which has a few dozen keys at most */
		for (n = in->first; n && !t->failed; n = n->next)
			t->failed = strcmp(n->key, key) == 0;
	key_size = key ? strlen(key) + 1 : 0;
	n = t->failed ? NULL : calloc(1, sizeof(*n) + size + 1 + key_size);
	t->failed |= !n;
	if (!n)
		return NULL;
	n->kind = kind;
	n->size = size;
	if (size)
		memcpy(n->data, data, size);
	n->key = key ? memcpy(n->data + size + 1, key, key_size) : NULL;
	*(!in ? &t->root : in->last ? &in->last->next : &in->first) = n;
	if (in) {
		in->last = n;
		in->size++;
	}
	return n;
}

/* Cleans texts and keys, which may be untrusted, such as file names and strings in images. */
static struct tree_node *node_add(struct tree *t, const char *key, enum tree_kind kind,
                                  const void *data, size_t size)
{
	auto_free char *clean_key = key ? text_clean_copy(key) : NULL;
	auto_free char *text = kind == TREE_TEXT ? text_clean_copy(data) : NULL;

	if (t)
		t->failed |= (key && !clean_key) || (kind == TREE_TEXT && !text);
	return node_add_clean(t, clean_key, kind, text ? text : data, text ? strlen(text) : size);
}

static void group_add(struct tree *t, const char *key, enum tree_kind kind)
{
	struct tree_node *n = node_add(t, key, kind, NULL, 0);

	if (n && t->depth < DEPTH_MAX)
		t->open[t->depth++] = n;
	else if (t)
		t->failed = true;
}

void tree_map(struct tree *t, const char *key)
{
	group_add(t, key, TREE_MAP);
}

void tree_list(struct tree *t, const char *key)
{
	group_add(t, key, TREE_LIST);
}

void tree_end(struct tree *t)
{
	if (!t)
		return;
	t->failed |= t->depth == 0; /* nothing is open */
	t->depth -= t->depth > 0;
}

void tree_number(struct tree *t, const char *key, uint64_t value)
{
	struct tree_node *n = node_add(t, key, TREE_NUMBER, NULL, 0);

	if (n)
		n->number = value;
}

void tree_boolean(struct tree *t, const char *key, bool value)
{
	struct tree_node *n = node_add(t, key, TREE_BOOLEAN, NULL, 0);

	if (n)
		n->number = value;
}

void tree_text(struct tree *t, const char *key, const char *value)
{
	node_add(t, key, TREE_TEXT, value, strlen(value));
}

void tree_text_some(struct tree *t, const char *key, const char *value)
{
	if (value && value[0])
		tree_text(t, key, value);
}

void tree_bytes(struct tree *t, const char *key, const uint8_t *data, size_t size)
{
	node_add(t, key, TREE_BYTES, data, size);
}

void tree_hex(struct tree *t, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	tree_text(t, key, text);
}

void tree_bits(struct tree *t, const char *key, uint64_t value, const char *(*name)(unsigned bit))
{
	char number[16];

	tree_list(t, key);
	for (unsigned bit = 0; bit < 64; bit++) {
		const char *known = name(bit);

		if (!(value >> bit & 1))
			continue;
		snprintf(number, sizeof(number), "bit %u", bit);
		tree_text(t, NULL, known ? known : number);
	}
	tree_end(t);
}

const struct tree_node *tree_root(const struct tree *t, const char *form, struct error *err)
{
	if (t && t->root && !t->failed && !t->depth)
		return t->root;
	error_set(err, ERROR_OUTPUT, "the result cannot be written as %s", form);
	error_why(err, "it is nested too deep, or memory ran out");
	return NULL;
}
