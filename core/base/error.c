/* SPDX-License-Identifier: MIT */
/* core/base/error.c: builds error sentences in place; nothing here allocates. */
#include "core/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

/* Appends ": MORE" to a sentence, cut to its size. */
static void text_append(char *to, size_t size, const char *more)
{
	char whole[2 * sizeof(((struct error *)0)->text) + 3];

	snprintf(whole, sizeof(whole), "%s: %s", to, more);
	text_show(to, size, whole);
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
	text_show_format(err->text, sizeof(err->text), format, args);
	va_end(args);
	return err->code;
}

int error_sys(struct error *err, enum reason kind, int errnum, const char *format, ...)
{
	va_list args;

	error_start(err, kind, errnum > 0 ? -errnum : -EIO);
	va_start(args, format);
	text_show_format(err->text, sizeof(err->text), format, args);
	va_end(args);
	text_append(err->text, sizeof(err->text), strerror(-err->code));
	if (errnum != EMFILE && errnum != ENFILE)
		return err->code;
	if (kind == ERROR_HOST_MEMORY)
		err->kind = ERROR_HOST_BUSY;
	error_why(err, "%s", errnum == EMFILE ? ERROR_EMFILE_WHY : ERROR_ENFILE_WHY);
	error_fix(err, "%s", errnum == EMFILE ? ERROR_EMFILE_FIX : ERROR_ENFILE_FIX);
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
	text_show_format(err->text, sizeof(err->text), format, args);
	va_end(args);
	text_append(err->text, sizeof(err->text), inner);
	return err->code;
}

int error_why(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_show_format(err->why, sizeof(err->why), format, args);
	va_end(args);
	return err->code;
}

int error_fix(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_show_format(err->fix, sizeof(err->fix), format, args);
	va_end(args);
	return err->code;
}

int error_at(struct error *err, const char *file, unsigned line, unsigned column)
{
	if (err->file[0])
		return err->code;
	text_show(err->file, sizeof(err->file), file);
	err->line = line;
	err->column = column;
	return err->code;
}
