/* SPDX-License-Identifier: MIT */
/* core/vm/watch.c: splits the console's bytes into lines and matches them against patterns. */
#include "core/vm/watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/pattern.h"
#include "core/base/text.h"
#include "core/vm/outcome.h"

enum { WINDOW = 8192, TAIL = 8192, SHOWN = 256, SHOWN_PATTERN = 81 };
/* How many bytes of a window are kept for expressions to look back at. */
enum { CONTEXT = 4 * (PATTERN_LOOKBEHIND + 1) };

/*
 * The budget of matching steps grows by this much with each byte of the console, and with each
 * pause in which no byte comes (a pause's steps take ten milliseconds).
 */
enum { STEPS_PER_BYTE = 4096, STEPS_PER_PAUSE = 1 << 20 };

/* The position in an escape sequence of ECMA-48. */
enum escape {
	ESCAPE_NONE,
	ESCAPE_BEGUN,   /* after ESC */
	ESCAPE_CONTROL, /* CSI: parameters, then a final byte */
	/* OSC, DCS and the like: until BEL, or an ESC, which starts ST or another sequence */
	ESCAPE_STRING,
};

struct watch {
	pthread_mutex_t lock;
	void (*wake)(void *self);
	void *wake_self;
	bool (*hurry)(void *self);
	void *hurry_self;

	struct pattern **expected, **never;
	size_t n_expected, n_never;
	struct matcher *matcher;
	atomic_size_t met;
	atomic_bool forbidden;
	bool undecided;                   /* matching the forbidden line ran into its limit */
	char forbidden_by[SHOWN_PATTERN]; /* the pattern, clean */
	char forbidden_line[SHOWN];
	bool panicked; /* the forbidden line is a kernel's panic */
	bool growing;  /* the forbidden line hasn't ended yet */

	enum escape escape;
	uint8_t part[4]; /* an incomplete character */
	size_t part_size;
	bool returned; /* the last byte was a carriage return: a newline or another line follows */
	char line[WINDOW];  /* UTF-8 */
	size_t held;        /* bytes in it */
	size_t from;        /* if the line began before line[0], it has been matched up to here */
	atomic_bool unseen; /* bytes came since the line was last matched */
	bool counted;       /* the line has matched an expected pattern */

	char last[SHOWN]; /* the beginning of the last line that wasn't empty */
	size_t last_size;
	char last_clean[SHOWN];
	char tail[TAIL]; /* a ring buffer */
	size_t total;    /* bytes ever received */
};

static int patterns_new(const char *const *texts, size_t n, struct pattern ***ret,
                        struct error *err)
{
	*ret = calloc(n ? n : 1, sizeof(**ret));
	if (!*ret)
		return error_nomem(err, "patterns");
	for (size_t i = 0; i < n; i++) {
		(*ret)[i] = pattern_new(texts[i], err);
		if (!(*ret)[i])
			return err->code;
	}
	return 0;
}

static void patterns_free(struct pattern **list, size_t n)
{
	for (size_t i = 0; list && i < n; i++)
		pattern_free(list[i]);
	free(list);
}

struct watch *watch_new(const struct watch_rules *rules, struct error *err)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w) {
		error_nomem(err, "the console's watch");
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	w->n_expected = rules->n_expected;
	w->n_never = rules->n_never;
	w->matcher = matcher_new(err);
	if (w->matcher &&
	    patterns_new(rules->expected, rules->n_expected, &w->expected, err) == 0 &&
	    patterns_new(rules->never, rules->n_never, &w->never, err) == 0)
		return w;
	watch_free(w);
	return NULL;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	patterns_free(w->expected, w->n_expected);
	patterns_free(w->never, w->n_never);
	matcher_free(w->matcher);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void watch_on_change(struct watch *w, void (*wake)(void *self), void *self)
{
	w->wake = wake;
	w->wake_self = self;
}

void watch_on_hurry(struct watch *w, bool (*hurry)(void *self), void *self)
{
	w->hurry = hurry;
	w->hurry_self = self;
}

static void watch_wake(const struct watch *w)
{
	if (w->wake)
		w->wake(w->wake_self);
}

/* Keeps what has come of the forbidden line, for messages. */
static void watch_quote(struct watch *w)
{
	w->panicked |= memmem(w->line, w->held, "Kernel panic", strlen("Kernel panic")) != NULL;
	text_clean(w->forbidden_line, sizeof(w->forbidden_line), w->line, w->held, 0);
}

static void watch_forbid(struct watch *w, const struct pattern *by, bool undecided)
{
	const char *text = pattern_text(by);

	text_clean(w->forbidden_by, sizeof(w->forbidden_by), text, strlen(text), 0);
	w->undecided = undecided;
	w->growing = true;
	watch_quote(w); /* even if the beginning of the line has been dropped */
	atomic_store(&w->forbidden, true);
	watch_wake(w);
}

/* If matching runs into its limit, the line counts as forbidden. */
static bool watch_matches(struct watch *w, const struct pattern *p, bool open)
{
	const struct pattern_line line = { w->line, w->held, w->from, open };
	enum pattern_answer answer =
		w->undecided ? PATTERN_NO : pattern_match(p, w->matcher, &line);

	w->unseen |= answer == PATTERN_UNWANTED;
	if (answer == PATTERN_UNDECIDED && !w->forbidden)
		watch_forbid(w, p, true);
	return answer == PATTERN_YES;
}

/* Matches what has come of the line. open: more of it may follow. */
static void watch_look(struct watch *w, bool open)
{
	size_t met = w->met;

	w->unseen = false;
	for (size_t i = 0; i < w->n_never && !w->forbidden && !w->unseen; i++)
		if (watch_matches(w, w->never[i], open))
			watch_forbid(w, w->never[i], false);
	if (w->growing && w->from == 0)
		watch_quote(w);
	if (w->unseen || w->counted || met == w->n_expected ||
	    !watch_matches(w, w->expected[met], open))
		return;
	w->counted = true;
	w->met = met + 1;
	if (met + 1 == w->n_expected)
		watch_wake(w);
}

static void watch_remember(struct watch *w)
{
	if (w->held == 0 || w->from > 0)
		return;
	w->last_size = MIN(w->held, sizeof(w->last));
	memcpy(w->last, w->line, w->last_size);
}

static void watch_end_line(struct watch *w)
{
	watch_look(w, false);
	watch_remember(w);
	w->growing = w->returned = w->counted = false;
	w->held = w->from = 0;
}

/* The first position from `at` on where a character begins. */
static size_t watch_boundary(const struct watch *w, size_t at)
{
	while (at < w->held && ((uint8_t)w->line[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* Adds a character to the line. A full window is matched, and its second half begins the next. */
static void watch_add(struct watch *w, const void *character, size_t size)
{
	size_t half;

	memcpy(w->line + w->held, character, size);
	w->held += size;
	if (!w->unseen) {
		w->unseen = true;
		watch_wake(w);
	}
	if (w->held + sizeof(w->part) <= WINDOW)
		return;
	half = watch_boundary(w, WINDOW / 2);
	watch_look(w, true);
	watch_remember(w);
	w->held -= half;
	memmove(w->line, w->line + half, w->held);
	w->from = watch_boundary(w, CONTEXT);
}

/* Replaces an incomplete character: nothing that follows can complete it. */
static void watch_give_up_part(struct watch *w)
{
	if (w->part_size > 0)
		watch_add(w, TEXT_REPLACEMENT, strlen(TEXT_REPLACEMENT));
	w->part_size = 0;
}

/* Takes a byte of the line's text, which may complete a character. */
static void watch_text(struct watch *w, uint8_t byte)
{
	struct text_char c;

	if (w->returned && w->held > 0)
		watch_end_line(w); /* on a terminal this byte would overwrite the line */
	w->returned = false;
	w->part[w->part_size++] = byte;
	for (c = text_decode(w->part, w->part_size); c.state == TEXT_BAD && c.size < w->part_size;
	     c = text_decode(w->part, w->part_size)) {
		watch_add(w, TEXT_REPLACEMENT, strlen(TEXT_REPLACEMENT));
		w->part_size -= c.size;
		memmove(w->part, w->part + c.size, w->part_size);
	}
	if (c.state == TEXT_WHOLE) {
		watch_add(w, w->part, c.size);
		w->part_size = 0;
	} else if (c.state == TEXT_BAD)
		watch_give_up_part(w);
}

/*
 * Whether the byte is part of an escape sequence. A newline never is, so no sequence hides the
 * lines that follow.
 */
static bool watch_escaped(struct watch *w, uint8_t byte)
{
	enum escape was = w->escape;

	if (byte == '\n' || byte == 0x18 || byte == 0x1a) /* CAN and SUB cancel a sequence */
		w->escape = ESCAPE_NONE;
	else if (byte == 0x1b)
		w->escape = ESCAPE_BEGUN;
	else if (was == ESCAPE_STRING)
		w->escape = byte == 0x07 ? ESCAPE_NONE : ESCAPE_STRING;
	else if (was == ESCAPE_BEGUN && byte == '[')
		w->escape = ESCAPE_CONTROL;
	else if (was == ESCAPE_BEGUN && strchr("]PX^_", byte) && byte)
		w->escape = ESCAPE_STRING;
	else if (was == ESCAPE_BEGUN && (byte < 0x20 || byte > 0x2f)) /* not an intermediate byte */
		w->escape = ESCAPE_NONE;
	else if (was == ESCAPE_CONTROL && byte >= 0x40 && byte <= 0x7e)
		w->escape = ESCAPE_NONE;
	return byte != '\n' && (was != ESCAPE_NONE || byte == 0x1b);
}

static void watch_byte(struct watch *w, uint8_t byte)
{
	bool escaped = watch_escaped(w, byte);

	w->tail[w->total++ % TAIL] = (char)byte;
	if (escaped || byte == '\r' || byte == '\n')
		watch_give_up_part(w);
	if (escaped)
		return;
	if (byte == '\n') {
		watch_end_line(w);
	} else if (byte != '\r') {
		watch_text(w, byte);
	} else {
		w->returned = true;
		if (w->held > 0 && !w->unseen) { /* the end of the line may match `$` */
			w->unseen = true;
			watch_wake(w);
		}
	}
}

void watch_put(void *watch, const uint8_t *data, size_t size)
{
	struct watch *w = watch;

	pthread_mutex_lock(&w->lock);
	matcher_add_steps(w->matcher, (uint64_t)size * STEPS_PER_BYTE);
	for (size_t i = 0; i < size; i++)
		watch_byte(w, data[i]);
	pthread_mutex_unlock(&w->lock);
}

void watch_pause(struct watch *w)
{
	if (pthread_mutex_trylock(&w->lock) != 0)
		return; /* bytes are coming, so this isn't a pause */
	matcher_add_steps(w->matcher, STEPS_PER_PAUSE);
	matcher_ask(w->matcher, w->hurry, w->hurry_self);
	if (w->unseen)
		watch_look(w, !w->returned);
	matcher_ask(w->matcher, NULL, NULL);
	pthread_mutex_unlock(&w->lock);
}

void watch_end(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	watch_give_up_part(w);
	if (w->held > 0)
		watch_end_line(w);
	pthread_mutex_unlock(&w->lock);
}

bool watch_unseen(const struct watch *w)
{
	return w->unseen;
}

bool watch_complete(const struct watch *w)
{
	return w->met == w->n_expected;
}

bool watch_forbidden(const struct watch *w)
{
	return w->forbidden;
}

void watch_outcome(struct watch *w, struct outcome *ret)
{
	pthread_mutex_lock(&w->lock);
	if (w->growing && w->from == 0)
		watch_quote(w);
	if (w->undecided)
		outcome_set(ret, CONSOLE_UNDECIDED, 0,
		            "matching '%s' ran into its limit at the line: %s", w->forbidden_by,
		            w->forbidden_line);
	else if (w->panicked)
		outcome_set(ret, GUEST_PANICKED, 0, "the guest's kernel panicked: %s",
		            w->forbidden_line);
	else
		outcome_set(ret, CONSOLE_FORBIDDEN, 0, "a line matches '%s' in expect.never: %s",
		            w->forbidden_by, w->forbidden_line);
	pthread_mutex_unlock(&w->lock);
}

size_t watch_expected(const struct watch *w)
{
	return w->n_expected;
}

size_t watch_met(const struct watch *w)
{
	return w->met;
}

const char *watch_outstanding(const struct watch *w)
{
	size_t met = w->met;

	return met < w->n_expected ? pattern_text(w->expected[met]) : NULL;
}

const char *watch_last_line(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	text_clean(w->last_clean, sizeof(w->last_clean), w->last, w->last_size, 0);
	pthread_mutex_unlock(&w->lock);
	return w->last_clean;
}

size_t watch_tail(struct watch *w, char *to, size_t cap)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = MIN(MIN(w->total, (size_t)TAIL), cap);
	for (size_t i = 0; i < n; i++)
		to[i] = w->tail[(w->total - n + i) % TAIL];
	pthread_mutex_unlock(&w->lock);
	return n;
}
