/* SPDX-License-Identifier: MIT */
/* core/base/error.c: builds error sentences in place; nothing here allocates. */
#include "core/base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"

static const char *const kind_names[] = {
	[ERROR_NONE] = "none",
	[ERROR_USAGE] = "usage",
	[ERROR_SYNTAX] = "syntax",
	[ERROR_UNKNOWN_KEY] = "unknown-key",
	[ERROR_DUPLICATE_KEY] = "duplicate-key",
	[ERROR_MISSING_KEY] = "missing-key",
	[ERROR_BAD_VALUE] = "bad-value",
	[ERROR_UNSUPPORTED] = "unsupported",
	[ERROR_CONFLICT] = "conflict",
	[ERROR_FILE] = "file-unreadable",
	[ERROR_FILE_CHANGED] = "file-changed",
	[ERROR_FILE_TOO_LARGE] = "file-too-large",
	[ERROR_FILE_PIN] = "file-differs",
	[ERROR_BAD_FIRMWARE] = "bad-firmware",
	[ERROR_NO_HASH_PAGE] = "no-hash-page",
	[ERROR_BAD_LAYOUT] = "bad-layout",
	[ERROR_MEMORY_TOO_SMALL] = "memory-too-small",
	[ERROR_BAD_POLICY] = "bad-policy",
	[ERROR_BAD_ID_BLOCK] = "bad-id-block",
	[ERROR_MEASUREMENT_DIFFERS] = "measurement-differs",
	[ERROR_HOST_UNSUPPORTED] = "host-unsupported",
	[ERROR_HOST_PERMISSION] = "host-permission",
	[ERROR_HOST_BUSY] = "host-busy",
	[ERROR_HOST_MEMORY] = "host-memory",
	[ERROR_KVM] = "kvm-error",
	[ERROR_FIRMWARE_REFUSED] = "firmware-refused",
	[ERROR_OUTPUT] = "output-failed",
	[ERROR_INTERNAL] = "internal",
};
static_assert(ARRAY_SIZE(kind_names) == ERROR_KINDS, "an error kind without a name");

const char *error_kind_name(enum error_kind kind)
{
	return (unsigned)kind < ERROR_KINDS ? kind_names[kind] : "unknown";
}

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

static void error_start(struct error *err, enum error_kind kind, int code)
{
	memset(err, 0, sizeof(*err));
	err->kind = kind;
	err->code = code;
}

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;

	error_start(err, kind, -EINVAL);
	va_start(args, format);
	text_format(err->text, sizeof(err->text), format, args);
	va_end(args);
	return err->code;
}

int error_sys(struct error *err, enum error_kind kind, int errnum, const char *format, ...)
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
