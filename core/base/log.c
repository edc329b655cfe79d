/* SPDX-License-Identifier: MIT */
/* core/base/log.c: levels and one write(2) a line. */
#include "core/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/array.h"

static enum log_level log_level = LOG_NOTICE;

void log_set_level(enum log_level level)
{
	log_level = level;
}

bool log_on(enum log_level level)
{
	return level <= log_level;
}

void log_at(enum log_level level, const char *format, ...)
{
	char line[2048];
	va_list args;
	int n, m;

	if (!log_on(level))
		return;
	n = snprintf(line, sizeof(line), "snpvmm: ");
	va_start(args, format);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, args);
	va_end(args);
	n = MIN_OF(n + m, (int)sizeof(line) - 2);
	line[n++] = '\n';
	/* Nobody is left to tell when stderr itself is gone. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
