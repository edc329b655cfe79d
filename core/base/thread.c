/* SPDX-License-Identifier: MIT */
/*
 * core/base/thread.c: starts a thread on another CPU than its parent's, and cancels it if it hasn't
 * begun.
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
	atomic_int state; /* the first change decides; an unwanted helper frees itself */
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
		/* it only had to start elsewhere */
		sched_setaffinity(0, sizeof(h->cpus), &h->cpus);
		h->main(h->self);
	} else {
		free(h);
	}
	return NULL;
}

struct helper *helper_start(void (*main)(void *self), void *self)
{
	struct helper *h = calloc(1, sizeof(*h));
	int here = sched_getcpu();
	pthread_attr_t attributes;
	cpu_set_t elsewhere;
	sigset_t all;
	bool created = false;

	if (h && sched_getaffinity(0, sizeof(h->cpus), &h->cpus) == 0) {
		h->main = main;
		h->self = self;
		elsewhere = h->cpus;
		if (here >= 0 && here < CPU_SETSIZE)
			CPU_CLR(here, &elsewhere);
		sigfillset(&all);
		if (CPU_COUNT(&elsewhere) > 0 && pthread_attr_init(&attributes) == 0) {
			created = pthread_attr_setaffinity_np(&attributes, sizeof(elsewhere),
			                                      &elsewhere) == 0 &&
			          pthread_attr_setsigmask_np(&attributes, &all) == 0 &&
			          pthread_create(&h->thread, &attributes, helper_main, h) == 0;
			pthread_attr_destroy(&attributes);
		}
	}
	if (created)
		return h;
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
