/* SPDX-License-Identifier: MIT */
/* config/kind_disks.c: the list of disks, each a path or a map. */
#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/kind.h"
#include "config/reader.h"
#include "config/schema_node.h"
#include "config/value.h"
#include "config/writer.h"
#include "core/base/error.h"

#define SERIAL_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define SERIAL_PATTERN    "^[A-Za-z0-9_.-]{1,20}$"
static_assert(DISK_SERIAL == 20, "SERIAL_PATTERN");

enum { ENTRY_PATH, ENTRY_MODE, ENTRY_SERIAL, ENTRY_SHA256 };
static const char *const entries[] = { FILE_PATH_KEY, DISK_MODE_KEY, "serial", FILE_HASH_KEY,
	                               NULL };

static int serial_read(struct key_reader *r, const char *name, const char *text,
                       struct manifest_disk *to)
{
	size_t n = strlen(text);

	if (n > 0 && n <= DISK_SERIAL && strspn(text, SERIAL_CHARACTERS) == n) {
		memcpy(to->serial, text, n + 1);
		return 0;
	}
	error_set(r->err, ERROR_BAD_VALUE, "'%s' is no serial number: '%s'", name,
	          shown_of(text).text);
	return error_fix(r->err, "write 1 to 20 letters, digits, '_', '.' and '-'");
}

static int entry_read(struct key_reader *r, const struct yaml_tree *v, const char *disk,
                      struct manifest_disk *to)
{
	static const char *const expects[] = { "a path", "ro, rw or scratch", "a serial number",
		                               "64 hexadecimal digits" };
	int entry = word_index(v->key, entries), mode, e = 0;
	char name[KEY_NAME_CAP];
	const char *text;

	if (entry < 0)
		return reader_refuse_entry(r, v, entries);
	snprintf(name, sizeof(name), "%s.%s", disk, v->key);
	text = reader_scalar(r, name, v, expects[entry]);
	if (!text)
		return r->err->code;
	switch (entry) {
	case ENTRY_PATH:
		e = path_read(r, name, text, &to->image.path);
		break;
	case ENTRY_MODE:
		mode = word_index(text, disk_modes);
		if (mode < 0) {
			error_set(r->err, ERROR_BAD_VALUE, "'%s' cannot be '%s'", name,
			          shown_of(text).text);
			e = reader_fix_word(r, text, disk_modes);
		} else {
			to->mode = (enum disk_mode)mode;
		}
		break;
	case ENTRY_SERIAL:
		e = serial_read(r, name, text, to);
		break;
	case ENTRY_SHA256:
		e = value_sha256(name, text, to->image.sha256, r->err);
		to->image.pinned = e == 0;
		break;
	}
	return e < 0 ? reader_at_value(r, v) : 0;
}

/* Disk number m->n_disks. */
static int disk_read(struct key_reader *r, const struct yaml_tree *v)
{
	struct manifest *m = r->m;
	struct manifest_disk *to = &m->disks[m->n_disks];
	bool given = v->kind != YAML_MAP;
	char name[16];
	const char *text;
	int e = 0;

	snprintf(to->serial, sizeof(to->serial), "disk%zu", m->n_disks);
	snprintf(name, sizeof(name), "disks[%zu]", m->n_disks++);
	to->image.at = reader_location(r, v);
	if (given) {
		text = reader_scalar(r, name, v, "a path, or { path: P, mode: ... }");
		e = text ? path_read(r, name, text, &to->image.path) : r->err->code;
	}
	for (const struct yaml_tree *c = given ? NULL : v->first; c && e == 0; c = c->next) {
		given |= strcmp(c->key, FILE_PATH_KEY) == 0;
		e = reader_keep(r, entry_read(r, c, name, to));
	}
	if (e < 0)
		return e;
	if (!given) {
		error_set(r->err, ERROR_MISSING_KEY, "'%s' has no 'path'", name);
		return error_fix(r->err, "write { path: P, mode: scratch }");
	}
	for (const struct manifest_disk *d = m->disks; d < to; d++)
		if (strcmp(d->serial, to->serial) == 0) {
			error_set(r->err, ERROR_CONFLICT, "two disks have the serial number '%s'",
			          d->serial);
			return error_fix(r->err, "give each its own; by default it is disk0, "
			                         "disk1 and so on");
		}
	return 0;
}

static int disks_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct yaml_tree *c = v->kind == YAML_LIST ? v->first : v;
	int e = 0;

	for (; c && e == 0; c = v->kind == YAML_LIST ? c->next : NULL) {
		if (r->m->n_disks == r->key->max) {
			error_set(r->err, ERROR_BAD_VALUE, "'%s' has more than %" PRIu64,
			          r->key->name, r->key->max);
			return reader_at_value(r, c);
		}
		e = disk_read(r, c);
		e = reader_keep(r, e < 0 ? reader_at_value(r, c) : 0);
	}
	return e;
}

/* In brackets, so that as one line it is also what --set takes. */
static void disks_write(struct key_writer *w, const struct key *k)
{
	if (w->m->n_disks == 0)
		return;
	writer_key(w, k);
	fputs(" [", w->to);
	for (size_t i = 0; i < w->m->n_disks; i++) {
		const struct manifest_disk *d = &w->m->disks[i];
		auto_free char *resolved = d->image.path ? realpath(d->image.path, NULL) : NULL;

		if (!d->image.path) /* a mistake, which was reported */
			continue;
		fprintf(w->to, "%s\n  { " FILE_PATH_KEY ": ", i ? "," : "");
		writer_path(w, resolved ? resolved : d->image.path);
		fprintf(w->to, ", mode: %s, serial: \"%s\"", disk_modes[d->mode], d->serial);
		if (d->image.pinned) {
			fputs(", " FILE_HASH_KEY ": \"", w->to);
			writer_hex(w, d->image.sha256, sizeof(d->image.sha256));
			fputc('"', w->to);
		}
		fputs(" }", w->to);
	}
	fputs("\n  ]\n", w->to);
}

static json_t *disk_describe(struct schema *s)
{
	json_t *properties = schema_object(s), *required = schema_array(s), *map;

	schema_set(s, properties, entries[ENTRY_PATH], schema_text(s, 1, 0));
	schema_set(s, properties, entries[ENTRY_MODE], schema_words(s, disk_modes));
	schema_set(s, properties, entries[ENTRY_SERIAL],
	           schema_any_of(s, schema_pattern(s, SERIAL_PATTERN), schema_typed(s, "number"),
	                         NULL));
	schema_set(s, properties, entries[ENTRY_SHA256], schema_pattern(s, VALUE_SHA256_PATTERN));
	schema_append(s, required, json_string(FILE_PATH_KEY));
	map = schema_map(s, properties);
	schema_set(s, map, "required", required);
	return schema_any_of(s, schema_text(s, 1, 0), map, NULL);
}

static json_t *disks_describe(struct schema *s, const struct key *k)
{
	json_t *list = schema_list(s, disk_describe(s));

	schema_set(s, list, "maxItems", json_integer((json_int_t)k->max));
	return schema_any_of(s, disk_describe(s), list, NULL);
}

static const char *disk_path(const char *text)
{
	return text;
}

const struct kind kind_disks = {
	.read = disks_read,
	.write = disks_write,
	.describe = disks_describe,
	.path_in = disk_path,
};
