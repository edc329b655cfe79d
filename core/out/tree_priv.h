/* SPDX-License-Identifier: MIT */
/* core/out/tree_priv.h: the nodes of a tree, for the files that print one. */
#ifndef CORE_OUT_TREE_PRIV_H
#define CORE_OUT_TREE_PRIV_H

#include "core/out/tree.h"

enum tree_kind { TREE_MAP, TREE_LIST, TREE_NUMBER, TREE_BOOLEAN, TREE_TEXT, TREE_BYTES };

struct tree_node {
	enum tree_kind kind;
	uint64_t number; /* a boolean: 0 or 1 */
	size_t size;     /* of text and bytes; of a map or list the number of entries */
	const char *key; /* NULL in a list */
	struct tree_node *first, *last; /* entries of a map or list, in order */
	struct tree_node *next;
	char data[]; /* text and bytes, and a NUL behind them; then the key */
};

static inline bool tree_is_group(const struct tree_node *n)
{
	return n->kind == TREE_MAP || n->kind == TREE_LIST;
}

/*
 * The outermost value; NULL with *err filled, which names `form`, if the tree failed or something
 * in it is still open.
 */
const struct tree_node *tree_root(const struct tree *t, const char *form, struct error *err);

#endif
