/* SPDX-License-Identifier: MIT */
/* config/yaml.h: a YAML text as a tree whose every node knows its line and column. */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;    /* core/base/error.h */
struct findings; /* core/base/findings.h */

#define YAML_MAX_SIZE  ((size_t)1 << 20) /* bytes of text */
#define YAML_MAX_DEPTH 16                /* collections inside collections */
#define YAML_MAX_NODES 10000             /* keys and values together */

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

/* A value and all below it. Lines and columns count from 1; 0: the value stands in no file. */
struct yaml_tree {
	enum yaml_kind kind;
	unsigned line, column;
	char *text; /* of a scalar, no NUL inside; NULL otherwise */
	/* a scalar without quotes: only then do "" and `null` mean that it has no value */
	bool plain;
	char *key; /* in a map: the key of this value; NULL otherwise */
	unsigned key_line, key_column;
	struct yaml_tree *first, *next; /* children of a list or map, in file order */
};

/*
 * Reads the subset that manifests are written in: maps, lists and scalars, one document. Refuses,
 * with a place in `file`: tags, anchors, aliases, merge keys, duplicate keys, NUL bytes, other
 * control characters, what isn't UTF-8, and what exceeds the limits above. Memory is bounded by
 * them too. Unless `findings` is NULL, duplicate keys go there: the first stays, and reading goes
 * on.
 */
int yaml_tree_parse(const char *file, const uint8_t *text, size_t size, struct yaml_tree **ret,
                    struct findings *findings, struct error *err);

/* A scalar that stands in no file, taken as it is. NULL: out of memory. */
struct yaml_tree *yaml_tree_scalar(const char *text);

/* NULL is fine. Not called yaml_free: libyaml exports that name, and ours would take its place. */
void yaml_tree_free(struct yaml_tree *t);

static inline void yaml_tree_cleanup(struct yaml_tree **t)
{
	yaml_tree_free(*t);
}
#define auto_yaml __attribute__((cleanup(yaml_tree_cleanup)))

#endif
