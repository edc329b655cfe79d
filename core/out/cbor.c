/* SPDX-License-Identifier: MIT */
/*
 * core/out/cbor.c: results for verifiers: deterministic CBOR (RFC 8949 4.2.1): definite lengths, shortest heads,
 * map keys in the order of their encoded bytes. Heads come from libcbor's streaming encoders; the entries of
 * each map and list are kept encoded until it ends, because only then are their number and order known.
 */
#include <cbor.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/out/emit.h"

enum { DEPTH_MAX = 9 }; /* level 0 included: eight nested maps, as core/out/json.c has them */

struct cbor_entry {
	struct buffer bytes; /* key, if any, then value */
	size_t key_size;
};

struct cbor_level {
	struct cbor_entry *entries;
	size_t count;
	bool is_map;
};

/* Level 0 holds the outermost value as the only entry of a list that is never written. */
struct cbor_emitter {
	struct cbor_level levels[DEPTH_MAX];
	int depth;
	bool failed;
};

typedef size_t encode_head(size_t value, unsigned char *to, size_t room);

static void head_add(struct cbor_emitter *c, struct buffer *b, encode_head *encode, size_t value)
{
	unsigned char head[9];
	size_t n = encode(value, head, sizeof(head));

	c->failed |= n == 0;
	buffer_add(b, head, n);
}

/* A new entry of the innermost level, its key encoded; NULL once something failed. */
static struct buffer *entry_new(struct cbor_emitter *c, const char *key)
{
	struct cbor_level *l = &c->levels[c->depth];
	struct cbor_entry *grown = NULL;

	c->failed |= l->is_map && !key;
	if (!c->failed)
		grown = reallocarray(l->entries, l->count + 1, sizeof(*grown));
	c->failed |= !grown;
	if (!grown)
		return NULL;
	l->entries = grown;
	grown += l->count++;
	*grown = (struct cbor_entry){ 0 };
	if (l->is_map) {
		head_add(c, &grown->bytes, cbor_encode_string_start, strlen(key));
		buffer_add(&grown->bytes, key, strlen(key));
		grown->key_size = grown->bytes.size;
	}
	return &grown->bytes;
}

static void level_open(struct cbor_emitter *c, const char *key, bool is_map)
{
	if (!entry_new(c, key) || c->depth + 1 == DEPTH_MAX) {
		c->failed = true;
		return;
	}
	c->levels[++c->depth] = (struct cbor_level){ .is_map = is_map };
}

static void emit_map(void *self, const char *key)
{
	level_open(self, key, true);
}

static void emit_list(void *self, const char *key)
{
	level_open(self, key, false);
}

static int entry_order(const void *a, const void *b)
{
	const struct cbor_entry *x = a, *y = b;
	size_t n = x->key_size < y->key_size ? x->key_size : y->key_size;
	int r = memcmp(x->bytes.data, y->bytes.data, n);

	return r ? r : (x->key_size > y->key_size) - (x->key_size < y->key_size);
}

static void level_free(struct cbor_level *l)
{
	for (size_t i = 0; i < l->count; i++)
		buffer_fini(&l->entries[i].bytes);
	free(l->entries);
	*l = (struct cbor_level){ 0 };
}

static void emit_end(void *self)
{
	struct cbor_emitter *c = self;
	struct cbor_level *l = &c->levels[c->depth], *outer;
	struct buffer *to;

	c->failed |= c->depth == 0; /* nothing is open */
	if (c->failed)
		return;
	if (l->is_map && l->count)
		qsort(l->entries, l->count, sizeof(*l->entries), entry_order);
	outer = &c->levels[--c->depth];
	to = &outer->entries[outer->count - 1].bytes;
	head_add(c, to, l->is_map ? cbor_encode_map_start : cbor_encode_array_start, l->count);
	for (size_t i = 0; i < l->count; i++) {
		c->failed |= l->entries[i].bytes.failed;
		buffer_add(to, l->entries[i].bytes.data, l->entries[i].bytes.size);
	}
	level_free(l);
}

static void emit_number(void *self, const char *key, uint64_t value)
{
	struct cbor_emitter *c = self;
	struct buffer *to = entry_new(c, key);
	unsigned char head[9];

	if (to)
		buffer_add(to, head, cbor_encode_uint(value, head, sizeof(head)));
}

static void emit_chars(void *self, const char *key, const char *value)
{
	struct cbor_emitter *c = self;
	struct buffer *to = entry_new(c, key);

	if (!to)
		return;
	c->failed |= !text_is_utf8(value, strlen(value)); /* RFC 8949 3.1: else it's not valid */
	head_add(c, to, cbor_encode_string_start, strlen(value));
	buffer_add(to, value, strlen(value));
}

static void emit_bytes(void *self, const char *key, const uint8_t *data, size_t size)
{
	struct cbor_emitter *c = self;
	struct buffer *to = entry_new(c, key);

	if (!to)
		return;
	head_add(c, to, cbor_encode_bytestring_start, size);
	buffer_add(to, data, size);
}

static void emit_boolean(void *self, const char *key, bool value)
{
	struct cbor_emitter *c = self;
	struct buffer *to = entry_new(c, key);
	unsigned char head[1];

	if (to)
		buffer_add(to, head, cbor_encode_bool(value, head, sizeof(head)));
}

static int cbor_failed(struct error *err)
{
	error_set(err, ERROR_OUTPUT, "the result cannot be written as CBOR");
	return error_why(err,
	                 "a text in it is not UTF-8, it is nested too deep, or memory ran out");
}

static int emit_finish(void *self, FILE *to, struct error *err)
{
	struct cbor_emitter *c = self;
	struct cbor_level *l = &c->levels[0];
	int r = 0;

	if (c->failed || c->depth || l->count != 1 || l->entries[0].bytes.failed)
		r = cbor_failed(err);
	else if (fwrite(l->entries[0].bytes.data, 1, l->entries[0].bytes.size, to) !=
	         l->entries[0].bytes.size)
		r = error_sys(err, ERROR_OUTPUT, errno, "writing CBOR");
	for (int i = 0; i < DEPTH_MAX; i++)
		level_free(&c->levels[i]);
	free(c);
	return r;
}

int emit_cbor(struct emitter *ret, struct error *err)
{
	struct cbor_emitter *c = calloc(1, sizeof(*c));

	if (!c)
		return error_nomem(err, "CBOR");
	*ret = (struct emitter){
		.self = c,
		.map = emit_map,
		.list = emit_list,
		.end = emit_end,
		.number = emit_number,
		.boolean = emit_boolean,
		.text = emit_chars,
		.bytes = emit_bytes,
		.finish = emit_finish,
	};
	return 0;
}
