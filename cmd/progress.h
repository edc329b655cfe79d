/* SPDX-License-Identifier: MIT */
/* cmd/progress.h: a line on the terminal that shows what takes longer than a second. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

/*
 * Starts showing progress, if stderr is a terminal and -q wasn't given; one at a time. An activity
 * is shown after a second, with its seconds so far, on a line that the next message
 * (core/base/log.h) or progress_end() replaces.
 */
void progress_begin(void);
/* Shows another activity; `what` is static. NULL: show nothing. */
void progress_say(const char *what);
/* Removes the line. Does nothing without progress_begin(). */
void progress_end(void);

#endif
