/* SPDX-License-Identifier: MIT */
/* config/schema.h: the manifest described as JSON Schema, for editors and other programs. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdio.h>

struct error; /* core/base/error.h */

/*
 * JSON Schema, draft 7, of what the parser accepts, from the same table. It is meant for YAML
 * already turned into JSON, where `4` is a number and `0x4` may be one or a text: both are
 * described.
 */
int schema_write(FILE *out, struct error *err);

#endif
