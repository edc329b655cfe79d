/* SPDX-License-Identifier: MIT */
/*
 * core/base/text.h: makes untrusted bytes safe to print: valid UTF-8 without control characters.
 * Nothing else decides what is safe to print.
 */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* C0, DEL and C1, which terminals obey. */
static inline bool text_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static inline bool text_is_ascii(uint32_t code) /* a visible character or a space */
{
	return code >= ' ' && code <= '~';
}

/*
 * The name of a character that is invisible or looks like a space: "soft hyphen". NULL for all
 * others. Static.
 */
const char *text_hidden_name(uint32_t code);

#define TEXT_CAP(size) (4 * (size_t)(size) + 1) /* enough for any `size` bytes once cleaned */

/*
 * Writes `size` bytes of `from` into `to` (`cap` bytes, always ended by a NUL), as much as fits,
 * never cutting a character.
 *
 * - Anything that is not UTF-8 (RFC 3629: surrogates, overlong forms, beyond U+10FFFF) becomes
 *   U+FFFD, one for each maximal subpart (Unicode Standard, chapter 3.9). So does each control
 *   character, U+FFFE and U+FFFF.
 * - Characters without a width and changes of direction are written out: <U+202E>.
 * - With `lines`, newline, tab, U+2028 and U+2029 stay; without, each becomes a space. A carriage
 *   return right before a newline is dropped.
 * - A space breaks up what a CI system would execute as a command: see text_commands().
 *
 * Cleaning twice gives the same as cleaning once. Returns the length.
 */
size_t text_clean(char *to, size_t cap, const void *from, size_t size, bool lines);

/* A clean copy of a text as one line, not truncated. The caller frees it; NULL: out of memory. */
char *text_clean_copy(const char *from);

/* Replaces each byte that is not printable ASCII by '?', in place. */
void text_clean_ascii(char *text);

/* Cleans a text into one line of `cap` bytes, at least 4; ends in "..." if truncated. */
size_t text_show(char *to, size_t cap, const char *from);
size_t text_show_format(char *to, size_t cap, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/*
 * Takes the next character of a text. True if a space must go before it, so that no CI system
 * executes the text as a command: before the '[' of "##[" (GitHub, Azure), "##vso[" (Azure) and
 * "##teamcity[" anywhere, and before the second ':' of a line that begins with "::", even after
 * white space (GitHub's runner trims the line). Zero *s at the start of a line.
 */
struct text_command {
	enum { LINE_BLANK, LINE_COLON, LINE_OTHER } line;
	unsigned hashes; /* '#' characters just passed, at most 2; letters may follow two */
	bool letters;
};
bool text_commands(struct text_command *s, uint32_t code);

/*
 * Writes `before` and the text, as much as fits, and a newline. Wraps the text at `width` columns
 * and indents the lines after the first by the length of `before`, which is ASCII. If the width is
 * 0 or too small to wrap, there is one line. Returns the length.
 */
size_t text_fold(char *to, size_t cap, const char *before, const char *text, unsigned width);

/* A UTF-8 character, or the maximal subpart of an ill-formed one. */
struct text_char {
	size_t size;                                   /* in bytes; at least 1 */
	enum { TEXT_WHOLE, TEXT_BAD, TEXT_CUT } state; /* TEXT_CUT: more bytes may complete it */
	uint32_t code;                                 /* if it is whole */
};
struct text_char text_decode(const void *at, size_t left); /* `left` is at least 1 */
#define TEXT_REPLACEMENT "\xef\xbf\xbd"                    /* U+FFFD */

bool text_is_utf8(const void *from, size_t size);

/* The number of characters in UTF-8. */
size_t text_columns(const char *at, size_t size);

#endif
