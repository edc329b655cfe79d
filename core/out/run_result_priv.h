/* SPDX-License-Identifier: MIT */
/* core/out/run_result_priv.h: what the texts that are made of a run's result share. */
#ifndef CORE_OUT_RUN_RESULT_PRIV_H
#define CORE_OUT_RUN_RESULT_PRIV_H

#include <string.h>

#include "core/base/text.h"
#include "core/out/run_result.h"

/* Room for any one text of a result, cleaned; and for its title. */
enum {
	RUN_TEXT = TEXT_ROOM(sizeof(((struct run_result *)0)->why)),
	RUN_TITLE = TEXT_ROOM(sizeof(((struct run_result *)0)->name) +
	                      sizeof(((struct run_result *)0)->variant)) +
	            3,
};

/* A text member of a result as one clean line, in a buffer that lives as long as the expression's block. */
#define run_text(member) run_text_clean((char[RUN_TEXT]){ 0 }, (member), sizeof(member))

static inline const char *run_text_clean(char to[static RUN_TEXT], const char *from, size_t room)
{
	text_clean(to, RUN_TEXT, from, strnlen(from, room), 0);
	return to;
}

/* "NAME [VARIANT]", clean. Returns `to`. */
const char *run_title(const struct run_result *r, char to[static RUN_TITLE]);

/* Flushes; 0, or a negative errno with *err saying that `what` failed, now or earlier. */
int run_written(FILE *to, const char *what, struct error *err);

#endif
