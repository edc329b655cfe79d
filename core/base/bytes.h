/* SPDX-License-Identifier: MIT */
/* core/base/bytes.h: little-endian fields, a reader that cannot run off, a growing buffer, hex. */
#ifndef CORE_BASE_BYTES_H
#define CORE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE ((uint64_t)4096) /* of x86, and of what SNP measures */

/* Little-endian integers of an ABI: alignment 1, so structs need no packing; no host byte order. */
typedef struct {
	uint8_t b[2];
} le16;
typedef struct {
	uint8_t b[4];
} le32;
typedef struct {
	uint8_t b[8];
} le64;

static inline le16 le16_of(uint16_t v)
{
	return (le16){ { (uint8_t)v, (uint8_t)(v >> 8) } };
}

static inline le32 le32_of(uint32_t v)
{
	return (le32){ { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) } };
}

static inline le64 le64_of(uint64_t v)
{
	le64 r;

	for (int i = 0; i < 8; i++)
		r.b[i] = (uint8_t)(v >> (8 * i));
	return r;
}

static inline uint16_t le16_get(le16 v)
{
	return (uint16_t)(v.b[0] | v.b[1] << 8);
}

static inline uint32_t le32_get(le32 v)
{
	return v.b[0] | (uint32_t)v.b[1] << 8 | (uint32_t)v.b[2] << 16 | (uint32_t)v.b[3] << 24;
}

static inline uint64_t le64_get(le64 v)
{
	uint64_t r = 0;

	for (int i = 7; i >= 0; i--)
		r = r << 8 | v.b[i];
	return r;
}

/* A little-endian integer of up to 8 bytes. */
uint64_t le_get(const uint8_t *at, size_t size);

/* A cursor over untrusted bytes; after a read past the end, every later one yields 0 or NULL. */
struct reader {
	const uint8_t *at, *end;
	bool bad;
};

/*
 * A reader of bytes from .. from + n - 1 of `size`; bad from the start if they are not all inside.
 */
struct reader reader_over(const uint8_t *bytes, size_t size, size_t from, size_t n);

static inline size_t reader_left(const struct reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->at);
}

const uint8_t *reader_take(struct reader *r, size_t n); /* NULL once bad */
uint16_t reader_le16(struct reader *r);
uint32_t reader_le32(struct reader *r);
uint64_t reader_le64(struct reader *r);

/* A growing array of bytes; zero-initialise. Once an allocation fails, `failed` stays set. */
struct buffer {
	uint8_t *data;
	size_t size, cap;
	bool failed;
};

void buffer_add(struct buffer *b, const void *data, size_t size);
void buffer_fini(struct buffer *b);

static inline void buffer_cleanup(struct buffer *b)
{
	buffer_fini(b);
}
#define auto_buffer __attribute__((cleanup(buffer_cleanup)))

/* Whether all bytes are 0. */
bool bytes_zero(const uint8_t *bytes, size_t size);

/* The value of a hex digit in either case; -1 for any other character. */
int hex_digit(char c);
/* Lower-case hex and a NUL, 2 * size + 1 characters. Returns `to`. */
char *hex_of(const uint8_t *bytes, size_t size, char *to);
/* Hex digits only, either case, exactly 2 * size of them; false otherwise. */
bool hex_parse(const char *text, size_t length, uint8_t *to, size_t size);
/* Base64 (RFC 4648, padding required) to at most `cap` bytes; the count, or -1. */
long base64_parse(const char *text, size_t length, uint8_t *to, size_t cap);

/* The other way round, with a NUL; `to` has room for BASE64_SIZE(size) characters. Returns `to`. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)
char *base64_of(const uint8_t *bytes, size_t size, char *to);

/*
 * The text of a GUID of UEFI, whose first three groups are little-endian (RFC 9562 4), in lower
 * case. Returns `to`.
 */
#define GUID_TEXT 37
char *guid_of(const uint8_t guid[static 16], char to[static GUID_TEXT]);

/*
 * Decodes what other tools write as text: hex digits, with or without 0x, or base64, with white
 * space anywhere. Tries hex first. Returns the number of bytes, at most `cap`, and sets *ret_form
 * to "hex" or "base64"; -1 if it is neither.
 */
long bytes_of_text(const uint8_t *text, size_t length, uint8_t *to, size_t cap,
                   const char **ret_form);

#endif
