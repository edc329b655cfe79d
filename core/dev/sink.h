/* SPDX-License-Identifier: MIT */
/*
 * core/dev/sink.h: bytes of a device on their way to a descriptor, a line at a time where they make
 * lines.
 */
#ifndef CORE_DEV_SINK_H
#define CORE_DEV_SINK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"

struct log_file; /* core/dev/log_file.h */

#define SINK_CAP 4096

/*
 * Bytes are kept until a newline, until the room is full, or until somebody calls sink_flush(): one
 * write(2) a line, not one a byte. `wake` is called when a write failed, and when bytes begin to
 * wait, so that the owner can flush a line without an end (a prompt) soon after. The process
 * ignores SIGPIPE.
 */
struct sink {
	int fd; /* borrowed; -1 discards */
	int to; /* where writes go: fd, or the same file opened anew so that no write blocks */
	pthread_mutex_t lock;
	uint8_t bytes[SINK_CAP];
	size_t held;
	uint64_t total;        /* bytes ever put in */
	uint64_t first_ns;     /* CLOCK_MONOTONIC at the first of them; 0: none came */
	atomic_ullong last_ns; /* and at the last, to some milliseconds */
	struct log_file
		*file; /* keeps the file behind fd within a size; NULL: nothing does. Borrowed */
	/* All bytes go here too, as they come and wherever fd leads; both may be NULL. */
	struct sink *also;
	void (*tap)(void *self, const uint8_t *data, size_t size);
	void *tap_self;
	/*
	 * Before each line, which is then never written in parts, so that sinks may share a
	 * terminal; NULL: none.
	 */
	const char *prefix;
	bool midline; /* the line has begun and not ended */
	/* With a prefix: the last byte was a carriage return; what a CI system would obey. */
	bool returned;
	struct text_command command;
	/*
	 * Without a prefix: where our own messages go as well. A line that begins as one of them,
	 * "snpvmm:", gets a space, so that no guest speaks for us; `ours` is how much of that the
	 * line began with.
	 */
	bool beside_ours;
	size_t ours;
	atomic_int
		/*
		 * errno of the first write that failed, EAGAIN if abandoned; later bytes are
		 * discarded
		 */
		failed;
	const atomic_bool
		*give_up; /* when true, a write that would block is abandoned; may be NULL */
	void (*wake)(void *self); /* may be NULL */
	void *wake_self;
};

void sink_init(struct sink *s, int fd);
/* Whether fd leads to the same file, terminal or pipe as this one. */
bool sink_shares(const struct sink *s, int fd);
void sink_put(struct sink *s, const uint8_t *data, size_t size);
/* Writes what waits. Returns 0, or the negative errno of the first write that ever failed. */
int sink_flush(struct sink *s);
/*
 * The same for the last time: what still comes is discarded, so that fd may be closed although a
 * device that was left behind may yet speak.
 */
int sink_end(struct sink *s);
/*
 * For the thread that sets *give_up and so may wait for nobody: writes what the reader takes at
 * once, and nothing while another thread is writing. sink_waits() then says whether to come back.
 */
void sink_try_flush(struct sink *s);
/* With a prefix: ends a line that the device left open. Waits for nobody. */
void sink_end_line(struct sink *s);
/*
 * Whether the device's last line has no end, though there may be carriage returns. Waits for
 * nobody.
 */
bool sink_midline(struct sink *s);
bool sink_waits(struct sink *s); /* does not block; true while another thread is writing */
void sink_fini(struct sink *s);  /* flushes */

#endif
