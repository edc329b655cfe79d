/* SPDX-License-Identifier: MIT */
/* core/out/diff.c: builds lists of differences, and their tree. */
#include "core/out/diff.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/out/tree.h"

void diff_value_add(struct diff *d, struct diff_values *v, const struct diff_value *value)
{
	if (ARRAY_GROW(v->list, v->count))
		v->list[v->count++] = *value;
	else
		d->failed = true;
}

struct diff_region *diff_region_add(struct diff *d)
{
	d->failed |= !ARRAY_GROW(d->regions, d->n_regions);
	if (d->failed)
		return NULL;
	d->regions[d->n_regions] = (struct diff_region){ 0 };
	return &d->regions[d->n_regions++];
}

struct diff_file *diff_file_add(struct diff *d, struct diff_region *r)
{
	d->failed |= !ARRAY_GROW(r->files, r->n_files);
	if (d->failed)
		return NULL;
	r->files[r->n_files] = (struct diff_file){ 0 };
	return &r->files[r->n_files++];
}

void diff_fini(struct diff *d)
{
	for (size_t i = 0; i < d->n_regions; i++) {
		free(d->regions[i].fields.list);
		free(d->regions[i].files);
	}
	free(d->regions);
	free(d->settings.list);
	*d = (struct diff){ 0 };
}

/* --- words of command lines --- */

enum { WORDS_MAX = 256 }; /* of each; of longer lines, the end is compared as one word */

struct word {
	const char *at;
	size_t size;
};

/* Splits at blanks that are not in double quotes, as Linux does. */
static size_t words_of(const char *text, struct word words[static WORDS_MAX])
{
	size_t n = 0;

	for (;;) {
		bool quoted = false;

		text += strspn(text, " \t\n");
		if (!*text)
			return n;
		words[n].at = text;
		if (n == WORDS_MAX - 1) {
			words[n].size = strlen(text);
			return n + 1;
		}
		for (; *text && (quoted || !strchr(" \t\n", *text)); text++)
			quoted ^= *text == '"';
		words[n].size = (size_t)(text - words[n].at);
		n++;
	}
}

static bool word_is(const struct word *a, const struct word *b)
{
	return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

/* By the longest common subsequence: common[i][j] is its length from word i of a, j of b on. */
bool diff_words(const char *a, const char *b,
                void (*each)(void *self, bool in_b, const char *word, size_t size), void *self)
{
	struct word of_a[WORDS_MAX], of_b[WORDS_MAX];
	size_t n_a = words_of(a, of_a), n_b = words_of(b, of_b), i = 0, j = 0;
	uint16_t(*common)[WORDS_MAX + 1] = calloc(WORDS_MAX + 1, sizeof(*common));
	bool differ = false;

	for (size_t x = n_a; common && x-- > 0;)
		for (size_t y = n_b; y-- > 0;)
			common[x][y] = word_is(&of_a[x], &of_b[y])
			                       ? (uint16_t)(common[x + 1][y + 1] + 1)
			                       : MAX(common[x + 1][y], common[x][y + 1]);
	while (i < n_a || j < n_b) {
		bool in_b;

		if (i < n_a && j < n_b && word_is(&of_a[i], &of_b[j])) {
			i++, j++;
			continue;
		}
		in_b = i == n_a || (j < n_b && common && common[i][j + 1] > common[i + 1][j]);
		each(self, in_b, in_b ? of_b[j].at : of_a[i].at,
		     in_b ? of_b[j].size : of_a[i].size);
		i += !in_b, j += in_b;
		differ = true;
	}
	free(common);
	return differ;
}

/* --- the tree --- */

static const char *const changes[] = {
	[DIFF_CHANGED] = "changed",
	[DIFF_ONLY_A] = "only-a",
	[DIFF_ONLY_B] = "only-b",
	[DIFF_MOVED] = "moved",
};
_Static_assert(ARRAY_SIZE(changes) == DIFF_CHANGES, "a change without a name");

static void side_tree(struct tree *t, const char *key, const struct diff_side *s)
{
	tree_map(t, key);
	tree_text(t, "name", s->name);
	tree_text(t, "kind", s->kind);
	if (s->saved->measured)
		tree_bytes(t, "measurement", s->saved->measurement, SNP_DIGEST_SIZE);
	tree_end(t);
}

static void values_tree(struct tree *t, const char *key, const struct diff_values *v, bool settings)
{
	tree_list(t, key);
	for (size_t i = 0; i < v->count; i++) {
		tree_map(t, NULL);
		tree_text(t, "name", v->list[i].name);
		if (v->list[i].a)
			tree_text(t, "a", v->list[i].a);
		if (v->list[i].b)
			tree_text(t, "b", v->list[i].b);
		if (settings)
			tree_boolean(t, "measured", v->list[i].measured);
		tree_text_some(t, "key", v->list[i].key);
		tree_text_some(t, "cause", v->list[i].cause);
		tree_end(t);
	}
	tree_end(t);
}

static void files_tree(struct tree *t, const struct diff_region *r)
{
	tree_list(t, "files");
	for (size_t i = 0; i < r->n_files; i++) {
		const struct diff_file *f = &r->files[i];

		tree_map(t, NULL);
		tree_text(t, "change", changes[f->change]);
		tree_text(t, "volume", f->volume);
		tree_text_some(t, "name", f->name);
		tree_text_some(t, "guid", f->guid);
		tree_text_some(t, "kind", f->kind);
		tree_text_some(t, "version_a", f->version_a);
		tree_text_some(t, "version_b", f->version_b);
		tree_boolean(t, "compressed", f->compressed);
		if (f->change != DIFF_ONLY_B)
			tree_hex(t, "offset_a", f->offset_a);
		if (f->change != DIFF_ONLY_A)
			tree_hex(t, "offset_b", f->offset_b);
		tree_end(t);
	}
	tree_end(t);
}

static void region_tree(struct tree *t, const struct diff_region *r)
{
	const struct saved_region *region = r->a ? r->a : r->b;

	tree_map(t, NULL);
	tree_text(t, "label", region->label);
	tree_text(t, "change", changes[r->change]);
	tree_hex(t, "gpa", region->gpa);
	tree_number(t, "size", region->size);
	tree_text(t, "type", region->type);
	if (r->more)
		tree_number(t, "count", r->more + 1);
	tree_text_some(t, "key", r->key);
	tree_text_some(t, "cause", r->cause);
	if (r->pages) {
		tree_number(t, "pages", r->pages);
		tree_number(t, "pages_differ", r->pages_differ);
		tree_hex(t, "first_page", r->first_page);
	}
	if (r->has_bytes) {
		tree_hex(t, "first_byte", r->first_byte);
		tree_number(t, "bytes_differ", r->bytes_differ);
	}
	tree_text_some(t, "where", r->where);
	if (r->fields.count)
		values_tree(t, "fields", &r->fields, false);
	if (r->n_files)
		files_tree(t, r);
	tree_end(t);
}

struct words_of_side {
	struct tree *t;
	bool in_b;
};

static void word_tree(void *self, bool in_b, const char *word, size_t size)
{
	const struct words_of_side *w = self;
	char *text = in_b == w->in_b ? strndup(word, size) : NULL;

	if (text)
		tree_text(w->t, NULL, text);
	free(text);
}

static void cmdline_tree(struct tree *t, const struct diff *d)
{
	struct words_of_side words = { .t = t };

	tree_map(t, "cmdline");
	tree_text(t, "a", d->cmdline_a);
	tree_text(t, "b", d->cmdline_b);
	for (int side = 0; side < 2; side++) {
		words.in_b = side;
		tree_list(t, side ? "added" : "removed");
		diff_words(d->cmdline_a, d->cmdline_b, word_tree, &words);
		tree_end(t);
	}
	tree_end(t);
}

void result_diff(struct tree *t, const char *key, const struct diff *d)
{
	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.diff/1");
	tree_boolean(t, "same", d->same);
	side_tree(t, "a", &d->a);
	side_tree(t, "b", &d->b);
	tree_list(t, "regions");
	for (size_t i = 0; i < d->n_regions; i++)
		region_tree(t, &d->regions[i]);
	tree_end(t);
	if (d->cmdline_a)
		cmdline_tree(t, d);
	values_tree(t, "settings", &d->settings, true);
	tree_text_some(t, "note", d->note);
	tree_text_some(t, "hint", d->hint);
	tree_end(t);
}
