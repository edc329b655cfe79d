/* SPDX-License-Identifier: MIT */
/* core/out/saved.c: growing lists of regions and values. */
#include "core/out/saved.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/cleanup.h"
#include "core/base/text.h"
#include "core/out/tree.h"

const struct saved_name saved_names[] = {
	{ "profile", "measure.profile" },
	{ "vcpus", "vcpus" },
	{ "vcpu_type", "vcpu_type" },
	{ "vcpu_sig", "vcpu_sig" },
	{ "guest_features", "snp.guest_features" },
	{ "policy", "snp.policy" },
	{ "host_data", "snp.host_data" },
	{ "family_id", "snp.identity.family_id" },
	{ "image_id", "snp.identity.image_id" },
	{ "svn", "snp.identity.svn" },
	{ "id_key_digest", "id_key_digest" },
	{ "author_key_digest", "author_key_digest" },
	{ 0 },
};

void saved_values_add(struct saved_values *v, const char *name, const char *text)
{
	struct saved_value value = { text_clean_copy(name), text_clean_copy(text) };

	if (!ARRAY_GROW(v->list, v->count) || !value.name || !value.text) {
		free(value.name);
		free(value.text);
		v->failed = true;
		return;
	}
	v->list[v->count++] = value;
}

void saved_values_format(struct saved_values *v, const char *name, const char *format, ...)
{
	auto_free char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		saved_values_add(v, name, text);
	v->failed |= !text;
}

void saved_values_hex(struct saved_values *v, const char *name, const uint8_t *bytes, size_t n)
{
	auto_free char *text = malloc(2 * n + 1);

	if (text)
		saved_values_add(v, name, hex_of(bytes, n, text));
	v->failed |= !text;
}

const char *saved_value(const struct saved_values *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->list[i].name, name) == 0)
			return v->list[i].text;
	return NULL;
}

void saved_values_fini(struct saved_values *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->list[i].name);
		free(v->list[i].text);
	}
	free(v->list);
	*v = (struct saved_values){ 0 };
}

void saved_values_tree(struct tree *t, const char *key, const struct saved_values *v)
{
	if (v->count == 0)
		return;
	tree_map(t, key);
	for (size_t i = 0; i < v->count; i++)
		tree_text(t, v->list[i].name, v->list[i].text);
	tree_end(t);
}

void saved_region_tree(struct tree *t, const struct saved_region *r)
{
	saved_values_tree(t, "fields", &r->fields);
	if (!r->pages)
		return;
	tree_list(t, "page_sha384");
	for (size_t i = 0; i < r->size / PAGE_SIZE; i++)
		tree_bytes(t, NULL, r->pages[i], sizeof(r->pages[i]));
	tree_end(t);
}

struct saved_region *saved_region_add(struct saved *r)
{
	if (r->n_regions == SAVED_MAX_REGIONS || !ARRAY_GROW(r->regions, r->n_regions))
		return NULL;
	r->regions[r->n_regions] = (struct saved_region){ 0 };
	return &r->regions[r->n_regions++];
}

const struct saved_values *saved_region_fields(const struct saved *r,
                                               const struct saved_region *region)
{
	if (region->fields.count || !region->has_content)
		return &region->fields;
	for (size_t i = 0; i < r->n_regions; i++)
		if (r->regions[i].fields.count &&
		    memcmp(r->regions[i].sha384, region->sha384, SNP_DIGEST_SIZE) == 0)
			return &r->regions[i].fields;
	return &region->fields;
}

void saved_fini(struct saved *r)
{
	for (size_t i = 0; i < r->n_regions; i++) {
		free(r->regions[i].pages);
		saved_values_fini(&r->regions[i].fields);
	}
	free(r->regions);
	saved_values_fini(&r->settings);
	*r = (struct saved){ 0 };
}

void saved_add_reference(struct saved_values *to, const struct reference *r)
{
	if (r->policy_known)
		saved_values_format(to, "snp.policy", "0x%" PRIx64, r->policy);
	if (r->host_data_known && !r->host_data_random)
		saved_values_hex(to, "snp.host_data", r->host_data, sizeof(r->host_data));
	if (r->id_block) {
		saved_values_hex(to, "snp.identity.family_id", r->family_id, sizeof(r->family_id));
		saved_values_hex(to, "snp.identity.image_id", r->image_id, sizeof(r->image_id));
		saved_values_format(to, "snp.identity.svn", "%" PRIu32, r->svn);
	}
	if (r->id_key_known)
		saved_values_hex(to, "id_key_digest", r->id_key_digest, sizeof(r->id_key_digest));
	if (r->author_key_known)
		saved_values_hex(to, "author_key_digest", r->author_key_digest,
		                 sizeof(r->author_key_digest));
}
