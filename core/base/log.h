/* SPDX-License-Identifier: MIT */
/* core/base/log.h: messages on stderr while a command works. */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_QUIET, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* The default is LOG_NOTICE; -q sets LOG_QUIET, each -v one level more. */
void log_set_level(enum log_level level);
bool log_on(enum log_level level);
/* While set, a line waits at most two seconds for a stalled reader of stderr. */
void log_hurry(bool hurry);
/* Writes whole lines at once, without prefix and whatever the level. */
void log_text(const char *text);

/* Something else left a line on stderr unfinished: the next message starts a new line. */
void log_end_line(void);

/*
 * Puts "LABEL: " after the "snpvmm: " of every later line, to distinguish several runs. Truncated
 * if long; "": none.
 */
void log_set_label(const char *label);
/* "LABEL: "; "" if none is set. */
const char *log_label(void);

/* Writes one line, "snpvmm: " before it, in one write(2), so that threads don't mix. */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A transient status line for a terminal, cut to 78 columns; the next message erases it. NULL:
 * erase.
 */
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define log_notice(...) log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)   log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  log_at(LOG_DEBUG, __VA_ARGS__)

#endif
