/* SPDX-License-Identifier: MIT */
/* cmd/schema.c: the manifest's JSON Schema, from the table that parses it. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "config/schema.h"

static int schema_main(const struct command *self, int argc, char **argv, struct error *err)
{
	int status = command_parse(self, NULL, argc, argv, NULL, NULL, err);

	if (status != STATUS_OK)
		return status;
	return schema_write(stdout, err) < 0 ? STATUS_USAGE : STATUS_OK;
}

const struct command command_schema = {
	.name = "schema",
	.args = "",
	.summary = "Print the manifest's JSON Schema",
	.doc = "Print the JSON Schema (draft 7) of the manifest.",
	.main = schema_main,
};
