/* SPDX-License-Identifier: MIT */
/* core/base/pattern.c: what glibc may be given to compile, and a compiled expression that doesn't grow for ever. */
#include "core/base/pattern.h"

#include <assert.h>
#include <limits.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"

#define MAX_DEPTH 32
#define MAX_COUNT 100000 /* of an interval; regcomp refuses less */

/*
 * What makes glibc slow or large, counted as if all repetitions were written out. Atoms and branches cost memory
 * each; for parts that may be empty it grows with their square, for assertions (^, $, \b) faster still. Where a
 * loop goes around what may be empty, time doubles with each such part inside.
 */
enum cost_kind { COST_ATOMS, COST_BRANCHES, COST_OPTIONAL, COST_ASSERTIONS, COST_LOOPS, COSTS };
static const struct cost_row {
	uint64_t most;
	const char *name;
} cost_rows[] = {
	[COST_ATOMS] = { 4096, "characters" },
	[COST_BRANCHES] = { 4096, "alternatives" },
	[COST_OPTIONAL] = { 256, "parts that may be absent or empty" },
	[COST_ASSERTIONS] = { 32, "assertions such as ^ and $" },
	[COST_LOOPS] = { 8, "repetitions of what may be empty" },
};
static_assert(ARRAY_SIZE(cost_rows) == COSTS, "a cost without a limit");

/* Where there is one of these loops. */
#define MAX_OPTIONAL_IN_LOOPS   20
#define MAX_ASSERTIONS_IN_LOOPS 4

/*
 * glibc builds its automaton while it matches: at most one state for each byte, and never forgets one. So after
 * this many bytes the expression is compiled anew; sooner where states are large.
 */
#define BYTES_PER_COMPILE ((size_t)32 << 10)
#define SMALL_STATE       32 /* atoms */

/*
 * What is compiled is "\`.*(TEXT)", which holds from the first byte on or not at all: glibc then walks the line
 * once. Left to itself it would begin at each byte again. '.' is written as a class of all bytes, since glibc's
 * own has no NUL.
 */
#define ANY_BYTE "[[:cntrl:]\x01-\xff]"
static const char prefix[] = "\\`" ANY_BYTE "*(";

struct pattern {
	unsigned cost; /* atoms */
	char *text;
	struct buffer compiled; /* what glibc is given, with its NUL */
	regex_t re;
	size_t bytes; /* matched since it was compiled */
	size_t limit;
};

struct cost {
	uint64_t n[COSTS];
	bool empty; /* it matches nothing at all, too */
};

/* A group that is open, or what is around all groups. */
struct level {
	struct cost all;   /* without inner groups that are open; `empty` is of this branch */
	bool empty_before; /* of an earlier branch */
};

/* One pass over the text: what it would cost glibc, and the text as glibc gets it. */
struct scan {
	const char *at;
	unsigned depth;
	struct level levels[MAX_DEPTH + 1];
	struct cost last;  /* of what a repetition would repeat; already in its level */
	bool empty_before; /* whether the branch was `empty` before that */
	struct buffer *to;
	struct error *err;
};

static void emit(struct scan *s, const char *from, size_t size)
{
	buffer_add(s->to, from, size);
}

/* Adds to what the group at hand costs. */
static int count(struct scan *s, enum cost_kind kind, uint64_t n)
{
	uint64_t *sum = &s->levels[s->depth].all.n[kind];

	*sum += n; /* at most 4096 * MAX_COUNT: what is over the limit ends the scan */
	if (*sum <= cost_rows[kind].most)
		return 0;
	error_set(s->err, ERROR_BAD_VALUE, "too large a regular expression");
	return error_why(s->err, "with all its repetitions written out it may have %d %s",
	                 (int)cost_rows[kind].most, cost_rows[kind].name);
}

/* The next part of the branch at hand. */
static int append(struct scan *s, const struct cost *part)
{
	struct level *l = &s->levels[s->depth];
	int r = 0;

	s->last = *part;
	s->empty_before = l->all.empty;
	l->all.empty &= part->empty;
	for (enum cost_kind k = 0; k < COSTS && r == 0; k++)
		r = count(s, k, part->n[k]);
	return r;
}

static int append_atom(struct scan *s)
{
	return append(s, &(struct cost){ .n[COST_ATOMS] = 1 });
}

static int append_assertion(struct scan *s)
{
	return append(s, &(struct cost){ .n[COST_ASSERTIONS] = 1, .empty = true });
}

/* Behind the end of the bracket expression at `at`; its text's end where it has none, which regcomp refuses. */
static const char *bracket_end(const char *at)
{
	at += at[1] == '^' ? 2 : 1;
	at += *at == ']'; /* the first one is a member */
	for (; *at && *at != ']'; at++) {
		char end[] = { at[1], ']', '\0' };
		const char *close = NULL;

		if (*at != '[' || !at[1] || !strchr(".:=", at[1]))
			continue;
		close = strstr(at + 2, end);
		if (!close)
			return at + strlen(at);
		at = close + 1;
	}
	return *at ? at + 1 : at;
}

static int scan_bracket(struct scan *s)
{
	const char *end = bracket_end(s->at);

	emit(s, s->at, (size_t)(end - s->at));
	s->at = end;
	return append_atom(s);
}

static int scan_escape(struct scan *s)
{
	char c = s->at[1];

	if (c >= '1' && c <= '9') {
		error_set(s->err, ERROR_BAD_VALUE,
		          "a regular expression with a back reference, \\%c", c);
		return error_why(s->err, "matching them can take for ever");
	}
	emit(s, s->at, c ? 2 : 1);
	s->at += c ? 2 : 1;
	return c && strchr("bB<>`'", c) ? append_assertion(s) : append_atom(s);
}

static int scan_any(struct scan *s)
{
	emit(s, ANY_BYTE, strlen(ANY_BYTE));
	s->at++;
	return append_atom(s);
}

static int scan_assertion(struct scan *s)
{
	emit(s, s->at++, 1);
	return append_assertion(s);
}

static int scan_plain(struct scan *s)
{
	emit(s, s->at++, 1);
	return append_atom(s);
}

static int scan_open(struct scan *s)
{
	emit(s, s->at++, 1);
	if (s->depth == MAX_DEPTH) {
		error_set(s->err, ERROR_BAD_VALUE, "too deep a regular expression");
		return error_why(s->err, "groups may be nested %d deep", MAX_DEPTH);
	}
	s->levels[++s->depth] = (struct level){ .all.empty = true };
	return 0;
}

static int scan_close(struct scan *s)
{
	const struct level *l = &s->levels[s->depth];
	struct cost group = l->all;

	if (s->depth ==
	    0) { /* one without a group is a character; so it must be in the group around all */
		emit(s, "\\", 1);
		return scan_plain(s);
	}
	emit(s, s->at++, 1);
	s->depth--;
	group.empty |= l->empty_before;
	group.n[COST_ATOMS] += group.n[COST_ATOMS] == 0;
	group.n[COST_OPTIONAL] += group.empty;
	return append(s, &group);
}

static int scan_branch(struct scan *s)
{
	struct level *l = &s->levels[s->depth];

	emit(s, s->at++, 1);
	l->empty_before |= l->all.empty;
	l->all.empty = true;
	return count(s, COST_BRANCHES, 1);
}

/* How glibc writes a repetition out: x+ as xx*, x{2,} as xxx*, x{1,3} as xx?x?. */
struct repeat {
	uint64_t copies, least;
	bool loops;
};

/* "{2,3}" and the like. Nonsense is left to regcomp. */
static struct repeat interval_parse(const char *at, size_t size)
{
	struct repeat x = { .copies = 1 };
	uint64_t n = 0;
	bool first = true;

	for (size_t i = 1; i < size; i++) {
		bool digit = at[i] >= '0' && at[i] <= '9';

		n = digit ? MIN_OF(n * 10 + (uint64_t)(at[i] - '0'), MAX_COUNT) : 0;
		first &= digit;
		if (first)
			x.least = n;
		x.copies = n > x.copies ? n : x.copies;
	}
	x.loops = size > 2 && at[size - 2] == ',';
	x.copies += x.loops;
	return x;
}

static struct repeat repeat_parse(const char *at, size_t size)
{
	switch (*at) {
	case '*':
		return (struct repeat){ 1, 0, true };
	case '+':
		return (struct repeat){ 2, 1, true };
	case '?':
		return (struct repeat){ 1, 0, false };
	default:
		return interval_parse(at, size);
	}
}

static int scan_repeat(struct scan *s)
{
	const char *close = *s->at == '{' ? strchr(s->at, '}') : s->at;
	size_t size = close ? (size_t)(close - s->at) + 1 : strlen(s->at);
	struct repeat x = repeat_parse(s->at, size);
	struct level *l = &s->levels[s->depth];
	struct cost whole = s->last;

	emit(s, s->at, size);
	s->at += size;
	for (enum cost_kind k = 0; k < COSTS; k++) {
		l->all.n[k] -= s->last.n[k];
		whole.n[k] *= x.copies;
	}
	l->all.empty = s->empty_before;
	whole.n[COST_LOOPS] += x.loops && s->last.empty;
	whole.n[COST_OPTIONAL] += s->last.empty || x.least < x.copies ? x.copies : 0;
	whole.empty |= x.least == 0;
	return append(s, &whole);
}

static const struct {
	char first;
	int (*scan)(struct scan *s);
} scanners[] = {
	{ '[', scan_bracket },   { '\\', scan_escape },   { '.', scan_any },
	{ '^', scan_assertion }, { '$', scan_assertion }, { '(', scan_open },
	{ ')', scan_close },     { '|', scan_branch },    { '*', scan_repeat },
	{ '+', scan_repeat },    { '?', scan_repeat },    { '{', scan_repeat },
};

static int scan_all(struct scan *s)
{
	int r = 0;

	while (*s->at && r == 0) {
		size_t i = 0;

		while (i < ARRAY_SIZE(scanners) && scanners[i].first != *s->at)
			i++;
		r = i < ARRAY_SIZE(scanners) ? scanners[i].scan(s) : scan_plain(s);
	}
	return r;
}

static size_t bytes_limit(const struct cost *c)
{
	uint64_t state = c->n[COST_ATOMS] + 2 * c->n[COST_OPTIONAL] + 8 * c->n[COST_ASSERTIONS];

	return BYTES_PER_COMPILE / (1 + state / SMALL_STATE);
}

static int check_loops(const struct cost *c, struct error *err)
{
	if (c->n[COST_LOOPS] == 0 || (c->n[COST_OPTIONAL] <= MAX_OPTIONAL_IN_LOOPS &&
	                              c->n[COST_ASSERTIONS] <= MAX_ASSERTIONS_IN_LOOPS))
		return 0;
	error_set(err, ERROR_BAD_VALUE, "too large a regular expression");
	return error_why(
		err,
		"it repeats what may be empty; with all its repetitions written out it may "
		"then have %d parts that may be absent or empty, and %d assertions such as "
		"^ and $",
		MAX_OPTIONAL_IN_LOOPS, MAX_ASSERTIONS_IN_LOOPS);
}

/* Fills what is compiled, and how many bytes it may match, from the text. */
static int pattern_scan(struct pattern *p, struct error *err)
{
	struct scan s = { .at = p->text, .to = &p->compiled, .err = err };
	const struct cost *all = &s.levels[0].all;
	size_t size = strlen(p->text);
	int r;

	if (size > PATTERN_MAX) {
		error_set(err, ERROR_BAD_VALUE, "too long a regular expression");
		return error_why(err, "it has %zu bytes; it may have %d", size, PATTERN_MAX);
	}
	s.levels[0].all.empty = true;
	buffer_add(&p->compiled, prefix, strlen(prefix));
	r = scan_all(&s);
	buffer_add(&p->compiled, ")", sizeof(")"));
	p->limit = bytes_limit(all);
	p->cost = (unsigned)all->n[COST_ATOMS];
	if (r == 0)
		r = check_loops(all, err);
	if (r == 0 && p->compiled.failed)
		r = error_nomem(err, "a regular expression");
	return r;
}

static int compile(regex_t *to, const char *text, struct error *err)
{
	int code = regcomp(to, text, REG_EXTENDED | REG_NOSUB);
	char words[128];

	if (code == 0)
		return 0;
	if (code == REG_ESPACE)
		return error_nomem(err, "a regular expression");
	regerror(code, to, words, sizeof(words));
	error_set(err, ERROR_BAD_VALUE, "not a regular expression");
	return error_why(err, "%s", words);
}

/* The text alone first: what is wrong with it is then said of it, not of what stands around it. */
static int pattern_compile(struct pattern *p, struct error *err)
{
	regex_t alone;
	int r = compile(&alone, p->text, err);

	if (r < 0)
		return r;
	regfree(&alone);
	return compile(&p->re, (const char *)p->compiled.data, err);
}

static void pattern_drop(struct pattern *p)
{
	buffer_fini(&p->compiled);
	free(p->text);
	free(p);
}

struct pattern *pattern_new(const char *text, struct error *err)
{
	struct pattern *p = calloc(1, sizeof(*p));

	if (p)
		p->text = strdup(text);
	if (!p || !p->text)
		error_nomem(err, "a regular expression");
	else if (pattern_scan(p, err) == 0 && pattern_compile(p, err) == 0)
		return p;
	if (p)
		pattern_drop(p);
	return NULL;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	regfree(&p->re);
	pattern_drop(p);
}

const char *pattern_text(const struct pattern *p)
{
	return p->text;
}

/* Without memory for it the old one goes on. */
static void pattern_renew(struct pattern *p)
{
	struct error untold;
	regex_t fresh;

	if (compile(&fresh, (const char *)p->compiled.data, &untold) < 0)
		return;
	regfree(&p->re);
	p->re = fresh;
	p->bytes = 0;
}

/* A copy with a NUL behind it, whatever is inside; NULL: out of memory. */
static char *bytes_copy(const char *from, size_t size)
{
	char *to = malloc(size + 1);

	if (!to)
		return NULL;
	if (size > 0) /* else `from` may be NULL */
		memcpy(to, from, size);
	to[size] = '\0';
	return to;
}

bool pattern_matches(struct pattern *p, const char *at, size_t size, unsigned edge)
{
	size_t length = MIN_OF(size, (size_t)INT_MAX);
	regmatch_t part = { 0, (regoff_t)length };
	int flags = REG_STARTEND | (edge & PATTERN_NOT_BEGIN ? REG_NOTBOL : 0) |
	            (edge & PATTERN_NOT_END ? REG_NOTEOL : 0);
	/* glibc goes by the length, but a sanitizer in between looks for the NUL of a string. */
	auto_free char *line = bytes_copy(at, length);

	if (p->bytes > 0 && p->bytes + size > p->limit)
		pattern_renew(p);
	p->bytes += size;
	return regexec(&p->re, line ? line : at, 1, &part, flags) == 0;
}

unsigned pattern_cost(const struct pattern *p)
{
	return p->cost;
}
