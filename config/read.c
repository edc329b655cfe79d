/* SPDX-License-Identifier: MIT */
/*
 * config/read.c: one function for each type of value that a manifest's key can have, and what these
 * share.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load_priv.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/text.h"

void load_turn_to(struct load *l, const struct key *k)
{
	const struct slot *slot = &l->slots[k - keys];

	l->by = slot->option ? slot->option : slot->set ? slot->set->name : NULL;
	l->file = slot->set ? l->label : l->path;
	l->beside = slot->option ? "" : l->path;
	location_by(slot->option ? slot->option
	            : slot->set  ? slot->set->name
	                         : k->name,
	            l->label, sizeof(l->label));
}

int at_value(const struct load *l, const struct yaml_tree *v)
{
	return error_at(l->err, l->file, v->line, v->column);
}

int at_key(const struct load *l, const struct yaml_tree *v)
{
	return error_at(l->err, l->file, v->key_line, v->key_column);
}

void *load_field(const struct load *l, const struct key *k)
{
	return (char *)l->m + k->offset;
}

int load_copy(struct load *l, const char *text, char **to)
{
	*to = strdup(text);
	return *to ? 0 : error_nomem(l->err, "a manifest's text");
}

/* `KEY:` with nothing after it, and YAML's words for that. */
static bool is_nothing(const struct yaml_tree *v)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	for (size_t i = 0; v->plain && i < ARRAY_SIZE(words); i++)
		if (strcmp(v->text, words[i]) == 0)
			return true;
	return false;
}

int refuse_kind(struct load *l, const char *name, const struct yaml_tree *v, const char *expects)
{
	error_set(l->err, ERROR_BAD_VALUE, "'%s' must be %s, not a %s", name, expects,
	          v->kind == YAML_MAP    ? "map"
	          : v->kind == YAML_LIST ? "list"
	                                 : "single value");
	return at_value(l, v);
}

/* `- login:` and `- Result: PASS` are maps to YAML, of one entry each. */
static void fix_item(struct load *l, const struct yaml_tree *v)
{
	const struct yaml_tree *only = v->first;

	if (v->kind != YAML_MAP || v->key || !only || only->next || only->kind != YAML_SCALAR)
		return;
	error_why(l->err, "a colon at the end of a word makes a map of it");
	error_fix(l->err, "put it in quotes: '%s:%s%s'", shown_of(only->key).text,
	          only->text[0] ? " " : "", shown_of(only->text).text);
}

/* The text of a scalar, or NULL with *err filled. */
const char *load_text(struct load *l, const char *name, const struct yaml_tree *v,
                      const char *expects)
{
	if (v->kind != YAML_SCALAR) {
		refuse_kind(l, name, v, expects);
		fix_item(l, v);
		return NULL;
	}
	if (!is_nothing(v))
		return v->text;
	error_set(l->err, ERROR_BAD_VALUE, "'%s' has no value", name);
	error_fix(l->err, "write %s, or leave the key out", expects);
	at_value(l, v);
	return NULL;
}

static void words_join(const char *const *words, char *to, size_t cap)
{
	size_t n = 0;

	to[0] = '\0';
	for (; *words && n < cap; words++)
		n += (size_t)snprintf(to + n, cap - n, "%s%s", n ? ", " : "", *words);
}

/* The cure for a word that isn't in the list. */
int fix_word(struct load *l, const char *text, const char *const *words)
{
	struct nearest n = { .word = text };
	char list[256];

	for (size_t i = 0; words[i]; i++)
		nearest_try(&n, words[i]);
	if (n.best)
		return error_fix(l->err, "did you mean '%s'?", n.best);
	words_join(words, list, sizeof(list));
	return error_fix(l->err, "write one of: %s", list);
}

/* The index of text in words, or -1. */
int word_index(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

/* A key that isn't one of those a map of values takes. */
int refuse_entry(struct load *l, const char *map, const struct yaml_tree *v,
                 const char *const *words)
{
	error_set(l->err, ERROR_UNKNOWN_KEY, "unknown key '%s' in '%s'", shown_of(v->key).text,
	          map);
	fix_word(l, v->key, words);
	return at_key(l, v);
}

/* C0, DEL and C1: terminals obey the last, too. */
static int refuse_control(struct load *l, const char *name, const char *text)
{
	size_t left = strlen(text), size;

	for (; left > 0; text += size, left -= size) {
		long c = yaml_character((const uint8_t *)text, left, &size);

		if (c >= 0 && text_is_control((uint32_t)c))
			return error_set(l->err, ERROR_BAD_VALUE,
			                 "'%s' has a control character (0x%02lx)", name, c);
	}
	return 0;
}

void load_store(const struct load *l, const struct key *k, uint64_t v)
{
	void *at = load_field(l, k);

	switch (k->size) {
	case sizeof(uint64_t):
		*(uint64_t *)at = v;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)at = (uint32_t)v;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)at = (uint16_t)v;
		break;
	default: /* `version`, which nobody asks for again */
		assert(k->size == 0);
	}
}
static_assert(sizeof(enum manifest_platform) == sizeof(uint32_t), "an enum as load_store() has it");

int read_number(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	uint64_t n = 0;
	int r = value_number(k->name, v->text, k->min, k->max, &n, l->err);

	if (r == 0)
		load_store(l, k, n);
	return r;
}

static int read_text(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	size_t n = strlen(v->text);

	if (n < k->min)
		return error_set(l->err, ERROR_BAD_VALUE, "'%s' is empty", k->name);
	if (n > k->max)
		return error_set(l->err, ERROR_BAD_VALUE,
		                 "'%s' has %zu bytes; it may have %" PRIu64, k->name, n, k->max);
	return load_copy(l, v->text, load_field(l, k));
}

static int read_line(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	int r = refuse_control(l, k->name, v->text);

	return r < 0 ? r : read_text(l, k, v);
}

static int read_word(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	int i = word_index(v->text, k->words);

	if (i < 0) {
		error_set(l->err, ERROR_BAD_VALUE, "'%s' cannot be '%s'", k->name,
		          shown_of(v->text).text);
		return fix_word(l, v->text, k->words);
	}
	load_store(l, k, (uint64_t)i);
	return 0;
}

static int read_bool(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	return value_bool(k->name, v->text, load_field(l, k), l->err);
}

static int read_size(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	uint64_t n = 0;
	int r = value_size(k->name, v->text, k->min, k->max, &n, l->err);

	if (r < 0)
		return r;
	if (n % PAGE_SIZE) {
		error_set(l->err, ERROR_BAD_VALUE, "'%s' is %s, which is not whole pages", k->name,
		          shown_of(v->text).text);
		return error_fix(l->err, "write a multiple of 4K: %" PRIu64 "K",
		                 (n + PAGE_SIZE - 1) / PAGE_SIZE * 4);
	}
	load_store(l, k, n);
	return 0;
}

static int read_time(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	return value_time(k->name, v->text, k->min, k->max, load_field(l, k), l->err);
}

static int set_path(struct load *l, const char *name, const char *text, char **to)
{
	int r = refuse_control(l, name, text);

	if (r < 0)
		return r;
	if (!text[0])
		return error_set(l->err, ERROR_BAD_VALUE, "'%s' is an empty path", name);
	*to = value_path(l->beside, text);
	return *to ? 0 : error_nomem(l->err, "a path");
}

/* One entry of { path: P, sha256: "..." }. */
static int read_pinned_entry(struct load *l, const struct key *k, const struct yaml_tree *v,
                             struct manifest_file *to)
{
	static const char *const words[] = { FILE_PATH_KEY, FILE_HASH_KEY, NULL };
	char name[NAME_CAP];
	const char *text;
	int i = word_index(v->key, words), r;

	if (i < 0)
		return refuse_entry(l, k->name, v, words);
	snprintf(name, sizeof(name), "%s.%s", k->name, words[i]);
	text = load_text(l, name, v, i == 0 ? "a path" : "64 hexadecimal digits");
	if (!text)
		return l->err->code;
	r = i == 0 ? set_path(l, name, text, &to->path)
	           : value_sha256(name, text, to->sha256, l->err);
	to->pinned |= i == 1 && r == 0;
	return r < 0 ? at_value(l, v) : 0;
}

static int read_file_to(struct load *l, const struct key *k, const struct yaml_tree *v,
                        struct manifest_file *to)
{
	static const char expects[] = "a path, or { path: P, sha256: \"...\" }";
	const char *text = NULL;
	bool given = false;
	int r = 0;

	to->at = location_of(l, v);
	if (v->kind != YAML_MAP) {
		text = load_text(l, k->name, v, expects);
		return text ? set_path(l, k->name, text, &to->path) : l->err->code;
	}
	for (const struct yaml_tree *c = v->first; c && r == 0; c = c->next) {
		given |= strcmp(c->key, FILE_PATH_KEY) == 0;
		r = load_keep(l, read_pinned_entry(l, k, c, to));
	}
	if (r < 0 || given)
		return r;
	error_set(l->err, ERROR_MISSING_KEY, "'%s' has no 'path'", k->name);
	return error_fix(l->err, "write { path: P, sha256: \"...\" }");
}

static int read_file(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	return read_file_to(l, k, v, load_field(l, k));
}

/* Number i of a list. */
static int read_listed(struct load *l, const struct key *k, const struct yaml_tree *v, size_t i)
{
	struct manifest *m = l->m;
	int r = read_file_to(l, k, v, i ? &m->initrd_more[i - 1] : &m->initrd);

	m->n_initrd_more = i;
	return r < 0 ? at_value(l, v) : 0;
}

/* boot.initrd is the only key of its kind. */
static int read_files(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	size_t i = 0;
	int r = 0;

	if (v->kind != YAML_LIST)
		return read_file(l, k, v);
	if (!v->first)
		return error_set(l->err, ERROR_BAD_VALUE, "'%s' is an empty list", k->name);
	for (const struct yaml_tree *c = v->first; c && r == 0; c = c->next, i++) {
		if (i == k->max) {
			error_set(l->err, ERROR_BAD_VALUE, "'%s' has more than %" PRIu64 " files",
			          k->name, k->max);
			return at_value(l, c);
		}
		r = load_keep(l, read_listed(l, k, c, i));
	}
	return r;
}

static int read_firmware(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	static const char prefix[] = FIRMWARE_BUILTIN;
	size_t n = sizeof(prefix) - 1;

	if (v->kind != YAML_SCALAR || strncmp(v->text, prefix, n) != 0)
		return read_file(l, k, v);
	if (word_index(v->text + n, k->words) < 0) {
		error_set(l->err, ERROR_BAD_VALUE, "'%s': there is no built-in guest '%s'", k->name,
		          shown_of(v->text + n).text);
		return fix_word(l, v->text + n, k->words);
	}
	l->m->firmware.at = location_of(l, v);
	return load_copy(l, v->text + n, &l->m->builtin);
}

static int read_bytes(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	const struct value_files from = { l->beside, l->m->confine };

	return value_bytes(k->name, v->text, &from, load_field(l, k), k->size, l->err);
}

static int read_digest(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	return value_digest(k->name, v->text, load_field(l, k), l->err);
}

static int read_sink(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	struct manifest_sink *to = load_field(l, k);
	int kind = word_index(v->text, sink_words);

	if (kind >= 0 && word_index(v->text, k->words) < 0) {
		error_set(l->err, ERROR_BAD_VALUE, "'%s' cannot be '%s'", k->name, v->text);
		return error_fix(l->err, "write %s, %s or a path; './%s' is a file of that name",
		                 k->words[0], k->words[1], v->text);
	}
	to->kind = kind >= 0 ? (enum sink_kind)kind : SINK_FILE;
	return kind >= 0 ? 0 : set_path(l, k->name, v->text, &to->path);
}

/* Ports that somebody else answers; a write to the first three never reaches us. */
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

static int read_port(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	uint64_t port = 0;
	int r;

	if (strcmp(v->text, "false") == 0)
		return 0;
	r = value_number(k->name, v->text, k->min, k->max, &port, l->err);
	for (size_t i = 0; i < ARRAY_SIZE(taken_ports) && r == 0; i++) {
		const struct taken_port *t = &taken_ports[i];

		if (port < t->first || port > t->last)
			continue;
		error_set(l->err, ERROR_CONFLICT, "'%s' is 0x%" PRIx64 ", where %s is", k->name,
		          port, t->by);
		return error_fix(l->err, "write another port, such as 0xf4, or false for none");
	}
	if (r == 0) {
		load_store(l, k, port);
		l->m->exit_port_given = true;
	}
	return r;
}

int refuse_later(struct load *l, const struct key *k)
{
	error_set(l->err, ERROR_UNSUPPORTED, "'%s' is not supported by this version of snpvmm",
	          k->name);
	return error_fix(l->err, "remove the key");
}

static int read_later(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	(void)v;
	return refuse_later(l, k);
}

/*
 * One row a kind. `expects` is given where a single value is needed, which the caller then sees to.
 */
static const struct kind_row {
	const char *expects;
	int (*read)(struct load *l, const struct key *k, const struct yaml_tree *v);
} kind_rows[] = {
	[VALUE_NUMBER] = { "a number", read_number },
	[VALUE_TEXT] = { "a text (\"\" for an empty one)", read_text },
	[VALUE_LINE] = { "a text", read_line },
	[VALUE_WORD] = { "a word", read_word },
	[VALUE_BOOL] = { "true or false", read_bool },
	[VALUE_SIZE] = { "a size such as 512M", read_size },
	[VALUE_TIME] = { "a time such as 90s", read_time },
	[VALUE_FILE] = { NULL, read_file },
	[VALUE_FILES] = { NULL, read_files },
	[VALUE_FIRMWARE] = { NULL, read_firmware },
	[VALUE_VCPU_TYPE] = { "a CPU model or a 0x signature", read_vcpu_type },
	[VALUE_POLICY] = { NULL, read_policy },
	[VALUE_FEATURES] = { "a number", read_features },
	[VALUE_BYTES] = { "bytes (hex:..., base64:... or file:PATH)", read_bytes },
	[VALUE_DIGEST] = { "a launch digest", read_digest },
	[VALUE_PINS] = { NULL, read_pins },
	[VALUE_SINK] = { "a word or a path", read_sink },
	[VALUE_PORT] = { "a port number or false", read_port },
	[VALUE_EXIT] = { "a number, any or none", read_exit },
	[VALUE_PATTERNS] = { NULL, read_patterns },
	[VALUE_MATRIX] = { NULL, read_matrix },
	[VALUE_LATER] = { NULL, read_later },
};
static_assert(ARRAY_SIZE(kind_rows) == VALUE_KINDS, "a kind of value that nobody reads");

int read_value(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	const struct kind_row *row = &kind_rows[k->kind];

	load_turn_to(l, k);
	if (row->expects && !load_text(l, k->name, v, row->expects))
		return l->err->code;
	return row->read(l, k, v) < 0 ? at_value(l, v) : 0;
}
