/* SPDX-License-Identifier: MIT */
/*
 * core/out/cbor_put.h: the heads of deterministic CBOR (RFC 8949 4.2.1), appended to a buffer.
 * libcbor's streaming encoders choose the shortest.
 */
#ifndef CORE_OUT_CBOR_PUT_H
#define CORE_OUT_CBOR_PUT_H

#include <cbor.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/base/text.h"

typedef size_t cbor_encoder(uint64_t, unsigned char *, size_t);

/* Appends a head. A string's bytes, or `value` entries of a map or an array, have to follow. */
static inline void cbor_put_head(struct buffer *b, cbor_encoder *encode, uint64_t value)
{
	unsigned char head[9];

	buffer_add(b, head, encode(value, head, sizeof(head)));
}

static inline void cbor_put_map(struct buffer *b, size_t entries)
{
	cbor_put_head(b, cbor_encode_map_start, entries);
}

static inline void cbor_put_array(struct buffer *b, size_t entries)
{
	cbor_put_head(b, cbor_encode_array_start, entries);
}

static inline void cbor_put_tag(struct buffer *b, uint64_t tag)
{
	cbor_put_head(b, cbor_encode_tag, tag);
}

static inline void cbor_put_number(struct buffer *b, uint64_t number)
{
	cbor_put_head(b, cbor_encode_uint, number);
}

static inline void cbor_put_bytes(struct buffer *b, const void *bytes, size_t size)
{
	cbor_put_head(b, cbor_encode_bytestring_start, size);
	buffer_add(b, bytes, size);
}

/* A text string must be UTF-8 (RFC 8949 3.1); the buffer fails if it is not. */
static inline void cbor_put_text(struct buffer *b, const char *text, size_t size)
{
	b->failed |= !text_is_utf8(text, size);
	cbor_put_head(b, cbor_encode_string_start, size);
	buffer_add(b, text, size);
}

#endif
