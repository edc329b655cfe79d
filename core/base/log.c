/* SPDX-License-Identifier: MIT */
/* core/base/log.c: levels and one write(2) a line. */
#include "core/base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/text.h"

static enum log_level log_level = LOG_NOTICE;
static char label_text[256]; /* "LABEL: " */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool log_hurries;
static bool log_unfinished;   /* the cursor is at the end of a line of log_progress() */
static bool log_foreign_line; /* the cursor is at the end of an unfinished line of the guest's */

/* After log_hurry(): how long a line waits for a stalled reader, and in which steps. */
enum { SLICE_MS = 100, PATIENCE_MS = 2000 };

void log_hurry(bool hurry)
{
	atomic_store(&log_hurries, hurry);
}

void log_set_level(enum log_level level)
{
	log_level = level;
}

void log_set_label(const char *label)
{
	size_t n = text_show(label_text, sizeof(label_text) - 2, label);

	memcpy(label_text + n, n ? ": " : "", n ? 3 : 1);
}

const char *log_label(void)
{
	return label_text;
}

bool log_on(enum log_level level)
{
	return level <= log_level;
}

/*
 * A pipe that poll(2) calls writable takes a whole line. If stderr itself fails there is nowhere to
 * report it.
 */
static void line_write(const char *line, int size)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	int n, waited_ms = 0;

	if (size == 0)
		return;
	if (log_foreign_line) {
		log_foreign_line = false;
		line_write("\n", 1);
	}
	while ((n = poll(&p, 1, SLICE_MS)) == 0 || (n < 0 && errno == EINTR)) {
		waited_ms += SLICE_MS;
		if (atomic_load(&log_hurries) && waited_ms >= PATIENCE_MS)
			return;
	}
	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		return;
}

void log_end_line(void)
{
	pthread_mutex_lock(&log_lock);
	log_foreign_line = true;
	pthread_mutex_unlock(&log_lock);
}

void log_text(const char *text)
{
	pthread_mutex_lock(&log_lock);
	line_write(text, (int)strlen(text));
	pthread_mutex_unlock(&log_lock);
}

/* Writes the codes that erase the progress line, if there is one: carriage return, EL (ECMA-48). */
static int line_clear(char *to, size_t cap)
{
	int n = log_unfinished ? snprintf(to, cap, "\r\033[K") : 0;

	log_unfinished = false;
	return n;
}

/*
 * Cleans a message, which may quote untrusted names. Of escape sequences, only colours (SGR) stay.
 */
static size_t line_clean(char *to, size_t cap, const char *from)
{
	size_t length = 0, n;

	for (; *from && length + 1 < cap; from += n) {
		n = strncmp(from, "\033[", 2) == 0 ? 2 + strspn(from + 2, "0123456789;") : 0;
		if (n > 0 && from[n] == 'm' && n + 1 < cap - length) {
			memcpy(to + length, from, ++n);
			length += n;
			continue;
		}
		n = 1 + strcspn(from + 1, "\033");
		length += text_clean(to + length, cap - length, from, n, false);
	}
	return length;
}

void log_at(enum log_level level, const char *format, ...)
{
	char raw[2048], line[sizeof(raw)];
	va_list args;
	size_t n;

	if (!log_on(level))
		return;
	va_start(args, format);
	if (vsnprintf(raw, sizeof(raw), format, args) < 0)
		raw[0] = '\0';
	va_end(args);
	pthread_mutex_lock(&log_lock);
	n = (size_t)line_clear(line, sizeof(line));
	n += (size_t)snprintf(line + n, sizeof(line) - n, "snpvmm: %s", label_text);
	n += line_clean(line + n, sizeof(line) - n - 1, raw);
	line[n++] = '\n';
	line_write(line, (int)n);
	pthread_mutex_unlock(&log_lock);
}

void log_progress(const char *format, ...)
{
	char line[16 + 79] = "";
	va_list args;
	int n, size;

	pthread_mutex_lock(&log_lock);
	n = line_clear(line, sizeof(line));
	if (format) {
		va_start(args, format);
		/* not inside MIN(), which would evaluate it twice */
		size = vsnprintf(line + n, 79, format, args);
		va_end(args);
		n += MIN(size, 78);
		log_unfinished = true;
	}
	line_write(line, n);
	pthread_mutex_unlock(&log_lock);
}
