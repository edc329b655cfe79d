/* SPDX-License-Identifier: MIT */
/* core/out/saved_read.c: a launch from its JSON, which may come from anywhere. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/out/saved.h"

#define SCHEMA "snpvmm.measure/1"

#define GPA_MAX ((uint64_t)1 << 52) /* no processor has more address bits */

/* jansson takes up to some hundred bytes for each value, so their number is limited first. */
enum { MARKS_MAX = 1000000, FIELDS_MAX = 256 };

static void json_cleanup(json_t **j)
{
	json_decref(*j);
}
#define auto_json __attribute__((cleanup(json_cleanup)))

/* What is wrong with a value: "regions[3].gpa". */
static int bad_value(struct error *err, size_t region, const char *key, const char *want)
{
	if (region == SIZE_MAX)
		return error_set(err, ERROR_BAD_VALUE, "'%s' is not %s", key, want);
	return error_set(err, ERROR_BAD_VALUE, "'regions[%zu].%s' is not %s", region, key, want);
}

static bool json_hex(const json_t *j, uint8_t *to, size_t size)
{
	const char *text = json_string_value(j);

	return text && hex_parse(text, json_string_length(j), to, size);
}

/* "0x1f", as tree_hex() writes it. */
static bool json_address(const json_t *j, uint64_t *ret)
{
	const char *text = json_string_value(j);
	char *end;

	if (!text || strncmp(text, "0x", 2) != 0 || hex_digit(text[2]) < 0)
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 16);
	return errno == 0 && *end == '\0';
}

/* A name for people, cut if it is too long. */
static bool json_label(const json_t *j, char *to, size_t cap)
{
	const char *text = json_string_value(j);

	if (text)
		text_show(to, cap, text);
	return text;
}

static bool values_read(json_t *j, struct saved_values *to)
{
	const char *name;
	json_t *value;

	if (!j)
		return true;
	if (!json_is_object(j) || json_object_size(j) > FIELDS_MAX)
		return false;
	json_object_foreach(j, name, value)
	{
		if (!json_is_string(value))
			return false;
		saved_values_add(to, name, json_string_value(value));
	}
	return true;
}

static int pages_read(const json_t *j, size_t index, struct saved_region *to, struct error *err)
{
	size_t pages = to->size / PAGE_SIZE;

	if (!j)
		return 0;
	if (json_array_size(j) != pages) /* 0 for what is no array */
		return bad_value(err, index, "page_sha384", "a list with a hash for each page");
	to->pages = calloc(pages, sizeof(*to->pages));
	if (!to->pages)
		return error_nomem(err, "a launch");
	for (size_t i = 0; i < pages; i++)
		if (!json_hex(json_array_get(j, i), to->pages[i], sizeof(to->pages[i])))
			return bad_value(err, index, "page_sha384",
			                 "a list with a hash for each page");
	return 0;
}

static int region_read(const json_t *j, size_t index, struct saved *r, struct error *err)
{
	struct saved_region *to = saved_region_add(r);
	const json_t *size = json_object_get(j, "size"), *content = json_object_get(j, "sha384");
	const json_t *after = json_object_get(j, "digest_after");

	if (!to)
		return error_nomem(err, "a launch");
	if (!json_address(json_object_get(j, "gpa"), &to->gpa) || to->gpa % PAGE_SIZE ||
	    to->gpa > GPA_MAX)
		return bad_value(err, index, "gpa", "the address of a page");
	to->size = json_is_integer(size) ? (uint64_t)json_integer_value(size) : 0;
	if (to->size == 0 || to->size % PAGE_SIZE || to->size > PLAN_GPA_LIMIT)
		return bad_value(err, index, "size", "a number of bytes in whole pages");
	if (!json_label(json_object_get(j, "type"), to->type, sizeof(to->type)))
		return bad_value(err, index, "type", "a string");
	if (!json_label(json_object_get(j, "label"), to->label, sizeof(to->label)))
		return bad_value(err, index, "label", "a string");
	to->has_content = content;
	if (content && !json_hex(content, to->sha384, sizeof(to->sha384)))
		return bad_value(err, index, "sha384", "a SHA-384 in hex");
	to->has_after = after;
	if (after && !json_hex(after, to->digest_after, sizeof(to->digest_after)))
		return bad_value(err, index, "digest_after", "a digest of 96 hex digits");
	if (!values_read(json_object_get(j, "fields"), &to->fields))
		return bad_value(err, index, "fields", "a map from names to strings");
	return pages_read(json_object_get(j, "page_sha384"), index, to, err);
}

static int regions_read(const json_t *list, struct saved *r, struct error *err)
{
	int e = 0;

	if (!list)
		return 0;
	if (!json_is_array(list) || json_array_size(list) > SAVED_MAX_REGIONS)
		return bad_value(err, SIZE_MAX, "regions",
		                 "a list of regions, or has more of them than any launch");
	r->has_regions = true;
	for (size_t i = 0; e == 0 && i < json_array_size(list); i++)
		e = region_read(json_array_get(list, i), i, r, err);
	return e;
}

static int launch_read(const json_t *j, struct saved *r, struct error *err)
{
	r->measured = true;
	if (!json_hex(json_object_get(j, "measurement"), r->measurement, sizeof(r->measurement)))
		return bad_value(err, SIZE_MAX, "measurement", "a digest of 96 hex digits");
	for (const struct saved_name *n = saved_names; n->json; n++) {
		const json_t *value = json_object_get(j, n->json);

		if (json_is_string(value))
			saved_values_add(&r->settings, n->key, json_string_value(value));
		else if (json_is_integer(value))
			saved_values_format(&r->settings, n->key, "%" JSON_INTEGER_FORMAT,
			                    json_integer_value(value));
		else if (value)
			return bad_value(err, SIZE_MAX, n->json, "a string or a number");
	}
	if (!values_read(json_object_get(j, "settings"), &r->settings))
		return bad_value(err, SIZE_MAX, "settings", "a map from names to strings");
	return regions_read(json_object_get(j, "regions"), r, err);
}

/* The launch, which may be the only one in a list, as those of a matrix are. */
static int launch_find(json_t *root, const json_t **ret, struct error *err)
{
	const json_t *j = json_array_size(root) == 1 ? json_array_get(root, 0) : root;
	const char *schema = json_string_value(json_object_get(j, "schema"));
	char shown[64];

	*ret = j;
	if (schema && strcmp(schema, SCHEMA) == 0)
		return 0;
	if (json_is_array(j)) {
		error_set(err, ERROR_UNSUPPORTED, "a list of %zu launches, not one",
		          json_array_size(j));
		return error_fix(err, "give one of them: launch.json in the results of a run, or "
		                      "'measure --pages -o json' of one manifest");
	}
	text_show(shown, sizeof(shown), schema ? schema : "");
	error_set(err, ERROR_UNSUPPORTED, "not a launch: its schema is %s%s%s",
	          schema ? "'" : "missing", shown, schema ? "'" : "");
	return error_fix(err,
	                 "give launch.json from the results of a run, or what "
	                 "'measure --pages -o json' prints (%s)",
	                 SCHEMA);
}

static int text_check(const uint8_t *text, size_t size, struct error *err)
{
	size_t marks = 0;

	if (size > SAVED_MAX_SIZE)
		return error_set(err, ERROR_FILE_TOO_LARGE,
		                 "JSON of %zu bytes: at most %zu are read", size, SAVED_MAX_SIZE);
	for (size_t i = 0; i < size; i++)
		marks += text[i] == '"' || text[i] == ',' || text[i] == '[' || text[i] == '{';
	if (marks > MARKS_MAX)
		return error_set(err, ERROR_FILE_TOO_LARGE,
		                 "JSON with more values than any launch has");
	return 0;
}

int saved_read(const char *path, const uint8_t *text, size_t size, struct saved *ret,
               struct error *err)
{
	auto_saved struct saved r = { 0 };
	auto_json json_t *root = NULL;
	const json_t *launch;
	json_error_t wrong;
	int e = text_check(text, size, err);

	if (e == 0) {
		root = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, &wrong);
		if (!root) {
			e = error_set(err, ERROR_SYNTAX, "not JSON: %s", wrong.text);
			error_at(err, path, wrong.line > 0 ? (unsigned)wrong.line : 0,
			         wrong.line > 0 && wrong.column > 0 ? (unsigned)wrong.column : 1);
		}
	}
	if (e == 0)
		e = launch_find(root, &launch, err);
	if (e == 0)
		e = launch_read(launch, &r, err);
	for (size_t i = 0; e == 0 && i < r.n_regions; i++)
		r.settings.failed |= r.regions[i].fields.failed;
	if (e == 0 && r.settings.failed)
		e = error_nomem(err, "a launch");
	if (e < 0)
		return error_at(err, path, 0, 0);
	*ret = r;
	r = (struct saved){ 0 };
	return 0;
}
