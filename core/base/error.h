/* SPDX-License-Identifier: MIT */
/* core/base/error.h: a failure: a name for scripts, a sentence for people, and a location. */
#ifndef CORE_BASE_ERROR_H
#define CORE_BASE_ERROR_H

#include "core/base/reason.h"

/* All texts are clean (core/base/text.h), even if they quote foreign names. */
struct error {
	enum reason kind;
	int code;              /* negative errno; 0 while nothing failed */
	char file[256];        /* "" if it has no location */
	unsigned line, column; /* from 1; 0 unknown */
	char text[768];        /* one sentence, no full stop */
	char why[1024];        /* "" or one sentence */
	char fix[512];         /* "" or one sentence */
};

/* Records a failure that no system call reported. Always returns -EINVAL. */
int error_set(struct error *err, enum reason kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define ERROR_EMFILE_WHY "this process has reached its limit of open files"
#define ERROR_EMFILE_FIX "raise the limit (ulimit -n); a guest needs some 20, and one for each vCPU"
#define ERROR_ENFILE_WHY "this host has reached its limit of open files"
#define ERROR_ENFILE_FIX "raise fs.file-max (sysctl), or end the programs that have so many open"

/*
 * Records a failed system call; ": " and errnum's text are appended. Too many open files get a why
 * and a fix, too, and are ERROR_HOST_BUSY, never a lack of memory. Returns -errnum.
 */
int error_sys(struct error *err, enum reason kind, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Out of memory, in `what`. Returns -ENOMEM. */
int error_nomem(struct error *err, const char *what);

/* Puts "CONTEXT: " before the sentence. Returns the code recorded before. */
int error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add why it failed, and how to fix it. Each returns the code recorded before. */
int error_why(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int error_fix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds the location, unless there is one already. Returns the code recorded before. */
int error_at(struct error *err, const char *file, unsigned line, unsigned column);

#endif
