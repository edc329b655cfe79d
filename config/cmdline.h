/* SPDX-License-Identifier: MIT */
/* config/cmdline.h: a kernel command line as Linux splits it. */
#ifndef CONFIG_CMDLINE_H
#define CONFIG_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/* A walk over the parameters, up to `--`, after which init's follow. Begin with .at = text. */
struct cmdline {
	const char *at;
	const char *parameter; /* the current one, `size` bytes, with its quotes */
	size_t size;
};

bool cmdline_next(struct cmdline *c);

/* The value behind `prefix` ("console=") of the current parameter, if it begins so; or NULL. */
const char *cmdline_value(const struct cmdline *c, const char *prefix, size_t *size);

/* Whether a parameter begins with `prefix`. */
bool cmdline_has(const char *text, const char *prefix);

#endif
