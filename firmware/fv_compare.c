/* SPDX-License-Identifier: MIT */
/* firmware/fv_compare.c: which files differ between two images. */
#include "firmware/fv_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

/* A file, or a volume without files. */
struct entry {
	const struct fv *of;
	size_t volume, file; /* file: FV_NONE for a volume */
};

struct entries {
	struct entry *list;
	size_t n;
};

/* What makes a file of one image the same file as one of the other. */
static int entry_order(const struct entry *a, const struct entry *b)
{
	const struct fv_volume *va = &a->of->volumes[a->volume], *vb = &b->of->volumes[b->volume];
	int r = strcmp(va->name, vb->name);

	if (r == 0)
		r = (a->file == FV_NONE) - (b->file == FV_NONE);
	if (r == 0 && a->file != FV_NONE)
		r = memcmp(a->of->files[a->file].guid, b->of->files[b->file].guid, GUID_SIZE);
	return r;
}

/* Those that look the same keep the order of the image, and are paired in it. */
static int entry_sort(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int r = entry_order(a, b);

	if (r == 0)
		r = (a->volume > b->volume) - (a->volume < b->volume);
	return r ? r : (a->file > b->file) - (a->file < b->file);
}

static const uint8_t *entry_content(const struct entry *e, size_t *ret_size)
{
	const struct fv_volume *v = &e->of->volumes[e->volume];

	if (e->file != FV_NONE)
		return fv_content(e->of, &e->of->files[e->file], ret_size);
	*ret_size = v->size;
	return e->of->spaces[v->space].bytes + v->at;
}

/* What a linker puts between files to align them. */
static bool is_blank_pad(const struct entry *e)
{
	uint8_t erased = e->of->volumes[e->volume].erased_ones ? 0xff : 0;
	const uint8_t *content;
	size_t size;

	if (e->of->files[e->file].type != FV_FILE_PAD)
		return false;
	content = entry_content(e, &size);
	for (size_t i = 0; i < size; i++)
		if (content[i] != erased)
			return false;
	return true;
}

static bool entries_of(const struct fv *f, struct entries *ret)
{
	ret->list = calloc(f->n_files + f->n_volumes + 1, sizeof(*ret->list));
	if (!ret->list)
		return false;
	for (size_t v = 0; v < f->n_volumes; v++)
		if (!f->volumes[v].has_files)
			ret->list[ret->n++] = (struct entry){ f, v, FV_NONE };
	for (size_t i = 0; i < f->n_files; i++) {
		struct entry e = { f, f->files[i].volume, i };

		if (!f->files[i].deleted && !is_blank_pad(&e))
			ret->list[ret->n++] = e;
	}
	qsort(ret->list, ret->n, sizeof(*ret->list), entry_sort);
	return true;
}

static bool holds_volume(const struct fv *f, size_t file)
{
	return file != FV_NONE && f->files[file].holds_volume;
}

/* In the order of b; what it lacks has the index FV_NONE there, and so comes last. */
static int difference_sort(const void *x, const void *y)
{
	const struct fv_difference *a = x, *b = y;
	const size_t keys[][2] = {
		{ a->volume_b, b->volume_b },
		{ a->file_b, b->file_b },
		{ a->volume_a, b->volume_a },
		{ a->file_a, b->file_a },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return 0;
}

int fv_compare(const struct fv *a, const struct fv *b,
               void (*each)(void *self, const struct fv_difference *d), void *self,
               struct error *err)
{
	struct entries in_a = { 0 }, in_b = { 0 };
	auto_free struct fv_difference *list = NULL;
	size_t i = 0, j = 0, n = 0, n_leaves = 0;
	bool made = entries_of(a, &in_a) && entries_of(b, &in_b);

	if (made)
		list = calloc(in_a.n + in_b.n + 1, sizeof(*list));
	while (list && (i < in_a.n || j < in_b.n)) {
		const struct entry *x = i < in_a.n ? &in_a.list[i] : NULL;
		const struct entry *y = j < in_b.n ? &in_b.list[j] : NULL;
		int order = !x ? 1 : !y ? -1 : entry_order(x, y);

		i += order <= 0;
		j += order >= 0;
		if (order == 0) {
			size_t size_x, size_y;
			const uint8_t *from_x = entry_content(x, &size_x);
			const uint8_t *from_y = entry_content(y, &size_y);

			if (size_x == size_y && memcmp(from_x, from_y, size_x) == 0)
				continue;
		}
		list[n] = (struct fv_difference){
			.change = order == 0  ? FV_CHANGED
			          : order > 0 ? FV_ADDED
			                      : FV_REMOVED,
			.volume_a = order <= 0 ? x->volume : FV_NONE,
			.volume_b = order >= 0 ? y->volume : FV_NONE,
			.file_a = order <= 0 ? x->file : FV_NONE,
			.file_b = order >= 0 ? y->file : FV_NONE,
		};
		n_leaves += !holds_volume(a, list[n].file_a) && !holds_volume(b, list[n].file_b);
		n++;
	}
	free(in_a.list);
	free(in_b.list);
	if (!list)
		return error_nomem(err, "a list of files");
	qsort(list, n, sizeof(*list), difference_sort);
	for (size_t k = 0; k < n; k++)
		if (n_leaves == 0 ||
		    (!holds_volume(a, list[k].file_a) && !holds_volume(b, list[k].file_b)))
			each(self, &list[k]);
	return 0;
}
