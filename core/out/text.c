/* SPDX-License-Identifier: MIT */
/*
 * core/out/text.c: results for people: an indented line for each key; short maps and lists on the
 * line of their key; lists of maps with the same keys as tables.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/out/tree_priv.h"

enum {
	INLINE_MAX = 90, /* a map up to this wide is printed on the line of its key */
	COLUMNS_MAX = 16,
};

/*
 * These three return the number of bytes; if `to` is NULL they only count. Texts of a tree are
 * clean.
 */
static size_t text_print(const char *text, FILE *to)
{
	if (to)
		fputs(text, to);
	return strlen(text);
}

/* Prints nothing for a map or list. */
static size_t value_print(const struct tree_node *n, FILE *to)
{
	char digits[24];

	switch (n->kind) {
	case TREE_NUMBER:
		snprintf(digits, sizeof(digits), "%" PRIu64, n->number);
		return text_print(digits, to);
	case TREE_BOOLEAN:
		return text_print(n->number ? "yes" : "no", to);
	case TREE_TEXT:
		return text_print(n->data, to);
	case TREE_BYTES:
		for (size_t i = 0; to && i < n->size; i++)
			fprintf(to, "%02x", (unsigned char)n->data[i]);
		return 2 * n->size;
	default:
		return 0;
	}
}

static size_t key_print(const struct tree_node *n, FILE *to)
{
	return n->key ? text_print(n->key, to) : 0;
}

static void spaces_print(size_t n, FILE *to)
{
	fprintf(to, "%*s", (int)n, "");
}

/*
 * Whether to print it in one line: a value, a list of values, or a short map of values.
 */
static bool fits_line(const struct tree_node *n)
{
	size_t width = 0;

	for (const struct tree_node *i = n->first; i; i = i->next) {
		if (tree_is_group(i))
			return false;
		width += 2 + key_print(i, NULL) + 1 + value_print(i, NULL);
	}
	return n->kind != TREE_MAP || width <= INLINE_MAX;
}

static void line_print(const struct tree_node *n, FILE *to)
{
	value_print(n, to);
	if (tree_is_group(n) && !n->first)
		fputs("none", to);
	for (const struct tree_node *i = n->first; i; i = i->next) {
		fputs(i == n->first ? "" : ", ", to);
		key_print(i, to);
		fputs(i->key ? " " : "", to);
		value_print(i, to);
	}
	fputc('\n', to);
}

/*
 * How many columns the list has as a table, a row for each map; 0: the maps have different keys, or
 * too many.
 */
static size_t table_columns(const struct tree_node *list)
{
	size_t n = 0;

	for (const struct tree_node *row = list->first; row; row = row->next) {
		const struct tree_node *head = list->first->first, *cell = row->first;

		if (row->kind != TREE_MAP)
			return 0;
		for (n = 0; cell && head && !tree_is_group(cell) && !strcmp(cell->key, head->key);
		     n++)
			cell = cell->next, head = head->next;
		if (cell || head)
			return 0;
	}
	return n <= COLUMNS_MAX ? n : 0;
}

static void row_print(const struct tree_node *row, bool heads, const size_t *widths, size_t indent,
                      FILE *to)
{
	spaces_print(indent, to);
	for (const struct tree_node *cell = row->first; cell; cell = cell->next) {
		size_t n = heads ? key_print(cell, to) : value_print(cell, to);

		if (cell->next)
			spaces_print(*widths++ - n + 2, to);
	}
	fputc('\n', to);
}

static void table_print(const struct tree_node *list, size_t indent, FILE *to)
{
	size_t widths[COLUMNS_MAX] = { 0 };

	for (const struct tree_node *row = list->first; row; row = row->next) {
		size_t *width = widths;

		for (const struct tree_node *cell = row->first; cell; cell = cell->next, width++) {
			size_t key = key_print(cell, NULL), value = value_print(cell, NULL);

			*width = MAX(*width, MAX(key, value));
		}
	}
	row_print(list->first, true, widths, indent, to);
	for (const struct tree_node *row = list->first; row; row = row->next)
		row_print(row, false, widths, indent, to);
}

/* Recursion is as deep as the tree, which is bounded. */
static void group_print(const struct tree_node *group, size_t indent, FILE *to)
{
	size_t width = 0;

	if (group->kind == TREE_LIST && table_columns(group)) {
		table_print(group, indent, to);
		return;
	}
	for (const struct tree_node *n = group->first; n; n = n->next) {
		size_t key = fits_line(n) ? key_print(n, NULL) : 0;

		width = MAX(width, key);
	}
	for (const struct tree_node *n = group->first; n; n = n->next) {
		size_t key = key_print(n, NULL);

		spaces_print(indent, to);
		key_print(n, to);
		fputs(n->key ? ":" : "-", to);
		if (fits_line(n)) {
			spaces_print(n->key ? width - key + 1 : 1, to);
			line_print(n, to);
		} else {
			fputc('\n', to);
			group_print(n, indent + 2, to);
		}
	}
}

int tree_print_text(const struct tree *t, FILE *to, struct error *err)
{
	const struct tree_node *root = tree_root(t, "text", err);

	if (!root)
		return err->code;
	key_print(root, to);
	fputs(root->key ? ":\n" : "", to);
	if (root->first)
		group_print(root, root->key ? 2 : 0, to);
	else
		line_print(root, to);
	return ferror(to) ? error_sys(err, ERROR_OUTPUT, errno, "writing text") : 0;
}
