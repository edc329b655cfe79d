/* SPDX-License-Identifier: MIT */
/* core/base/text.h: bytes of others made fit for lines, XML and JSON: valid UTF-8 without control characters. */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stddef.h>

/*
 * Writes `size` bytes of `from` into `to` (room for `room`, a NUL always among them), as much as fits, never cutting
 * a character. What is not UTF-8 (RFC 3629: surrogates, overlong forms, beyond U+10FFFF) and control characters
 * (C0, DEL, C1, U+FFFE, U+FFFF) becomes U+FFFD, one for each maximal bad sequence; newline and tab stay if `lines`, else they are
 * one space each. Returns the length.
 */
size_t text_clean(char *to, size_t room, const void *from, size_t size, int lines);

#endif
