/* SPDX-License-Identifier: MIT */
/* core/out/run_result_priv.h: texts and escaping, shared by the formats of results. */
#ifndef CORE_OUT_RUN_RESULT_PRIV_H
#define CORE_OUT_RUN_RESULT_PRIV_H

#include "core/base/text.h"
#include "core/out/run_result.h"

/* Sizes that hold any one text of a result, cleaned, and its title. */
enum {
	RUN_TEXT = TEXT_CAP(sizeof(((struct run_result *)0)->why)),
	RUN_TITLE = TEXT_CAP(sizeof(((struct run_result *)0)->name) +
	                     sizeof(((struct run_result *)0)->variant)) +
	            3,
};

/*
 * Each yields one clean line, in a buffer that lasts until the end of the enclosing block: for a
 * text member of a result, for any string, and "NAME [VARIANT]".
 */
#define run_text(member)    run_text_clean((char[RUN_TEXT]){ 0 }, (member), sizeof(member))
#define run_text_of(string) run_text_clean((char[RUN_TEXT]){ 0 }, (string), RUN_TEXT)
#define run_title(r)        run_title_make((char[RUN_TITLE]){ 0 }, (r))

const char *run_text_clean(char to[static RUN_TEXT], const char *from, size_t cap);
const char *run_title_make(char to[static RUN_TITLE], const struct run_result *r);

/* A character that has a meaning in the format, and its escape. */
struct run_escape {
	char is;
	const char *as;
};
extern const struct run_escape tap_text[];  /* a test's line, where '#' begins a directive */
extern const struct run_escape yaml_text[]; /* for a double-quoted scalar of YAML */

/* Prints clean text, escaped. The table ends with a row of zeros. */
void run_put(FILE *to, const char *text, const struct run_escape *escapes);
/* The same between `before` and `after`; nothing at all if the text is empty. */
void run_put_some(FILE *to, const char *before, const char *text, const char *after,
                  const struct run_escape *escapes);

/* Whether the run passed or was skipped. */
static inline bool run_is_fine(const struct run_result *r)
{
	return r->status == RESULT_PASS || r->status == RESULT_SKIP;
}

static inline uint64_t run_ms(uint64_t us)
{
	return us / 1000 + (us % 1000 >= 500);
}

/* Flushes; 0, or a negative errno with *err saying that `what` failed, now or earlier. */
int run_written(FILE *to, const char *what, struct error *err);

#endif
