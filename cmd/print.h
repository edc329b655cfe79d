/* SPDX-License-Identifier: MIT */
/* cmd/print.h: how errors look on standard error, and what the terminal there can show. */
#ifndef CMD_PRINT_H
#define CMD_PRINT_H

#include <stdbool.h>
#include <stddef.h>

struct error;    /* core/base/error.h */
struct findings; /* core/base/findings.h */

/* --color: false for a word other than auto, always and never. */
bool color_set(const char *word);
/* Whether to write colours to this descriptor. */
bool color_wanted(int fd);
/* The width of the terminal at this descriptor, in columns; 0: no terminal, so don't fold lines. */
unsigned terminal_width(int fd);

/* "  why: ..." and "  fix: ...", each if there is one, folded to `width`. Returns the length. */
size_t advice_text(char *to, size_t cap, const char *why, const char *fix, unsigned width);
/* One error on stderr: place, sentence, name; then why and fix. */
void error_print(const struct error *err);
/* Findings from number `from` on; with -q, no warnings. */
void findings_print(const struct findings *f, size_t from);

#endif
