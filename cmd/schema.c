/* SPDX-License-Identifier: MIT */
/* cmd/schema.c: the manifest's JSON Schema, from the table that parses it. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "config/schema.h"

static int schema_main(int argc, char **argv, struct error *err)
{
	int status = command_parse(&command_schema, NULL, NULL,
	                           "Print the JSON Schema (draft 7) of the manifest.", argc, argv,
	                           NULL, NULL, err);

	if (status != STATUS_OK)
		return status;
	return schema_write(stdout, err) < 0 ? STATUS_USAGE : STATUS_OK;
}

const struct command command_schema = {
	"schema", "", "Print the manifest's JSON Schema", schema_main, false,
};
