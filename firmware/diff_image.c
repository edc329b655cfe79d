/* SPDX-License-Identifier: MIT */
/* firmware/diff_image.c: two firmware images by their volumes and files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "firmware/diff.h"
#include "firmware/fv.h"

struct image_diff {
	struct diff *diff;
	struct diff_region *region;
	const struct fv *a, *b;
};

/* Whether a file has a compressed section, decompressed or not. */
static bool is_compressed(const struct fv *f, const struct fv_file *file)
{
	for (size_t i = file->first_section; i < file->first_section + file->n_sections; i++)
		if (f->sections[i].unpacked != FV_NONE)
			return true;
	return file->packed;
}

/* Fills in what one side's image says of a file, or of a volume without files. */
static void file_describe(const struct fv *f, size_t volume, size_t file, struct diff_file *to,
                          char version[static FV_TEXT], uint64_t *offset)
{
	const struct fv_volume *v = &f->volumes[volume];
	const struct fv_file *of = file == FV_NONE ? NULL : &f->files[file];
	char guid[GUID_TEXT];

	fv_path(f, volume, to->volume, sizeof(to->volume));
	to->compressed = v->space != 0 || (of && is_compressed(f, of));
	*offset = v->space ? fv_image_offset(f, v->space) : of ? of->at : v->at;
	if (!of)
		return;
	to->kind = fv_file_type_name(of->type);
	/* all padding has the same GUID, which says less than the word */
	snprintf(to->name, sizeof(to->name), "%s",
	         of->type == FV_FILE_PAD ? "padding" : fv_file_name(of, guid));
	guid_of(of->guid, to->guid);
	snprintf(version, FV_TEXT, "%s", of->version);
}

static void file_differs(void *self, const struct fv_difference *d)
{
	struct image_diff *i = self;
	struct diff_file *to = diff_file_add(i->diff, i->region);

	if (!to)
		return;
	to->change = d->change == FV_CHANGED   ? DIFF_CHANGED
	             : d->change == FV_REMOVED ? DIFF_ONLY_A
	                                       : DIFF_ONLY_B;
	if (d->volume_a != FV_NONE)
		file_describe(i->a, d->volume_a, d->file_a, to, to->version_a, &to->offset_a);
	if (d->volume_b != FV_NONE)
		file_describe(i->b, d->volume_b, d->file_b, to, to->version_b, &to->offset_b);
}

/* Where the first difference is, in the image that is there. */
static void where_describe(const struct fv *f, const struct saved_region *image,
                           struct diff_region *r)
{
	uint64_t at = r->has_bytes ? r->first_byte : r->first_page;
	struct fv_where where;

	if (r->pages_differ && at >= image->gpa && fv_where(f, 0, at - image->gpa, &where))
		fv_where_text(f, &where, r->where, sizeof(r->where));
}

/* The first byte of a page that differs, or with one image alone where the page begins. */
static uint64_t page_offset(const struct saved_region *image, const struct saved_region *other,
                            uint64_t at)
{
	const uint8_t *a = image->bytes + (at - image->gpa), *b;
	uint64_t i = 0;

	if (!other->bytes)
		return at - image->gpa;
	b = other->bytes + (at - other->gpa);
	while (i < PAGE_SIZE - 1 && a[i] == b[i])
		i++;
	return at - image->gpa + i;
}

/* With one image: what is in its pages that differ. */
static void pages_describe(struct diff *d, struct diff_region *r, const struct fv *f, bool in_a)
{
	const struct saved_region *image = in_a ? r->a : r->b, *other = in_a ? r->b : r->a;
	struct fv_where last = { FV_NONE, FV_NONE, FV_NONE, 0 }, where;

	if (!r->a->pages || !r->b->pages)
		return;
	for (uint64_t page = 0; page < image->size / PAGE_SIZE; page++) {
		uint64_t at = image->gpa + page * PAGE_SIZE;
		struct diff_file *to;

		if (at < other->gpa || at >= other->gpa + other->size ||
		    memcmp(image->pages[page], other->pages[(at - other->gpa) / PAGE_SIZE],
		           SNP_DIGEST_SIZE) == 0 ||
		    !fv_where(f, 0, page_offset(image, other, at), &where) ||
		    (where.volume == last.volume && where.file == last.file))
			continue;
		last = where;
		to = diff_file_add(d, r);
		if (!to)
			return;
		file_describe(f, where.volume, where.file, to, in_a ? to->version_a : to->version_b,
		              in_a ? &to->offset_a : &to->offset_b);
		*(in_a ? &to->offset_b : &to->offset_a) = in_a ? to->offset_a : to->offset_b;
		memcpy(in_a ? to->version_b : to->version_a, in_a ? to->version_a : to->version_b,
		       sizeof(to->version_a));
	}
}

/*
 * The index of the image that is damaged; 2: none is. The files of a damaged volume can't be seen.
 * If few pages differ, that many files can't really be missing.
 */
static size_t damaged_image(const struct fv images[static 2], const struct diff_region *r)
{
	enum { FEW_PAGES = 4 };

	if (images[0].n_faults != images[1].n_faults)
		return images[0].n_faults < images[1].n_faults;
	if (images[0].n_files != images[1].n_files && r->pages_differ <= FEW_PAGES)
		return images[0].n_files > images[1].n_files;
	return 2;
}

/*
 * Two images are compared by their files. If one is missing or damaged, the other one says what is
 * at the places that differ.
 */
int diff_image(struct diff *d, struct diff_region *r, struct error *err)
{
	static const char *const damaged[] = {
		"the volumes of the image - are damaged, so some files of it cannot be seen",
		"the volumes of the image + are damaged, so some files of it cannot be seen",
		NULL,
	};
	const struct saved_region *regions[] = { r->a, r->b };
	struct fv images[2] = { { .n_files = 0 }, { .n_files = 0 } };
	struct image_diff i = { d, r, &images[0], &images[1] };
	size_t without = !r->a->bytes ? 0 : !r->b->bytes ? 1 : 2, sound;
	int e = 0;

	for (size_t side = 0; e == 0 && side < ARRAY_SIZE(regions); side++)
		if (regions[side]->bytes)
			e = fv_read(regions[side]->bytes, regions[side]->size, &images[side], err);
	if (without == 2) {
		without = damaged_image(images, r);
		d->note = damaged[without];
	}
	sound = without == 1 ? 0 : 1;
	if (e == 0 && without == 2)
		e = fv_compare(&images[0], &images[1], file_differs, &i, err);
	else if (e == 0)
		pages_describe(d, r, &images[sound], sound == 0);
	if (e == 0)
		where_describe(&images[sound], regions[sound], r);
	fv_fini(&images[0]);
	fv_fini(&images[1]);
	return e;
}
