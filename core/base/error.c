/* SPDX-License-Identifier: MIT */
/* core/base/error.c: builds error sentences in place; nothing here allocates. */
#include "core/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void text_format(char *to, size_t size, const char *format, va_list args)
{
	int n = vsnprintf(to, size, format, args);

	if (n >= (int)size) /* cut, and show that it is cut */
		memcpy(to + size - 4, "...", 4);
}

/* Puts ": MORE" after a sentence, cut like it. */
static void text_append(char *to, size_t size, const char *more)
{
	size_t n = strlen(to);

	if (snprintf(to + n, size - n, ": %s", more) >= (int)(size - n))
		memcpy(to + size - 4, "...", 4);
}

static void error_start(struct error *err, enum reason kind, int code)
{
	memset(err, 0, sizeof(*err));
	err->kind = kind;
	err->code = code;
}

int error_set(struct error *err, enum reason kind, const char *format, ...)
{
	va_list args;

	error_start(err, kind, -EINVAL);
	va_start(args, format);
	text_format(err->text, sizeof(err->text), format, args);
	va_end(args);
	return err->code;
}

int error_sys(struct error *err, enum reason kind, int errnum, const char *format, ...)
{
	va_list args;

	error_start(err, kind, errnum > 0 ? -errnum : -EIO);
	va_start(args, format);
	text_format(err->text, sizeof(err->text), format, args);
	va_end(args);
	text_append(err->text, sizeof(err->text), strerror(-err->code));
	return err->code;
}

int error_nomem(struct error *err, const char *what)
{
	return error_sys(err, ERROR_HOST_MEMORY, ENOMEM, "%s", what);
}

int error_wrap(struct error *err, const char *format, ...)
{
	char inner[sizeof(err->text)];
	va_list args;

	memcpy(inner, err->text, sizeof(inner));
	va_start(args, format);
	text_format(err->text, sizeof(err->text), format, args);
	va_end(args);
	text_append(err->text, sizeof(err->text), inner);
	return err->code;
}

int error_why(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_format(err->why, sizeof(err->why), format, args);
	va_end(args);
	return err->code;
}

int error_fix(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_format(err->fix, sizeof(err->fix), format, args);
	va_end(args);
	return err->code;
}

int error_at(struct error *err, const char *file, unsigned line, unsigned column)
{
	if (err->file[0])
		return err->code;
	snprintf(err->file, sizeof(err->file), "%s", file);
	err->line = line;
	err->column = column;
	return err->code;
}
