/* SPDX-License-Identifier: MIT */
/* config/reader.c: what kinds share for reading a value: scalars, places, refusals. */
#include "config/reader.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config/kind.h"
#include "config/nearest.h"
#include "config/value.h"
#include "config/yaml_text.h"
#include "core/base/error.h"
#include "core/base/text.h"

int reader_value(struct key_reader *r, const struct yaml_tree *v)
{
	const struct kind *kind = r->key->kind;

	if (kind->expects && !reader_scalar(r, r->key->name, v, kind->expects))
		return r->err->code;
	return kind->read && kind->read(r, v) < 0 ? reader_at_value(r, v) : 0;
}

int reader_at_value(const struct key_reader *r, const struct yaml_tree *v)
{
	return error_at(r->err, r->file, v->line, v->column);
}

int reader_at_key(const struct key_reader *r, const struct yaml_tree *v)
{
	return error_at(r->err, r->file, v->key_line, v->key_column);
}

void *reader_field(const struct key_reader *r)
{
	return (char *)r->m + r->key->offset;
}

void reader_store(const struct key_reader *r, uint64_t v)
{
	void *at = reader_field(r);

	switch (r->key->size) {
	case sizeof(uint64_t):
		*(uint64_t *)at = v;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)at = (uint32_t)v;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)at = (uint16_t)v;
		break;
	default: /* `version`, which has one value and no field */
		assert(r->key->size == 0);
	}
}
static_assert(sizeof(enum manifest_platform) == sizeof(uint32_t), "reader_store() knows no enum");

int reader_copy(struct key_reader *r, const char *text, char **to)
{
	*to = strdup(text);
	return *to ? 0 : error_nomem(r->err, "a manifest's text");
}

int reader_refuse_type(struct key_reader *r, const char *name, const struct yaml_tree *v,
                       const char *expects)
{
	error_set(r->err, ERROR_BAD_VALUE, "'%s' must be %s, not a %s", name, expects,
	          v->kind == YAML_MAP    ? "map"
	          : v->kind == YAML_LIST ? "list"
	                                 : "single value");
	return reader_at_value(r, v);
}

const char *reader_scalar(struct key_reader *r, const char *name, const struct yaml_tree *v,
                          const char *expects)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL }; /* YAML's */
	const struct yaml_tree *only = v->first;

	if (v->kind == YAML_SCALAR && !(v->plain && word_index(v->text, nulls) >= 0))
		return v->text;
	if (v->kind == YAML_SCALAR) {
		error_set(r->err, ERROR_BAD_VALUE, "'%s' has no value", name);
		error_fix(r->err, "write %s, or leave the key out", expects);
		reader_at_value(r, v);
		return NULL;
	}
	reader_refuse_type(r, name, v, expects);
	/* To YAML the list items `- login:` and `- Result: PASS` are maps of one entry. */
	if (v->kind == YAML_MAP && !v->key && only && !only->next && only->kind == YAML_SCALAR) {
		error_why(r->err, "a colon at the end of a word makes a map of it");
		error_fix(r->err, "put it in quotes: '%s:%s%s'", shown_of(only->key).text,
		          only->text[0] ? " " : "", shown_of(only->text).text);
	}
	return NULL;
}

int word_index(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

int reader_fix_word(struct key_reader *r, const char *text, const char *const *words)
{
	struct nearest near = { .word = text };
	char list[256] = "";
	size_t n = 0;

	for (size_t i = 0; words[i]; i++) {
		nearest_try(&near, words[i]);
		if (n < sizeof(list))
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
			                      words[i]);
	}
	return near.best ? error_fix(r->err, "did you mean '%s'?", near.best)
	                 : error_fix(r->err, "write one of: %s", list);
}

int reader_refuse_entry(struct key_reader *r, const struct yaml_tree *v, const char *const *words)
{
	error_set(r->err, ERROR_UNKNOWN_KEY, "unknown key '%s' in '%s'", shown_of(v->key).text,
	          r->key->name);
	reader_fix_word(r, v->key, words);
	return reader_at_key(r, v);
}

int reader_refuse_control(struct key_reader *r, const char *name, const char *text)
{
	size_t left = strlen(text), size;

	for (; left > 0; text += size, left -= size) {
		long c = yaml_character((const uint8_t *)text, left, &size);

		if (c >= 0 && text_is_control((uint32_t)c))
			return error_set(r->err, ERROR_BAD_VALUE,
			                 "'%s' has a control character (0x%02lx)", name, c);
	}
	return 0;
}
