/* SPDX-License-Identifier: MIT */
/* core/vm/watch.c: makes lines of the console's bytes and tries them against patterns. */
#include "core/vm/watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/pattern.h"
#include "core/base/text.h"
#include "core/vm/outcome.h"

enum { WINDOW = 8192, TAIL = 8192, SHOWN = 256, SHOWN_PATTERN = 81 };

/* Where in an escape sequence of ECMA-48 the bytes are. */
enum escape {
	ESCAPE_NONE,
	ESCAPE_BEGUN,   /* after ESC */
	ESCAPE_CONTROL, /* CSI: parameters, then a final byte */
	ESCAPE_STRING, /* OSC, DCS and the like: to BEL or an ESC, which begins ST or another sequence */
};

struct watch {
	pthread_mutex_t lock;
	void (*wake)(void *self);
	void *wake_self;

	struct pattern **expected, **never;
	size_t n_expected, n_never;
	atomic_size_t met;
	atomic_bool forbidden;
	char forbidden_by[SHOWN_PATTERN]; /* the pattern, clean */
	char forbidden_line[SHOWN];
	bool panicked; /* and that line is a kernel's panic */
	bool growing;  /* and isn't over yet */

	enum escape escape;
	char line[WINDOW];
	size_t held;        /* bytes of the line */
	atomic_bool unseen; /* since the last look bytes were added */
	bool cut;           /* the line began before line[0] */
	bool counted;       /* it has matched an expected pattern */

	char last[SHOWN]; /* of the last line that had something in it: its begin */
	size_t last_size;
	char last_clean[SHOWN];
	char tail[TAIL]; /* a ring */
	size_t total;    /* bytes ever */
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
	if (patterns_new(rules->expected, rules->n_expected, &w->expected, err) == 0 &&
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
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void watch_on_change(struct watch *w, void (*wake)(void *self), void *self)
{
	w->wake = wake;
	w->wake_self = self;
}

static void watch_wake(const struct watch *w)
{
	if (w->wake)
		w->wake(w->wake_self);
}

/* The forbidden line, as far as it has come. */
static void watch_quote(struct watch *w)
{
	w->panicked |= memmem(w->line, w->held, "Kernel panic", strlen("Kernel panic")) != NULL;
	text_clean(w->forbidden_line, sizeof(w->forbidden_line), w->line, w->held, 0);
}

static void watch_forbid(struct watch *w, const struct pattern *by)
{
	const char *text = pattern_text(by);

	text_clean(w->forbidden_by, sizeof(w->forbidden_by), text, strlen(text), 0);
	w->growing = true;
	watch_quote(w); /* here too, where the line's begin is gone */
	atomic_store(&w->forbidden, true);
	watch_wake(w);
}

/* Tries what is there of the line; `edge` says whether it ends there. */
static void watch_look(struct watch *w, unsigned edge)
{
	size_t met = w->met;

	edge |= w->cut ? PATTERN_NOT_BEGIN : 0;
	w->unseen = false;
	for (size_t i = 0; i < w->n_never && !w->forbidden; i++)
		if (pattern_matches(w->never[i], w->line, w->held, edge))
			watch_forbid(w, w->never[i]);
	if (w->growing && !w->cut)
		watch_quote(w);
	if (w->counted || met == w->n_expected ||
	    !pattern_matches(w->expected[met], w->line, w->held, edge))
		return;
	w->counted = true;
	w->met = met + 1;
	if (met + 1 == w->n_expected)
		watch_wake(w);
}

static void watch_remember(struct watch *w)
{
	if (w->held == 0 || w->cut)
		return;
	w->last_size = MIN_OF(w->held, sizeof(w->last));
	memcpy(w->last, w->line, w->last_size);
}

static void watch_end_line(struct watch *w)
{
	watch_look(w, PATTERN_WHOLE);
	watch_remember(w);
	w->growing = false;
	w->held = 0;
	w->cut = w->counted = false;
}

/* The window is full: it is looked at, and its later half begins the next. */
static void watch_slide(struct watch *w)
{
	watch_look(w, PATTERN_NOT_END);
	watch_remember(w);
	memmove(w->line, w->line + WINDOW / 2, WINDOW - WINDOW / 2);
	w->held = WINDOW - WINDOW / 2;
	w->cut = true;
}

/* After ESC: what kind of sequence it is. Intermediate bytes wait for the final one. */
static enum escape escape_begin(uint8_t byte)
{
	if (byte == '[')
		return ESCAPE_CONTROL;
	if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_')
		return ESCAPE_STRING;
	return byte >= 0x20 && byte <= 0x2f ? ESCAPE_BEGUN : ESCAPE_NONE;
}

/* Whether the byte belongs to an escape sequence. A newline never does, so nothing hides the lines that follow. */
static bool watch_escaped(struct watch *w, uint8_t byte)
{
	enum escape was = w->escape;

	if (byte == '\n' || byte == 0x18 || byte == 0x1a) /* CAN and SUB break off */
		w->escape = ESCAPE_NONE;
	else if (byte == 0x1b)
		w->escape = ESCAPE_BEGUN;
	else if (was == ESCAPE_STRING)
		w->escape = byte == 0x07 ? ESCAPE_NONE : ESCAPE_STRING;
	else if (was == ESCAPE_BEGUN)
		w->escape = escape_begin(byte);
	else if (was == ESCAPE_CONTROL && byte >= 0x40 && byte <= 0x7e)
		w->escape = ESCAPE_NONE;
	return byte != '\n' && (was != ESCAPE_NONE || byte == 0x1b);
}

static void watch_byte(struct watch *w, uint8_t byte)
{
	w->tail[w->total++ % TAIL] = (char)byte;
	if (watch_escaped(w, byte) || byte == '\r')
		return;
	if (byte == '\n') {
		watch_end_line(w);
		return;
	}
	w->line[w->held++] = (char)byte;
	if (!w->unseen) {
		w->unseen = true;
		watch_wake(w);
	}
	if (w->held == WINDOW)
		watch_slide(w);
}

void watch_put(void *watch, const uint8_t *data, size_t size)
{
	struct watch *w = watch;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < size; i++)
		watch_byte(w, data[i]);
	pthread_mutex_unlock(&w->lock);
}

void watch_pause(struct watch *w)
{
	if (pthread_mutex_trylock(&w->lock) != 0)
		return; /* bytes are coming, so it's no pause */
	if (w->unseen)
		watch_look(w, PATTERN_NOT_END);
	pthread_mutex_unlock(&w->lock);
}

void watch_end(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
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

void watch_blame(struct watch *w, struct outcome *ret)
{
	pthread_mutex_lock(&w->lock);
	if (w->growing && !w->cut)
		watch_quote(w);
	if (w->panicked)
		outcome_set(ret, GUEST_PANICKED, 0, "the guest's kernel panicked: %s",
		            w->forbidden_line);
	else
		outcome_set(ret, CONSOLE_FORBIDDEN, 0, "expect.never has '%s', and a line came: %s",
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

size_t watch_tail(struct watch *w, char *to, size_t room)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = MIN_OF(MIN_OF(w->total, (size_t)TAIL), room);
	for (size_t i = 0; i < n; i++)
		to[i] = w->tail[(w->total - n + i) % TAIL];
	pthread_mutex_unlock(&w->lock);
	return n;
}
