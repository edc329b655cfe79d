/* SPDX-License-Identifier: MIT */
/* config/kind_scalar.c: numbers, texts, words, booleans, sizes, times, bytes, digests, ports. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/kind.h"
#include "config/reader.h"
#include "config/schema_node.h"
#include "config/value.h"
#include "config/writer.h"
#include "core/base/array.h"
#include "core/base/error.h"

/* --- number --- */

int number_read(struct key_reader *r, const struct yaml_tree *v)
{
	uint64_t n = 0;
	int e = value_number(r->key->name, v->text, r->key->min, r->key->max, &n, r->err);

	if (e == 0)
		reader_store(r, n);
	return e;
}

void number_write(struct key_writer *w, const struct key *k)
{
	writer_key(w, k);
	fprintf(w->to, " %" PRIu64 "\n", writer_number(w, k));
}

void hex_number_write(struct key_writer *w, const struct key *k)
{
	writer_key(w, k);
	fprintf(w->to, " 0x%" PRIx64 "\n", writer_number(w, k));
}

json_t *number_describe(struct schema *s, const struct key *k)
{
	return schema_any_of(s, schema_integer(s, k->min, k->max),
	                     schema_pattern(s, VALUE_NUMBER_PATTERN), NULL);
}

const struct kind kind_number = {
	.expects = "a number",
	.read = number_read,
	.write = number_write,
	.describe = number_describe,
};

/* --- text, line --- */

static int text_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct key *k = r->key;
	size_t n = strlen(v->text);

	if (n < k->min)
		return error_set(r->err, ERROR_BAD_VALUE, "'%s' is empty", k->name);
	if (n > k->max)
		return error_set(r->err, ERROR_BAD_VALUE,
		                 "'%s' has %zu bytes; it may have %" PRIu64, k->name, n, k->max);
	return reader_copy(r, v->text, reader_field(r));
}

static int line_read(struct key_reader *r, const struct yaml_tree *v)
{
	int e = reader_refuse_control(r, r->key->name, v->text);

	return e < 0 ? e : text_read(r, v);
}

void text_write(struct key_writer *w, const struct key *k)
{
	writer_key(w, k);
	fputc(' ', w->to);
	writer_quoted(w, *(char *const *)writer_field(w, k));
	fputc('\n', w->to);
}

static json_t *text_describe(struct schema *s, const struct key *k)
{
	return schema_text(s, k->min, k->max);
}

const struct kind kind_text = {
	.expects = "a string (\"\" for an empty one)",
	.read = text_read,
	.write = text_write,
	.describe = text_describe,
};

const struct kind kind_line = {
	.expects = "a string",
	.read = line_read,
	.write = text_write,
	.describe = text_describe,
};

/* --- word --- */

static int word_read(struct key_reader *r, const struct yaml_tree *v)
{
	int i = word_index(v->text, r->key->words);

	if (i < 0) {
		error_set(r->err, ERROR_BAD_VALUE, "'%s' cannot be '%s'", r->key->name,
		          shown_of(v->text).text);
		return reader_fix_word(r, v->text, r->key->words);
	}
	reader_store(r, (uint64_t)i);
	return 0;
}

static void word_write(struct key_writer *w, const struct key *k)
{
	writer_key(w, k);
	fprintf(w->to, " %s\n", k->words[writer_number(w, k)]);
}

static json_t *word_describe(struct schema *s, const struct key *k)
{
	return schema_words(s, k->words);
}

const struct kind kind_word = {
	.expects = "a word",
	.read = word_read,
	.write = word_write,
	.describe = word_describe,
};

/* --- bool --- */

static int bool_read(struct key_reader *r, const struct yaml_tree *v)
{
	return value_bool(r->key->name, v->text, reader_field(r), r->err);
}

static void bool_write(struct key_writer *w, const struct key *k)
{
	writer_key(w, k);
	fprintf(w->to, " %s\n", *(const bool *)writer_field(w, k) ? "true" : "false");
}

json_t *bool_describe(struct schema *s, const struct key *k)
{
	static const char *const quoted[] = { "true", "false", NULL };

	(void)k;
	return schema_any_of(s, schema_typed(s, "boolean"), schema_words(s, quoted), NULL);
}

const struct kind kind_bool = {
	.expects = "true or false",
	.read = bool_read,
	.write = bool_write,
	.describe = bool_describe,
};

/* --- size, time --- */

/* The schema knows no other limit of sizes and times: such an expression would be unreadable. */
#define ABOVE_ZERO "^[1-9][0-9]*"

static int size_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct key *k = r->key;
	uint64_t n = 0;
	int e = value_size(k->name, v->text, k->min, k->max, &n, r->err);

	if (e < 0)
		return e;
	if (n % PAGE_SIZE) {
		error_set(r->err, ERROR_BAD_VALUE, "'%s' is %s, which is not whole pages", k->name,
		          shown_of(v->text).text);
		return error_fix(r->err, "write a multiple of 4K: %" PRIu64 "K",
		                 (n + PAGE_SIZE - 1) / PAGE_SIZE * 4);
	}
	reader_store(r, n);
	return 0;
}

static void size_write(struct key_writer *w, const struct key *k)
{
	char text[VALUE_UNIT_CAP];

	writer_key(w, k);
	fprintf(w->to, " %s\n", value_size_text(writer_number(w, k), text));
}

static json_t *size_describe(struct schema *s, const struct key *k)
{
	return schema_pattern(s, k->min ? ABOVE_ZERO VALUE_SIZE_UNITS : VALUE_SIZE_PATTERN);
}

const struct kind kind_size = {
	.expects = "a size such as 512M",
	.read = size_read,
	.write = size_write,
	.describe = size_describe,
};

static int time_read(struct key_reader *r, const struct yaml_tree *v)
{
	return value_time(r->key->name, v->text, r->key->min, r->key->max, reader_field(r), r->err);
}

static void time_write(struct key_writer *w, const struct key *k)
{
	char text[VALUE_UNIT_CAP];

	if (writer_number(w, k) == 0)
		return;
	writer_key(w, k);
	fprintf(w->to, " %s\n", value_time_text(writer_number(w, k), text));
}

static json_t *time_describe(struct schema *s, const struct key *k)
{
	return schema_pattern(s, k->min ? ABOVE_ZERO VALUE_TIME_UNITS : VALUE_TIME_PATTERN);
}

const struct kind kind_time = {
	.expects = "a time such as 90s",
	.read = time_read,
	.write = time_write,
	.describe = time_describe,
};

/* --- bytes --- */

static int bytes_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct value_files from = { r->beside, r->m->confine };

	return value_bytes(r->key->name, v->text, &from, reader_field(r), r->key->size, r->err);
}

static void bytes_write(struct key_writer *w, const struct key *k)
{
	writer_key(w, k);
	fputs(" hex:", w->to);
	writer_hex(w, writer_field(w, k), k->size);
	fputc('\n', w->to);
}

static json_t *bytes_describe(struct schema *s, const struct key *k)
{
	static const char *const padding[] = { "", "==", "=" };
	char form[128];

	/* Base64, RFC 4648: 4 characters for 3 bytes, the last group filled up with '='. */
	snprintf(form, sizeof(form), "^(hex:[0-9a-fA-F]{%zu}|base64:[A-Za-z0-9+/]{%zu}%s|file:.+)$",
	         2 * k->size, (4 * k->size + 2) / 3, padding[k->size % 3]);
	return schema_pattern(s, form);
}

static const char *bytes_path(const char *text)
{
	return strncmp(text, VALUE_BYTES_FILE, strlen(VALUE_BYTES_FILE)) == 0
	               ? text + strlen(VALUE_BYTES_FILE)
	               : NULL;
}

const struct kind kind_bytes = {
	.expects = "bytes (hex:..., base64:... or file:PATH)",
	.read = bytes_read,
	.write = bytes_write,
	.describe = bytes_describe,
	.path_in = bytes_path,
};

/* --- host data --- */

static int host_data_read(struct key_reader *r, const struct yaml_tree *v)
{
	r->m->host_data_random = strcmp(v->text, HOST_DATA_RANDOM) == 0;
	return r->m->host_data_random ? 0 : bytes_read(r, v);
}

static void host_data_write(struct key_writer *w, const struct key *k)
{
	if (!w->m->host_data_random) {
		bytes_write(w, k);
		return;
	}
	writer_key(w, k);
	fputs(" " HOST_DATA_RANDOM "\n", w->to);
}

static json_t *host_data_describe(struct schema *s, const struct key *k)
{
	json_t *words = schema_array(s);

	schema_append(s, words, json_string(HOST_DATA_RANDOM));
	return schema_any_of(s, schema_enum(s, words), bytes_describe(s, k), NULL);
}

const struct kind kind_host_data = {
	.expects = "bytes (hex:..., base64:... or file:PATH), or random",
	.read = host_data_read,
	.write = host_data_write,
	.describe = host_data_describe,
	.path_in = bytes_path,
};

/* --- digest --- */

static int digest_read(struct key_reader *r, const struct yaml_tree *v)
{
	return value_digest(r->key->name, v->text, reader_field(r), r->err);
}

static void digest_write(struct key_writer *w, const struct key *k)
{
	writer_key(w, k);
	fputs(" \"", w->to);
	writer_hex(w, writer_field(w, k), k->size);
	fputs("\"\n", w->to);
}

static json_t *digest_describe(struct schema *s, const struct key *k)
{
	(void)k;
	return schema_pattern(s, VALUE_DIGEST_PATTERN);
}

const struct kind kind_digest = {
	.expects = "a launch digest",
	.read = digest_read,
	.write = digest_write,
	.describe = digest_describe,
};

/* --- port --- */

/* Ports that another device answers. KVM itself answers those of the first three rows. */
static const struct taken_port {
	uint16_t first, last;
	const char *by;
} taken_ports[] = {
	{ 0x20, 0x21, "the interrupt controller" },
	{ 0xa0, 0xa1, "the interrupt controller" },
	{ 0x4d0, 0x4d1, "the interrupt controller" },
	{ 0x64, 0x64, "the keyboard controller" },
	{ 0x3f8, 0x3ff, "the serial port" },
	{ 0x402, 0x402, "the debug port" },
	{ 0xcf9, 0xcf9, "the reset port" },
	{ 0xb000, 0xb011, "power management" },
	{ 0x70, 0x71, "the clock" },
	{ 0x92, 0x92, "the A20 port" },
	{ 0x510, 0x51b, "fw_cfg" },
	{ 0xcf8, 0xcff, "PCI configuration" },
};

static int port_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct key *k = r->key;
	uint64_t port = 0;
	int e;

	if (strcmp(v->text, "false") == 0)
		return 0;
	e = value_number(k->name, v->text, k->min, k->max, &port, r->err);
	if (e < 0)
		return e;
	for (size_t i = 0; i < ARRAY_SIZE(taken_ports); i++) {
		const struct taken_port *t = &taken_ports[i];

		if (port < t->first || port > t->last)
			continue;
		error_set(r->err, ERROR_CONFLICT, "'%s' is 0x%" PRIx64 ", where %s is", k->name,
		          port, t->by);
		return error_fix(r->err, "write another port, such as 0xf4, or false for none");
	}
	reader_store(r, port);
	r->m->exit_port_given = true;
	return 0;
}

static void port_write(struct key_writer *w, const struct key *k)
{
	if (w->m->exit_port_given) {
		hex_number_write(w, k);
		return;
	}
	writer_key(w, k);
	fputs(" false\n", w->to);
}

static json_t *port_describe(struct schema *s, const struct key *k)
{
	json_t *none = schema_array(s);

	schema_append(s, none, json_false());
	schema_append(s, none, json_string("false"));
	return schema_any_of(s, schema_integer(s, k->min, k->max),
	                     schema_pattern(s, VALUE_NUMBER_PATTERN), schema_enum(s, none));
}

const struct kind kind_port = {
	.expects = "a port number or false",
	.read = port_read,
	.write = port_write,
	.describe = port_describe,
};

/* --- CID --- */

#define CID_AUTO "auto"
#define CID_KEY  "cid"

/* A map of one entry, so that more can be said of a vsock some day. */
static int cid_read(struct key_reader *r, const struct yaml_tree *v)
{
	static const char expects[] = "auto, or { cid: N }";
	static const char *const words[] = { CID_KEY, NULL };
	const struct key *k = r->key;
	uint64_t cid = MANIFEST_CID_AUTO;
	const char *text = NULL;
	char name[KEY_NAME_CAP];
	int e;

	if (v->kind != YAML_MAP) {
		text = reader_scalar(r, k->name, v, expects);
		if (text && strcmp(text, CID_AUTO) != 0) {
			error_set(r->err, ERROR_BAD_VALUE, "'%s' is not auto", k->name);
			return error_fix(r->err, "write auto, or { cid: N }");
		}
		reader_store(r, cid);
		return text ? 0 : r->err->code;
	}
	for (const struct yaml_tree *c = v->first; c; c = c->next) {
		if (word_index(c->key, words) < 0)
			return reader_refuse_entry(r, c, words);
		snprintf(name, sizeof(name), "%s.%s", k->name, c->key);
		text = reader_scalar(r, name, c, "a number");
		e = text ? value_number(name, text, k->min, k->max, &cid, r->err) : r->err->code;
		if (e < 0)
			return reader_at_value(r, c);
	}
	if (text) {
		reader_store(r, cid);
		return 0;
	}
	error_set(r->err, ERROR_MISSING_KEY, "'%s' has no 'cid'", k->name);
	return error_fix(r->err, "write auto, or { cid: N }");
}

static void cid_write(struct key_writer *w, const struct key *k)
{
	if (!w->m->vsock_cid)
		return;
	writer_key(w, k);
	if (w->m->vsock_cid == MANIFEST_CID_AUTO)
		fputs(" " CID_AUTO "\n", w->to);
	else
		fprintf(w->to, " { " CID_KEY ": %" PRIu64 " }\n", w->m->vsock_cid);
}

static json_t *cid_describe(struct schema *s, const struct key *k)
{
	json_t *words = schema_array(s), *properties = schema_object(s), *map;
	json_t *required = schema_array(s);

	schema_append(s, words, json_string(CID_AUTO));
	schema_set(s, properties, CID_KEY,
	           schema_any_of(s, schema_integer(s, k->min, k->max),
	                         schema_pattern(s, VALUE_NUMBER_PATTERN), NULL));
	schema_append(s, required, json_string(CID_KEY));
	map = schema_map(s, properties);
	schema_set(s, map, "required", required);
	return schema_any_of(s, schema_enum(s, words), map, NULL);
}

const struct kind kind_cid = {
	.read = cid_read,
	.write = cid_write,
	.describe = cid_describe,
};
