/* SPDX-License-Identifier: MIT */
/* core/out/emit.h: the emitter interface: what a format has to know to print a result. */
#ifndef CORE_OUT_EMIT_H
#define CORE_OUT_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error; /* core/base/error.h */

/*
 * Describes one value, from the outside in. `key` is NULL for elements of a list and for the outermost value.
 * Failures stick and come out of finish().
 */
struct emitter {
	void *self;
	void (*map)(void *self, const char *key);
	void (*list)(void *self, const char *key);
	void (*end)(void *self); /* of the innermost map or list */
	void (*number)(void *self, const char *key, uint64_t value);
	void (*boolean)(void *self, const char *key, bool value);
	void (*text)(void *self, const char *key, const char *value);
	void (*bytes)(void *self, const char *key, const uint8_t *data, size_t size);
	/* Writes the value to `to` and frees the emitter. */
	int (*finish)(void *self, FILE *to, struct error *err);
};

/* Each gives an emitter that finish() must be called on; -ENOMEM otherwise. */
int emit_json(struct emitter *ret,
              struct error *err); /* core/out/json.c; bytes as lower-case hex */
int emit_cbor(struct emitter *ret,
              struct error *err); /* core/out/cbor.c; deterministic, RFC 8949 4.2.1 */
int emit_text(struct emitter *ret,
              struct error *err); /* core/out/text.c; for people, of no fixed form */

/* A number that people write in hex: the text "0x1f". */
void emit_hex(const struct emitter *e, const char *key, uint64_t value);
/* A list of the names of the bits that are set; one that `name` doesn't know is "bit N". */
void emit_bits(const struct emitter *e, const char *key, uint64_t value,
               const char *(*name)(unsigned bit));

#endif
