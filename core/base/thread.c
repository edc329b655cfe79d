/* SPDX-License-Identifier: MIT */
/*
 * core/base/thread.c: starts a thread away from its parent's processor, and can do without it
 * again.
 */
#include "core/base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { HELPER_WAITS, HELPER_RUNS, HELPER_UNWANTED };

struct helper {
	pthread_t thread;
	void (*main)(void *self);
	void *self;
	cpu_set_t cpus;
	atomic_int
		/* who changes it first decides; an unwanted helper is freed by its own thread */
		state;
};

size_t helper_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (size_t)CPU_COUNT(&cpus) : 1;
}

static bool helper_decide(struct helper *h, int state)
{
	int waits = HELPER_WAITS;

	return atomic_compare_exchange_strong(&h->state, &waits, state);
}

static void *helper_main(void *argument)
{
	struct helper *h = argument;

	if (helper_decide(h, HELPER_RUNS)) {
		sched_setaffinity(0, sizeof(h->cpus), &h->cpus); /* only the beginning mattered */
		h->main(h->self);
	} else {
		free(h);
	}
	return NULL;
}

static bool helper_create(struct helper *h, const cpu_set_t *on)
{
	pthread_attr_t attributes;
	sigset_t all;
	bool created;

	sigfillset(&all);
	if (pthread_attr_init(&attributes) != 0)
		return false;
	created = pthread_attr_setaffinity_np(&attributes, sizeof(*on), on) == 0 &&
	          pthread_attr_setsigmask_np(&attributes, &all) == 0 &&
	          pthread_create(&h->thread, &attributes, helper_main, h) == 0;
	pthread_attr_destroy(&attributes);
	return created;
}

struct helper *helper_start(void (*main)(void *self), void *self)
{
	struct helper *h = calloc(1, sizeof(*h));
	cpu_set_t elsewhere;
	int here = sched_getcpu();

	if (!h)
		return NULL;
	h->main = main;
	h->self = self;
	if (sched_getaffinity(0, sizeof(h->cpus), &h->cpus) == 0) {
		elsewhere = h->cpus;
		if (here >= 0 && here < CPU_SETSIZE)
			CPU_CLR(here, &elsewhere);
		if (CPU_COUNT(&elsewhere) > 0 && helper_create(h, &elsewhere))
			return h;
	}
	free(h);
	return NULL;
}

bool helper_finish(struct helper *h)
{
	pthread_t thread;

	if (!h)
		return false;
	thread = h->thread;
	if (helper_decide(h, HELPER_UNWANTED)) {
		pthread_detach(thread);
		return false;
	}
	pthread_join(thread, NULL);
	free(h);
	return true;
}
