/* SPDX-License-Identifier: MIT */
/* cmd/show.c: table of formats. */
#include "cmd/show.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/out/emit.h"

static const struct {
	const char *name;
	int (*open)(struct emitter *ret, struct error *err);
} formats[] = {
	[SHOW_TEXT] = { "text", NULL },
	[SHOW_JSON] = { "json", emit_json },
	[SHOW_CBOR] = { "cbor", emit_cbor },
};
static_assert(ARRAY_SIZE(formats) == SHOW_UNKNOWN, "a format without a row");

enum show_format show_format(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return (enum show_format)i;
	return SHOW_UNKNOWN;
}

int show_emitter(enum show_format format, struct emitter *ret, struct error *err)
{
	return formats[format].open(ret, err);
}
