/* SPDX-License-Identifier: MIT */
/*
 * config/collect.c: finds which value is given for which key, in the file and by --set, and refuses
 * names that are no keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/inputs.h"
#include "config/kind.h"
#include "config/value.h"
#include "config/yaml_text.h"
#include "core/base/error.h"

void inputs_turn_to(struct inputs *in, const struct key *k)
{
	const struct key_input *input = &in->of[k - keys];
	const char *by = input->option ? input->option : input->set ? input->set->name : NULL;

	setting_name(by ? by : k->name, in->r.option, sizeof(in->r.option));
	in->r.key = k;
	in->r.by = by;
	in->r.file = input->set ? in->r.option : in->path;
	in->r.beside = input->option ? "" : in->path;
}

/* The names of the keys that stand in a group, or at the top. */
static void level_join(const struct key_group *level, char *to, size_t cap)
{
	size_t n = 0;

	to[0] = '\0';
	for (const struct key *k = keys; k < keys + KEYS && n < cap; k++)
		if (key_group_of(k->name) == level)
			n += (size_t)snprintf(to + n, cap - n, "%s%s", n ? ", " : "",
			                      key_last(k->name));
	for (const struct key_group *g = key_groups; g->name && n < cap; g++)
		if (g->in == level)
			n += (size_t)snprintf(to + n, cap - n, ", %s", key_last(g->name));
}

static int fix_unknown(struct inputs *in, const char *name, const struct key_group *level)
{
	const char *meant = key_meant(name);
	const struct key *k = meant ? key_find(meant) : NULL;
	char list[384];

	if (k)
		in->of[k - keys].unsure = true;
	if (meant && strcmp(meant, name) == 0)
		return error_fix(in->r.err, "write '%s' inside the map '%.*s'", key_last(name),
		                 (int)(key_last(name) - name - 1), name);
	if (meant)
		return error_fix(in->r.err, "did you mean '%s'?", meant);
	level_join(level, list, sizeof(list));
	return error_fix(in->r.err, "the keys here are: %s", list);
}

/* Whether a name is part of another: "snp.policy.debug" of "snp.policy", "disks[0]" of "disks". */
static bool is_part(const char *name, const char *of)
{
	size_t n = strlen(of);

	return strncmp(name, of, n) == 0 && (name[n] == '.' || name[n] == '[');
}

static int collect(struct inputs *in, const struct yaml_tree *map, const struct key_group *level);

/* One entry of the file: a key of the table, a group of keys, or a mistake. */
static int collect_entry(struct inputs *in, const struct yaml_tree *v,
                         const struct key_group *level)
{
	char name[KEY_NAME_CAP];
	int n = snprintf(name, sizeof(name), "%s%s%s", level ? level->name : "", level ? "." : "",
	                 v->key);
	bool fits = n < (int)sizeof(name) && !strchr(v->key, '.');
	const struct key *k = fits ? key_find(name) : NULL;
	const struct key_group *g = fits ? key_group_find(name) : NULL;

	if (k) {
		in->of[k - keys].value = v;
		return 0;
	}
	if (g && v->kind == YAML_MAP)
		return collect(in, v, g);
	if (g) { /* the value was meant for keys of the group */
		for (size_t i = 0; i < KEYS; i++)
			in->of[i].unsure |= is_part(keys[i].name, g->name);
		return reader_refuse_type(&in->r, g->name, v, "a map of keys");
	}
	error_set(in->r.err, ERROR_UNKNOWN_KEY, "unknown key '%s'", shown_of(name).text);
	fix_unknown(in, name, level);
	return reader_at_key(&in->r, v);
}

static int collect(struct inputs *in, const struct yaml_tree *map, const struct key_group *level)
{
	int r = 0;

	for (const struct yaml_tree *c = map->first; c && r == 0; c = c->next)
		r = reader_keep(&in->r, collect_entry(in, c, level));
	return r;
}

int refuse_dotted(struct inputs *in, const char *name, const char *where, const char *verb)
{
	const struct key_group *group = key_group_find(name), *level = NULL;
	const struct key *around = keys;
	char list[384];

	while (around < keys + KEYS && !is_part(name, around->name))
		around++;
	for (const struct key_group *g = key_groups; g->name; g++)
		if (is_part(name, g->name)) /* the last one is the innermost */
			level = g;
	if (group) {
		error_set(in->r.err, ERROR_UNKNOWN_KEY, "'%s' is a group of keys, not one",
		          group->name);
		level_join(group, list, sizeof(list));
		return error_fix(in->r.err, "%s one with '%s.' before it: %s", verb, group->name,
		                 list);
	}
	error_set(in->r.err, ERROR_UNKNOWN_KEY, "unknown key '%s'%s", shown_of(name).text, where);
	if (around < keys + KEYS)
		return error_fix(in->r.err, "%s '%s' as a whole", verb, around->name);
	return fix_unknown(in, name, level);
}

/* --set values have no place in a file, whatever libyaml counted. */
static void tree_displace(struct yaml_tree *t)
{
	for (; t; t = t->next) {
		t->line = t->column = t->key_line = t->key_column = 0;
		tree_displace(t->first);
	}
}

/* Takes the text literally, as one scalar. */
static int text_parse(const char *label, const char *text, struct yaml_tree **ret,
                      struct error *err)
{
	int r = yaml_text_check(label, (const uint8_t *)text, strlen(text), err);

	if (r == 0)
		r = yaml_text_hides(label, (const uint8_t *)text, strlen(text), false, NULL, err);
	if (r < 0)
		err->line = err->column = 0;
	else if (!(*ret = yaml_tree_scalar(text)))
		r = error_nomem(err, label);
	return r;
}

int setting_parse(const char *label, const char *text, struct yaml_tree **ret, struct error *err)
{
	int r;

	if (!text[0] || !strchr("{[\"'", text[0]))
		return text_parse(label, text, ret, err);
	r = yaml_tree_parse(label, (const uint8_t *)text, strlen(text), ret, NULL, err);
	if (r < 0)
		err->line = err->column = 0;
	else
		tree_displace(*ret);
	return r;
}

/* A further -i appends its file to those of earlier ones. Takes over `value`. */
static int input_append(struct inputs *in, struct key_input *input, struct yaml_tree *value)
{
	struct yaml_tree **end;

	if (input->own->kind != YAML_LIST) {
		struct yaml_tree *list = calloc(1, sizeof(*list));

		if (!list) {
			yaml_tree_free(value);
			return error_nomem(in->r.err, in->r.option);
		}
		*list = (struct yaml_tree){ .kind = YAML_LIST, .first = input->own };
		input->value = input->own = list;
	}
	for (end = &input->own->first; *end; end = &(*end)->next)
		;
	*end = value;
	return 0;
}

static int collect_setting(struct inputs *in, const struct manifest_setting *s)
{
	const struct key *k = key_find(s->key);
	struct yaml_tree *value = NULL;
	struct key_input *input;
	int r;

	if (!k) {
		refuse_dotted(in, s->key, "", "set");
		setting_name(s->option ? s->option : shown_of(s->key).text, in->r.option,
		             sizeof(in->r.option));
		return error_at(in->r.err, in->r.option, 0, 0);
	}
	setting_name(s->option ? s->option : k->name, in->r.option, sizeof(in->r.option));
	input = &in->of[k - keys];
	r = s->option ? text_parse(in->r.option, s->value, &value, in->r.err)
	              : setting_parse(in->r.option, s->value, &value, in->r.err);
	input->unsure = r < 0;
	if (r < 0)
		return r;
	if (k->kind == &kind_files && s->option && input->option)
		return input_append(in, input, value);
	yaml_tree_free(input->own);
	input->value = input->own = value;
	input->set = k;
	input->option = s->option;
	return 0;
}

int collect_file(struct inputs *in)
{
	return collect(in, in->root, NULL);
}

int collect_settings(struct inputs *in, const struct manifest_choice *choice)
{
	int r = 0;

	for (size_t i = 0; choice && i < choice->n_set && r == 0; i++)
		r = reader_keep(&in->r, collect_setting(in, &choice->set[i]));
	return r;
}
