/* SPDX-License-Identifier: MIT */
/* config/cmdline.h: a kernel command line as Linux splits it. */
#ifndef CONFIG_CMDLINE_H
#define CONFIG_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A walk over the parameters; begin with .at at the text. What comes after `--` is for init, and
 * not among them.
 */
struct cmdline {
	const char *at;
	const char *parameter; /* the one at hand, `size` bytes, quotes as they stand */
	size_t size;
};

bool cmdline_next(struct cmdline *c);

/*
 * What stands behind `prefix` ("console=") in the parameter at hand, and how long it is; NULL: it
 * is another one.
 */
const char *cmdline_value(const struct cmdline *c, const char *prefix, size_t *size);

/* Whether a parameter begins with `prefix`. */
bool cmdline_has(const char *text, const char *prefix);

#endif
