/* SPDX-License-Identifier: MIT */
/* core/base/findings.c: a bounded list of errors and warnings, each once. */
#include "core/base/findings.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

void findings_add(struct findings *f, enum severity severity, const struct error *e)
{
	f->errors += severity == SEVERITY_ERROR;
	for (size_t i = 0; i < f->count; i++) {
		const struct error *had = &f->list[i].error;

		if (f->list[i].severity == severity && had->line == e->line &&
		    had->column == e->column && strcmp(had->file, e->file) == 0 &&
		    strcmp(had->text, e->text) == 0)
			return;
	}
	if (f->count < FINDINGS_MAX && ARRAY_GROW(f->list, f->count))
		f->list[f->count++] = (struct finding){ severity, *e };
	else
		f->more = true;
}

void findings_add_all(struct findings *f, const struct findings *from)
{
	size_t errors = f->errors + from->errors;

	for (size_t i = 0; i < from->count; i++)
		findings_add(f, from->list[i].severity, &from->list[i].error);
	f->errors = errors;
	f->more |= from->more;
}

int findings_keep(struct findings *f, int r, struct error *err)
{
	if (r >= 0)
		return 0;
	if (err->kind == ERROR_HOST_MEMORY)
		return r;
	findings_add(f, SEVERITY_ERROR, err);
	memset(err, 0, sizeof(*err));
	return 0;
}

struct sort_key {
	size_t rank; /* the first finding in the same file */
	unsigned line, column;
};

void findings_sort(struct findings *f, size_t from)
{
	struct sort_key keys[FINDINGS_MAX], key;
	struct finding moved;
	size_t at;

	for (size_t i = from; i < f->count; i++) {
		const struct error *e = &f->list[i].error;

		keys[i] = (struct sort_key){ 0, e->line, e->column };
		while (strcmp(f->list[keys[i].rank].error.file, e->file) != 0)
			keys[i].rank++;
	}
	for (size_t i = from + 1; i < f->count; i++) {
		key = keys[i];
		moved = f->list[i];
		for (at = i; at > from; at--) {
			const struct sort_key *k = &keys[at - 1];

			if (k->rank != key.rank   ? k->rank < key.rank
			    : k->line != key.line ? k->line < key.line
			                          : k->column <= key.column)
				break;
			keys[at] = *k;
			f->list[at] = f->list[at - 1];
		}
		keys[at] = key;
		f->list[at] = moved;
	}
}

int findings_first(const struct findings *f, struct error *err)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->list[i].severity == SEVERITY_ERROR) {
			*err = f->list[i].error;
			return err->code;
		}
	return f->errors ? error_nomem(err, "errors to report") : 0;
}

void findings_fini(struct findings *f)
{
	free(f->list);
	*f = (struct findings){ 0 };
}
