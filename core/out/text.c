/* SPDX-License-Identifier: MIT */
/*
 * core/out/text.c: results for people: a line a key, indented; short maps and lists on the line of their key,
 * lists of like maps as tables. What is emitted is kept until the end, when widths are known.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/out/emit.h"

enum {
	DEPTH_MAX = 8,   /* as core/out/json.c has it */
	INLINE_MAX = 90, /* characters of a map that stands on its key's line */
	COLUMNS_MAX = 16,
};

struct node {
	char *key;   /* NULL in a list */
	char *value; /* as it is printed; NULL: a map or a list */
	bool is_map;
	struct node *first, *last, *next;
};

/* The root is a list, of which one entry is printed. */
struct text_emitter {
	struct node root, *open[DEPTH_MAX];
	int depth;
	bool failed;
};

/* A copy without what could move a terminal's cursor. NULL: no memory. */
static char *clean_copy(const char *from)
{
	auto_buffer struct buffer b = { 0 };
	char escape[8];
	char *taken;

	for (; *from; from++) {
		bool control = (unsigned char)*from < ' ' || *from == 0x7f;

		snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)*from);
		buffer_add(&b, control ? escape : from, control ? strlen(escape) : 1);
	}
	buffer_add(&b, "", 1);
	taken = b.failed ? NULL : (char *)b.data;
	if (taken)
		b.data = NULL;
	return taken;
}

static void node_free(struct node *n)
{
	while (n->first) {
		struct node *next = n->first->next;

		node_free(n->first);
		free(n->first);
		n->first = next;
	}
	free(n->key);
	free(n->value);
}

static struct node *innermost(struct text_emitter *t)
{
	return t->depth ? t->open[t->depth - 1] : &t->root;
}

/* A new entry of what is open; NULL once something failed. The outermost value may have a key: its heading. */
static struct node *node_new(struct text_emitter *t, const char *key)
{
	struct node *in = innermost(t), *n = NULL;

	t->failed |= in->is_map && !key;
	t->failed |= in == &t->root && in->first;
	if (!t->failed)
		n = calloc(1, sizeof(*n));
	t->failed |= !n;
	if (!n)
		return NULL;
	*(in->last ? &in->last->next : &in->first) = n;
	in->last = n;
	if (key && (in->is_map || in == &t->root)) {
		n->key = clean_copy(key);
		t->failed |= !n->key;
	}
	return n;
}

static void value_new(struct text_emitter *t, const char *key, const char *value)
{
	struct node *n = node_new(t, key);

	if (!n)
		return;
	n->value = clean_copy(value);
	t->failed |= !n->value;
}

static void group_new(struct text_emitter *t, const char *key, bool is_map)
{
	struct node *n = node_new(t, key);

	t->failed |= t->depth == DEPTH_MAX;
	if (t->failed)
		return;
	n->is_map = is_map;
	t->open[t->depth++] = n;
}

static void text_map(void *self, const char *key)
{
	group_new(self, key, true);
}

static void text_list(void *self, const char *key)
{
	group_new(self, key, false);
}

static void text_end(void *self)
{
	struct text_emitter *t = self;

	t->failed |= t->depth == 0; /* nothing is open */
	t->depth -= t->depth > 0;
}

static void text_number(void *self, const char *key, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	value_new(self, key, digits);
}

static void text_text(void *self, const char *key, const char *value)
{
	value_new(self, key, value);
}

static void text_bytes(void *self, const char *key, const uint8_t *data, size_t size)
{
	struct text_emitter *t = self;
	auto_free char *hex = malloc(2 * size + 1);

	t->failed |= !hex;
	if (hex)
		value_new(t, key, hex_of(data, size, hex));
}

static void text_boolean(void *self, const char *key, bool value)
{
	value_new(self, key, value ? "yes" : "no");
}

static size_t key_width(const struct node *n)
{
	return n->key ? strlen(n->key) : 0;
}

/* Of a value, or of a map or list of values once it stands in one line. */
static size_t line_width(const struct node *n)
{
	size_t width = 0;

	if (n->value)
		return strlen(n->value);
	for (const struct node *i = n->first; i; i = i->next)
		width += 2 + key_width(i) + 1 + strlen(i->value ? i->value : "");
	return width;
}

static bool fits_line(const struct node *n)
{
	for (const struct node *i = n->first; i; i = i->next)
		if (!i->value)
			return false;
	return !n->is_map || line_width(n) <= INLINE_MAX;
}

static void line_print(const struct node *n, FILE *to)
{
	if (n->value)
		fputs(n->value, to);
	else if (!n->first)
		fputs("none", to);
	for (const struct node *i = n->first; i; i = i->next)
		fprintf(to, "%s%s%s%s", i == n->first ? "" : ", ", i->key ? i->key : "",
		        i->key ? " " : "", i->value);
}

/* How many columns the maps of a list make as rows of a table; 0: they have not all the same keys, or too many. */
static size_t table_columns(const struct node *list)
{
	size_t n = 0;

	for (const struct node *row = list->first; row; row = row->next) {
		const struct node *head = list->first->first, *cell = row->first;

		if (!row->is_map)
			return 0;
		for (n = 0; cell && head && cell->value && !strcmp(cell->key, head->key); n++)
			cell = cell->next, head = head->next;
		if (cell || head)
			return 0;
	}
	return n <= COLUMNS_MAX ? n : 0;
}

static void row_print(const struct node *row, bool heads, const int *widths, int indent, FILE *to)
{
	fprintf(to, "%*s", indent, "");
	for (const struct node *cell = row->first; cell; cell = cell->next)
		fprintf(to, "%-*s%s", cell->next ? *widths++ : 0, heads ? cell->key : cell->value,
		        cell->next ? "  " : "\n");
}

static void table_print(const struct node *list, int indent, FILE *to)
{
	int widths[COLUMNS_MAX] = { 0 };

	for (const struct node *row = list->first; row; row = row->next) {
		size_t i = 0;

		for (const struct node *cell = row->first; cell; cell = cell->next, i++) {
			int key = (int)strlen(cell->key), value = (int)strlen(cell->value);

			widths[i] = key > widths[i] ? key : widths[i];
			widths[i] = value > widths[i] ? value : widths[i];
		}
	}
	row_print(list->first, true, widths, indent, to);
	for (const struct node *row = list->first; row; row = row->next)
		row_print(row, false, widths, indent, to);
}

static void group_print(const struct node *group, int indent, FILE *to);

/* One entry of a map or list; `width` is that of the keys beside it. Nested at most DEPTH_MAX deep. */
static void entry_print(const struct node *n, size_t width, int indent, FILE *to)
{
	fprintf(to, "%*s%s%s", indent, "", n->key ? n->key : "-", n->key ? ":" : "");
	if (!fits_line(n)) {
		fputc('\n', to);
		group_print(n, indent + 2, to);
		return;
	}
	fprintf(to, "%*s", n->key ? (int)(width - key_width(n)) + 1 : 1, "");
	line_print(n, to);
	fputc('\n', to);
}

static void group_print(const struct node *group, int indent, FILE *to)
{
	size_t width = 0;

	if (!group->is_map && table_columns(group)) {
		table_print(group, indent, to);
		return;
	}
	for (const struct node *n = group->first; n; n = n->next)
		width = fits_line(n) && key_width(n) > width ? key_width(n) : width;
	for (const struct node *n = group->first; n; n = n->next)
		entry_print(n, width, indent, to);
}

static void outermost_print(const struct node *n, FILE *to)
{
	if (n->key)
		fprintf(to, "%s:\n", n->key);
	if (n->first) {
		group_print(n, n->key ? 2 : 0, to);
		return;
	}
	line_print(n, to);
	fputc('\n', to);
}

static int text_finish(void *self, FILE *to, struct error *err)
{
	struct text_emitter *t = self;
	int r = 0;

	if (t->failed || t->depth || !t->root.first)
		r = error_set(
			err, ERROR_OUTPUT,
			"the result cannot be written as text (nested too deep, or no memory)");
	else
		outermost_print(t->root.first, to);
	if (r == 0 && ferror(to))
		r = error_sys(err, ERROR_OUTPUT, errno, "writing text");
	node_free(&t->root);
	free(t);
	return r;
}

int emit_text(struct emitter *ret, struct error *err)
{
	struct text_emitter *t = calloc(1, sizeof(*t));

	if (!t)
		return error_nomem(err, "text");
	*ret = (struct emitter){
		.self = t,
		.map = text_map,
		.list = text_list,
		.end = text_end,
		.number = text_number,
		.boolean = text_boolean,
		.text = text_text,
		.bytes = text_bytes,
		.finish = text_finish,
	};
	return 0;
}
