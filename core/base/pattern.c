/* SPDX-License-Identifier: MIT */
/*
 * core/base/pattern.c: bounds PCRE2's work: a callout before each item of an expression counts
 * steps.
 */
#include "core/base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"

/*
 * PCRE2's match limit applies to each start position, not to the whole line, and doesn't count the
 * work within one item. So a callout before each item counts. Only the interpreter is used: PCRE2
 * 10.42 crashes on JIT-compiled expressions with callouts.
 */
#define OPTIONS                                                                                    \
	(PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE |     \
	 PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT)

/*
 * Limits on compiling, in addition to PCRE2's own (64 KiB of code as distributions build it), and
 * on matching.
 */
#define MAX_NEST       100
#define MAX_ALLOCATION ((size_t)1 << 20)
#define MAX_HEAP_KIB   (32u << 10)

/*
 * An item costs one step more for each CLASS_PER_STEP bytes of its text, since a class is searched
 * from end to end, and for each REPEAT_PER_STEP characters that it reads before it can fail.
 */
#define CLASS_PER_STEP  32
#define REPEAT_PER_STEP 4

/*
 * PCRE2 compiles a copy of a repeated group for each repetition, optional copies nested, and runs
 * all of them between two callouts. Without repetitions, the code is not longer than this.
 */
#define CODE_OF_TEXT(size) (200 + 16 * (size))
#define COPIES_PER_STEP    256 /* bytes of code beyond it */

/*
 * In case an item costs more than estimated, CPU time is charged as well: NS_PER_STEP is more than
 * a step takes on any machine. From time to time the caller is asked whether it still wants the
 * answer.
 */
#define NS_PER_STEP       64
#define STEPS_PER_LOOK    ((uint64_t)1 << 16)
#define CALLOUTS_PER_LOOK 256
#define TIMED_LINE        512 /* bytes; on shorter lines no item takes long */

struct pattern {
	char *text;
	size_t size;
	pcre2_code *code;
	uint64_t weight; /* steps for each character between two callouts */
};

struct matcher {
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint64_t steps, unlooked; /* since the caller was asked last */
	bool (*unwanted)(void *self);
	void *unwanted_self;
	/* of the current match */
	const struct pattern *pattern;
	const struct pattern_line *line;
	size_t at;
	uint64_t start_ns, start_steps;
};

static void *bounded_malloc(PCRE2_SIZE size, void *unused)
{
	(void)unused;
	return size <= MAX_ALLOCATION ? malloc(size) : NULL;
}

static void bounded_free(void *at, void *unused)
{
	(void)unused;
	free(at);
}

/* An item of the expression, as PCRE2 delimits it. */
struct item {
	const char *at;
	size_t size;
};

/* PCRE2 10.42 reports lengths beyond the end of the text, for instance behind "(?)". */
static struct item item_of(const struct pattern *p, size_t position, size_t size)
{
	size_t at = MIN(position, p->size);

	return (struct item){ p->text + at, MIN(size, p->size - at) };
}

static bool item_begins(const struct item *i, const char *prefix)
{
	size_t size = strlen(prefix);

	return i->size >= size && memcmp(i->at, prefix, size) == 0;
}

/* (?R), (?1), (?-1), (?+1), (?&name), (?P>name), \g<name>, \g'name' */
static bool item_recurses(const struct item *i)
{
	size_t sign = i->size > 3 && (i->at[2] == '-' || i->at[2] == '+');

	return item_begins(i, "(?R") || item_begins(i, "(?&") || item_begins(i, "(?P>") ||
	       item_begins(i, "\\g<") || item_begins(i, "\\g'") ||
	       (item_begins(i, "(?") && i->size > 3 && i->at[2 + sign] >= '0' &&
	        i->at[2 + sign] <= '9');
}

/* The '{' of its interval; NULL: none. The braces of \x{...} and \p{...} are no interval. */
static const char *item_interval(const struct item *i)
{
	const char *end = i->at + i->size, *open;

	if (i->size > 1 && (end[-1] == '+' || end[-1] == '?'))
		end--;
	if (end - i->at < 3 || end[-1] != '}')
		return NULL;
	open = memrchr(i->at, '{', (size_t)(end - i->at));
	return open && open > i->at && !(i->at[0] == '\\' && open == i->at + 2) ? open : NULL;
}

#define SCRIPT_RUN(begins_)                                                                        \
	{                                                                                          \
		begins_, "a regular expression with a script run",                                 \
			"PCRE2 scans all of it each time its end moves",                           \
			"write which characters are allowed there, such as \\p{Latin}"             \
	}

/* Items that are refused, by their first characters. */
static const struct refusal {
	const char *begins, *text, *why, *fix;
} refusals[] = {
	{ "\\<", "'\\<' does not match the start of a word", "PCRE2 takes it for a '<'",
	  "write \\b, or <" },
	{ "\\>", "'\\>' does not match the end of a word", "PCRE2 takes it for a '>'",
	  "write \\b, or >" },
	{ "\\`", "'\\`' does not match the start of a line", "PCRE2 takes it for a '`'",
	  "write ^, or `" },
	{ "\\'", "\"\\'\" does not match the end of a line", "PCRE2 takes it for a \"'\"",
	  "write $, or '" },
	{ "\\X", "a regular expression with \\X", "PCRE2 may scan the whole line for each",
	  "write . for a character, \\P{M}\\p{M}* for a character with its accents" },
	SCRIPT_RUN("(*sr:"),
	SCRIPT_RUN("(*asr:"),
	SCRIPT_RUN("(*script_run:"),
	SCRIPT_RUN("(*atomic_script_run:"),
};
static const struct refusal recursion = {
	NULL,
	"a regular expression that calls itself or a group",
	"matching it can take for ever",
	"repeat the group where it is needed",
};
static const struct refusal back_reference = {
	NULL,
	"a regular expression with a back reference",
	"matching it can take for ever",
	"write out what it may match",
};
static const struct refusal lookbehind = {
	NULL,
	"a regular expression that looks too far behind",
	"a lookbehind may be 255 characters long",
	"make it shorter",
};
static const struct refusal no_minimum = {
	NULL,
	"an interval without a minimum, {,N}",
	"versions of PCRE2 differ in what it means",
	"write {0,N}",
};
static const struct refusal at_begin = {
	NULL,
	"a regular expression can't begin with '(*'",
	"PCRE2 reads options and limits there, and snpvmm sets those",
	"write \\(\\* to match these characters",
};

static int refuse(struct error *err, const struct refusal *r)
{
	error_set(err, ERROR_BAD_VALUE, "%s", r->text);
	error_why(err, "%s", r->why);
	return error_fix(err, "%s", r->fix);
}

/* The state of a walk over the items of a compiled expression. */
struct item_walk {
	struct pattern *pattern;
	uint64_t longest, repeat;
	struct error *err;
};

static int item_check(pcre2_callout_enumerate_block *block, void *walk)
{
	struct item_walk *s = walk;
	struct item i = item_of(s->pattern, block->pattern_position, block->next_item_length);
	const char *interval = item_interval(&i);
	uint64_t least = 0;

	for (size_t k = 0; k < ARRAY_SIZE(refusals); k++)
		if (item_begins(&i, refusals[k].begins))
			return refuse(s->err, &refusals[k]);
	if (item_recurses(&i))
		return refuse(s->err, &recursion);
	/* Up to PCRE2 10.42 "{,3}" is five literal items, as it is between \\Q and \\E. */
	if ((interval && interval[1] == ',') ||
	    (i.size == 1 && strncmp(i.at, "{,", 2) == 0 &&
	     i.at[2 + strspn(i.at + 2, "0123456789")] == '}' && !strstr(s->pattern->text, "\\Q")))
		return refuse(s->err, &no_minimum);
	if (interval) /* at most 65535: PCRE2's limit */
		least = strtoul(interval + 1, NULL, 10);
	s->longest = MAX(s->longest, i.size);
	s->repeat = MAX(s->repeat, least);
	return 0;
}

/* Reports why PCRE2 doesn't accept the text, in PCRE2's words and with the position. */
static int refuse_text(const char *text, int code, size_t offset, struct error *err)
{
	char words[160] = "";
	size_t characters;

	if (code == PCRE2_ERROR_HEAP_FAILED)
		return error_nomem(err, "a regular expression");
	characters = text_columns(text, offset);
	pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof(words));
	error_set(err, ERROR_BAD_VALUE, "not a regular expression");
	error_why(err, "%s, at character %zu", words, MAX(characters, (size_t)1));
	if (code == PCRE2_ERROR_UNKNOWN_ESCAPE || code == PCRE2_ERROR_END_BACKSLASH)
		return error_fix(
			err,
			"write \\\\ for a backslash; pcre2pattern(3) lists what may follow one");
	if (code == PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS)
		return error_fix(err, "write \\) to match the character");
	if (code == PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE)
		return refuse(err, &back_reference);
	return err->code;
}

static int compile(struct pattern *p, struct error *err)
{
	pcre2_general_context *general =
		pcre2_general_context_create(bounded_malloc, bounded_free, NULL);
	pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
	int code = PCRE2_ERROR_HEAP_FAILED;
	PCRE2_SIZE offset = 0;

	if (context) {
		pcre2_set_parens_nest_limit(context, MAX_NEST);
		pcre2_set_newline(context, PCRE2_NEWLINE_LF); /* which no line contains */
		p->code = pcre2_compile((PCRE2_SPTR)p->text, p->size, OPTIONS, &code, &offset,
		                        context);
	}
	pcre2_compile_context_free(context);
	pcre2_general_context_free(general);
	return p->code ? 0 : refuse_text(p->text, code, offset, err);
}

/* Checks what PCRE2 made of the text, and works out its weight. */
static int check_items(struct pattern *p, struct error *err)
{
	struct item_walk s = { .pattern = p, .err = err };
	uint32_t references = 0, behind = 0;
	size_t code = 0, copies;

	pcre2_pattern_info(p->code, PCRE2_INFO_BACKREFMAX, &references);
	pcre2_pattern_info(p->code, PCRE2_INFO_MAXLOOKBEHIND, &behind);
	pcre2_pattern_info(p->code, PCRE2_INFO_SIZE, &code);
	copies = code - MIN(code, CODE_OF_TEXT(p->size));
	if (references > 0)
		return refuse(err, &back_reference);
	if (behind > PATTERN_LOOKBEHIND)
		return refuse(err, &lookbehind);
	if (pcre2_callout_enumerate(p->code, item_check, &s) < 0)
		return err->code;
	p->weight = (1 + s.longest / CLASS_PER_STEP) * (1 + (s.repeat + behind) / REPEAT_PER_STEP) +
	            copies / COPIES_PER_STEP;
	return 0;
}

struct pattern *pattern_new(const char *text, struct error *err)
{
	struct pattern *p = calloc(1, sizeof(*p));

	if (p) {
		p->text = strdup(text);
		p->size = strlen(text);
	}
	if (!p || !p->text) {
		error_nomem(err, "a regular expression");
	} else if (p->size > PATTERN_MAX) {
		error_set(err, ERROR_BAD_VALUE, "too long a regular expression");
		error_why(err, "it has %zu bytes; the limit is %d", p->size, PATTERN_MAX);
	} else if (strncmp(text, "(*", 2) == 0) {
		refuse(err, &at_begin);
	} else if (compile(p, err) == 0 && check_items(p, err) == 0) {
		return p;
	}
	pattern_free(p);
	return NULL;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	free(p->text);
	free(p);
}

const char *pattern_text(const struct pattern *p)
{
	return p->text;
}

/*
 * Charges CPU time that the steps of this match don't cover. The thread's own time, so that neither
 * the guest nor another process uses up steps.
 */
static void time_pay(struct matcher *m)
{
	uint64_t steps = m->start_ns ? (clock_thread_ns() - m->start_ns) / NS_PER_STEP : 0;
	uint64_t paid = m->start_steps - m->steps;

	if (steps > paid)
		m->steps -= MIN(steps - paid, m->steps);
}

static bool is_unwanted(struct matcher *m, uint64_t steps)
{
	m->unlooked += MAX(steps, STEPS_PER_LOOK / CALLOUTS_PER_LOOK);
	if (m->unlooked < STEPS_PER_LOOK)
		return false;
	m->unlooked = 0;
	time_pay(m);
	return m->unwanted && m->unwanted(m->unwanted_self);
}

enum { STOP_UNWANTED = -1000 }; /* none of PCRE2's own codes */

/* Called before each item. Negative ends the match, positive makes this item fail. */
static int count_steps(pcre2_callout_block *block, void *matcher)
{
	struct matcher *m = matcher;
	size_t now = block->current_position;
	uint64_t distance = now > m->at ? now - m->at : m->at - now;
	uint64_t steps = (1 + distance) * m->pattern->weight;
	struct item i = item_of(m->pattern, block->pattern_position, block->next_item_length);

	m->at = now;
	if (is_unwanted(m, steps))
		return STOP_UNWANTED;
	if (steps > m->steps)
		return PCRE2_ERROR_CALLOUT;
	m->steps -= steps;
	/* PCRE2_NOTBOL and PCRE2_NOTEOL only affect ^ and $. */
	return (m->line->open && (item_begins(&i, "\\z") || item_begins(&i, "\\Z"))) ||
	       (m->line->from > 0 && item_begins(&i, "\\G"));
}

struct matcher *matcher_new(struct error *err)
{
	struct matcher *m = calloc(1, sizeof(*m));

	if (m) {
		m->data = pcre2_match_data_create(1, NULL);
		m->context = pcre2_match_context_create(NULL);
		m->steps = MATCHER_STEPS_MAX;
	}
	if (!m || !m->data || !m->context) {
		matcher_free(m);
		error_nomem(err, "matching regular expressions");
		return NULL;
	}
	pcre2_set_callout(m->context, count_steps, m);
	pcre2_set_heap_limit(m->context, MAX_HEAP_KIB);
	pcre2_set_match_limit(m->context, (uint32_t)MATCHER_STEPS_MAX);
	return m;
}

void matcher_free(struct matcher *m)
{
	if (!m)
		return;
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
	free(m);
}

void matcher_add_steps(struct matcher *m, uint64_t steps)
{
	m->steps = MIN(m->steps + steps, MATCHER_STEPS_MAX);
}

void matcher_ask(struct matcher *m, bool (*unwanted)(void *self), void *self)
{
	m->unwanted = unwanted;
	m->unwanted_self = self;
}

enum pattern_answer pattern_match(const struct pattern *p, struct matcher *m,
                                  const struct pattern_line *line)
{
	uint32_t options = PCRE2_NO_UTF_CHECK | (line->from > 0 ? PCRE2_NOTBOL : 0) |
	                   (line->open ? PCRE2_NOTEOL : 0);
	int r;

	m->pattern = p;
	m->line = line;
	m->at = line->from;
	m->start_ns = line->size >= TIMED_LINE ? clock_thread_ns() : 0;
	m->start_steps = m->steps;
	if (is_unwanted(m, line->size))
		return PATTERN_UNWANTED;
	/* PCRE2 searches for the start of a match without callouts. */
	if (line->size > m->steps)
		return PATTERN_UNDECIDED;
	m->steps -= line->size;
	r = pcre2_match(p->code, (PCRE2_SPTR)(line->at ? line->at : ""), line->size, line->from,
	                options, m->data, m->context);
	time_pay(m);
	if (r >= 0)
		return PATTERN_YES;
	if (r == STOP_UNWANTED)
		return PATTERN_UNWANTED;
	return r == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_UNDECIDED;
}
