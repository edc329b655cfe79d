/* SPDX-License-Identifier: MIT */
/* cmd/progress.c: a thread that repaints the line. */
#include "cmd/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/vm/signals.h"

enum { PATIENCE_S = 1, REPAINT_MS = 250 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool running, over;
	const char *what;
	uint64_t start_ms;
} progress = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *progress_thread(void *nothing)
{
	pthread_mutex_lock(&progress.lock);
	while (!progress.over) {
		uint64_t until_ns = clock_ns() + REPAINT_MS * (uint64_t)1000000;
		const struct timespec until = { .tv_sec = (time_t)(until_ns / 1000000000),
			                        .tv_nsec = (long)(until_ns % 1000000000) };
		uint64_t passed_s = (clock_ms() - progress.start_ms) / 1000;

		if (!progress.what)
			log_progress(NULL);
		else if (passed_s >= PATIENCE_S)
			log_progress("%s ... %" PRIu64 " s", progress.what, passed_s);
		pthread_cond_timedwait(&progress.changed, &progress.lock, &until);
	}
	pthread_mutex_unlock(&progress.lock);
	return nothing;
}

void progress_begin(void)
{
	pthread_condattr_t attributes;
	sigset_t before;

	if (progress.running || !log_on(LOG_NOTICE) || !isatty(STDERR_FILENO))
		return;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&progress.changed, &attributes);
	pthread_condattr_destroy(&attributes);
	progress.over = false;
	progress.what = NULL;
	block_async_signals(&before);
	/* without the thread no progress is shown, which does no other harm */
	progress.running = pthread_create(&progress.thread, NULL, progress_thread, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_say(const char *what)
{
	if (!progress.running)
		return;
	pthread_mutex_lock(&progress.lock);
	progress.what = what;
	progress.start_ms = clock_ms();
	if (!what)
		log_progress(NULL); /* whoever writes next finds the line free */
	pthread_mutex_unlock(&progress.lock);
}

void progress_end(void)
{
	if (!progress.running)
		return;
	pthread_mutex_lock(&progress.lock);
	progress.over = true;
	pthread_cond_signal(&progress.changed);
	pthread_mutex_unlock(&progress.lock);
	pthread_join(progress.thread, NULL);
	pthread_cond_destroy(&progress.changed);
	progress.running = false;
	log_progress(NULL);
}
