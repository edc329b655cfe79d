/* SPDX-License-Identifier: MIT */
/* core/out/explanation.c: explanations of a digest as a tree. */
#include "core/out/explanation.h"

#include <stdlib.h>

#include "core/out/tree.h"

static void explanation_free(struct explanation *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->changes[i].manifest);
		free(x->changes[i].wanted);
	}
}

void explanations_fini(struct explanations *e)
{
	for (size_t i = 0; i < e->n; i++)
		explanation_free(&e->list[i]);
	free(e->list);
	*e = (struct explanations){ 0 };
}

static void tree_changes(struct tree *t, const char *key, const struct explanation *x)
{
	tree_list(t, key);
	for (size_t i = 0; x && i < x->n; i++) {
		const struct explained_change *c = &x->changes[i];

		tree_map(t, NULL);
		tree_text(t, c->key ? "key" : "rule", c->name);
		tree_text(t, "manifest", c->manifest);
		tree_text(t, "wanted", c->wanted);
		if (c->sentence)
			tree_text(t, "text", c->sentence);
		tree_end(t);
	}
	tree_end(t);
}

void result_explain(struct tree *t, const char *key, const struct explanations *e)
{
	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.explain/1");
	tree_bytes(t, "want", e->want, sizeof(e->want));
	tree_boolean(t, "found", e->found);
	if (e->reversed)
		tree_boolean(t, "reversed", true);
	tree_text_some(t, "place", e->place);
	tree_changes(t, "changes", e->n ? &e->list[0] : NULL);
	if (e->n > 1) { /* other names for the same bytes */
		tree_list(t, "others");
		for (size_t i = 1; i < e->n; i++)
			tree_changes(t, NULL, &e->list[i]);
		tree_end(t);
	}
	tree_list(t, "varied");
	for (size_t i = 0; i < e->n_varied; i++)
		tree_text(t, NULL, e->varied[i]);
	tree_end(t);
	tree_number(t, "tried", e->tried);
	tree_number(t, "ms", e->us / 1000);
	tree_end(t);
}
