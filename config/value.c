/* SPDX-License-Identifier: MIT */
/*
 * config/value.c: reads values as manifests write them, and says in which form to write those it
 * can't read.
 */
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/filekind.h"
#include "core/base/text.h"

/* Far above any length that is asked for, so that the error can name the file's length. */
#define BYTES_FILE_MAX ((size_t)64 << 10)
#define TEXT_MIN       16 /* bytes; a file with fewer could be raw bytes or text */

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "K", (uint64_t)1 << 10 },   { "M", (uint64_t)1 << 20 },   { "G", (uint64_t)1 << 30 },
	{ "T", (uint64_t)1 << 40 },   { "KiB", (uint64_t)1 << 10 }, { "MiB", (uint64_t)1 << 20 },
	{ "GiB", (uint64_t)1 << 30 }, { "TiB", (uint64_t)1 << 40 }, { NULL, 0 },
};

static const struct unit time_units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60000 },
	{ NULL, 0 },
};

struct shown shown_of(const char *text)
{
	struct shown s;

	text_show(s.text, sizeof(s.text), text);
	return s;
}

enum digits { DIGITS_OK, DIGITS_NONE, DIGITS_TOO_LARGE };

/* Reads digits and moves *text past them. */
static enum digits digits_read(const char **text, unsigned base, uint64_t *ret)
{
	const char *at = *text;
	bool large = false;
	uint64_t v = 0;

	for (; base == 16 ? isxdigit((uint8_t)*at) : isdigit((uint8_t)*at); at++) {
		uint64_t d = isdigit((uint8_t)*at) ? (uint64_t)(*at - '0')
		                                   : (uint64_t)(tolower((uint8_t)*at) - 'a' + 10);

		large |= __builtin_mul_overflow(v, (uint64_t)base, &v);
		large |= __builtin_add_overflow(v, d, &v);
	}
	if (at == *text)
		return DIGITS_NONE;
	*text = at;
	*ret = v;
	return large ? DIGITS_TOO_LARGE : DIGITS_OK;
}

/* Refused: some programs read 010 as eight, others as ten. */
static bool is_octal_like(const char *text)
{
	return text[0] == '0' && isdigit((uint8_t)text[1]);
}

int value_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
                 struct error *err)
{
	bool hex = strncmp(text, "0x", 2) == 0;
	const char *at = hex ? text + 2 : text;
	uint64_t v = 0;
	enum digits d = digits_read(&at, hex ? 16 : 10, &v);

	if (d == DIGITS_NONE || *at || (!hex && is_octal_like(text))) {
		error_set(err, ERROR_BAD_VALUE, "'%s' is '%s', which is not a number", name,
		          shown_of(text).text);
		return error_fix(err, "write a decimal number without leading zeros, or 0x and "
		                      "hexadecimal digits");
	}
	if (d == DIGITS_OK && v >= min && v <= max) {
		*ret = v;
		return 0;
	}
	if (min == max) {
		error_set(err, ERROR_BAD_VALUE, "'%s' is %s; it must be %" PRIu64, name,
		          shown_of(text).text, min);
		return error_fix(err, "write %" PRIu64, min);
	}
	return error_set(err, ERROR_BAD_VALUE,
	                 hex ? "'%s' is %s; it must be from 0x%" PRIx64 " to 0x%" PRIx64
	                     : "'%s' is %s; it must be from %" PRIu64 " to %" PRIu64,
	                 name, shown_of(text).text, min, max);
}

/* Writes v in the largest unit that divides it. */
static const char *unit_text(uint64_t v, const struct unit *units, char to[static VALUE_UNIT_CAP])
{
	const struct unit *best = units;

	for (const struct unit *u = units; u->name; u++)
		if (v % u->factor == 0 && u->factor > best->factor)
			best = u;
	snprintf(to, VALUE_UNIT_CAP, "%" PRIu64 "%s", v / best->factor, best->name);
	return to;
}

const char *value_size_text(uint64_t bytes, char to[static VALUE_UNIT_CAP])
{
	return unit_text(bytes, size_units, to);
}

const char *value_time_text(uint64_t ms, char to[static VALUE_UNIT_CAP])
{
	return unit_text(ms, time_units, to);
}

/* Units as other programs write them: "2 GB", "1gib", "90 sec", "1h". */
static const struct habit {
	const char *unit, *ours;
	unsigned factor;
} habits[] = {
	{ "kb", "K", 1 },      { "mb", "M", 1 },        { "gb", "G", 1 },
	{ "tb", "T", 1 },      { "sec", "s", 1 },       { "secs", "s", 1 },
	{ "second", "s", 1 },  { "seconds", "s", 1 },   { "min", "m", 1 },
	{ "mins", "m", 1 },    { "minute", "m", 1 },    { "minutes", "m", 1 },
	{ "h", "m", 60 },      { "hour", "m", 60 },     { "hours", "m", 60 },
	{ "d", "m", 24 * 60 }, { "day", "m", 24 * 60 }, { "days", "m", 24 * 60 },
};

/* Whether the text is a number with such a unit; then `to` is how it should be written. */
static bool habit_text(const char *text, const struct unit *units,
                       char to[static VALUE_UNIT_CAP + 8])
{
	const char *at = text;
	uint64_t v = 0;
	const char *ours = NULL;
	unsigned factor = 1;

	if (is_octal_like(text) || digits_read(&at, 10, &v) != DIGITS_OK)
		return false;
	at += strspn(at, " ");
	for (size_t i = 0; i < ARRAY_SIZE(habits) && !ours; i++)
		if (strcasecmp(at, habits[i].unit) == 0) {
			ours = habits[i].ours;
			factor = habits[i].factor;
		}
	for (const struct unit *u = units; u->name && !ours; u++)
		if (strcasecmp(at, u->name) == 0)
			ours = u->name;
	for (; ours && units->name && strcmp(ours, units->name) != 0; units++)
		;
	if (!ours || !units->name || __builtin_mul_overflow(v, (uint64_t)factor, &v))
		return false;
	snprintf(to, VALUE_UNIT_CAP + 8, "%" PRIu64 "%s", v, ours);
	return true;
}

static enum digits unit_read(const char *text, const struct unit *units, uint64_t *ret)
{
	const char *at = text;
	uint64_t v = 0;
	enum digits d = digits_read(&at, 10, &v);

	if (d == DIGITS_NONE || is_octal_like(text))
		return DIGITS_NONE;
	for (const struct unit *u = units; u->name; u++) {
		if (strcmp(u->name, at) != 0)
			continue;
		return d || __builtin_mul_overflow(v, u->factor, ret) ? DIGITS_TOO_LARGE
		                                                      : DIGITS_OK;
	}
	return DIGITS_NONE;
}

/* A number with a unit: its name in errors, and what to write instead of an invalid one. */
static const struct quantity {
	const char *noun, *unit_fix, *fix;
	const struct unit *units;
} size_quantity = { "size", "add a unit: %sM if mebibytes are meant",
	            "write an integer with K, M, G or T (or KiB, MiB, GiB, TiB), such as 512M",
	            size_units },
  time_quantity = { "time", "add a unit: %ss if seconds are meant",
	            "write an integer with ms, s or m, such as 90s", time_units };

static int value_quantity(const char *name, const char *text, const struct quantity *q,
                          uint64_t min, uint64_t max, uint64_t *ret, struct error *err)
{
	char ours[VALUE_UNIT_CAP + 8], from[VALUE_UNIT_CAP], to[VALUE_UNIT_CAP];
	uint64_t v = 0;
	enum digits d = unit_read(text, q->units, &v);

	if (d == DIGITS_NONE) {
		error_set(err, ERROR_BAD_VALUE, "'%s' is '%s', which is not a %s", name,
		          shown_of(text).text, q->noun);
		if (*text && strspn(text, "0123456789") == strlen(text))
			return error_fix(err, q->unit_fix, shown_of(text).text);
		if (habit_text(text, q->units, ours))
			return error_fix(err, "write %s", ours);
		return error_fix(err, "%s", q->fix);
	}
	if (d == DIGITS_TOO_LARGE || v < min || v > max)
		return error_set(err, ERROR_BAD_VALUE, "'%s' is %s; it must be from %s to %s", name,
		                 shown_of(text).text, unit_text(min, q->units, from),
		                 unit_text(max, q->units, to));
	*ret = v;
	return 0;
}

int value_size(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
               struct error *err)
{
	return value_quantity(name, text, &size_quantity, min, max, ret, err);
}

int value_time(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
               struct error *err)
{
	return value_quantity(name, text, &time_quantity, min, max, ret, err);
}

int value_bool(const char *name, const char *text, bool *ret, struct error *err)
{
	bool yes = strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "false") != 0) {
		error_set(err, ERROR_BAD_VALUE, "'%s' is '%s'; it must be true or false", name,
		          shown_of(text).text);
		return error_fix(err,
		                 "write true or false; yes, no, on and off are not booleans here");
	}
	*ret = yes;
	return 0;
}

int value_abi(const char *name, const char *text, uint16_t *ret, struct error *err)
{
	const char *at = text, *second;
	uint64_t major = 0, minor = 0;
	enum digits a = digits_read(&at, 10, &major), b = DIGITS_NONE;

	second = *at == '.' ? at + 1 : at;
	if (a == DIGITS_OK && *at == '.') {
		at = second;
		b = digits_read(&at, 10, &minor);
	}
	if (b != DIGITS_OK || *at || is_octal_like(text) || is_octal_like(second) || major > 255 ||
	    minor > 255) {
		error_set(err, ERROR_BAD_VALUE, "'%s' is '%s', which is not a firmware ABI version",
		          name, shown_of(text).text);
		return error_fix(err, "write \"MAJOR.MINOR\", each at most 255, such as \"1.51\"");
	}
	*ret = (uint16_t)(major << 8 | minor);
	return 0;
}

static const char *skip_0x(const char *text)
{
	return strncmp(text, "0x", 2) == 0 ? text + 2 : text;
}

int value_digest(const char *name, const char *text, uint8_t ret[static SHA384_SIZE],
                 struct error *err)
{
	const char *hex = skip_0x(text);
	uint8_t digest[SHA384_SIZE];

	if (!hex_parse(hex, strlen(hex), digest, sizeof(digest)) &&
	    base64_parse(text, strlen(text), digest, sizeof(digest)) != sizeof(digest)) {
		error_set(err, ERROR_BAD_VALUE,
		          "'%s' is '%s' (%zu characters), which is not a launch digest", name,
		          shown_of(text).text, strlen(text));
		if (strpbrk(text, " \t\n"))
			return error_fix(err, "'snpvmm measure' prints a line for each run: write "
			                      "their digests as a map from vcpus, {1: DIGEST, 2: "
			                      "DIGEST}, or as a list, [DIGEST, DIGEST]");
		return error_fix(err, "write 96 hexadecimal digits, or 64 characters of base64");
	}
	memcpy(ret, digest, sizeof(digest));
	return 0;
}

int value_sha256(const char *name, const char *text, uint8_t ret[static SHA256_SIZE],
                 struct error *err)
{
	const char *hex = skip_0x(text);

	if (hex_parse(hex, strlen(hex), ret, SHA256_SIZE))
		return 0;
	error_set(err, ERROR_BAD_VALUE, "'%s' is '%s' (%zu characters), which is not a SHA-256",
	          name, shown_of(text).text, strlen(text));
	return error_fix(err, "write 64 hexadecimal digits, as sha256sum prints them");
}

char *value_path(const char *beside, const char *path)
{
	const char *slash = strrchr(beside, '/');
	int folder = slash && path[0] != '/' ? (int)(slash - beside + 1) : 0;
	char *joined;

	return asprintf(&joined, "%.*s%s", folder, beside, path) < 0 ? NULL : joined;
}

static int bytes_wrong_size(const char *name, const char *text, long given, size_t size,
                            struct error *err)
{
	if (given < 0)
		error_set(err, ERROR_BAD_VALUE, "'%s' is '%s', which does not decode to %zu bytes",
		          name, shown_of(text).text, size);
	else
		error_set(err, ERROR_BAD_VALUE, "'%s' has %ld bytes; it must have %zu", name, given,
		          size);
	return error_fix(err,
	                 "give exactly %zu bytes: %zu digits after 'hex:', or %zu characters "
	                 "after 'base64:', or a file of that length",
	                 size, 2 * size, (size + 2) / 3 * 4);
}

static int bytes_hex(const char *name, const char *text, const struct value_files *from,
                     uint8_t *ret, size_t size, struct error *err)
{
	size_t n = strlen(text);
	long given = n % 2 || strspn(text, "0123456789abcdefABCDEF") != n ? -1 : (long)(n / 2);

	(void)from;
	if (!hex_parse(text, n, ret, size))
		return bytes_wrong_size(name, text, given, size, err);
	return 0;
}

static int bytes_base64(const char *name, const char *text, const struct value_files *from,
                        uint8_t *ret, size_t size, struct error *err)
{
	size_t n = strlen(text);
	auto_free uint8_t *decoded = malloc(n / 4 * 3 + 1);
	long given = decoded ? base64_parse(text, n, decoded, n / 4 * 3) : -1;

	(void)from;
	if (!decoded)
		return error_nomem(err, name);
	if (given != (long)size)
		return bytes_wrong_size(name, text, given, size, err);
	memcpy(ret, decoded, size);
	return 0;
}

/*
 * A file that has another length than the bytes may hold them as text: virtee's tools, for example,
 * write base64. If not, the error says what the file is, where that can be recognised.
 */
static int bytes_as_text(const char *name, const char *path, const struct blob *b, uint8_t *ret,
                         size_t size, struct error *err)
{
	const struct file_kind *k = file_kind_of(b->data, b->size);
	auto_free uint8_t *decoded = malloc(b->size + 1);
	const char *form, *fix;
	long n;

	if (!decoded)
		return error_nomem(err, name);
	n = size >= TEXT_MIN ? bytes_of_text(b->data, b->size, decoded, b->size, &form) : -1;
	if (n == (long)size) {
		memcpy(ret, decoded, size);
		return 0;
	}
	if (n >= 0)
		error_set(err, ERROR_BAD_VALUE,
		          "'%s': '%s' holds %ld bytes in %s; it must have %zu", name,
		          shown_of(path).text, n, form, size);
	else if (k && !k->vague && b->size > 0)
		error_set(err, ERROR_BAD_VALUE, "'%s': '%s' looks like %s; it must have %zu bytes",
		          name, shown_of(path).text, k->text, size);
	else
		return bytes_wrong_size(name, path, (long)b->size, size, err);
	fix = k && n < 0 ? k->fix : NULL;
	if (fix)
		return error_fix(err, "%s", fix);
	return error_fix(err, "give a file of exactly %zu bytes, or of their base64 or hex", size);
}

static int bytes_file(const char *name, const char *text, const struct value_files *from,
                      uint8_t *ret, size_t size, struct error *err)
{
	auto_blob struct blob b = BLOB_NONE;
	auto_free char *path = value_path(from->beside, text);
	int r = path ? blob_read_in(from->confine, path, BYTES_FILE_MAX, &b, NULL, err)
	             : error_nomem(err, name);

	if (r < 0) {
		file_fix(from->beside, err);
		return error_wrap(err, "'%s'", name);
	}
	if (b.size == size)
		memcpy(ret, b.data, size);
	else
		r = bytes_as_text(name, text, &b, ret, size, err);
	return r;
}

int value_bytes(const char *name, const char *text, const struct value_files *from, uint8_t *ret,
                size_t size, struct error *err)
{
	static const struct {
		const char *prefix;
		int (*read)(const char *name, const char *text, const struct value_files *from,
		            uint8_t *ret, size_t size, struct error *err);
	} forms[] = {
		{ "hex:", bytes_hex },
		{ "base64:", bytes_base64 },
		{ VALUE_BYTES_FILE, bytes_file },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t n = strlen(forms[i].prefix);

		if (strncmp(text, forms[i].prefix, n) == 0)
			return forms[i].read(name, text + n, from, ret, size, err);
	}
	error_set(err, ERROR_BAD_VALUE,
	          "'%s' is '%s', which does not say how its bytes are written", name,
	          shown_of(text).text);
	return error_fix(err, "write hex:..., base64:... or file:PATH");
}
