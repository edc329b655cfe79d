/* SPDX-License-Identifier: MIT */
/* config/write.c: walks the table of keys, each of whose kinds writes its own. */
#include "config/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/kind.h"
#include "config/writer.h"
#include "core/base/error.h"

int manifest_write(const struct manifest *m, const struct manifest_hashes *h, FILE *to,
                   struct error *err)
{
	struct key_writer w = { .m = m, .to = to };

	fprintf(to, "# written by snpvmm %s: the manifest of this run, resolved\n", SNPVMM_VERSION);
	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];

		w.group = key_group_of(k->name);
		w.hashes = h->of[i];
		if (k->kind->write && (!k->has || k->has(m)))
			k->kind->write(&w, k);
	}
	if (w.failed)
		return error_set(err, ERROR_OUTPUT,
		                 "cannot make the paths of the manifest's files absolute");
	if (fflush(to) != 0 || ferror(to))
		return error_sys(err, ERROR_OUTPUT, errno, "cannot write the manifest");
	return 0;
}

int manifest_value(const struct manifest *m, enum key_id id, char **ret, struct error *err)
{
	const struct key *k = &keys[id];
	char *text = NULL, *value;
	size_t size = 0, name = strlen(k->name);
	FILE *to = open_memstream(&text, &size);
	struct key_writer w = { .m = m, .to = to };

	if (!to)
		return error_nomem(err, "a manifest's value");
	if (k->kind->write && (!k->has || k->has(m)))
		k->kind->write(&w, k);
	if (fclose(to) != 0 || w.failed) {
		free(text);
		return error_nomem(err, "a manifest's value");
	}
	if (size <= name) { /* nothing was written */
		free(text);
		return 0;
	}
	value = text + name + 1;
	value += strspn(value, " \n");
	memmove(text, value, strlen(value) + 1);
	for (size_t n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	for (char *newline = text; (newline = strchr(newline, '\n'));)
		*newline = ' ';
	*ret = text;
	return 0;
}

/* Whether YAML surely reads the text as it stands, without quotes. */
static bool is_plain(const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "/._+=- ";
	size_t n = strlen(text);

	return n > 0 && strspn(text, safe) == n && !strchr("_+=- ", text[0]) &&
	       text[n - 1] != ' ' && strcasecmp(text, "null") != 0;
}

void settings_write(const struct manifest_setting *set, size_t n, FILE *to)
{
	struct key_writer w = { .to = to };

	fprintf(to, "version: 1\n");
	for (size_t i = KEY_VERSION + 1; i < KEYS; i++) {
		size_t first = n, last = n;

		/* the last setting of a key counts, but the files of several -i form a list */
		for (size_t j = 0; j < n; j++) {
			if (strcmp(set[j].key, keys[i].name) != 0)
				continue;
			if (last == n || keys[i].kind != &kind_files || !set[j].option ||
			    !set[last].option)
				first = j;
			last = j;
		}
		if (last == n)
			continue;
		w.group = key_group_of(keys[i].name);
		writer_key(&w, &keys[i]);
		for (size_t j = first; j <= last; j++) {
			const char *value = set[j].value;

			if (strcmp(set[j].key, keys[i].name) != 0)
				continue;
			fputs(first == last ? " " : j == first ? " [" : ", ", to);
			if (is_plain(value) ||
			    (!set[j].option && value[0] && strchr("{[\"'", value[0])))
				fputs(value, to);
			else
				writer_quoted(&w, value);
		}
		fputs(first == last ? "\n" : "]\n", to);
	}
}
