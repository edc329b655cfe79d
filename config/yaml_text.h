/* SPDX-License-Identifier: MIT */
/* config/yaml_text.h: a manifest's text before it is YAML: its characters and their places. */
#ifndef CONFIG_YAML_TEXT_H
#define CONFIG_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;    /* core/base/error.h */
struct findings; /* core/base/findings.h */

/* 0, or -EINVAL with a place in `file`: NUL, control characters, or not UTF-8. */
int yaml_text_check(const char *file, const uint8_t *text, size_t size, struct error *err);

/*
 * The character at `at`, with `left` bytes from there on, at least one: its code point, or -1 if it
 * isn't UTF-8 (RFC 3629, section 4). Sets *length to its bytes, or to 1.
 */
long yaml_character(const uint8_t *at, size_t left, size_t *length);

/* A walk over UTF-8 that counts lines and columns as libyaml does. */
struct cursor {
	const uint8_t *at, *end;
	unsigned line, column;
};

static inline struct cursor cursor_at(const uint8_t *text, size_t size)
{
	return (struct cursor){ .at = text, .end = text + size, .line = 1, .column = 1 };
}

/* The code point at the cursor, which moves on; -1: there is none, and the cursor stays. */
long cursor_next(struct cursor *c);

/*
 * Whether a character looks like a blank or like nothing: blanks other than U+0020, what has no
 * width, what changes the direction of others. U+200C, U+200D and variation selectors are allowed
 * after a character `before` that is not ASCII: they belong to scripts and to emoji.
 */
bool character_hides(long c, long before);

/*
 * Refuses such characters, each with its place; all but the last go to *findings, if that isn't
 * NULL. In YAML, `yaml`, they may stand in comments.
 */
int yaml_text_hides(const char *file, const uint8_t *text, size_t size, bool yaml,
                    struct findings *findings, struct error *err);

/* A place where a text was made shorter: the rest of that line moved `less` columns back. */
struct shortened {
	unsigned line, column, less;
};

/*
 * JSON writes a character above U+FFFF as two escapes, "\ud83d\ude00", which YAML doesn't know. The
 * text with the one that YAML has in their place, "\U0001f600"; *places has where, in order. Both
 * are the caller's. False: out of memory.
 */
bool yaml_text_join(const uint8_t *text, size_t size, uint8_t **ret, size_t *ret_size,
                    struct shortened **places, size_t *n_places);

#endif
