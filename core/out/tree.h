/* SPDX-License-Identifier: MIT */
/* core/out/tree.h: one result as a tree of values, built once and printed in any format. */
#ifndef CORE_OUT_TREE_H
#define CORE_OUT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error; /* core/base/error.h */
struct tree;  /* opaque */

/*
 * NULL if memory ran out; all functions here treat it as a tree that failed. A failure is only
 * reported when the tree is printed: no memory, maps and lists nested more than eight deep, an
 * entry of a map without a key or with an existing one, a second outermost value, or one tree_end()
 * too many.
 */
struct tree *tree_new(void);
void tree_free(struct tree *t);

/* Whether nothing was added to it. */
bool tree_empty(const struct tree *t);

static inline void tree_cleanup(struct tree **t)
{
	tree_free(*t);
}
#define auto_tree __attribute__((cleanup(tree_cleanup)))

/*
 * Each adds a copy of a value to the innermost open map or list. In a list `key` is ignored. The
 * key of the outermost value, if it has one, is the heading of the text for people.
 */
void tree_map(struct tree *t, const char *key);
void tree_list(struct tree *t, const char *key);
void tree_end(struct tree *t); /* closes the innermost map or list */
void tree_number(struct tree *t, const char *key, uint64_t value);
void tree_boolean(struct tree *t, const char *key, bool value);
/* The text is cleaned (core/base/text.h). */
void tree_text(struct tree *t, const char *key, const char *value);
/* Nothing if the text is NULL or empty. */
void tree_text_some(struct tree *t, const char *key, const char *value);
void tree_bytes(struct tree *t, const char *key, const uint8_t *data, size_t size);
/* A number as text in hex, "0x1f". */
void tree_hex(struct tree *t, const char *key, uint64_t value);
/* A list of the names of the bits that are set; one without a `name` is "bit N". */
void tree_bits(struct tree *t, const char *key, uint64_t value, const char *(*name)(unsigned bit));

/*
 * Prints a tree whose maps and lists are all closed. 0, or a negative errno with ERROR_OUTPUT in
 * *err. Prints nothing if the tree failed or the format can't represent it.
 */
typedef int tree_print(const struct tree *t, FILE *to, struct error *err);
tree_print tree_print_text; /* core/out/text.c: for people; the form may change */
/* Reads the random bytes for JSON's tables now, for a process that may not open files later. */
void tree_json_seed(void);

/* core/out/json.c: bytes as lower-case hex; texts must be UTF-8, numbers at most 2^63 - 1 */
tree_print tree_print_json;
/* core/out/cbor.c: deterministic, RFC 8949 4.2.1; texts must be UTF-8 */
tree_print tree_print_cbor;

#endif
