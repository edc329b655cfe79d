/* SPDX-License-Identifier: MIT */
/*
 * cmd/progress.h: one line on a terminal that says what takes so long, from the second second on.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

/*
 * Nothing happens unless stderr is a terminal and -q wasn't given. One at a time. What is under way
 * is shown after a second, with the seconds it has taken, in a line that goes when anything else is
 * said (core/base/log.h) or the progress ends.
 */
void progress_begin(void);
/* What is under way from now on, a static text; NULL: nothing that should be shown. */
void progress_say(const char *what);
/* Takes the line away. Fine without progress_begin(). */
void progress_end(void);

#endif
