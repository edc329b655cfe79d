/* SPDX-License-Identifier: MIT */
/*
 * config/yaml.c: libyaml's events to a tree, and its complaints to sentences; nobody else calls
 * libyaml.
 */
#include "config/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config/value.h"
#include "config/yaml_text.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/findings.h"
#include "core/base/text.h"

#define BAD_ESCAPE "found invalid Unicode character escape code" /* libyaml's words */

struct source {
	yaml_parser_t parser;
	const char *file;
	const uint8_t *text;
	size_t size;
	unsigned nodes;
	struct findings *findings; /* for duplicate keys; NULL: the first ends reading */
	const struct shortened *shortened;
	size_t n_shortened;
	struct error *err;
};

static void event_cleanup(yaml_event_t *e)
{
	yaml_event_delete(e);
}
#define auto_event __attribute__((cleanup(event_cleanup)))

void yaml_tree_free(struct yaml_tree *t)
{
	while (t) {
		struct yaml_tree *next = t->next;

		yaml_tree_free(t->first); /* no deeper than YAML_MAX_DEPTH */
		free(t->text);
		free(t->key);
		free(t);
		t = next;
	}
}

struct yaml_tree *yaml_tree_scalar(const char *text)
{
	struct yaml_tree *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->text = strdup(text);
	if (t->text)
		return t;
	free(t);
	return NULL;
}

/* Whether libyaml stopped at a tab, or in a line that begins with one. */
static bool tab_at(const struct source *s, unsigned line, unsigned column, unsigned *ret)
{
	struct cursor c = cursor_at(s->text, s->size);
	bool margin = s->parser.flow_level == 0; /* inside brackets tabs are fine */

	while (c.at < c.end && c.line < line)
		cursor_next(&c);
	while (c.at < c.end && c.line == line && c.column <= column) {
		bool tab = *c.at == '\t';

		*ret = c.column;
		if (tab && (margin || c.column == column))
			return true;
		margin &= *c.at == ' ';
		cursor_next(&c);
	}
	return false;
}

/* The column in the text as it was given, before pairs of escapes were joined. */
static unsigned column_of(const struct source *s, unsigned line, unsigned column)
{
	unsigned more = 0;

	for (size_t i = 0; i < s->n_shortened; i++)
		if (s->shortened[i].line == line && s->shortened[i].column < column + more)
			more += s->shortened[i].less;
	return column + more;
}

static const struct complaint {
	const char *problem; /* libyaml's words */
	const char *text, *fix;
} complaints[] = {
	{ "mapping values are not allowed in this context", "a ':' where no key can stand",
	  "put the value in quotes if the colon belongs to it; else check the indentation" },
	{ "found unexpected ':'", "a ':' where no key can stand",
	  "put the value in quotes if the colon belongs to it" },
	{ "did not find expected key", "no key where one is expected",
	  "begin all keys of one map in the same column, and close quotes before the line ends" },
	{ "could not find expected ':'", "a key without ':' after it", "write KEY: VALUE" },
	{ "found unexpected end of stream", "the text ends inside quotes", "close the quotes" },
	{ "did not find expected ',' or ']'", "a list in brackets is not closed",
	  "separate the items by ',' and end the list with ']'" },
	{ "did not find expected ',' or '}'", "a map in braces is not closed",
	  "separate the entries by ',' and end the map with '}'" },
	{ "did not find expected '-' indicator", "no '-' where the list goes on",
	  "begin all items of one list in the same column" },
	{ "found character that cannot start any token", "no value can begin with this character",
	  "put the value in quotes" },
	{ "block sequence entries are not allowed in this context", "a list item cannot stand here",
	  "put the first '-' on a line of its own, below the key" },
	{ "did not find expected node content", "no value where one is expected",
	  "put the value in quotes if it begins with a special character" },
	{ "did not find expected <document start>", "text after the end of the manifest",
	  "check the indentation of this line" },
	{ BAD_ESCAPE, "no character has this escape",
	  "write both halves of a pair, as in \\ud83d\\ude00, or \\U0001f600" },
	{ "found unknown escape character", "no such escape in double quotes",
	  "write \\\\ for a backslash, or use single quotes" },
};

static int source_error(struct source *s)
{
	const yaml_parser_t *p = &s->parser;
	unsigned line = (unsigned)p->problem_mark.line + 1;
	unsigned column = (unsigned)p->problem_mark.column + 1;
	size_t i = 0;

	if (p->error == YAML_MEMORY_ERROR || !p->problem)
		return error_nomem(s->err, "reading YAML");
	if (tab_at(s, line, column, &column)) {
		error_set(s->err, ERROR_SYNTAX, "a tab where YAML takes only spaces");
		error_why(s->err, "YAML does not allow tabs in indentation");
		error_fix(s->err, "replace the tab by spaces");
		return error_at(s->err, s->file, line, column_of(s, line, column));
	}
	column = (unsigned)p->problem_mark.column + 1;
	while (i < ARRAY_SIZE(complaints) && strcmp(complaints[i].problem, p->problem) != 0)
		i++;
	if (i == ARRAY_SIZE(complaints)) {
		error_set(s->err, ERROR_SYNTAX, "not YAML: %s", p->problem);
	} else {
		error_set(s->err, ERROR_SYNTAX, "%s", complaints[i].text);
		error_fix(s->err, "%s", complaints[i].fix);
	}
	return error_at(s->err, s->file, line, column_of(s, line, column));
}

static unsigned mark_line(const yaml_mark_t *m)
{
	return (unsigned)m->line + 1;
}

static unsigned mark_column(const struct source *s, const yaml_mark_t *m)
{
	return column_of(s, mark_line(m), (unsigned)m->column + 1);
}

static int at_mark(const struct source *s, const yaml_mark_t *m)
{
	return error_at(s->err, s->file, mark_line(m), mark_column(s, m));
}

/* Refuses what is outside the subset; `what` is a plural. */
static int refuse(const struct source *s, const yaml_mark_t *m, const char *what)
{
	error_set(s->err, ERROR_SYNTAX, "%s are not part of a manifest", what);
	error_why(s->err, "a manifest is written in a subset of YAML: maps, lists and scalars");
	return at_mark(s, m);
}

/* The next event, if it is in the subset. */
static int source_next(struct source *s, yaml_event_t *ret)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (!yaml_parser_parse(&s->parser, ret))
		return source_error(s);
	if (ret->type == YAML_SCALAR_EVENT) {
		anchor = ret->data.scalar.anchor;
		tag = ret->data.scalar.tag;
	} else if (ret->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ret->data.sequence_start.anchor;
		tag = ret->data.sequence_start.tag;
	} else if (ret->type == YAML_MAPPING_START_EVENT) {
		anchor = ret->data.mapping_start.anchor;
		tag = ret->data.mapping_start.tag;
	}
	if (ret->type == YAML_ALIAS_EVENT)
		return refuse(s, &ret->start_mark, "aliases (*name)");
	if (anchor)
		return refuse(s, &ret->start_mark, "anchors (&name)");
	return tag ? refuse(s, &ret->start_mark, "tags (!name)") : 0;
}

static int count_node(struct source *s, const yaml_event_t *e)
{
	if (++s->nodes <= YAML_MAX_NODES)
		return 0;
	error_set(s->err, ERROR_SYNTAX, "more than %d keys and values", YAML_MAX_NODES);
	return at_mark(s, &e->start_mark);
}

/* A copy of the scalar's text, which has no NUL inside. */
static int scalar_text(struct source *s, const yaml_event_t *e, char **ret)
{
	const char *value = (const char *)e->data.scalar.value;
	size_t length = e->data.scalar.length;

	if (memchr(value, '\0', length)) {
		error_set(s->err, ERROR_SYNTAX, "a NUL character inside a value");
		return at_mark(s, &e->start_mark);
	}
	*ret = strndup(value, length);
	return *ret ? 0 : error_nomem(s->err, "reading YAML");
}

/* Begins a node for the value of event e. */
static int tree_new(struct source *s, const yaml_event_t *e, struct yaml_tree **ret)
{
	struct yaml_tree *t;
	int r = count_node(s, e);

	if (r < 0)
		return r;
	t = *ret = calloc(1, sizeof(*t));
	if (!t)
		return error_nomem(s->err, "reading YAML");
	t->line = mark_line(&e->start_mark);
	t->column = mark_column(s, &e->start_mark);
	t->kind = e->type == YAML_MAPPING_START_EVENT    ? YAML_MAP
	          : e->type == YAML_SEQUENCE_START_EVENT ? YAML_LIST
	                                                 : YAML_SCALAR;
	if (t->kind != YAML_SCALAR)
		return 0;
	t->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return scalar_text(s, e, &t->text);
}

static int tree_read(struct source *s, const yaml_event_t *e, unsigned depth,
                     struct yaml_tree **ret);

/* Refuses event k as a key of the map if it is no valid key, or is there already. */
static int key_check(struct source *s, const yaml_event_t *k, const struct yaml_tree *map)
{
	const char *name = (const char *)k->data.scalar.value;

	if (k->type != YAML_SCALAR_EVENT) {
		error_set(s->err, ERROR_SYNTAX, "a key must be a word, not a list or a map");
		return at_mark(s, &k->start_mark);
	}
	if (strcmp(name, "<<") == 0 && k->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return refuse(s, &k->start_mark, "merge keys (<<)");
	for (const struct yaml_tree *c = map->first; c; c = c->next) {
		if (strcmp(c->key, name) != 0)
			continue;
		error_set(s->err, ERROR_DUPLICATE_KEY, "duplicate key '%s'", shown_of(name).text);
		error_why(s->err, "it was given before at line %u, column %u", c->key_line,
		          c->key_column);
		error_fix(s->err, "remove one of the two");
		return at_mark(s, &k->start_mark);
	}
	return 0;
}

/*
 * The entry whose key is event k, at the end of the map; not there if the map has that key already.
 */
static int entry_read(struct source *s, struct yaml_tree *map, const yaml_event_t *k,
                      unsigned depth)
{
	auto_event yaml_event_t v = { 0 };
	auto_yaml struct yaml_tree *entry = NULL;
	auto_free char *key = NULL;
	struct yaml_tree **tail = &map->first;
	bool again = false;
	int r = key_check(s, k, map);

	again = r < 0 && s->err->kind == ERROR_DUPLICATE_KEY && s->findings;
	if (again)
		r = findings_keep(s->findings, r, s->err);
	if (r == 0)
		r = count_node(s, k);
	if (r == 0)
		r = scalar_text(s, k, &key);
	if (r == 0)
		r = source_next(s, &v);
	if (r == 0)
		r = tree_read(s, &v, depth, &entry);
	if (r < 0 || again)
		return r;
	entry->key = key;
	key = NULL;
	entry->key_line = mark_line(&k->start_mark);
	entry->key_column = mark_column(s, &k->start_mark);
	while (*tail)
		tail = &(*tail)->next;
	*tail = entry;
	entry = NULL;
	return 0;
}

static int map_read(struct source *s, struct yaml_tree *map, unsigned depth)
{
	for (;;) {
		auto_event yaml_event_t k = { 0 };
		int r = source_next(s, &k);

		if (r == 0 && k.type == YAML_MAPPING_END_EVENT)
			return 0;
		if (r == 0)
			r = entry_read(s, map, &k, depth);
		if (r < 0)
			return r;
	}
}

static int list_read(struct source *s, struct yaml_tree *list, unsigned depth)
{
	struct yaml_tree **tail = &list->first;

	for (;;) {
		auto_event yaml_event_t e = { 0 };
		int r = source_next(s, &e);

		if (r == 0 && e.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (r == 0)
			r = tree_read(s, &e, depth, tail);
		if (r < 0)
			return r;
		tail = &(*tail)->next;
	}
}

/*
 * The value that begins with event e. On failure *ret is what was read so far: the caller frees it.
 */
static int tree_read(struct source *s, const yaml_event_t *e, unsigned depth,
                     struct yaml_tree **ret)
{
	int r = tree_new(s, e, ret);

	if (r < 0 || (*ret)->kind == YAML_SCALAR)
		return r;
	if (depth == YAML_MAX_DEPTH) {
		error_set(s->err, ERROR_SYNTAX, "nested deeper than %d", YAML_MAX_DEPTH);
		return at_mark(s, &e->start_mark);
	}
	return (*ret)->kind == YAML_MAP ? map_read(s, *ret, depth + 1)
	                                : list_read(s, *ret, depth + 1);
}

static int refuse_empty(const struct source *s)
{
	error_set(s->err, ERROR_SYNTAX, "there is nothing in it");
	error_fix(s->err, "a manifest begins with 'version: 1'");
	return error_at(s->err, s->file, 1, 1);
}

/* The one document of the stream. */
static int document_read(struct source *s, struct yaml_tree **ret)
{
	auto_event yaml_event_t stream = { 0 }, start = { 0 }, root = { 0 }, end = { 0 },
				last = { 0 };
	int r = source_next(s, &stream);

	if (r == 0)
		r = source_next(s, &start);
	if (r == 0 && start.type == YAML_STREAM_END_EVENT)
		return refuse_empty(s);
	if (r == 0)
		r = source_next(s, &root);
	if (r == 0)
		r = tree_read(s, &root, 0, ret);
	if (r == 0 && (*ret)->kind == YAML_SCALAR && (*ret)->plain && !(*ret)->text[0])
		return refuse_empty(s);
	if (r == 0)
		r = source_next(s, &end);
	if (r == 0)
		r = source_next(s, &last);
	if (r == 0 && last.type != YAML_STREAM_END_EVENT)
		return refuse(s, &last.start_mark, "further documents (---)");
	return r;
}

/* Has libyaml read the text. *pairs: it failed at an escape that only JSON allows. */
static int text_read(struct source *s, struct yaml_tree **ret, bool *pairs)
{
	auto_yaml struct yaml_tree *t = NULL;
	int r;

	memset(&s->parser, 0, sizeof(s->parser));
	s->nodes = 0;
	if (!yaml_parser_initialize(&s->parser))
		return error_nomem(s->err, "reading YAML");
	yaml_parser_set_encoding(&s->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&s->parser, s->text, s->size);
	r = document_read(s, &t);
	*pairs = s->parser.problem && strcmp(s->parser.problem, BAD_ESCAPE) == 0;
	yaml_parser_delete(&s->parser);
	if (r < 0)
		return r;
	*ret = t;
	t = NULL;
	return 0;
}

int yaml_tree_parse(const char *file, const uint8_t *text, size_t size, struct yaml_tree **ret,
                    struct findings *findings, struct error *err)
{
	/* U+FEFF at the beginning only says that this is UTF-8; it is not part of line 1. */
	size_t bom = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct source s = { .file = file,
		            .text = size ? text + bom : (const uint8_t *)"",
		            .size = size - bom,
		            .findings = findings,
		            .err = err };
	auto_free uint8_t *joined = NULL;
	auto_free struct shortened *places = NULL;
	bool pairs = false;
	int r;

	if (size > YAML_MAX_SIZE) {
		error_set(err, ERROR_FILE_TOO_LARGE,
		          "%zu bytes; a manifest has at most %zu (1 MiB)", size, YAML_MAX_SIZE);
		return error_at(err, file, 0, 0);
	}
	r = yaml_text_check(file, s.text, s.size, err);
	if (r == 0)
		r = yaml_text_hides(file, s.text, s.size, true, findings, err);
	if (r == 0)
		r = text_read(&s, ret, &pairs);
	if (!pairs)
		return r;
	/* Read once more, with YAML's escapes in place of JSON's pairs. */
	if (!yaml_text_join(s.text, s.size, &joined, &s.size, &places, &s.n_shortened))
		return error_nomem(err, "reading YAML");
	s.text = joined;
	s.shortened = places;
	return text_read(&s, ret, &pairs);
}
