/* SPDX-License-Identifier: MIT */
/*
 * cmd/reader.h: commands that only read: whoever wrote the files, and found a hole in a parser, can
 * do little else than print. --sandbox is for them and for runs.
 */
#ifndef CMD_READER_H
#define CMD_READER_H

#include <stdbool.h>

#include "core/sandbox/filter.h"

struct error; /* core/base/error.h */

/* --sandbox; false: there is no such mode. */
bool sandbox_set(const char *word);
enum sandbox_mode sandbox_wanted(void);

/*
 * Once the command line is read: from here on, files can only be read, and nothing be started,
 * connected to, signalled or removed. confined: by --confine. 0, or a negative errno with *err
 * filled.
 */
int reader_begin(bool confined, struct error *err);

/*
 * Once the last input is in memory: from here on no file can be opened, either. What is left is to
 * write to what is open, memory, threads for hashing, and the end. Does nothing unless
 * reader_begin() came before.
 */
void reader_has_read(void);

#endif
