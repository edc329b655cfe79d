/* SPDX-License-Identifier: MIT */
/*
 * core/dev/merge.h: two consoles that write to one sink, so that neither tears a line of the
 * other's.
 */
#ifndef CORE_DEV_MERGE_H
#define CORE_DEV_MERGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dev/sink.h"

#define MERGE_CAP 4096 /* the most that waits */
#define MERGE_MS  200  /* for how long */

enum { MERGE_COM1, MERGE_HVC, MERGE_CONSOLES };

struct merge;

/*
 * What a console writes to: `in` hands every byte on at once. While the other console's line is
 * unfinished, bytes wait; if that takes too long or they are too many, the other's line ends as it
 * is, as a prompt does that nobody answers.
 */
struct merge_console {
	struct sink in;
	struct merge *merge;
	uint8_t waiting[MERGE_CAP];
	size_t held; /* 0 unless the last line of the output is the other's, and unfinished */
};

struct merge {
	struct merge_console consoles[MERGE_CONSOLES];
	struct sink *out; /* borrowed */
	pthread_mutex_t lock;
	struct merge_console *owner; /* whose line is unfinished; NULL: nobody's */
	uint64_t since_ms;           /* when bytes began to wait */
	void (*wake)(void *self);    /* called when bytes begin to wait; may be NULL */
	void *wake_self;
};

void merge_init(struct merge *m, struct sink *out);
void merge_fini(struct merge *m);
/*
 * Lets go what has waited for MERGE_MS, which may block as a write to the sink does. Returns after
 * how many milliseconds to call it again; -1: not before `wake`.
 */
int merge_expire(struct merge *m);
/* Lets go all that waits; nothing if another thread is stuck writing. */
void merge_end(struct merge *m);

#endif
