/* SPDX-License-Identifier: MIT */
/* core/dev/log_file.h: a log file of limited size, however much the guest writes. */
#ifndef CORE_DEV_LOG_FILE_H
#define CORE_DEV_LOG_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The file itself gets the first bytes, up to half the limit. Later bytes go to two files in the
 * same folder, NAME.tail-1 and, newer, NAME.tail-2, of half the limit each: when the newer is full,
 * it replaces the older. At the end, a line that says how much is missing and the last bytes of the
 * two (half the limit) are appended to the file, and the two are removed. If the process is killed,
 * the three files can be read in order. They never take more than twice the limit.
 */
enum { LOG_FILE_TAILS = 2 };
extern const char *const log_file_tails[LOG_FILE_TAILS]; /* ".tail-1", ".tail-2" */

struct log_file {
	int fd;     /* of the file, open with O_APPEND; borrowed */
	int folder; /* where it lies; borrowed */
	char name[NAME_MAX + 1];
	/* of the limit, less the line between head and tail; in bytes */
	uint64_t half;
	uint64_t head, older, newer; /* bytes in the three files */
	uint64_t dropped;            /* bytes that were lost */
	uint64_t written;            /* bytes ever taken */
	char last;                   /* the last byte in the file itself */
	int tails[LOG_FILE_TAILS];   /* their descriptors; -1: they weren't made yet */
	bool cut;                    /* the tails are in use */
};

/* For an empty file `name` in `folder`; the limit is at least 4 KiB. 0, or a negative errno. */
int log_file_init(struct log_file *f, int fd, int folder, const char *name, uint64_t limit);

/*
 * Makes the tails, empty, so that no file has to be opened later; else they are made when the first
 * byte goes there. 0, or a negative errno, and then they are tried again by then.
 */
int log_file_ready(struct log_file *f);

/* As write(2): how many bytes were taken, or -1 with errno set. */
ssize_t log_file_write(struct log_file *f, const void *bytes, size_t size);

/*
 * Joins the three files; nothing may be written afterwards. On failure (a negative errno) all three
 * stay as they were.
 */
int log_file_end(struct log_file *f);
/* Closes the tails, and removes those that are empty. The file itself is the caller's. */
void log_file_close(struct log_file *f);

#endif
