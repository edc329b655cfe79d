/* SPDX-License-Identifier: MIT */
/*
 * config/collect.c: which value is given for which key, in the file and by --set; and names that
 * are no keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load_priv.h"
#include "config/value.h"
#include "config/yaml_text.h"
#include "core/base/error.h"

/* The names of the keys that stand in a group, or at the top. */
static void level_join(const struct key_group *in, char *to, size_t cap)
{
	size_t n = 0, prefix = in ? strlen(in->name) : 0;

	to[0] = '\0';
	for (size_t i = 0; i < KEYS && n < cap; i++) {
		const char *name = keys[i].name;
		bool inside = in ? strncmp(name, in->name, prefix) == 0 && name[prefix] == '.'
		                 : !strchr(name, '.');

		if (inside && keys[i].kind != VALUE_LATER)
			n += (size_t)snprintf(to + n, cap - n, "%s%s", n ? ", " : "",
			                      key_last(name));
	}
	for (const struct key_group *g = key_groups; !in && g->name && n < cap; g++)
		n += (size_t)snprintf(to + n, cap - n, ", %s", g->name);
}

static int fix_unknown(struct load *l, const char *name, const struct key_group *in)
{
	const char *meant = key_meant(name);
	const struct key *k = meant ? key_find(meant) : NULL;
	char list[384];

	if (k)
		l->slots[k - keys].unsure = true;
	if (meant && strcmp(meant, name) == 0)
		return error_fix(l->err, "write '%s' inside the map '%.*s'", key_last(name),
		                 (int)(key_last(name) - name - 1), name);
	if (meant)
		return error_fix(l->err, "did you mean '%s'?", meant);
	level_join(in, list, sizeof(list));
	return error_fix(l->err, "the keys here are: %s", list);
}

static int refuse_unknown(struct load *l, const char *name, const struct key_group *in)
{
	error_set(l->err, ERROR_UNKNOWN_KEY, "unknown key '%s'", shown_of(name).text);
	return fix_unknown(l, name, in);
}

static int collect(struct load *l, const struct yaml_tree *map, const struct key_group *in);

/* A group that is no map: whatever stands there was meant for keys of it. */
static int refuse_group(struct load *l, const struct yaml_tree *v, const struct key_group *g)
{
	for (size_t i = 0, n = strlen(g->name); i < KEYS; i++)
		if (strncmp(keys[i].name, g->name, n) == 0 && keys[i].name[n] == '.')
			l->slots[i].unsure = true;
	return refuse_kind(l, g->name, v, "a map of keys");
}

/* One entry of the file: a key of the table, a group of keys, or a mistake. */
static int collect_entry(struct load *l, const struct yaml_tree *v, const struct key_group *in)
{
	char name[NAME_CAP];
	int n = snprintf(name, sizeof(name), "%s%s%s", in ? in->name : "", in ? "." : "", v->key);
	bool fits = n < (int)sizeof(name) && !strchr(v->key, '.');
	const struct key *k = fits ? key_find(name) : NULL;
	const struct key_group *g = fits ? key_group_find(name) : NULL;

	if (k && k->kind != VALUE_LATER) {
		l->slots[k - keys].value = v;
		return 0;
	}
	if (g)
		return v->kind == YAML_MAP ? collect(l, v, g) : refuse_group(l, v, g);
	if (k)
		refuse_later(l, k);
	else
		refuse_unknown(l, name, in);
	return at_key(l, v);
}

static int collect(struct load *l, const struct yaml_tree *map, const struct key_group *in)
{
	int r = 0;

	for (const struct yaml_tree *c = map->first; c && r == 0; c = c->next)
		r = load_keep(l, collect_entry(l, c, in));
	return r;
}

/* The key of which `name` would be a part: "snp.policy" for "snp.policy.debug". */
static const struct key *key_around(const char *name)
{
	for (size_t i = 0; i < KEYS; i++) {
		size_t n = strlen(keys[i].name);

		if (strncmp(keys[i].name, name, n) == 0 && name[n] == '.')
			return &keys[i];
	}
	return NULL;
}

/* The group of which `name` would be a key: "boot" for "boot.igvm". */
static const struct key_group *group_around(const char *name)
{
	const struct key_group *g = key_groups;

	while (g->name &&
	       !(strncmp(name, g->name, strlen(g->name)) == 0 && name[strlen(g->name)] == '.'))
		g++;
	return g->name ? g : NULL;
}

int refuse_dotted(struct load *l, const char *name, const char *where, const char *verb)
{
	const struct key *around = key_around(name);
	const struct key_group *group = key_group_find(name);
	char list[384];

	if (around && around->kind == VALUE_LATER)
		return refuse_later(l, around);
	if (group) {
		error_set(l->err, ERROR_UNKNOWN_KEY, "'%s' is a group of keys, not one",
		          group->name);
		level_join(group, list, sizeof(list));
		return error_fix(l->err, "%s one with '%s.' before it: %s", verb, group->name,
		                 list);
	}
	error_set(l->err, ERROR_UNKNOWN_KEY, "unknown key '%s'%s", shown_of(name).text, where);
	if (!around)
		return fix_unknown(l, name, group_around(name));
	return error_fix(l->err, "%s '%s' as a whole", verb, around->name);
}

/* No line of a file stands for it, whatever libyaml counted. */
static void tree_displace(struct yaml_tree *t)
{
	for (; t; t = t->next) {
		t->line = t->column = t->key_line = t->key_column = 0;
		tree_displace(t->first);
	}
}

/* A scalar as it stands. */
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
	r = yaml_tree_parse(label, (const uint8_t *)text, strlen(text), ret, err);
	if (r < 0)
		err->line = err->column = 0;
	else
		tree_displace(*ret);
	return r;
}

/* -i given again: its file is appended to those of the earlier ones. Takes over `value`. */
static int slot_append(struct load *l, struct slot *slot, struct yaml_tree *value)
{
	struct yaml_tree **end;

	if (slot->own->kind != YAML_LIST) {
		struct yaml_tree *list = calloc(1, sizeof(*list));

		if (!list) {
			yaml_tree_free(value);
			return error_nomem(l->err, l->label);
		}
		*list = (struct yaml_tree){ .kind = YAML_LIST, .first = slot->own };
		slot->value = slot->own = list;
	}
	for (end = &slot->own->first; *end; end = &(*end)->next)
		;
	*end = value;
	return 0;
}

static int collect_setting(struct load *l, const struct manifest_setting *s)
{
	const struct key *k = key_find(s->key);
	struct yaml_tree *value = NULL;
	struct slot *slot;
	int r;

	if (!k || k->kind == VALUE_LATER) {
		k ? refuse_later(l, k) : refuse_dotted(l, s->key, "", "set");
		location_by(s->option ? s->option : shown_of(s->key).text, l->label,
		            sizeof(l->label));
		return error_at(l->err, l->label, 0, 0);
	}
	location_by(s->option ? s->option : k->name, l->label, sizeof(l->label));
	slot = &l->slots[k - keys];
	r = s->option ? text_parse(l->label, s->value, &value, l->err)
	              : setting_parse(l->label, s->value, &value, l->err);
	slot->unsure = r < 0;
	if (r < 0)
		return r;
	if (k->kind == VALUE_FILES && s->option && slot->option)
		return slot_append(l, slot, value);
	yaml_tree_free(slot->own);
	slot->value = slot->own = value;
	slot->set = k;
	slot->option = s->option;
	return 0;
}

int collect_file(struct load *l)
{
	return collect(l, l->root, NULL);
}

int collect_settings(struct load *l, const struct manifest_choice *choice)
{
	int r = 0;

	for (size_t i = 0; choice && i < choice->n_set && r == 0; i++)
		r = load_keep(l, collect_setting(l, &choice->set[i]));
	return r;
}
