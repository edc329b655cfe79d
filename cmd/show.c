/* SPDX-License-Identifier: MIT */
/* cmd/show.c: table of formats. */
#include "cmd/show.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/out/emit.h"

static const struct {
	const char *name;
	int (*open)(struct emitter *ret, struct error *err);
} formats[] = {
	[SHOW_TEXT] = { "text", emit_text },
	[SHOW_JSON] = { "json", emit_json },
	[SHOW_CBOR] = { "cbor", emit_cbor },
	[SHOW_TAP] = { "tap", NULL }, /* of runs alone: core/out/run_result.h */
};
static_assert(ARRAY_SIZE(formats) == SHOW_FORMATS, "a format without a row");

static enum show_format wanted;

bool show_want(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name)) {
			wanted = (enum show_format)i;
			return true;
		}
	return false;
}

enum show_format show_wanted(void)
{
	return wanted;
}

int show_emitter(enum show_format format, struct emitter *ret, struct error *err)
{
	if (formats[format].open)
		return formats[format].open(ret, err);
	return error_set(err, ERROR_USAGE, "-o %s is for runs alone", formats[format].name);
}

int show_finish(const struct emitter *e, bool list, int status, struct error *err)
{
	struct error untold;

	if (list)
		e->end(e->self);
	if (status != STATUS_OK && !list) {
		/* Nothing was described, so nothing is written. */
		e->finish(e->self, stdout, &untold);
		return status;
	}
	return e->finish(e->self, stdout, err) < 0 ? STATUS_USAGE : status;
}
