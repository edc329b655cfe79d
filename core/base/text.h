/* SPDX-License-Identifier: MIT */
/*
 * core/base/text.h: bytes of others made fit for lines, XML and JSON: valid UTF-8 without control
 * characters.
 */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_CAP(size) (4 * (size_t)(size) + 1) /* is enough for any `size` bytes, cleaned */

/*
 * Writes `size` bytes of `from` into `to` (room for `cap`, a NUL always among them), as much as
 * fits, never cutting a character. What is not UTF-8 (RFC 3629: surrogates, overlong forms, beyond
 * U+10FFFF) becomes U+FFFD, one for each maximal subpart as chapter 3.9 of the Unicode Standard has
 * it; so does each control character (C0, DEL, C1, U+FFFE, U+FFFF). What can't be seen or turns the
 * direction of writing is written out: <U+202E>. Newline and tab stay if `lines`, else they are one
 * space each, as are U+2028 and U+2029, which some readers take for the end of a line. A carriage
 * return right before a newline is part of it. What a CI system would take for a command gets a
 * space, so that it is none: see text_commands(). Cleaning twice is as good as once. Returns the
 * length.
 */
size_t text_clean(char *to, size_t cap, const void *from, size_t size, int lines);

/* The whole of a text of one line, clean. The caller frees it; NULL: out of memory. */
char *text_clean_copy(const char *from);

/* A text of one line into `cap` bytes, at least 4; "..." where it was cut. */
size_t text_show(char *to, size_t cap, const char *from);
size_t text_show_format(char *to, size_t cap, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/*
 * Whether a space belongs before this character, the next of a text, so that no CI system obeys it:
 * the '[' of "##[" (GitHub, Azure), "##vso[" (Azure) and "##teamcity[" anywhere, and the second ':'
 * of a line that begins with "::" behind nothing but white space (GitHub, whose runner trims it). {
 * 0 } at the begin of a line.
 */
struct text_command {
	enum { LINE_BLANK, LINE_COLON, LINE_OTHER } line;
	unsigned hashes; /* of the last characters, but for letters behind two */
	bool letters;
};
bool text_commands(struct text_command *s, uint32_t code);

/*
 * Writes `before` and the text, as much as fits, and a newline: in lines of at most `width` columns
 * where words allow it, those behind the first below the text's start. Width 0, or too little for
 * that, leaves it one line. `before` is ASCII. Returns the length.
 */
size_t text_fold(char *to, size_t cap, const char *before, const char *text, unsigned width);

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
