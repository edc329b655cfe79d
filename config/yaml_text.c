/* SPDX-License-Identifier: MIT */
/*
 * config/yaml_text.c: checks before libyaml sees a text, which could not say what is wrong with it,
 * or where.
 */
#include "config/yaml_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/findings.h"
#include "core/base/text.h"

long yaml_character(const uint8_t *at, size_t left, size_t *length)
{
	struct text_char c = text_decode(at, left);

	*length = c.state == TEXT_WHOLE ? c.size : 1;
	return c.state == TEXT_WHOLE ? (long)c.code : -1;
}

long cursor_next(struct cursor *c)
{
	size_t length = 0;
	long code = c->at < c->end ? yaml_character(c->at, (size_t)(c->end - c->at), &length) : -1;

	if (code < 0)
		return code;
	c->at += length;
	c->column++;
	/* YAML 1.1, 5.4: CR LF is one break, which LF ends. */
	if (code == '\n' || code == 0x85 || code == 0x2028 || code == 0x2029 ||
	    (code == '\r' && (c->at == c->end || *c->at != '\n'))) {
		c->line++;
		c->column = 1;
	}
	return code;
}

int yaml_text_check(const char *file, const uint8_t *text, size_t size, struct error *err)
{
	struct cursor c = cursor_at(text, size);

	while (c.at < c.end) {
		struct cursor before = c;
		long code = cursor_next(&c);

		/* YAML 1.1, 5.1. libyaml would refuse the rest without a line number. */
		if (code == '\t' || code == '\n' || code == '\r' ||
		    (code >= 0x20 && code <= 0x7e) || code == 0x85 ||
		    (code >= 0xa0 && code != 0xfffe && code != 0xffff))
			continue;
		if (code < 0)
			error_set(err, ERROR_SYNTAX, "byte 0x%02x is not UTF-8 here", *before.at);
		else if (code == 0)
			error_set(err, ERROR_SYNTAX, "a NUL byte");
		else
			error_set(err, ERROR_SYNTAX, "control character U+%04lX", code);
		error_why(err, "a manifest is UTF-8 text");
		return error_at(err, file, before.line, before.column);
	}
	return 0;
}

/* --- characters that cannot be seen --- */

bool character_hides(long c, long before)
{
	bool joins = c == 0x200c || c == 0x200d || (c >= 0xfe00 && c <= 0xfe0f) ||
	             (c >= 0xe0000 && c <= 0xe0fff);

	return text_hidden_name((uint32_t)c) && !(joins && before >= 0x80);
}

/* Whether a walk is in a comment, in quotes, or in neither. Block scalars are not recognised. */
struct scan {
	long before;
	long quote; /* the mark that ends it; 0: none is open */
	bool comment, escaped;
};

static bool is_gap(long c)
{
	return c == 0 || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Moves past character c. */
static void scan_pass(struct scan *s, long c)
{
	if (s->comment)
		s->comment = c != '\n' && c != '\r';
	else if (s->quote == '"' && s->escaped)
		s->escaped = false;
	else if (s->quote == '"' && c == '\\')
		s->escaped = true;
	else if (s->quote)
		s->quote = c == s->quote ? 0 : s->quote;
	else if (c == '#')
		s->comment = is_gap(s->before);
	else if ((c == '"' || c == '\'') &&
	         (is_gap(s->before) || (s->before < 0x80 && strchr("[{,:", (int)s->before))))
		s->quote = c;
	s->before = c;
}

static int refuse_hidden(const char *file, const struct cursor *at, long c, struct error *err)
{
	error_set(err, ERROR_SYNTAX, "a character that cannot be seen, U+%04lX (%s)", c,
	          text_hidden_name((uint32_t)c));
	error_why(err, "it looks like a blank or like nothing, and is neither");
	error_fix(err,
	          c > 0xffff ? "remove it; where it is meant, write \\U%08lX in double quotes"
	                     : "remove it, or write a space; where it is meant, write \\u%04lX in "
	                       "double quotes",
	          c);
	return error_at(err, file, at->line, at->column);
}

int yaml_text_hides(const char *file, const uint8_t *text, size_t size, bool yaml,
                    struct findings *findings, struct error *err)
{
	struct cursor c = cursor_at(text, size);
	struct scan s = { .before = 0 };
	int r = 0;

	while (c.at < c.end) {
		struct cursor at = c;
		long code = cursor_next(&c);

		if (!(yaml && s.comment) && character_hides(code, s.before)) {
			if (r < 0 && findings)
				findings_add(findings, SEVERITY_ERROR, err);
			if (r == 0 || findings)
				r = refuse_hidden(file, &at, code, err);
		}
		scan_pass(&s, code);
	}
	return r;
}

/* --- surrogate pairs --- */

/* \uXXXX at `at`: its number, or -1. */
static long escape_of(const uint8_t *at, const uint8_t *end)
{
	long v = 0;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit((char)at[i]);

		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* The character that two escapes at `at` stand for; -1: they are no pair. */
static long pair_of(const uint8_t *at, const uint8_t *end)
{
	long high = escape_of(at, end), low = high < 0 ? -1 : escape_of(at + 6, end);

	if (high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return -1;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

enum { PAIR_SIZE = 12, ESCAPE_SIZE = 10 };

bool yaml_text_join(const uint8_t *text, size_t size, uint8_t **ret, size_t *ret_size,
                    struct shortened **places, size_t *n_places)
{
	struct cursor c = cursor_at(text, size);
	uint8_t *to = *ret = malloc(size + 1); /* snprintf() writes a NUL */
	struct scan s = { .before = 0 };

	*n_places = 0;
	*places = calloc(size / PAIR_SIZE + 1, sizeof(**places));
	while (to && *places && c.at < c.end) {
		long code;
		bool can = s.quote == '"' && !s.escaped;
		long pair = can ? pair_of(c.at, c.end) : -1;
		const uint8_t *from = c.at;

		if (pair >= 0) {
			(*places)[(*n_places)++] =
				(struct shortened){ c.line, c.column, PAIR_SIZE - ESCAPE_SIZE };
			to += snprintf((char *)to, ESCAPE_SIZE + 1, "\\U%08lx", pair);
			c.at += PAIR_SIZE;
			c.column += PAIR_SIZE;
			continue;
		}
		code = cursor_next(&c);
		if (code < 0) /* not UTF-8: the text was not checked */
			break;
		scan_pass(&s, code);
		memcpy(to, from, (size_t)(c.at - from));
		to += c.at - from;
	}
	*ret_size = to && *places ? (size_t)(to - *ret) : 0;
	return to && *places;
}
