/* SPDX-License-Identifier: MIT */
/* config/load_priv.h: a manifest half read: what manifest.c collects and read.c turns into values. */
#ifndef CONFIG_LOAD_PRIV_H
#define CONFIG_LOAD_PRIV_H

#include "config/keys.h"
#include "config/manifest.h"
#include "config/yaml.h"

#define NAME_ROOM 96 /* for a dotted name; longer ones are no keys */

/* What was given for a key: in the file, or by --set, which then owns the value. */
struct slot {
	const struct yaml_tree *value; /* NULL: nothing */
	struct yaml_tree *own;
};

struct load {
	const char *path; /* the manifest's, as the user gave it */
	const char *file; /* where the value at hand stands: path, or label */
	char label[NAME_ROOM];
	const struct yaml_tree *root;
	struct slot slots[KEYS];
	struct manifest *m;
	struct error *err;
};

/* Errors and places that follow belong to the value of key k. */
void load_turn_to(struct load *l, const struct key *k);

/* Say that the recorded failure lies in a value, or in the key before it; each returns its code. */
int at_value(const struct load *l, const struct yaml_tree *v);
int at_key(const struct load *l, const struct yaml_tree *v);

static inline struct place place_of(const struct yaml_tree *v)
{
	return (struct place){ v->line, v->column };
}

/* The value v of key k, checked, into the manifest. */
int read_value(struct load *l, const struct key *k, const struct yaml_tree *v);

/* Failures that both files find; the place is the caller's. */
int refuse_kind(struct load *l, const char *name, const struct yaml_tree *v, const char *expects);
int refuse_later(struct load *l, const struct key *k);

#endif
