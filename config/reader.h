/* SPDX-License-Identifier: MIT */
/* config/reader.h: what a kind of value needs to read one, and what these share. */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <stdint.h>

#include "config/keys.h"
#include "config/manifest.h"
#include "config/yaml.h"
#include "core/base/findings.h"

struct key_reader {
	const struct key *key; /* whose value is read */
	const char *file;      /* where that stands: the manifest's path, or the option */
	const char *by;        /* as in struct location */
	const char *beside;    /* its paths are relative to the folder of this file; "": to ours */
	char option[KEY_NAME_CAP];
	struct manifest *m;
	struct findings *findings;
	struct error *err; /* of the current step */
};

/* Reads the value v of r->key. */
int reader_value(struct key_reader *r, const struct yaml_tree *v);

/* Notes a mistake in the manifest, so that reading goes on. 0, or -ENOMEM: see findings_keep(). */
static inline int reader_keep(struct key_reader *r, int code)
{
	return findings_keep(r->findings, code, r->err);
}

/* The recorded failure lies in a value, or in the key before it. Each returns its code. */
int reader_at_value(const struct key_reader *r, const struct yaml_tree *v);
int reader_at_key(const struct key_reader *r, const struct yaml_tree *v);

static inline struct location reader_location(const struct key_reader *r, const struct yaml_tree *v)
{
	return (struct location){ v->line, v->column, r->by };
}

/* The text of a scalar; NULL with *err filled, with its place, where it is none or empty. */
const char *reader_scalar(struct key_reader *r, const char *name, const struct yaml_tree *v,
                          const char *expects);

/* The key's field in the manifest. */
void *reader_field(const struct key_reader *r);
/* A number or an enum into it. */
void reader_store(const struct key_reader *r, uint64_t v);
int reader_copy(struct key_reader *r, const char *text, char **to);

/* The index of text in words, which end with NULL; or -1. */
int word_index(const char *text, const char *const *words);

/* Each of these fills *err and returns its code; the first two set its place as well. */
int reader_refuse_type(struct key_reader *r, const char *name, const struct yaml_tree *v,
                       const char *expects);
/* A key that isn't one of those a map of values takes. */
int reader_refuse_entry(struct key_reader *r, const struct yaml_tree *v, const char *const *words);
/* Adds the fix for a word that isn't in the list. */
int reader_fix_word(struct key_reader *r, const char *text, const char *const *words);
/* 0 if the text has no control characters, which a terminal would obey. */
int reader_refuse_control(struct key_reader *r, const char *name, const char *text);

#endif
