/* SPDX-License-Identifier: MIT */
/* core/out/tree_priv.h: what a format has to know of a tree to print it. */
#ifndef CORE_OUT_TREE_PRIV_H
#define CORE_OUT_TREE_PRIV_H

#include "core/out/tree.h"

enum tree_kind { TREE_MAP, TREE_LIST, TREE_NUMBER, TREE_BOOLEAN, TREE_TEXT, TREE_BYTES };

struct tree_node {
	enum tree_kind kind;
	uint64_t number; /* or 0 and 1 */
	size_t size;     /* of text and bytes; of a map or list the number of entries */
	const char *key; /* NULL in a list */
	struct tree_node *first, *last; /* entries of a map or list, in their order */
	struct tree_node *next;
	char data[]; /* text and bytes, and a NUL behind them; then the key */
};

static inline bool tree_is_group(const struct tree_node *n)
{
	return n->kind == TREE_MAP || n->kind == TREE_LIST;
}

/*
 * The outermost value; NULL, and *err says that it cannot be written as `form`, for a tree that
 * failed or isn't whole.
 */
const struct tree_node *tree_root(const struct tree *t, const char *form, struct error *err);

#endif
