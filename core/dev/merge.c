/* SPDX-License-Identifier: MIT */
/* core/dev/merge.c: one console owns the unfinished line; the other's bytes wait for its end. */
#include "core/dev/merge.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/clock.h"

/* Writes bytes, after which the console owns the line unless it has ended it. */
static void pass(struct merge_console *c, const uint8_t *data, size_t size)
{
	struct merge *m = c->merge;

	sink_put(m->out, data, size);
	while (size > 0 && data[size - 1] == '\r') /* neither begins nor ends a line */
		size--;
	if (size > 0)
		m->owner = data[size - 1] == '\n' ? NULL : c;
}

/* Nobody's line is unfinished: what waits is written, which can make its console the owner. */
static void release(struct merge *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(m->consoles); i++) {
		struct merge_console *c = &m->consoles[i];
		size_t held = c->held;

		c->held = 0;
		if (held > 0)
			pass(c, c->waiting, held);
	}
}

/* Ends the owner's line. A terminal may be raw, and needs the carriage return. */
static void break_line(struct merge *m)
{
	pass(m->owner, (const uint8_t *)"\r\n", 2);
	release(m);
}

/* Keeps as many bytes as fit; returns how many. */
static size_t hold(struct merge_console *c, const uint8_t *data, size_t size)
{
	size_t n = MIN(size, MERGE_CAP - c->held);

	if (c->held == 0)
		c->merge->since_ms = clock_ms();
	memcpy(c->waiting + c->held, data, n);
	c->held += n;
	if (c->held == MERGE_CAP)
		break_line(c->merge);
	return n;
}

static void put(void *self, const uint8_t *data, size_t size)
{
	struct merge_console *c = self;
	struct merge *m = c->merge;
	struct merge_console *other = &m->consoles[c == m->consoles];
	bool waited, waits;

	pthread_mutex_lock(&m->lock);
	waited = c->held > 0;
	while (size > 0) {
		const uint8_t *newline = other->held > 0 ? memchr(data, '\n', size) : NULL;
		size_t n = newline ? (size_t)(newline + 1 - data) : size;

		if (m->owner == other) {
			n = hold(c, data, size);
		} else {
			pass(c, data, n);
			if (!m->owner)
				release(m);
		}
		data += n;
		size -= n;
	}
	waits = c->held > 0;
	pthread_mutex_unlock(&m->lock);
	if (waits && !waited && m->wake)
		m->wake(m->wake_self);
}

void merge_init(struct merge *m, struct sink *out)
{
	memset(m, 0, sizeof(*m));
	m->out = out;
	pthread_mutex_init(&m->lock, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(m->consoles); i++) {
		struct merge_console *c = &m->consoles[i];

		sink_init(&c->in, -1);
		c->in.tap = put;
		c->in.tap_self = c;
		c->merge = m;
	}
}

void merge_fini(struct merge *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(m->consoles); i++)
		sink_fini(&m->consoles[i].in);
	pthread_mutex_destroy(&m->lock);
}

static bool waits(const struct merge *m)
{
	return m->consoles[MERGE_COM1].held > 0 || m->consoles[MERGE_HVC].held > 0;
}

int merge_expire(struct merge *m)
{
	uint64_t now = clock_ms();
	int ms = -1;

	pthread_mutex_lock(&m->lock);
	if (waits(m) && now >= m->since_ms + MERGE_MS)
		break_line(m);
	if (waits(m))
		ms = (int)(m->since_ms + MERGE_MS - now);
	pthread_mutex_unlock(&m->lock);
	return ms;
}

void merge_end(struct merge *m)
{
	if (pthread_mutex_trylock(&m->lock) != 0)
		return;
	if (waits(m))
		break_line(m);
	pthread_mutex_unlock(&m->lock);
}
