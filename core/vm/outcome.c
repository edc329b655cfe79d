/* SPDX-License-Identifier: MIT */
/* core/vm/outcome.c: fills one in. */
#include "core/vm/outcome.h"

#include <stdarg.h>
#include <stdio.h>

void outcome_set(struct outcome *o, enum reason kind, uint64_t code, const char *format, ...)
{
	va_list args;

	o->kind = kind;
	o->code = code;
	va_start(args, format);
	vsnprintf(o->detail, sizeof(o->detail), format, args);
	va_end(args);
}
