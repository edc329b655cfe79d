/* SPDX-License-Identifier: MIT */
/* core/vm/outcome.c: formats an outcome's sentence. */
#include "core/vm/outcome.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/text.h"

void outcome_set(struct outcome *o, enum reason kind, uint64_t code, const char *format, ...)
{
	va_list args;

	o->kind = kind;
	o->code = code;
	o->vcpu = 0;
	o->fix = NULL;
	va_start(args, format);
	text_show_format(o->detail, sizeof(o->detail), format, args);
	va_end(args);
}

void outcome_add(struct outcome *o, const char *format, ...)
{
	size_t n = strlen(o->detail);
	va_list args;

	va_start(args, format);
	if (n + sizeof("...") < sizeof(o->detail))
		text_show_format(o->detail + n, sizeof(o->detail) - n, format, args);
	va_end(args);
}
