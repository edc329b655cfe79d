/* SPDX-License-Identifier: MIT */
/*
 * core/base/pattern.c: PCRE2, kept from running away: a callout before each item of an expression
 * counts.
 */
#include "core/base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/array.h"
#include "core/base/error.h"

/*
 * PCRE2's own match limit holds for each position where a match may begin, not for the line, and
 * doesn't count what one item does by itself. So each item is preceded by a callout, which counts.
 * That is for the interpreter: compiled to machine code, expressions with callouts crash PCRE2
 * 10.42, and it would not be worth it.
 */
#define OPTIONS                                                                                    \
	(PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE |     \
	 PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT)

#define MAX_NEST 100
#define MAX_ALLOCATION                                                                             \
	((size_t)1                                                                                 \
	 << 20) /* while compiling: PCRE2's own limit is 64 KiB as distributions build it */
#define MAX_HEAP_KIB (32u << 10) /* while matching */
#define CLASS_PER_STEP                                                                             \
	32 /* bytes of an item's text: a class is searched from its begin to its end */
#define REPEAT_PER_STEP 4 /* characters that one item reads before it may fail */

/*
 * A group that is repeated is compiled so many times, each copy that may be absent within the one
 * before; they are all left at once, between two callouts. Without repetitions code isn't longer
 * than this.
 */
#define CODE_OF_TEXT(size) (200 + 16 * (size))
#define COPIES_PER_STEP    256 /* bytes of code beyond that */

/*
 * Some item may yet cost more than we know of. So the processor's time is paid for as well, at far
 * more than a step takes anywhere; and now and then, whatever an item costs, the caller is asked
 * whether it still wants the answer.
 */
#define NS_PER_STEP       64
#define STEPS_PER_LOOK    ((uint64_t)1 << 16)
#define CALLOUTS_PER_LOOK 256
#define TIMED_LINE        512 /* bytes; in a shorter one no item takes long */

struct pattern {
	char *text;
	size_t size;
	pcre2_code *code;
	uint64_t
		/* steps for what may happen between two callouts, but for the way in the line */
		weight;
};

struct matcher {
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint64_t steps, unlooked; /* since the caller was asked last */
	bool (*unwanted)(void *self);
	void *unwanted_self;
	/* of the match at hand */
	const struct pattern *pattern;
	const struct pattern_line *line;
	size_t at;
	uint64_t begun_ns, begun_steps;
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

/* An item of the expression, as PCRE2 parted it. */
struct item {
	const char *at;
	size_t size;
};

/* PCRE2 10.42 gives lengths beyond the text, behind "(?)" for one. */
static struct item item_of(const struct pattern *p, size_t position, size_t size)
{
	size_t at = MIN_OF(position, p->size);

	return (struct item){ p->text + at, MIN_OF(size, p->size - at) };
}

static bool item_begins(const struct item *i, const char *with)
{
	size_t size = strlen(with);

	return i->size >= size && memcmp(i->at, with, size) == 0;
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

/* The '{' of its interval; NULL: none. That of \x{...}, \p{...} and the like is no interval. */
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

/* Until 10.42 "{,3}" is five items, each a character: as it is between \\Q and \\E. */
static bool item_is_no_least(const struct item *i, const char *text)
{
	return i->size == 1 && strncmp(i->at, "{,", 2) == 0 &&
	       i->at[2 + strspn(i->at + 2, "0123456789")] == '}' && !strstr(text, "\\Q");
}

#define SCRIPT_RUN(begins_)                                                                        \
	{                                                                                          \
		begins_, "a regular expression with a script run",                                 \
			"PCRE2 looks through all of it each time its end moves",                   \
			"write which characters may stand there, such as \\p{Latin}"               \
	}

/* What an expression holds that isn't for us. */
static const struct refusal {
	const char *begins, *text, *why, *fix;
} refusals[] = {
	{ "\\<", "'\\<' is no word's begin here", "PCRE2 takes it for a '<'", "write \\b, or <" },
	{ "\\>", "'\\>' is no word's end here", "PCRE2 takes it for a '>'", "write \\b, or >" },
	{ "\\`", "'\\`' is no line's begin here", "PCRE2 takes it for a '`'", "write ^, or `" },
	{ "\\'", "\"\\'\" is no line's end here", "PCRE2 takes it for a \"'\"", "write $, or '" },
	{ "\\X", "a regular expression with \\X", "PCRE2 may look through the whole line for each",
	  "write . for a character, \\P{M}\\p{M}* for one with its accents" },
	SCRIPT_RUN("(*sr:"),
	SCRIPT_RUN("(*asr:"),
	SCRIPT_RUN("(*script_run:"),
	SCRIPT_RUN("(*atomic_script_run:"),
};
static const struct refusal recursion = {
	NULL,
	"a regular expression that calls itself or a group",
	"matching it can take for ever",
	"write the group out where it is wanted",
};
static const struct refusal back_reference = {
	NULL,
	"a regular expression with a back reference",
	"matching it can take for ever",
	"write out what may stand there",
};
static const struct refusal lookbehind = {
	NULL,
	"a regular expression that looks too far behind",
	"a lookbehind may have 255 characters",
	"make it shorter",
};
static const struct refusal no_least = {
	NULL,
	"an interval without a least number, {,N}",
	"versions of PCRE2 differ in what they take it for",
	"write {0,N}",
};
static const struct refusal at_begin = {
	NULL,
	"a regular expression can't begin with '(*'",
	"what PCRE2 has there sets options and limits, which are set already",
	"write \\(\\* for these characters themselves",
};

static int refuse(struct error *err, const struct refusal *r)
{
	error_set(err, ERROR_BAD_VALUE, "%s", r->text);
	error_why(err, "%s", r->why);
	return error_fix(err, "%s", r->fix);
}

/* While the items of a compiled expression are looked at. */
struct survey {
	struct pattern *pattern;
	uint64_t longest, repeat;
	struct error *err;
};

static int survey_item(pcre2_callout_enumerate_block *block, void *survey)
{
	struct survey *s = survey;
	struct item i = item_of(s->pattern, block->pattern_position, block->next_item_length);
	const char *interval = item_interval(&i);
	uint64_t least = 0;

	for (size_t k = 0; k < ARRAY_SIZE(refusals); k++)
		if (item_begins(&i, refusals[k].begins))
			return refuse(s->err, &refusals[k]);
	if (item_recurses(&i))
		return refuse(s->err, &recursion);
	if ((interval && interval[1] == ',') || item_is_no_least(&i, s->pattern->text))
		return refuse(s->err, &no_least);
	if (interval) /* PCRE2 takes no more than 65535 */
		least = strtoul(interval + 1, NULL, 10);
	s->longest = MAX_OF(s->longest, i.size);
	s->repeat = MAX_OF(s->repeat, least);
	return 0;
}

/* What PCRE2 says to a text that is no expression, and where. */
static int refuse_text(const char *text, int code, size_t offset, struct error *err)
{
	char words[160] = "";
	size_t characters = 0;

	if (code == PCRE2_ERROR_HEAP_FAILED)
		return error_nomem(err, "a regular expression");
	for (size_t i = 0; i < offset; i++)
		characters += ((uint8_t)text[i] & 0xc0) != 0x80;
	pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof(words));
	error_set(err, ERROR_BAD_VALUE, "not a regular expression");
	error_why(err, "%s, at character %zu", words, MAX_OF(characters, (size_t)1));
	if (code == PCRE2_ERROR_UNKNOWN_ESCAPE || code == PCRE2_ERROR_END_BACKSLASH)
		return error_fix(
			err, "write \\\\ for a backslash; pcre2pattern(3) has what may follow one");
	if (code == PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS)
		return error_fix(err, "write \\) for the character itself");
	if (code == PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE)
		return refuse(err, &back_reference);
	return err->code;
}

static pcre2_compile_context *compile_context(pcre2_general_context *general)
{
	pcre2_compile_context *c = pcre2_compile_context_create(general);

	if (!c)
		return NULL;
	pcre2_set_parens_nest_limit(c, MAX_NEST);
	pcre2_set_newline(c, PCRE2_NEWLINE_LF); /* which no line holds */
	return c;
}

static int compile(struct pattern *p, struct error *err)
{
	pcre2_general_context *general =
		pcre2_general_context_create(bounded_malloc, bounded_free, NULL);
	pcre2_compile_context *context = general ? compile_context(general) : NULL;
	int code = PCRE2_ERROR_HEAP_FAILED;
	PCRE2_SIZE offset = 0;

	if (context)
		p->code = pcre2_compile((PCRE2_SPTR)p->text, p->size, OPTIONS, &code, &offset,
		                        context);
	pcre2_compile_context_free(context);
	pcre2_general_context_free(general);
	return p->code ? 0 : refuse_text(p->text, code, offset, err);
}

/* Looks at what PCRE2 made of the text: whether it is for us, and what it costs. */
static int survey(struct pattern *p, struct error *err)
{
	struct survey s = { .pattern = p, .err = err };
	uint32_t references = 0, behind = 0;
	size_t code = 0, copies;

	pcre2_pattern_info(p->code, PCRE2_INFO_BACKREFMAX, &references);
	pcre2_pattern_info(p->code, PCRE2_INFO_MAXLOOKBEHIND, &behind);
	pcre2_pattern_info(p->code, PCRE2_INFO_SIZE, &code);
	copies = code - MIN_OF(code, CODE_OF_TEXT(p->size));
	if (references > 0)
		return refuse(err, &back_reference);
	if (behind > PATTERN_LOOKBEHIND)
		return refuse(err, &lookbehind);
	if (pcre2_callout_enumerate(p->code, survey_item, &s) < 0)
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
		error_why(err, "it has %zu bytes; it may have %d", p->size, PATTERN_MAX);
	} else if (strncmp(text, "(*", 2) == 0) {
		refuse(err, &at_begin);
	} else if (compile(p, err) == 0 && survey(p, err) == 0) {
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

/* Of the thread: neither a guest's share of the processor nor another process costs steps. */
static uint64_t processor_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void time_begin(struct matcher *m)
{
	m->begun_ns = m->line->size >= TIMED_LINE ? processor_ns() : 0;
	m->begun_steps = m->steps;
}

/* Pays for time that the steps of this match don't account for. */
static void time_pay(struct matcher *m)
{
	uint64_t steps = m->begun_ns ? (processor_ns() - m->begun_ns) / NS_PER_STEP : 0;
	uint64_t paid = m->begun_steps - m->steps;

	if (steps > paid)
		m->steps -= MIN_OF(steps - paid, m->steps);
}

static bool is_unwanted(struct matcher *m, uint64_t steps)
{
	m->unlooked += MAX_OF(steps, STEPS_PER_LOOK / CALLOUTS_PER_LOOK);
	if (m->unlooked < STEPS_PER_LOOK)
		return false;
	m->unlooked = 0;
	time_pay(m);
	return m->unwanted && m->unwanted(m->unwanted_self);
}

enum { STOP_UNWANTED = -1000 }; /* PCRE2 has none of its own down there */

/* Before each item. A negative result ends the match, a positive one makes the item not match. */
static int count(pcre2_callout_block *block, void *matcher)
{
	struct matcher *m = matcher;
	size_t now = block->current_position;
	uint64_t way = now > m->at ? now - m->at : m->at - now;
	uint64_t steps = (1 + way) * m->pattern->weight;
	struct item i = item_of(m->pattern, block->pattern_position, block->next_item_length);

	m->at = now;
	if (is_unwanted(m, steps))
		return STOP_UNWANTED;
	if (steps > m->steps)
		return PCRE2_ERROR_CALLOUT;
	m->steps -= steps;
	/* PCRE2_NOTBOL and PCRE2_NOTEOL are for ^ and $ alone. */
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
	pcre2_set_callout(m->context, count, m);
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
	m->steps = MIN_OF(m->steps + steps, MATCHER_STEPS_MAX);
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
	time_begin(m);
	if (is_unwanted(m, line->size))
		return PATTERN_UNWANTED;
	/* Where a match may begin is searched without callouts. */
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
