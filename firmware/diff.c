/* SPDX-License-Identifier: MIT */
/* firmware/diff.c: finds each region's counterpart, then what differs in it. */
#include "firmware/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "firmware/fields.h"

#define NONE SIZE_MAX

/* No two launches have more fields; a file may claim any number, so the rest is ignored. */
enum { FIELDS_TOLD = 16384 };

/* For each region the index of its counterpart on the other side, or NONE. */
struct pairing {
	size_t *of_a, *of_b;
};

/*
 * The first region of `to` without a counterpart that is at the same address under the same label;
 * in the second pass the label is enough. The search begins behind the last one that was found,
 * because it is mostly the next one.
 */
static size_t counterpart(const struct saved_region *r, const struct saved *to, const size_t *taken,
                          size_t from, bool anywhere)
{
	for (size_t n = 0; n < to->n_regions; n++) {
		size_t i = (from + n) % to->n_regions;

		if (taken[i] == NONE && strcmp(to->regions[i].label, r->label) == 0 &&
		    (anywhere || to->regions[i].gpa == r->gpa))
			return i;
	}
	return NONE;
}

static void regions_pair(const struct saved *a, const struct saved *b, struct pairing *p)
{
	for (size_t i = 0; i < a->n_regions; i++)
		p->of_a[i] = NONE;
	for (size_t i = 0; i < b->n_regions; i++)
		p->of_b[i] = NONE;
	for (int pass = 0; pass < 2; pass++) {
		size_t from = 0;

		for (size_t i = 0; i < a->n_regions; i++) {
			size_t j = p->of_a[i] != NONE ? NONE
			                              : counterpart(&a->regions[i], b, p->of_b,
			                                            from, pass == 1);

			if (j == NONE)
				continue;
			p->of_a[i] = j;
			p->of_b[j] = i;
			from = j + 1;
		}
	}
}

/* --- one region --- */

static void field_differs(struct diff *d, struct diff_region *r, const char *name, const char *a,
                          const char *b)
{
	struct fields_cause cause = fields_cause_of((r->a ? r->a : r->b)->label, name);
	struct diff_value v = { name, a, b, cause.key, cause.text, true };

	diff_value_add(d, &r->fields, &v);
}

/* Numbers that are 0 are not saved. */
static const char *field_text(const struct saved_values *v, const char *name, const char *other)
{
	const char *text = saved_value(v, name);

	return !text && strncmp(other, "0x", 2) == 0 && !strpbrk(other, " .+") ? "0x0" : text;
}

static void fields_compare(struct diff *d, struct diff_region *r)
{
	const struct saved_values *a = saved_region_fields(d->a.saved, r->a);
	const struct saved_values *b = saved_region_fields(d->b.saved, r->b);

	if (strcmp(r->a->type, r->b->type) != 0)
		field_differs(d, r, "type", r->a->type, r->b->type);
	if (a->count == 0 || b->count == 0)
		return;
	for (size_t i = 0; i < a->count; i++) {
		const struct saved_value *v = &a->list[i];
		const char *other = field_text(b, v->name, v->text);

		if (!other || strcmp(other, v->text) != 0)
			field_differs(d, r, v->name, v->text, other);
	}
	for (size_t i = 0; i < b->count; i++) {
		const struct saved_value *v = &b->list[i];

		if (!saved_value(a, v->name))
			field_differs(d, r, v->name, field_text(a, v->name, v->text), v->text);
	}
}

static const uint8_t *page_hash(const struct saved_region *r, uint64_t page)
{
	if (r->pages)
		return r->pages[page];
	return r->size == PAGE_SIZE && r->has_content ? r->sha384 : NULL;
}

/* Compares the pages at addresses that both have: images of other sizes end at the same one. */
static void pages_compare(struct diff_region *r)
{
	uint64_t start = MAX(r->a->gpa, r->b->gpa);
	uint64_t end = MIN(r->a->gpa + r->a->size, r->b->gpa + r->b->size);

	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		uint64_t page_a = (at - r->a->gpa) / PAGE_SIZE,
			 page_b = (at - r->b->gpa) / PAGE_SIZE;
		const uint8_t *a = page_hash(r->a, page_a), *b = page_hash(r->b, page_b);

		if (!a || !b)
			return;
		r->pages++;
		if (memcmp(a, b, SNP_DIGEST_SIZE) == 0)
			continue;
		if (r->pages_differ++ == 0)
			r->first_page = at;
		for (size_t i = 0; r->a->bytes && r->b->bytes && i < PAGE_SIZE; i++) {
			if (r->a->bytes[page_a * PAGE_SIZE + i] ==
			    r->b->bytes[page_b * PAGE_SIZE + i])
				continue;
			if (r->bytes_differ++ == 0)
				r->first_byte = at + i;
			r->has_bytes = true;
		}
	}
}

/* Older versions of snpvmm wrote no hash of a region's content. */
static bool content_known(const struct saved_region *r)
{
	return r->has_content || (strcmp(r->type, "normal") != 0 && strcmp(r->type, "vmsa") != 0);
}

static bool content_same(const struct saved_region *a, const struct saved_region *b)
{
	if (a->gpa != b->gpa || a->size != b->size || strcmp(a->type, b->type) != 0)
		return false;
	if (!content_known(a) || !content_known(b))
		return true; /* as far as is known */
	return a->has_content == b->has_content &&
	       (!a->has_content || memcmp(a->sha384, b->sha384, SNP_DIGEST_SIZE) == 0);
}

/*
 * Whether the digest differs after these regions. If nothing before them differs, they do, whatever
 * is known of their content.
 */
static bool digest_parts(const struct saved_region *a, const struct saved_region *b)
{
	return a->has_after && b->has_after &&
	       memcmp(a->digest_after, b->digest_after, SNP_DIGEST_SIZE) != 0;
}

/* Whether it differs in the same way as the last region in the list, as vCPUs mostly do. */
static bool is_like(const struct diff_region *r, enum diff_change change,
                    const struct saved_region *a, const struct saved_region *b)
{
	const struct saved_region *x = r->a ? r->a : r->b, *y = a ? a : b;

	return r->change == change && strcmp(x->label, y->label) == 0 && x->gpa == y->gpa &&
	       !r->a == !a && !r->b == !b && (!a || content_same(r->a, a)) &&
	       (!b || content_same(r->b, b));
}

static int region_differs(struct diff *d, enum diff_change change, const struct saved_region *a,
                          const struct saved_region *b, struct error *err)
{
	struct diff_region *r = d->n_regions ? &d->regions[d->n_regions - 1] : NULL;
	struct fields_cause cause = fields_cause_of((a ? a : b)->label, NULL);

	if (r && is_like(r, change, a, b)) {
		r->more++;
		return 0;
	}
	r = diff_region_add(d);
	if (!r)
		return error_nomem(err, "differences");
	r->change = change;
	r->a = a;
	r->b = b;
	r->key = cause.key;
	r->cause = cause.text;
	if (change != DIFF_CHANGED)
		return 0;
	if (d->n_fields < FIELDS_TOLD)
		fields_compare(d, r);
	d->n_fields += r->fields.count;
	pages_compare(r);
	return strcmp(a->label, "firmware") == 0 && (a->bytes || b->bytes) ? diff_image(d, r, err)
	                                                                   : 0;
}

/* --- all regions --- */

struct walk {
	const struct saved *a, *b;
	struct pairing pairing;
	size_t i, j; /* the next of each side */
};

/*
 * Tells what differs at this point of both lists. Where two regions meet that are not a pair, the
 * one whose counterpart is further away has moved; it is listed at its place in a.
 */
static int walk_step(struct walk *w, struct diff *d, struct error *err)
{
	size_t of_a = w->i < w->a->n_regions ? w->pairing.of_a[w->i] : NONE;
	size_t of_b = w->j < w->b->n_regions ? w->pairing.of_b[w->j] : NONE;
	const struct saved_region *a = &w->a->regions[w->i], *b = &w->b->regions[w->j];

	if (w->i < w->a->n_regions && of_a == NONE) {
		w->i++;
		return region_differs(d, DIFF_ONLY_A, a, NULL, err);
	}
	if (w->j < w->b->n_regions && of_b == NONE) {
		w->j++;
		return region_differs(d, DIFF_ONLY_B, NULL, b, err);
	}
	if (w->i < w->a->n_regions && of_a < w->j) { /* told already */
		w->i++;
		return 0;
	}
	if (w->j < w->b->n_regions && of_b < w->i) {
		w->j++;
		return 0;
	}
	if (of_a == w->j) {
		w->i++;
		w->j++;
		return content_same(a, b) && (d->n_regions || !digest_parts(a, b))
		               ? 0
		               : region_differs(d, DIFF_CHANGED, a, b, err);
	}
	if (of_a - w->j >= of_b - w->i) {
		w->i++;
		b = &w->b->regions[of_a];
	} else {
		w->j++;
		a = &w->a->regions[of_b];
	}
	return region_differs(d, content_same(a, b) ? DIFF_MOVED : DIFF_CHANGED, a, b, err);
}

static int regions_compare(struct diff *d, struct error *err)
{
	const struct saved *a = d->a.saved, *b = d->b.saved;
	auto_free size_t *of_a = calloc(a->n_regions + 1, sizeof(*of_a));
	auto_free size_t *of_b = calloc(b->n_regions + 1, sizeof(*of_b));
	struct walk w = { .a = a, .b = b, .pairing = { of_a, of_b } };
	int r = 0;

	if (!of_a || !of_b)
		return error_nomem(err, "differences");
	regions_pair(a, b, &w.pairing);
	while (r == 0 && (w.i < a->n_regions || w.j < b->n_regions))
		r = walk_step(&w, d, err);
	return r;
}

/* An image alone is compared with the firmware of a launch. */
static int images_compare(struct diff *d, struct error *err)
{
	const struct saved_region *found[2] = { NULL, NULL };
	const struct saved *sides[2] = { d->a.saved, d->b.saved };

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; !found[side] && i < sides[side]->n_regions; i++)
			if (strcmp(sides[side]->regions[i].label, "firmware") == 0)
				found[side] = &sides[side]->regions[i];
	if (!found[0] || !found[1]) {
		error_set(err, ERROR_USAGE, "'%s' has no firmware that its launch measures",
		          found[0] ? d->b.name : d->a.name);
		return error_fix(err, "compare a firmware image with another, or with a launch "
		                      "that has one");
	}
	return content_same(found[0], found[1])
	               ? 0
	               : region_differs(d, DIFF_CHANGED, found[0], found[1], err);
}

/* --- settings --- */

static bool has_region(const struct saved *r, const char *label, const char *type)
{
	for (size_t i = 0; i < r->n_regions; i++)
		if (strcmp(r->regions[i].label, label) == 0 &&
		    (!type || strcmp(r->regions[i].type, type) == 0))
			return true;
	return false;
}

/* How a setting gets into the digest, if it does. */
static const struct setting_row {
	enum key_id id;
	enum { ALWAYS, WITHOUT_FIRMWARE, HASHED } when;
} settings[] = {
	{ KEY_BOOT_FIRMWARE, ALWAYS },
	{ KEY_BOOT_KERNEL, HASHED },
	{ KEY_BOOT_INITRD, HASHED },
	{ KEY_BOOT_CMDLINE, HASHED },
	{ KEY_BOOT_KERNEL_HASHES, ALWAYS },
	{ KEY_BOOT_ACCEPT, ALWAYS },
	{ KEY_VCPUS, ALWAYS },
	{ KEY_VCPU_TYPE, ALWAYS },
	{ KEY_SNP_GUEST_FEATURES, ALWAYS },
	{ KEY_MEASURE_PROFILE, ALWAYS },
	{ KEY_MEASURE_OVMF_HASH, ALWAYS },
	{ KEY_MEASURE_SVSM, ALWAYS },
	{ KEY_MEASURE_VARS_SIZE, ALWAYS },
	{ KEY_MEMORY, WITHOUT_FIRMWARE },
	{ KEY_EXIT_PORT, WITHOUT_FIRMWARE },
	{ KEY_RNG, WITHOUT_FIRMWARE },
	{ KEY_HVC, WITHOUT_FIRMWARE },
	{ KEY_DISKS, WITHOUT_FIRMWARE },
	{ KEY_VSOCK, WITHOUT_FIRMWARE },
};

/* Whether the digest of r depends on it. Without regions, the setting is taken as measured. */
static bool setting_is_measured(const struct saved *r, const char *key)
{
	const char *file = saved_value(&r->settings, keys[KEY_BOOT_FIRMWARE].name);
	bool firmware = has_region(r, "firmware", NULL) ||
	                (file && strncmp(file, FIRMWARE_BUILTIN, strlen(FIRMWARE_BUILTIN)) != 0);

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(keys[settings[i].id].name, key) == 0)
			return settings[i].when == ALWAYS ||
			       (settings[i].when == WITHOUT_FIRMWARE
			                ? !firmware
			                : !firmware || has_region(r, "kernel hashes", "normal"));
	return false;
}

/* What a report has as zeros if there was no ID block, and saved launches leave out then. */
static bool is_identity(const char *name)
{
	return strncmp(name, "snp.identity.", 13) == 0 || strcmp(name, "id_key_digest") == 0 ||
	       strcmp(name, "author_key_digest") == 0;
}

static bool is_zero(const char *text)
{
	return text[strspn(text, "0")] == '\0';
}

/*
 * The key of one side that the other lacks. Sides that know all settings lack what isn't set. Of an
 * ID block, the digest of its key is not known if it is made for each run.
 */
static void setting_lacks(struct diff *d, const struct saved_value *v, bool in_a)
{
	const struct saved_values *other = &(in_a ? d->b : d->a).saved->settings;
	bool both_whole = saved_value(&d->a.saved->settings, "memory") &&
	                  saved_value(&d->b.saved->settings, "memory");
	bool other_block = saved_value(other, "snp.identity.family_id");
	struct diff_value value = { .name = v->name };

	if (is_identity(v->name)
	            ? is_zero(v->text) || (other_block && strcmp(v->name, "id_key_digest") == 0)
	            : !both_whole)
		return;
	*(in_a ? &value.a : &value.b) = v->text;
	value.measured = !d->same && setting_is_measured(d->a.saved, v->name) &&
	                 setting_is_measured(d->b.saved, v->name);
	diff_value_add(d, &d->settings, &value);
}

static void settings_compare(struct diff *d)
{
	const struct saved_values *a = &d->a.saved->settings, *b = &d->b.saved->settings;
	const char *sig_a = saved_value(a, "vcpu_sig"), *sig_b = saved_value(b, "vcpu_sig");
	bool sig_same = sig_a && sig_b && strcmp(sig_a, sig_b) == 0;

	for (size_t i = 0; i < a->count; i++) {
		const char *name = a->list[i].name, *text = a->list[i].text;
		const char *other = saved_value(b, name);
		struct diff_value v = { .name = name, .a = text, .b = other };

		if (strcmp(name, "vcpu_sig") == 0 && saved_value(a, "vcpu_type") &&
		    saved_value(b, "vcpu_type"))
			continue; /* vcpu_type says it */
		if (!other)
			setting_lacks(d, &a->list[i], true);
		if (!other || strcmp(other, text) == 0)
			continue;
		v.measured = !d->same && (setting_is_measured(d->a.saved, name) ||
		                          setting_is_measured(d->b.saved, name));
		/* of disks, the digest only says whether there is one */
		if ((strcmp(name, "vcpu_type") == 0 && sig_same) ||
		    strcmp(name, keys[KEY_DISKS].name) == 0)
			v.measured = false;
		diff_value_add(d, &d->settings, &v);
	}
	for (size_t i = 0; i < b->count; i++)
		if (!saved_value(a, b->list[i].name))
			setting_lacks(d, &b->list[i], false);
}

/* --- both --- */

static int nothing_in_common(const struct diff *d, struct error *err)
{
	error_set(err, ERROR_USAGE, "%s and %s have nothing in common to compare", d->a.kind,
	          d->b.kind);
	error_why(err, "a firmware image has no launch digest by itself");
	return error_fix(err, "give a manifest that names the image");
}

static void notes_set(struct diff *d)
{
	const struct diff_side *bare = !d->a.saved->has_regions ? &d->a : &d->b;
	const struct diff_side *other = bare == &d->a ? &d->b : &d->a;
	const struct diff_region *first = d->regions;
	char hex[2 * SNP_DIGEST_SIZE + 1];

	if (d->same)
		return;
	if (!bare->saved->has_regions) {
		d->note = "one side has a digest but no regions, so what differs is not known";
		if (strcmp(other->kind, "manifest") == 0)
			snprintf(d->hint, sizeof(d->hint),
			         "'snpvmm explain --want %s MANIFEST' searches which settings give "
			         "that digest",
			         hex_of(bare->saved->measurement, SNP_DIGEST_SIZE, hex));
	} else if (d->n_regions == 0) {
		d->note = "the digests differ, but no region does: measure.ovmf_hash differs, or a "
			  "file was changed by hand";
	} else if (first->change == DIFF_CHANGED && strcmp(first->a->label, "firmware") == 0 &&
	           !first->a->bytes && !first->b->bytes) {
		d->note = "which of the firmware's files differ is not known without an image";
		snprintf(d->hint, sizeof(d->hint),
		         "give the firmware image, or a manifest that names it, as one of the two");
	}
}

int diff_of(const struct diff_side *a, const struct diff_side *b, struct diff *ret,
            struct error *err)
{
	const struct saved *x = a->saved, *y = b->saved;
	const char *line_a = saved_value(&x->settings, keys[KEY_BOOT_CMDLINE].name);
	const char *line_b = saved_value(&y->settings, keys[KEY_BOOT_CMDLINE].name);
	bool regions = x->has_regions && y->has_regions;
	int r = 0;

	*ret = (struct diff){ .a = *a, .b = *b, .by_digest = x->measured && y->measured };
	if (!ret->by_digest && !regions)
		return nothing_in_common(ret, err);
	if (regions)
		r = ret->by_digest ? regions_compare(ret, err) : images_compare(ret, err);
	if (r < 0)
		return r;
	ret->same = ret->by_digest ? memcmp(x->measurement, y->measurement, SNP_DIGEST_SIZE) == 0
	                           : ret->n_regions == 0;
	settings_compare(ret);
	if (line_a && line_b && strcmp(line_a, line_b) != 0) {
		ret->cmdline_a = line_a;
		ret->cmdline_b = line_b;
	}
	notes_set(ret);
	return ret->failed ? error_nomem(err, "differences") : 0;
}
