/* SPDX-License-Identifier: MIT */
/* config/writer.c: what kinds share for writing a value: keys, quotes, paths. */
#include "config/writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/yaml_text.h"
#include "core/base/text.h"

/* Where a name begins that stands in this group. */
static const char *name_in(const struct key_group *g, const char *name)
{
	return g ? name + strlen(g->name) + 1 : name;
}

static void write_indent(struct key_writer *w, const struct key_group *g)
{
	for (; g; g = g->in)
		fputs("  ", w->to);
}

/* Begins the maps around a key, but for those that are open. */
static void write_groups(struct key_writer *w, const struct key_group *g)
{
	const struct key_group *open = w->open;

	while (open && open != g)
		open = open->in;
	if (open == g)
		return;
	write_groups(w, g->in);
	write_indent(w, g->in);
	fprintf(w->to, "%s:\n", name_in(g->in, g->name));
}

void writer_key(struct key_writer *w, const struct key *k)
{
	write_groups(w, w->group);
	w->open = w->group;
	write_indent(w, w->group);
	fprintf(w->to, "%s:", name_in(w->group, k->name));
}

const void *writer_field(const struct key_writer *w, const struct key *k)
{
	return (const char *)w->m + k->offset;
}

uint64_t writer_number(const struct key_writer *w, const struct key *k)
{
	switch (k->size) {
	case sizeof(uint64_t):
		return *(const uint64_t *)writer_field(w, k);
	case sizeof(uint32_t):
		return *(const uint32_t *)writer_field(w, k);
	case sizeof(uint16_t):
		return *(const uint16_t *)writer_field(w, k);
	default: /* `version`, which has one value and no field */
		return k->min;
	}
}

/* One character as double quotes take it: YAML 1.1, 5.7. What is refused bare is escaped. */
static void write_character(FILE *to, const char *at, size_t size, long c, long before)
{
	if (c < 0)
		fputs("\\uFFFD", to);
	else if (c == '"' || c == '\\')
		fprintf(to, "\\%c", (char)c);
	else if (c == '\t')
		fputs("\\t", to);
	else if (c == '\n')
		fputs("\\n", to);
	else if (text_is_control((uint32_t)c))
		fprintf(to, "\\x%02lX", c);
	else if (c == 0xfffe || c == 0xffff || (c <= 0xffff && character_hides(c, before)))
		fprintf(to, "\\u%04lX", c);
	else if (character_hides(c, before))
		fprintf(to, "\\U%08lX", c);
	else
		fwrite(at, 1, size, to);
}

void writer_quoted(struct key_writer *w, const char *text)
{
	size_t left = strlen(text), size;
	long before = 0;

	fputc('"', w->to);
	for (; left > 0; text += size, left -= size) {
		long c = yaml_character((const uint8_t *)text, left, &size);

		write_character(w->to, text, size, c, before);
		before = c;
	}
	fputc('"', w->to);
}

void writer_hex(struct key_writer *w, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(w->to, "%02x", bytes[i]);
}

void writer_path(struct key_writer *w, const char *path)
{
	auto_free char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0);
	auto_free char *absolute = NULL;

	if (folder && asprintf(&absolute, "%s/%s", folder, path) < 0)
		absolute = NULL;
	w->failed |= path[0] != '/' && !absolute;
	writer_quoted(w, absolute ? absolute : path);
}
