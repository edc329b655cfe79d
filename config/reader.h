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
	const char *beside; /* paths are relative to this file's folder; "": to the current one */
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

/* Set the place of the recorded failure: a value, or its key. Each returns the failure's code. */
int reader_at_value(const struct key_reader *r, const struct yaml_tree *v);
int reader_at_key(const struct key_reader *r, const struct yaml_tree *v);

static inline struct location reader_location(const struct key_reader *r, const struct yaml_tree *v)
{
	return (struct location){ v->line, v->column, r->by };
}

/*
 * The text of a scalar. NULL, with *err filled, place included: it is no scalar, or has no value.
 */
const char *reader_scalar(struct key_reader *r, const char *name, const struct yaml_tree *v,
                          const char *expects);

/* The key's field in the manifest. */
void *reader_field(const struct key_reader *r);
/* Stores a number or an enum in it. */
void reader_store(const struct key_reader *r, uint64_t v);
/* *to becomes a copy of the text, which the manifest owns. 0, or -ENOMEM with *err filled. */
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
