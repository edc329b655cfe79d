/* SPDX-License-Identifier: MIT */
/* core/base/text.h: bytes of others made fit for lines, XML and JSON: valid UTF-8 without control characters. */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_ROOM(size) (3 * (size_t)(size) + 1) /* is enough for any `size` bytes, cleaned */

/*
 * Writes `size` bytes of `from` into `to` (room for `room`, a NUL always among them), as much as fits, never cutting
 * a character. What is not UTF-8 (RFC 3629: surrogates, overlong forms, beyond U+10FFFF) becomes U+FFFD, one for
 * each maximal subpart as chapter 3.9 of the Unicode Standard has it; so does each control character (C0, DEL, C1,
 * U+FFFE, U+FFFF). Newline and tab stay if `lines`, else they are one space each, as are U+2028 and U+2029, which
 * some readers take for the end of a line. A carriage return right before a newline is part of it. Returns the length.
 */
size_t text_clean(char *to, size_t room, const void *from, size_t size, int lines);

/*
 * Writes `before` and the text, as much as fits, and a newline: in lines of at most `width` columns where words allow
 * it, those behind the first below the text's start. Width 0, or too little for that, leaves it one line. `before` is
 * ASCII. Returns the length.
 */
size_t text_fold(char *to, size_t room, const char *before, const char *text, unsigned width);

/* A character of UTF-8, or the maximal subpart of one if that is all there is. */
struct text_char {
	size_t size;                                   /* in bytes; at least 1 */
	enum { TEXT_WHOLE, TEXT_BAD, TEXT_CUT } state; /* cut: more bytes could make it whole */
	uint32_t code;                                 /* if it is whole */
};
struct text_char text_decode(const void *at, size_t left); /* `left` is at least 1 */
#define TEXT_REPLACEMENT "\xef\xbf\xbd"                    /* U+FFFD, for what is no character */

/* Whether all of it is UTF-8, whatever the characters are. */
bool text_is_utf8(const void *from, size_t size);

#endif
