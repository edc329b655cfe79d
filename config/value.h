/* SPDX-License-Identifier: MIT */
/* config/value.h: numbers, sizes, times, bytes and digests as text; and "did you mean". */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/sha2.h"

struct confine; /* core/base/confine.h */
struct error;   /* core/base/error.h */

/*
 * Each form as a regular expression that POSIX (extended) and ECMA 262 read alike: the schema gives
 * them out, and a test holds them against the functions below.
 */
#define VALUE_HEX_PATTERN     "0x[0-9a-fA-F]+"
#define VALUE_DECIMAL_PATTERN "(0|[1-9][0-9]*)"
#define VALUE_NUMBER_PATTERN  "^(0|[1-9][0-9]*|" VALUE_HEX_PATTERN ")$"
#define VALUE_SIZE_UNITS      "(K|M|G|T|KiB|MiB|GiB|TiB)$"
#define VALUE_TIME_UNITS      "(ms|s|m)$"
#define VALUE_SIZE_PATTERN    "^" VALUE_DECIMAL_PATTERN VALUE_SIZE_UNITS
#define VALUE_TIME_PATTERN    "^" VALUE_DECIMAL_PATTERN VALUE_TIME_UNITS
#define VALUE_DIGEST_PATTERN  "^((0x)?[0-9a-fA-F]{96}|[A-Za-z0-9+/]{64})$"
#define VALUE_SHA256_PATTERN  "^(0x)?[0-9a-fA-F]{64}$"
#define VALUE_ABI_PATTERN     "^" VALUE_DECIMAL_PATTERN "[.]" VALUE_DECIMAL_PATTERN "$"

/*
 * Each takes the key's name for its messages and sets *ret only on success. 0, or a negative errno
 * with *err filled except for the place.
 */

/* Decimal or 0x, within min..max. */
int value_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
                 struct error *err);
/* An integer with a unit of bytes; min and max in bytes. */
int value_size(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
               struct error *err);
/* An integer with ms, s or m; min and max in milliseconds. */
int value_time(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
               struct error *err);
/* The reverse: as text, in the largest unit that divides the value. Each returns `to`. */
#define VALUE_UNIT_CAP 32
const char *value_size_text(uint64_t bytes, char to[static VALUE_UNIT_CAP]);
const char *value_time_text(uint64_t ms, char to[static VALUE_UNIT_CAP]);
int value_bool(const char *name, const char *text, bool *ret, struct error *err);
/* MAJOR.MINOR, each at most 255, as GUEST_POLICY holds it: major << 8 | minor. */
int value_abi(const char *name, const char *text, uint16_t *ret, struct error *err);
/* SHA-384: 96 hex digits, 0x before them allowed, or 64 characters of base64. */
int value_digest(const char *name, const char *text, uint8_t ret[static SHA384_SIZE],
                 struct error *err);
/* 64 hex digits, 0x before them allowed. */
int value_sha256(const char *name, const char *text, uint8_t ret[static SHA256_SIZE],
                 struct error *err);
/* Paths are relative to the folder of the file `beside`, and below `confine` if not NULL. */
struct value_files {
	const char *beside;
	const struct confine *confine;
};
#define VALUE_BYTES_FILE "file:"
/* hex:..., base64:... or file:PATH. Exactly `size` bytes. */
int value_bytes(const char *name, const char *text, const struct value_files *from, uint8_t *ret,
                size_t size, struct error *err);

/* `path`, relative to the folder of the file `beside`. The caller frees it; NULL: no memory. */
char *value_path(const char *beside, const char *path);

/* Foreign text made fit for an error message: short, without control characters. */
struct shown {
	char text[72];
};
struct shown shown_of(const char *text);

#endif
