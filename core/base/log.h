/* SPDX-License-Identifier: MIT */
/*
 * core/base/log.h: what people see on stderr while a command works; with the labels of processes.
 */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_QUIET, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* LOG_NOTICE until told otherwise; -q is LOG_QUIET, each -v one more. */
void log_set_level(enum log_level level);
bool log_on(enum log_level level);
/*
 * A run is over: from now on no line waits for longer than two seconds for a reader of stderr who
 * has stopped reading.
 */
void log_hurry(bool hurry);
/* Whole lines that need neither prefix nor level, in one write. */
void log_text(const char *text);

/* Somebody else has left a line unfinished where ours go: the next of ours ends it first. */
void log_end_line(void);

/*
 * Stands behind "snpvmm: " in every line from now on, with a colon: which of several runs speaks.
 * Cut if long; "": nothing.
 */
void log_set_label(const char *label);
/* It, with the colon and a space behind it; "": none was set. */
const char *log_label(void);

/* One line on stderr, "snpvmm: " before it, written at once so that threads don't mix. */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A line without an end, for a terminal: the next one, or any other line, takes its place. NULL
 * takes it away. Texts are cut to 78 columns.
 */
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define log_notice(...) log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)   log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  log_at(LOG_DEBUG, __VA_ARGS__)

#endif
