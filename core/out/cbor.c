/* SPDX-License-Identifier: MIT */
/*
 * core/out/cbor.c: results for verifiers, in deterministic CBOR (RFC 8949 4.2.1): definite lengths,
 * shortest heads, map keys in the order of their encoded bytes. libcbor's streaming encoders make
 * the heads.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/out/cbor_put.h"
#include "core/out/tree_priv.h"

static void cbor_add(struct buffer *b, const struct tree_node *n);

/* The length is encoded before the bytes, so a shorter key sorts first. */
static int key_order(const void *a, const void *b)
{
	const char *x = (*(const struct tree_node *const *)a)->key;
	const char *y = (*(const struct tree_node *const *)b)->key;
	size_t nx = strlen(x), ny = strlen(y);

	return nx == ny ? memcmp(x, y, nx) : nx > ny ? 1 : -1;
}

static void cbor_map(struct buffer *b, const struct tree_node *map)
{
	auto_free const struct tree_node **entries = calloc(map->size + 1, sizeof(*entries));
	size_t n = 0;

	b->failed |= !entries;
	if (!entries)
		return;
	for (const struct tree_node *i = map->first; i; i = i->next)
		entries[n++] = i;
	qsort(entries, n, sizeof(*entries), key_order);
	cbor_put_map(b, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_text(b, entries[i]->key, strlen(entries[i]->key));
		cbor_add(b, entries[i]);
	}
}

/* Recursion is as deep as the tree, which is bounded. */
static void cbor_add(struct buffer *b, const struct tree_node *n)
{
	unsigned char head[9];

	switch (n->kind) {
	case TREE_NUMBER:
		cbor_put_number(b, n->number);
		break;
	case TREE_BOOLEAN:
		buffer_add(b, head, cbor_encode_bool(n->number, head, sizeof(head)));
		break;
	case TREE_TEXT:
		cbor_put_text(b, n->data, n->size);
		break;
	case TREE_BYTES:
		cbor_put_bytes(b, n->data, n->size);
		break;
	case TREE_MAP:
		cbor_map(b, n);
		break;
	case TREE_LIST:
		cbor_put_array(b, n->size);
		for (const struct tree_node *i = n->first; i; i = i->next)
			cbor_add(b, i);
	}
}

int tree_print_cbor(const struct tree *t, FILE *to, struct error *err)
{
	const struct tree_node *root = tree_root(t, "CBOR", err);
	auto_buffer struct buffer b = { 0 };

	if (!root)
		return err->code;
	cbor_add(&b, root);
	if (b.failed) {
		error_set(err, ERROR_OUTPUT, "the result cannot be written as CBOR");
		return error_why(err, "a text in it is not UTF-8, or memory ran out");
	}
	if (fwrite(b.data, 1, b.size, to) != b.size)
		return error_sys(err, ERROR_OUTPUT, errno, "writing CBOR");
	return 0;
}
