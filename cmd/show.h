/* SPDX-License-Identifier: MIT */
/* cmd/show.h: -o text|json|cbor|tap. */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include <stdbool.h>

struct emitter; /* core/out/emit.h */
struct error;   /* core/base/error.h */

enum show_format { SHOW_TEXT, SHOW_JSON, SHOW_CBOR, SHOW_TAP, SHOW_FORMATS };

/* What -o says, before the command's name or after it; SHOW_TEXT unless told. False: no such format. */
bool show_want(const char *name);
enum show_format show_wanted(void);
/* The emitter of a format; tap has none. */
int show_emitter(enum show_format format, struct emitter *ret, struct error *err);
/*
 * Writes the result of a command whose status so far is `status`, and returns the status to leave with. A list,
 * if that is what the command opened, is ended first; alone, a result that failed is not written.
 */
int show_finish(const struct emitter *e, bool list, int status, struct error *err);

#endif
