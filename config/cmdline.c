/* SPDX-License-Identifier: MIT */
/*
 * config/cmdline.c: splits at blanks that are not in double quotes, as lib/cmdline.c of Linux does
 * in next_arg().
 */
#include "config/cmdline.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool cmdline_next(struct cmdline *c)
{
	bool quoted = false;
	size_t n = 0;

	while (is_blank(*c->at))
		c->at++;
	c->parameter = c->at;
	for (; c->at[n] && (quoted || !is_blank(c->at[n])); n++)
		quoted ^= c->at[n] == '"';
	c->size = n;
	c->at += n;
	return n > 0 && !(n == 2 && memcmp(c->parameter, "--", 2) == 0);
}

const char *cmdline_value(const struct cmdline *c, const char *prefix, size_t *size)
{
	size_t n = strlen(prefix);

	if (c->size < n || memcmp(c->parameter, prefix, n) != 0)
		return NULL;
	*size = c->size - n;
	return c->parameter + n;
}

bool cmdline_has(const char *text, const char *prefix)
{
	struct cmdline c = { .at = text };
	size_t size;

	while (cmdline_next(&c))
		if (cmdline_value(&c, prefix, &size))
			return true;
	return false;
}
