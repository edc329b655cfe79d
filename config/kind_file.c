/* SPDX-License-Identifier: MIT */
/* config/kind_file.c: values that name files: inputs, which may be pinned, and outputs. */
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

/* By enum sink_kind. None of them is ever the name of a file, even if a key refuses the word. */
static const char *const sink_words[] = {
	[SINK_NONE] = "none", [SINK_STDOUT] = "stdout", [SINK_STDERR] = "stderr", [SINK_FILE] = NULL
};

int path_read(struct key_reader *r, const char *name, const char *text, char **to)
{
	int e = reader_refuse_control(r, name, text);

	if (e < 0)
		return e;
	if (!text[0])
		return error_set(r->err, ERROR_BAD_VALUE, "'%s' is an empty path", name);
	*to = value_path(r->beside, text);
	return *to ? 0 : error_nomem(r->err, "a path");
}

/* --- file --- */

/* One entry of { path: P, sha256: "..." }. */
static int pinned_entry_read(struct key_reader *r, const struct yaml_tree *v,
                             struct manifest_file *to)
{
	static const char *const words[] = { FILE_PATH_KEY, FILE_HASH_KEY, NULL };
	bool path = strcmp(v->key, FILE_PATH_KEY) == 0;
	char name[KEY_NAME_CAP];
	const char *text;
	int e;

	if (word_index(v->key, words) < 0)
		return reader_refuse_entry(r, v, words);
	snprintf(name, sizeof(name), "%s.%s", r->key->name, v->key);
	text = reader_scalar(r, name, v, path ? "a path" : "64 hexadecimal digits");
	if (!text)
		return r->err->code;
	e = path ? path_read(r, name, text, &to->path)
	         : value_sha256(name, text, to->sha256, r->err);
	to->pinned |= !path && e == 0;
	return e < 0 ? reader_at_value(r, v) : 0;
}

static int file_read_to(struct key_reader *r, const struct yaml_tree *v, struct manifest_file *to)
{
	static const char expects[] = "a path, or { path: P, sha256: \"...\" }";
	const char *text = NULL;
	bool given = false;
	int e = 0;

	to->at = reader_location(r, v);
	if (v->kind != YAML_MAP) {
		text = reader_scalar(r, r->key->name, v, expects);
		return text ? path_read(r, r->key->name, text, &to->path) : r->err->code;
	}
	for (const struct yaml_tree *c = v->first; c && e == 0; c = c->next) {
		given |= strcmp(c->key, FILE_PATH_KEY) == 0;
		e = reader_keep(r, pinned_entry_read(r, c, to));
	}
	if (e < 0 || given)
		return e;
	error_set(r->err, ERROR_MISSING_KEY, "'%s' has no 'path'", r->key->name);
	return error_fix(r->err, "write { path: P, sha256: \"...\" }");
}

static int file_read(struct key_reader *r, const struct yaml_tree *v)
{
	return file_read_to(r, v, reader_field(r));
}

/* " { path: P, sha256: H }" and a newline; the hash if it is known or pinned. */
static void file_write_from(struct key_writer *w, const struct manifest_file *f,
                            const uint8_t *known)
{
	auto_free char *resolved = realpath(f->path, NULL);
	const uint8_t *hash = known ? known : f->pinned ? f->sha256 : NULL;

	fputs(" { " FILE_PATH_KEY ": ", w->to);
	writer_path(w, resolved ? resolved : f->path);
	if (hash) {
		fputs(", " FILE_HASH_KEY ": \"", w->to);
		writer_hex(w, hash, 32);
		fputc('"', w->to);
	}
	fputs(" }\n", w->to);
}

static void file_write(struct key_writer *w, const struct key *k)
{
	const struct manifest_file *f = writer_field(w, k);

	if (!f->path)
		return;
	writer_key(w, k);
	file_write_from(w, f, w->hashes);
}

static json_t *file_describe(struct schema *s, const struct key *k)
{
	json_t *properties = schema_object(s), *required = schema_array(s), *map;

	(void)k;
	schema_set(s, properties, FILE_PATH_KEY, schema_text(s, 1, 0));
	schema_set(s, properties, FILE_HASH_KEY, schema_pattern(s, VALUE_SHA256_PATTERN));
	schema_append(s, required, json_string(FILE_PATH_KEY));
	map = schema_map(s, properties);
	schema_set(s, map, "required", required);
	return schema_any_of(s, schema_text(s, 1, 0), map, NULL);
}

static const char *file_path(const char *text)
{
	return strncmp(text, FIRMWARE_BUILTIN, strlen(FIRMWARE_BUILTIN)) == 0 ? NULL : text;
}

const struct kind kind_file = {
	.read = file_read,
	.write = file_write,
	.describe = file_describe,
	.path_in = file_path,
};

/* --- files --- */

static int files_read(struct key_reader *r, const struct yaml_tree *v)
{
	struct manifest *m = r->m;
	size_t i = 0;
	int e = 0;

	if (v->kind != YAML_LIST)
		return file_read(r, v);
	if (!v->first)
		return error_set(r->err, ERROR_BAD_VALUE, "'%s' is an empty list", r->key->name);
	for (const struct yaml_tree *c = v->first; c && e == 0; c = c->next, i++) {
		if (i == r->key->max) {
			error_set(r->err, ERROR_BAD_VALUE, "'%s' has more than %" PRIu64 " files",
			          r->key->name, r->key->max);
			return reader_at_value(r, c);
		}
		e = file_read_to(r, c, i ? &m->initrd_more[i - 1] : &m->initrd);
		m->n_initrd_more = i;
		e = reader_keep(r, e < 0 ? reader_at_value(r, c) : 0);
	}
	return e;
}

static void files_write(struct key_writer *w, const struct key *k)
{
	const struct manifest_file *f;

	if (w->m->n_initrd_more == 0) {
		file_write(w, k);
		return;
	}
	writer_key(w, k);
	fputc('\n', w->to);
	for (size_t i = 0; (f = manifest_initrd(w->m, i)); i++) {
		fputs("    -", w->to);
		file_write_from(w, f, w->hashes ? w->hashes + 32 * i : NULL);
	}
}

static json_t *files_describe(struct schema *s, const struct key *k)
{
	json_t *list = schema_list(s, file_describe(s, k));

	schema_set(s, list, "minItems", json_integer(1));
	schema_set(s, list, "maxItems", json_integer((json_int_t)k->max));
	return schema_any_of(s, file_describe(s, k), list, NULL);
}

const struct kind kind_files = {
	.read = files_read,
	.write = files_write,
	.describe = files_describe,
	.path_in = file_path,
};

/* --- firmware --- */

static int firmware_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct key *k = r->key;
	const char *name;

	if (v->kind != YAML_SCALAR || file_path(v->text))
		return file_read(r, v);
	name = v->text + strlen(FIRMWARE_BUILTIN);
	if (word_index(name, k->words) < 0) {
		error_set(r->err, ERROR_BAD_VALUE, "'%s': there is no built-in guest '%s'", k->name,
		          shown_of(name).text);
		return reader_fix_word(r, name, k->words);
	}
	r->m->firmware.at = reader_location(r, v);
	return reader_copy(r, name, &r->m->builtin);
}

static void firmware_write(struct key_writer *w, const struct key *k)
{
	if (!w->m->builtin) {
		file_write(w, k);
		return;
	}
	writer_key(w, k);
	fprintf(w->to, " " FIRMWARE_BUILTIN "%s\n", w->m->builtin);
}

/* Rejects `builtin:` with an unknown name, which would pass for a path. */
static json_t *firmware_describe(struct schema *s, const struct key *k)
{
	json_t *file = file_describe(s, k), *known = schema_array(s), *other = schema_object(s);
	json_t *all = schema_array(s);

	for (size_t i = 0; k->words[i]; i++)
		schema_append(s, known, json_sprintf(FIRMWARE_BUILTIN "%s", k->words[i]));
	schema_set(s, other, "not", schema_pattern(s, "^" FIRMWARE_BUILTIN));
	schema_append(s, all, schema_any_of(s, schema_enum(s, known), other, NULL));
	schema_set(s, file, "allOf", all);
	return file;
}

const struct kind kind_firmware = {
	.read = firmware_read,
	.write = firmware_write,
	.describe = firmware_describe,
	.path_in = file_path,
};

/* --- key --- */

static int key_read(struct key_reader *r, const struct yaml_tree *v)
{
	struct manifest_key *to = reader_field(r);

	if (strcmp(v->text, KEY_EPHEMERAL) != 0)
		return path_read(r, r->key->name, v->text, &to->path);
	to->ephemeral = r->key->words != NULL;
	if (to->ephemeral)
		return 0;
	error_set(r->err, ERROR_BAD_VALUE, "'%s' cannot be '" KEY_EPHEMERAL "'", r->key->name);
	return error_fix(r->err, "write a path; './" KEY_EPHEMERAL "' is a file of that name");
}

/* The path alone: what is in a private key, even its hash, is nobody's business. */
static void key_write(struct key_writer *w, const struct key *k)
{
	const struct manifest_key *key = writer_field(w, k);

	if (!key->ephemeral && !key->path)
		return;
	writer_key(w, k);
	fputc(' ', w->to);
	if (key->path)
		writer_path(w, key->path);
	else
		fputs(KEY_EPHEMERAL, w->to);
	fputc('\n', w->to);
}

static json_t *key_describe(struct schema *s, const struct key *k)
{
	json_t *path = schema_text(s, 1, 0), *ephemeral = schema_array(s);

	schema_append(s, ephemeral, json_string(KEY_EPHEMERAL));
	if (!k->words)
		schema_set(s, path, "not", schema_enum(s, ephemeral));
	else
		json_decref(ephemeral);
	return path;
}

static const char *key_path(const char *text)
{
	return strcmp(text, KEY_EPHEMERAL) == 0 ? NULL : text;
}

const struct kind kind_key = {
	.expects = "a path",
	.read = key_read,
	.write = key_write,
	.describe = key_describe,
	.path_in = key_path,
};

/* --- sink --- */

static int sink_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct key *k = r->key;
	struct manifest_sink *to = reader_field(r);
	int kind = word_index(v->text, sink_words);

	if (kind >= 0 && word_index(v->text, k->words) < 0) {
		error_set(r->err, ERROR_BAD_VALUE, "'%s' cannot be '%s'", k->name, v->text);
		return error_fix(r->err, "write %s, %s or a path; './%s' is a file of that name",
		                 k->words[0], k->words[1], v->text);
	}
	to->kind = kind >= 0 ? (enum sink_kind)kind : SINK_FILE;
	return kind >= 0 ? 0 : path_read(r, k->name, v->text, &to->path);
}

static void sink_write(struct key_writer *w, const struct key *k)
{
	const struct manifest_sink *s = writer_field(w, k);

	writer_key(w, k);
	fputc(' ', w->to);
	if (s->kind == SINK_FILE)
		writer_path(w, s->path);
	else
		fputs(sink_words[s->kind], w->to);
	fputc('\n', w->to);
}

/* A word that only another key takes is no path here. */
static json_t *sink_describe(struct schema *s, const struct key *k)
{
	json_t *path = schema_text(s, 1, 0), *others = schema_array(s);

	for (const char *const *word = sink_words; *word; word++)
		if (word_index(*word, k->words) < 0)
			schema_append(s, others, json_string(*word));
	schema_set(s, path, "not", schema_enum(s, others));
	return path;
}

static const char *sink_path(const char *text)
{
	return word_index(text, sink_words) < 0 ? text : NULL;
}

const struct kind kind_sink = {
	.expects = "a word or a path",
	.read = sink_read,
	.write = sink_write,
	.describe = sink_describe,
	.path_in = sink_path,
	.is_output = true,
};

/* --- keep --- */

static const char *keep_path(const char *text)
{
	static const char *const words[] = { "true", "false", NULL };

	return word_index(text, words) < 0 ? text : NULL;
}

static int keep_read(struct key_reader *r, const struct yaml_tree *v)
{
	struct manifest_keep *to = reader_field(r);

	to->back = strcmp(v->text, "true") == 0;
	return keep_path(v->text) ? path_read(r, r->key->name, v->text, &to->path) : 0;
}

static void keep_write(struct key_writer *w, const struct key *k)
{
	const struct manifest_keep *keep = writer_field(w, k);

	writer_key(w, k);
	fputc(' ', w->to);
	if (keep->path)
		writer_path(w, keep->path);
	else
		fputs("true", w->to);
	fputc('\n', w->to);
}

static json_t *keep_describe(struct schema *s, const struct key *k)
{
	(void)k;
	return schema_any_of(s, schema_typed(s, "boolean"), schema_text(s, 1, 0), NULL);
}

const struct kind kind_keep = {
	.expects = "true, false or a path",
	.read = keep_read,
	.write = keep_write,
	.describe = keep_describe,
	.path_in = keep_path,
	.is_output = true,
};
